"""Ed25519 (RFC 8032) with keys derived from the installation's secret: what others can check without knowing it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derive(secret: bytes, purpose: str) -> bytes:
    """A key for one ``purpose``: keys of different purposes tell nothing of each other (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"stentor {purpose}".encode()).derive(secret)


def doors_key(secret: bytes) -> bytes:
    """The doors' key; older than :func:`derive`, and kept so that passes which were sent stay valid."""
    return hmac.digest(secret, b"stentor doors 1", hashlib.sha256)


class Signer:
    """Signs with the key of one purpose, whose ``seed`` :func:`derive` gives."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = to_text(self._key.public_key().public_bytes_raw())
        """The public key: 43 characters of base64url."""

    def sign(self, message: bytes) -> str:
        """The signature as base64url."""
        return to_text(self._key.sign(message))


def verified(public: str, signature: str, message: bytes) -> bool:
    """Whether ``message`` was signed by whoever has the key; False also for what is no key or no signature."""
    try:
        Ed25519PublicKey.from_public_bytes(from_text(public)).verify(from_text(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def to_text(data: bytes) -> str:
    """Base64url without padding (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """The bytes of :func:`to_text`; raises ValueError for what is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error

"""RSA as the fediverse signs with it: 2048 bits, PKCS #1 v1.5, SHA-256 (RFC 8017, 8.2)."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_public_key,
)

BITS: Final = 2048
EXPONENT: Final = 65537
LEAST_BITS, MOST_BITS = 2048, 8192
"""Of a key of somebody else: what is shorter can be forged, what is longer only costs time."""
LONGEST_PEM: Final = 4096


class RsaKey:
    """A secret key that signs. Loading one takes a millisecond, signing half of one; making one a tenth of a second."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    @classmethod
    def make(cls) -> RsaKey:
        return cls(rsa.generate_private_key(EXPONENT, BITS))

    @classmethod
    def load(cls, secret: bytes) -> RsaKey:
        """What :attr:`secret` gave; it is our own, so it is not examined again. Raises ValueError for anything else."""
        key = load_der_private_key(secret, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("this is no RSA key")
        return cls(key)

    @property
    def secret(self) -> bytes:
        """As PKCS #8 (DER)."""
        return self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> str:
        """As PEM."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode("ascii")

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def usable(pem: str) -> bool:
    """Whether a public key of somebody else can be checked with."""
    return _public(pem) is not None


def verify(pem: str, signature: bytes, data: bytes, *, sha512: bool = False) -> bool:
    """Whether the owner of a public key (PEM) signed ``data``; False also for what is no such key."""
    key = _public(pem)
    if key is None:
        return False
    try:
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA512() if sha512 else hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _public(pem: str) -> rsa.RSAPublicKey | None:
    if len(pem) > LONGEST_PEM or not pem.isascii():
        return None
    try:
        key = load_pem_public_key(pem.encode("ascii"))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, rsa.RSAPublicKey) and LEAST_BITS <= key.key_size <= MOST_BITS else None

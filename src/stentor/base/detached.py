"""Signatures beside a file that other programs check: minisign's, and OpenSSH's (``ssh-keygen -Y verify``).

Both are Ed25519 with a key derived from the installation's secret. Formats: minisign's documentation, "Signature
format" (prehashed, BLAKE2b-512); OpenSSH's PROTOCOL.sshsig.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import textwrap
from typing import Final

from stentor.base.errors import BadInput
from stentor.base.signing import Signer, derive, from_text, verified

PURPOSE: Final = "evidence"
NAMESPACE: Final = "stentor"
"""Of SSH signatures: one that was made for something else does not fit."""
_SSH_KEY: Final = b"ssh-ed25519"
_SSH_HASH: Final = b"sha512"
_SSH_LINE: Final = 70
_KEY_ID_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


class Detached:
    """Signs files in the name of this installation."""

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(derive(secret, PURPOSE))
        self._key = from_text(self._signer.public)

    @property
    def public(self) -> str:
        """The key as minisign takes it behind ``-P``, in one line."""
        return base64.b64encode(b"Ed" + _key_id(self._key) + self._key).decode()

    @property
    def public_file(self) -> bytes:
        """The key as a file of minisign's."""
        return key_file(self.public)

    @property
    def allowed_signers(self) -> bytes:
        """The key as a file of OpenSSH's, in which this installation is called ``stentor``."""
        key = base64.b64encode(_ssh_key(self._key)).decode()
        return f'stentor namespaces="{NAMESPACE}" {_SSH_KEY.decode()} {key}\n'.encode()

    @property
    def fingerprint(self) -> str:
        """As ``ssh-keygen -l`` shows it."""
        return fingerprint(self.public)

    def minisign(self, data: bytes, comment: str) -> bytes:
        """The file ``NAME.minisig``. ``comment`` is one line, and signed too."""
        if "\n" in comment or "\r" in comment:
            raise BadInput("The comment of a signature is one line.")
        signature = self._sign(hashlib.blake2b(data).digest())
        both = self._sign(signature + comment.encode())
        lines = (
            "untrusted comment: signature of a Stentor",
            base64.b64encode(b"ED" + _key_id(self._key) + signature).decode(),
            f"trusted comment: {comment}",
            base64.b64encode(both).decode(),
        )
        return ("\n".join(lines) + "\n").encode()

    def ssh(self, data: bytes) -> bytes:
        """The file ``NAME.sig``."""
        namespace, digest = NAMESPACE.encode(), hashlib.sha512(data).digest()
        signature = self._sign(b"SSHSIG" + b"".join(map(_string, (namespace, b"", _SSH_HASH, digest))))
        parts = (_ssh_key(self._key), namespace, b"", _SSH_HASH, _string(_SSH_KEY) + _string(signature))
        blob = b"SSHSIG" + struct.pack(">I", 1) + b"".join(map(_string, parts))
        lines = textwrap.wrap(base64.b64encode(blob).decode(), _SSH_LINE)
        return "\n".join(("-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", "")).encode()

    def _sign(self, message: bytes) -> bytes:
        return from_text(self._signer.sign(message))


def key_file(public: str) -> bytes:
    """A key (:attr:`Detached.public`) as a file of minisign's."""
    return f"untrusted comment: minisign public key of a Stentor\n{public}\n".encode()


def fingerprint(public: str) -> str:
    """Of a key (:attr:`Detached.public`), as ``ssh-keygen -l`` shows it."""
    key = base64.b64decode(public)[2 + _KEY_ID_BYTES :]
    return "SHA256:" + base64.b64encode(hashlib.sha256(_ssh_key(key)).digest()).decode().rstrip("=")


def check(public: str, signature: bytes, data: bytes) -> str:
    """The signed comment of a file of minisign's that fits; raises :class:`BadInput` for any other.

    ``public`` is as :attr:`Detached.public`.
    """
    try:
        key = base64.b64decode(public, validate=True)
        _, line, comment, both = signature.decode().splitlines()[:4]
        made, whole = base64.b64decode(line, validate=True), base64.b64decode(both, validate=True)
    except ValueError as error:
        raise BadInput("That is no signature of minisign's, or no key.") from error
    said = comment.removeprefix("trusted comment: ")
    right = made[:2] == b"ED" and made[2:10] == key[2:10] and len(made) == 2 + _KEY_ID_BYTES + _SIGNATURE_BYTES
    text = base64.urlsafe_b64encode(key[10:]).decode()
    if not (
        right
        and _fits(text, made[10:], hashlib.blake2b(data).digest())
        and _fits(text, whole, made[10:] + said.encode())
    ):
        raise BadInput("The signature does not fit: somebody has changed the file, or it is of another installation.")
    return said


def _fits(public: str, signature: bytes, message: bytes) -> bool:
    return verified(public.rstrip("="), base64.urlsafe_b64encode(signature).decode().rstrip("="), message)


def _key_id(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=_KEY_ID_BYTES).digest()


def _ssh_key(key: bytes) -> bytes:
    return _string(_SSH_KEY) + _string(key)


def _string(data: bytes) -> bytes:
    """As SSH writes it (RFC 4251, 5)."""
    return struct.pack(">I", len(data)) + data

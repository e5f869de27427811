"""Secrets of others that stand in the database, such as those that sign webhooks: sealed, so that a copy of it opens
none. AES-256 in GCM with a key that is derived from the installation's secret (NIST SP 800-38D).
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stentor.base.errors import SetupError
from stentor.base.signing import from_text, to_text

NONCE_BYTES: Final = 12


class Seal:
    """Seals with one key. ``what`` names what is sealed: what was sealed as one thing does not open as another."""

    def __init__(self, key: bytes) -> None:
        self._key = AESGCM(key)

    def close(self, secret: bytes, what: str) -> str:
        """The sealed secret as base64url."""
        nonce = os.urandom(NONCE_BYTES)
        return to_text(nonce + self._key.encrypt(nonce, secret, what.encode()))

    def open(self, sealed: str, what: str) -> bytes:
        """The secret; raises :class:`SetupError` when another key sealed it."""
        try:
            data = from_text(sealed)
            return self._key.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], what.encode())
        except (InvalidTag, ValueError) as error:
            raise SetupError(
                "A secret in the database was sealed with another key: put the file secret back from the backup of "
                "the same day, or set that secret anew."
            ) from error

"""Text that travels where it may not be read: AES-SIV (RFC 5297), the same bytes for the same text."""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_BYTES = 32
TAG_BYTES = 16


def seal(key: bytes, about: str, data: bytes) -> str:
    """``data`` (one byte or more) as base64url; only who has ``key`` (32 bytes) and knows ``about`` opens it."""
    return base64.urlsafe_b64encode(AESSIV(key).encrypt(data, [about.encode()])).decode()


def unseal(key: bytes, about: str, text: str) -> bytes | None:
    """What was sealed; None when it was not sealed with this key for this, or was changed."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii"))
        return AESSIV(key).decrypt(data, [about.encode()]) if len(data) > TAG_BYTES else None
    except (ValueError, InvalidTag):
        return None

"""The digests of secrets that we give out: only these are stored. Pure; whoever makes a secret brings the randomness.

A plain SHA-256 is enough: the secrets are random and have 80 bits at least, so nothing can be tried through. Passwords
are another matter and are hashed by argon2 (``house.passwords``).
"""

from __future__ import annotations

import base64
import hashlib

RECOVERY_BYTES = 10
"""80 bits: sixteen signs of base32, in four groups."""
RECOVERY_CODES = 10


def digest(secret: str) -> str:
    """What is stored of a token or a code, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def recovery_code(random: bytes) -> str:
    """Ten random bytes as people can write them down: ``abcd-efgh-ijkl-mnop``."""
    text = base64.b32encode(random).decode("ascii").lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def recovery_digest(code: str) -> str:
    """The digest of a code as somebody typed it: case, spaces and hyphens do not matter, nor 0 for o and 1 for l."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum()).replace("0", "o").replace("1", "l")
    return digest(plain)

"""Limits of what people may write about themselves; everything else is refused with a sentence and the field's name."""

from __future__ import annotations

import re
import unicodedata

from stentor.base.errors import BadInput

HANDLE = r"^[a-z0-9](?:[a-z0-9_-]{0,28}[a-z0-9])?$"
BIO_CHARACTERS = 500
FEWEST_PASSWORD_CHARACTERS = 10
"""NIST SP 800-63B asks for 8 at least beside another factor; ours may stand alone, slowed by argon2 and a limit."""
MOST_PASSWORD_CHARACTERS = 200
LONGEST_PATH = 2000
"""What an app asks for at the sign-in has up to 1,500."""

_HANDLE = re.compile(HANDLE.strip("^$"))
_PATH = re.compile(r"/[A-Za-z0-9_.~!$&'()*+,;=:@%?#/-]*")
_BIO_FORBIDDEN = frozenset({"Cc", "Cs"})
_REVERSERS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def handle(text: str) -> str:
    """What an account is called in addresses: 1 to 30 of ``a-z 0-9 _ -``. Raises :class:`BadInput`, as all here."""
    if not _HANDLE.fullmatch(text):
        raise BadInput(
            "A handle has 1 to 30 of a-z, 0-9, '-' and '_', and begins and ends with a letter or digit.", field="handle"
        )
    return text


def handle_like(text: str) -> str:
    """A handle made of what somebody is called elsewhere: ``Åda Lovelace`` becomes ``ada-lovelace``."""
    plain = unicodedata.normalize("NFKD", text.partition("@")[0]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].strip("-") or "person"


def bio(text: str) -> str:
    """What people say of themselves: at most 500 characters, lines allowed; trimmed, in NFC."""
    found = unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())
    if len(found) > BIO_CHARACTERS:
        raise BadInput(f"A bio has at most {BIO_CHARACTERS} characters.", field="bio")
    if any((unicodedata.category(s) in _BIO_FORBIDDEN and s != "\n") or s in _REVERSERS for s in found):
        raise BadInput("A bio is text without control characters.", field="bio")
    return found


def password(text: str, *, about: tuple[str, ...]) -> str:
    """A new password, in NFC as it is hashed; ``about`` are words that must not be all of it, such as the handle."""
    found = normal(text)
    if not FEWEST_PASSWORD_CHARACTERS <= len(found) <= MOST_PASSWORD_CHARACTERS:
        raise BadInput(
            f"A password has {FEWEST_PASSWORD_CHARACTERS} to {MOST_PASSWORD_CHARACTERS} characters.", field="password"
        )
    if len(set(found)) < 4 or found.casefold() in {word.casefold() for word in about}:
        raise BadInput(
            "This password is guessed at once; use several words that do not belong together.", field="password"
        )
    return found


def normal(text: str) -> str:
    """A password as it is compared: the same signs typed on another keyboard are the same password."""
    return unicodedata.normalize("NFC", text)


def local_path(text: str) -> str:
    """Where to go after signing in: ``text`` when it is a path of this site, else ``/``. Never another site."""
    if len(text) > LONGEST_PATH or "//" in text or not _PATH.fullmatch(text):
        return "/"
    return text

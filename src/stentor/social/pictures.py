"""Pictures of posts: under which keys they are stored, where they are served, and how they are described.

What everybody may see lies where edges read. Everything else, such as what nobody has posted yet or what is for
followers, lies elsewhere and is given by the house after a look at who asks.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from stentor.base.errors import BadInput

LONGEST_ALT: Final = 1500
MOST: Final = 4
"""Of a post."""
SMALL_PIXELS: Final = 640
"""The longer side of the smaller one."""
TYPE: Final = "image/webp"
KEY: Final = r"[0-9a-f]{32}"
_FILE: Final = re.compile(rf"{KEY}(?:-small)?\.webp")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REVERSERS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def alt(text: str) -> str:
    """An alt text: up to 1,500 characters, lines allowed; trimmed, in NFC. Raises :class:`BadInput`."""
    found = unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())
    if len(found) > LONGEST_ALT:
        raise BadInput(f"An alt text has at most {LONGEST_ALT} characters.", field="alt")
    if any((unicodedata.category(s) in _FORBIDDEN and s != "\n") or s in _REVERSERS for s in found):
        raise BadInput("An alt text is text without control characters.", field="alt")
    return found


def name(key: str, *, small: bool = False) -> str:
    """A picture's name: of its object, and at the end of its address. ``key`` is 32 hex digits that nobody guesses."""
    return f"{key}{'-small' if small else ''}.webp"


def is_name(text: str) -> bool:
    """Whether something at the end of an address can be a picture's name."""
    return _FILE.fullmatch(text) is not None


def public(name: str) -> str:
    """The key of the object that edges serve."""
    return f"media/{name}"


def closed(name: str) -> str:
    """The key of the object that the house keeps, whoever may see the picture."""
    return f"media-closed/{name}"


def address(key: str, *, small: bool = False) -> str:
    """Where everybody finds a picture that everybody may see."""
    return f"/media/{name(key, small=small)}"


def smaller(width: int, height: int) -> tuple[int, int]:
    """The size of the smaller one in pixels; within one of what it really has."""
    share = min(1.0, SMALL_PIXELS / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))

"""What documents are made of: JSON, and in it one thing or a list of them, whole or only by address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from stentor.base.errors import Malformed
from stentor.fediverse.sites import PUBLIC, server

MOST_BYTES: Final = 256 * 1024
"""Of a document. The longest that Mastodon takes is 1 MiB, and the longest post met is a tenth of this."""
DEEPEST: Final = 20
MOST_VALUES: Final = 10_000
MOST_LISTED: Final = 200
"""Addressees, mentions, tags of one object that are looked at."""
PEOPLE: Final = frozenset({"Person", "Service", "Application", "Group", "Organization"})
POSTS: Final = frozenset({"Note", "Question", "Article"})
ACTIVITIES: Final = frozenset(
    {"Follow", "Accept", "Reject", "Undo", "Create", "Update", "Delete", "Announce", "Like", "Block", "Flag", "Move",
     "Add", "Remove", "QuoteRequest"}
)  # fmt: skip
WHILE_BLOCKED: Final = frozenset({"Delete", "Undo", "Reject", "Update"})
"""What is taken of people with whom the site has nothing to do: it takes something away, or says how they are now."""
STAMP: Final = "QuoteAuthorization"
_JOINERS: Final = "\u200c\u200d"
"""Emoji and scripts need them."""
_EVERYBODY: Final = frozenset({PUBLIC, "as:Public", "Public"})

Thing = Mapping[str, Any]


def document(body: bytes) -> Thing:
    """A JSON object, neither too large nor too deep. Raises :class:`Malformed`."""
    if len(body) > MOST_BYTES:
        raise Malformed(f"A document has {MOST_BYTES // 1024} KiB at most.")
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The document is no JSON.") from error
    if not isinstance(found, dict):
        raise Malformed("The document is no object.")
    waiting: list[tuple[Any, int]] = [(found, 1)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        count += len(inside)
        if depth > DEEPEST or count > MOST_VALUES:
            raise Malformed("The document is too deep, or has too much in it.")
        waiting += [(each, depth + 1) for each in inside if isinstance(each, dict | list)]
    return found


def kind(value: Any) -> str:
    """The type of a thing; where it has several, the first that we know."""
    found = [each for each in many(value.get("type")) if isinstance(each, str)] if isinstance(value, dict) else []
    known = PEOPLE | POSTS | ACTIVITIES | {STAMP}
    return next((each for each in found if each in known), found[0] if found else "")[:64]


def address(value: Any) -> str:
    """The address of a thing, or of the first of a list; empty without one that is of the web."""
    one = first(value)
    found = one.get("id") if isinstance(one, dict) else one
    return found if isinstance(found, str) and server(found) else ""


def addresses(value: Any) -> Iterator[str]:
    """All addresses of a value; those of everybody as one."""
    for each in many(value):
        if isinstance(each, str) and each in _EVERYBODY:
            yield PUBLIC
        elif found := address(each):
            yield found


def page(value: Any) -> str:
    """Where a person looks: an address, or a link to one; of several the one that is HTML."""
    links = many(value)
    best = [each for each in links if isinstance(each, dict) and each.get("mediaType") == "text/html"]
    for each in [*best, *links]:
        found = each.get("href") if isinstance(each, dict) else each
        if isinstance(found, str) and server(found):
            return found
    return ""


def first(value: Any) -> Any:
    """The thing, or the first of a list; None for an empty one."""
    return next(iter(value), None) if isinstance(value, list) else value


def many(value: Any) -> list[Any]:
    """All that is there, as a list: none, one, or the first :data:`MOST_LISTED`."""
    return value[:MOST_LISTED] if isinstance(value, list) else [] if value is None else [value]


def text(value: Any) -> str:
    """A text that a database keeps; empty for what is none."""
    return value.replace("\0", "").encode("utf-8", "ignore").decode() if isinstance(value, str) else ""


def line(value: Any, most: int) -> str:
    """One line without what turns text around or is no text."""
    kept = "".join(each for each in text(value) if each.isprintable() or each.isspace() or each in _JOINERS)
    return " ".join(kept.split())[:most]


def time_ms(value: Any) -> int | None:
    """Milliseconds since 1970 of a time with a zone; None for what is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) < 40 else None
        return round(found.timestamp() * 1000) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None


def count(value: Any) -> int:
    """A number of things, as in ``totalItems``; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0

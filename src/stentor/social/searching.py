"""What somebody looks for, read from one line: words, "words one after the other", and a few conditions.

``from:anna``, ``from:me``, ``has:picture``, ``has:poll``, ``is:reply``, ``language:de``, ``before:2026-11-30``,
``after:2026-11-01``, as in Mastodon. What is none of these is taken as words.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from stentor.base.terms import SearchTerm, folded, wanted

LONGEST: Final = 200
"""Characters of a query."""
MOST_WANTED: Final = 20
"""Terms; each is one more list to be compared."""
SHORTEST_BEGINNING: Final = 3
"""Letters before a ``*``: what more words begin with is no search."""
ME: Final = "me"
_PART: Final = re.compile(r'"([^"]*)"?|(\S+)')
_HAS: Final = {"picture": "media", "image": "media", "media": "media", "poll": "poll"}
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„«»‟", '"'))


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query as it was understood. ``text`` is what was typed."""

    text: str = ""
    terms: tuple[SearchTerm, ...] = ()
    phrases: tuple[str, ...] = ()
    """Folded; each stands in the text as it is."""
    author: str = ""
    """A handle, or :data:`ME`."""
    has: frozenset[str] = frozenset()
    """``media`` and ``poll``."""
    replies: bool = False
    language: str = ""
    before_ms: int | None = None
    after_ms: int | None = None

    @property
    def words(self) -> bool:
        """Whether it names any words."""
        return bool(self.terms)


def parse(text: str) -> SearchQuery:
    """Reads a query; whatever is typed is one."""
    kept = " ".join(text.split())[:LONGEST]
    terms, phrases, has, found = list[SearchTerm](), list[str](), set[str](), dict[str, object]()
    for phrase, word in _PART.findall(kept.translate(_QUOTES)):
        if phrase:
            terms += wanted(phrase)
            phrases += [folded(phrase)] if len(wanted(phrase)) > 1 else []
            continue
        name, _, value = word.partition(":")
        match name.lower():
            case "from" if value:
                found["author"] = value.removeprefix("@").lower()
            case "has" if value.lower() in _HAS:
                has.add(_HAS[value.lower()])
            case "is" if value.lower() == "reply":
                found["replies"] = True
            case "language" if value.isascii() and value.isalpha():
                found["language"] = value.lower()
            case "before" | "after" if (day := _day(value)) is not None:
                # the day itself is neither before nor after it
                at = day if name.lower() == "before" else day + timedelta(days=1)
                found[f"{name.lower()}_ms"] = int(at.timestamp() * 1000)
            case _:
                terms += _wanted(word)
    unique = tuple(dict.fromkeys(terms))[:MOST_WANTED]
    return msgspec.convert(
        {"text": kept, "terms": unique, "phrases": tuple(phrases), "has": frozenset(has), **found}, SearchQuery
    )


def stands(phrases: tuple[str, ...], *texts: str) -> bool:
    """Whether all phrases stand in one of the texts each."""
    known = [folded(text) for text in texts if text] if phrases else []
    return all(any(phrase in text for text in known) for phrase in phrases)


def _wanted(word: str) -> list[SearchTerm]:
    found = wanted(word)
    if word.endswith("*") and found and len(found[-1].text) >= SHORTEST_BEGINNING:
        found[-1] = found[-1]._replace(prefix=True)
    return found


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None

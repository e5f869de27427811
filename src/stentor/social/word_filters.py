"""Words that somebody does not want to read, where, and until when; one's own posts are never held back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

MOST_FILTERS: Final = 50
"""Of one person, with :data:`MOST_WORDS` words each: all of them are looked for in each post of a page."""
MOST_WORDS: Final = 50
LONGEST_WORD: Final = 80


class FilterContext(StrEnum):
    """Where a filter counts."""

    HOME = "home"
    """Home, and lists."""
    NOTIFICATIONS = "notifications"
    PUBLIC = "public"
    """What people here say, and tags."""
    THREAD = "thread"
    ACCOUNT = "account"
    """People's own pages."""


class FilterAction(StrEnum):
    WARN = "warn"
    """It stands behind a line that says which filter it was."""
    HIDE = "hide"
    """It is not there."""


class FilterWord(msgspec.Struct, frozen=True):
    """A word or some; ``whole`` ones are not found within others."""

    text: str
    whole: bool = True


class WordFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter; ``until_ms`` is when it ends by itself, None for not at all."""

    id: int
    title: str
    contexts: tuple[FilterContext, ...]
    action: FilterAction
    words: tuple[FilterWord, ...]
    until_ms: int | None = None


class FilterHit(msgspec.Struct, frozen=True):
    """A filter that a post meets, and by which words."""

    filter: WordFilter
    words: tuple[str, ...]


class Sieve:
    """The filters of somebody that count in one place, now."""

    def __init__(self, filters: Iterable[WordFilter], context: FilterContext, *, now_ms: int) -> None:
        self._filters = [
            (each, [(word, plain(word.text)) for word in each.words])
            for each in filters
            if context in each.contexts and (each.until_ms is None or each.until_ms > now_ms)
        ]

    def __bool__(self) -> bool:
        return bool(self._filters)

    def hits(self, texts: Sequence[str]) -> list[FilterHit]:
        """The filters that some texts of one post meet."""
        there = plain("\n".join(texts))
        found = []
        for each, words in self._filters:
            met = tuple(word.text for word, text in words if _holds(there, text, whole=word.whole))
            if met:
                found.append(FilterHit(each, met))
        return found


def plain(text: str) -> str:
    """A text as it is compared: in small letters, in NFKC, without signs that nobody sees. Accents stay, unlike in
    ``base.words``: who does not want to read *schon* may want to read *schön*."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(each for each in folded if unicodedata.category(each) != "Cf")


def _holds(text: str, word: str, *, whole: bool) -> bool:
    """A whole word ends where a letter or a number does not go on; beside a sign of its own anything may stand."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        begins = at == 0 or not (_goes_on(text[at - 1]) and _goes_on(word[0]))
        ends = end == len(text) or not (_goes_on(text[end]) and _goes_on(word[-1]))
        if not whole or (begins and ends):
            return True
        at = text.find(word, at + 1)
    return False


def _goes_on(sign: str) -> bool:
    return sign == "_" or unicodedata.category(sign)[0] in "LNM"

"""Words as they are searched, in all languages: of a text when it is indexed, and of what somebody looks for.

``Müller``, ``MULLER`` and ``Mueller`` are found by each other where people mean that: a word with an umlaut is indexed
as ``muller`` and as ``mueller``, and what is looked for is taken as it was typed, an umlaut spelled out. Writing
without spaces between words is cut into pairs of signs, which overlap. Databases only compare what comes out here.

Whoever changes what comes out adds a migration that has everything indexed anew (``search_due``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

LONGEST_TERM: Final = 60
"""Code points; what is longer is cut, in the text and in the query alike."""
MOST_TERMS: Final = 3000
"""Of one text: a post has 200, and a long one from elsewhere some more."""
_SPELLED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe"})
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
"""Letters that are one sign, and which people write as these."""
_SOUNDED: Final = frozenset("\u3099\u309a")
"""Marks of Japanese that make another letter."""
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]+")
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese; Korean, whose words carry what belongs to them."""


class SearchTerm(NamedTuple):
    """What a text must have: this word, or with ``prefix`` one that begins so."""

    text: str
    prefix: bool = False


def folded(text: str) -> str:
    """Without case, accents and differences of writing; spaces are single: ``Élan`` is ``elan``, ``Straße`` is
    ``strasse``."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(_bare(_plain(text)).split())


def spelled(text: str) -> str:
    """The same with umlauts spelled out: ``Müller`` is ``mueller``."""
    return " ".join(_bare(_plain(text).translate(_SPELLED)).split())


def terms(text: str) -> list[str]:
    """The words of a text for an index, each once."""
    if text.isascii():
        found = dict.fromkeys(word[:LONGEST_TERM] for word in _WORD.findall(text.lower()))
        return list(found)[:MOST_TERMS]
    plain = _plain(text)
    out = plain.translate(_SPELLED)
    found = dict.fromkeys(_pieces(_bare(plain)))
    if out != plain:
        found |= dict.fromkeys(_pieces(_bare(out)))
    return list(found)[:MOST_TERMS]


def beginnings(text: str, most: int = 16) -> list[str]:
    """The words of a name and how they begin, so that who types it finds it before its end."""
    return list(dict.fromkeys(word[:end] for word in terms(text) for end in range(1, min(len(word), most) + 1)))


def wanted(text: str) -> list[SearchTerm]:
    """What a text must have that is found by ``text``, each once."""
    found = dict[SearchTerm, None]()
    for word in _WORD.findall(spelled(text)):
        at = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > at:
                found[SearchTerm(word[at : run.start()][:LONGEST_TERM])] = None
            signs = run[0]
            pairs = [signs[each : each + 2] for each in range(len(signs) - 1)]
            found |= {SearchTerm(pair): None for pair in pairs} if pairs else {SearchTerm(signs, prefix=True): None}
            at = run.end()
        if at < len(word):
            found[SearchTerm(word[at:][:LONGEST_TERM])] = None
    return list(found)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _bare(text: str) -> str:
    """Without marks; sounds of Japanese stay, and syllables of Korean whole."""
    return _FOREIGN.sub(lambda run: _bared(run[0]), text)


@lru_cache(maxsize=4096)
def _bared(run: str) -> str:
    apart = unicodedata.normalize("NFD", run.translate(_LETTERS))
    return unicodedata.normalize("NFC", "".join(each for each in apart if each in _SOUNDED or not _silent(each)))


def _silent(sign: str) -> bool:
    """Whether it is a mark on another sign, or is not seen at all."""
    category = unicodedata.category(sign)
    return category[0] == "M" or category == "Cf"


def _pieces(text: str) -> Iterator[str]:
    """Words, and pairs of signs where words have no spaces between them; its last sign stands for itself, so that one
    sign alone is found wherever it is."""
    for word in _WORD.findall(text):
        at = 0
        for run in _UNSPACED.finditer(word):
            if run.start() > at:
                yield word[at : run.start()][:LONGEST_TERM]
            signs = run[0]
            yield from (signs[each : each + 2] for each in range(len(signs) - 1))
            yield signs[-1]
            at = run.end()
        if at < len(word):
            yield word[at:][:LONGEST_TERM]

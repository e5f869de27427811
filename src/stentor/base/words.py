"""The word filter: whole words, whatever their case, accents and hidden signs.

It keeps ordinary people from writing ordinary insults. Who replaces letters by others that look alike gets around it:
for those there are hosts who remove and shut out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from stentor.base.errors import BadInput

MOST_WORDS = 100
"""They travel on the board with the space: so many are 16 kB at most."""
WORD_CHARACTERS = 40

_LEFT_OUT = frozenset({"Mn", "Me", "Cf"})
"""Unicode categories of accents and of signs that cannot be seen."""
_WORD = re.compile(r"[^\W_]+")

Word = tuple[str, ...]
"""One entry of a list: the folded words that must stand one after the other; mostly there is one."""


def fold(text: str) -> str:
    """The text without case, accents, invisible signs and differences of writing (NFKD): ``Élan`` is ``elan``."""
    capitals = unicodedata.normalize("NFKD", text).upper()  # of some letters only these are one: ı and i, ς and σ
    apart = unicodedata.normalize("NFKD", capitals.casefold())
    return "".join(sign for sign in apart if unicodedata.category(sign) not in _LEFT_OUT)


def tokens(text: str) -> Word:
    """The words of a text, folded: runs of letters and digits."""
    return tuple(_WORD.findall(fold(text)))


def parse(entries: Iterable[str]) -> frozenset[Word]:
    """A list as :func:`found_in` takes it; entries without a letter or digit count nothing."""
    return frozenset(word for word in map(tokens, entries) if word)


def found_in(text: str, forbidden: frozenset[Word]) -> bool:
    """Whether one of the words stands in the text. Writing without spaces (Chinese, Thai) is one word to it."""
    said = tokens(text)
    lengths = {len(word) for word in forbidden}
    return any(said[at : at + length] in forbidden for length in lengths for at in range(len(said) - length + 1))


def checked(entries: Sequence[str]) -> tuple[str, ...]:
    """A list as hosts write it, trimmed and without repetitions; raises :class:`BadInput`."""
    trimmed = [unicodedata.normalize("NFC", " ".join(entry.split())) for entry in entries]
    kept = tuple({tokens(entry): entry for entry in trimmed if entry}.values())
    if len(kept) > MOST_WORDS:
        raise BadInput(f"A list has {MOST_WORDS} words at most.", field="comment_words")
    if any(len(entry) > WORD_CHARACTERS or not tokens(entry) for entry in kept):
        raise BadInput(
            f"A word of the list has letters or digits, {WORD_CHARACTERS} characters at most.", field="comment_words"
        )
    return kept

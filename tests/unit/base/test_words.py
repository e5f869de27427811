"""The word filter: whole words, whatever their case, accents and hidden signs."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base import words
from stentor.base.errors import BadInput

WORDS = st.text(st.characters(categories=("Lu", "Ll", "Nd"), exclude_characters="ǰΐΰ"), min_size=1, max_size=8)
TEXTS = st.text(max_size=60)
ACCENTS = st.sampled_from(["", "\u0301", "\u0308", "\u200b", "\u00ad", "\u200d"])
BETWEEN = st.sampled_from([" ", ", ", "!", "_", "-", " … "])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What an ÉLAN!", True),
        ("e\u0301lan", True),
        ("el\u200ban", True),
        ("ｅｌａｎ", True),
        ("_elan_", True),
        ("elands", False),
        ("gelan", False),
        ("ela n", False),
        ("two of a kind", True),
        ("Two, of a KIND", True),
        ("two of kind", False),
        ("STRASSE", True),
        ("", False),
    ],
)
def test_whole_words(text: str, found: bool) -> None:
    """Case, accents, hidden signs and punctuation make no difference; a part of a word is another word."""
    assert words.found_in(text, words.parse(["Élan", "two of a kind", "straße"])) is found


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded is folded for good."""
    assert words.fold(words.fold(text)) == words.fold(text)


@given(WORDS, st.lists(ACCENTS, min_size=8, max_size=8), TEXTS, TEXTS, BETWEEN)
def test_a_word_is_found_however_it_is_written(
    word: str, accents: list[str], before: str, after: str, between: str
) -> None:
    """Between any other text, with signs added, apart or in one, in capitals or not."""
    dressed = "".join(sign + accent for sign, accent in zip(word, accents, strict=False))
    for written in (word, dressed, unicodedata.normalize("NFC", dressed), word.upper(), word.casefold()):
        if words.tokens(written):
            assert words.found_in(f"{before}{between}{written}{between}{after}", words.parse([word]))


@given(st.lists(WORDS, max_size=10), TEXTS)
def test_nothing_else_is_found(forbidden: list[str], text: str) -> None:
    """A text is refused exactly when one of its own words is on the list."""
    said = set(words.tokens(text))
    single = {word for word in words.parse(forbidden) if len(word) == 1}
    assert words.found_in(text, frozenset(single)) == bool(said & {word[0] for word in single})


@given(st.lists(st.one_of(WORDS, TEXTS), max_size=20))
def test_a_list_is_kept_or_refused(entries: list[str]) -> None:
    """What is kept is short, each word once; checking it again changes nothing."""
    try:
        kept = words.checked(entries)
    except BadInput:
        return
    assert len({words.tokens(entry) for entry in kept}) == len(kept) <= words.MOST_WORDS
    assert all(0 < len(entry) <= words.WORD_CHARACTERS for entry in kept)
    assert words.checked(kept) == kept


def test_a_list_has_limits() -> None:
    """Too many, too long, or nothing to compare with: refused with the field's name."""
    assert words.checked([" Élan ", "elan", "", "two  of a kind"]) == ("elan", "two of a kind")
    for entries in ([str(number) for number in range(101)], ["x" * 41], ["!!!"]):
        with pytest.raises(BadInput) as refused:
            words.checked(entries)
        assert refused.value.fields["field"] == "comment_words"

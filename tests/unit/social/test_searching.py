"""What somebody looks for, read from one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.terms import SearchTerm
from stentor.social.searching import LONGEST, MOST_WANTED, parse, stands

DAY_MS = 86_400_000


def test_words_and_conditions() -> None:
    query = parse('radio  from:@Anna has:image is:reply language:DE before:1970-01-03 after:1970-01-01 "guten Abend"')
    assert [each.text for each in query.terms] == ["radio", "guten", "abend"]
    assert query.phrases == ("guten abend",)
    assert (query.author, set(query.has), query.replies, query.language) == ("anna", {"media"}, True, "de")
    assert (query.after_ms, query.before_ms) == (DAY_MS, 2 * DAY_MS)


@pytest.mark.parametrize(
    "text", ["before:yesterday", "has:everything", "from: anna", "is:good", "12:30", "https://a.example"]
)
def test_what_is_no_condition_is_words(text: str) -> None:
    query = parse(text)
    assert query.words
    assert query.terms == parse(text.replace(":", " ")).terms
    assert (query.author, query.has, query.replies, query.before_ms) == ("", frozenset(), False, None)


@pytest.mark.parametrize("quoted", ['"guten abend"', "„guten Abend“", "«guten abend»", '"guten abend'])
def test_quotes_of_any_language(quoted: str) -> None:
    assert parse(quoted).phrases == ("guten abend",)


def test_beginnings_are_long_enough_to_be_one() -> None:
    assert parse("wahl*").terms == (SearchTerm("wahl", prefix=True),)
    assert parse("wa*").terms == (SearchTerm("wa"),)


@given(st.text(max_size=400))
def test_whatever_is_typed_is_a_query(text: str) -> None:
    query = parse(text)
    assert len(query.text) <= LONGEST
    assert len(query.terms) <= MOST_WANTED


def test_a_phrase_stands_as_it_is() -> None:
    assert stands(("guten abend",), "Guten   Abend, Wien!")
    assert not stands(("guten abend",), "guten", "abend")
    assert stands((), "anything")

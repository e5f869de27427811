"""Words as they are searched: what finds what, in which language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.terms import LONGEST_TERM, beginnings, folded, spelled, terms, wanted

FINDS = (
    # What is looked for, and the text that has it.
    ("straße", "In der STRASSE"),
    ("strasse", "In der Straße"),
    ("müller", "Frau Mueller"),
    ("Mueller", "Frau Müller"),
    ("muller", "Frau Müller"),
    ("MU\u0308LLER", "Frau Müller"),
    ("elan", "Mit Élan"),
    ("blåbær", "Blaabaer og BLÅBÆR"),
    ("東京", "東京タワーへ行く"),
    ("タワー", "東京タワーへ行く"),
    ("塔", "東京塔"),
    ("東", "東京塔"),
    ("中文搜索", "我们的中文搜索很快"),
    ("학교", "학교에서 배운다"),
    ("ｆｕｌｌ", "full width"),
    ("हिन्दी", "यह हिन्दी में है"),
    ("#radio", "Tonight on #radio."),
    ("@anna", "Thank you, @anna!"),
    ("ﬁne", "fine"),
)
MISSES = (
    ("poet", "a pot"),
    ("muller", "Frau Mueller"),
    ("京東", "東京"),
    ("か", "が"),
    ("wahl", "Bundestagswahl"),
)


def found(query: str, text: str) -> bool:
    there = set(terms(text))
    return all(
        any(each.startswith(term.text) for each in there) if term.prefix else term.text in there
        for term in wanted(query)
    )


@pytest.mark.parametrize(("query", "text"), FINDS)
def test_finds(query: str, text: str) -> None:
    assert wanted(query)
    assert found(query, text)


@pytest.mark.parametrize(("query", "text"), MISSES)
def test_does_not_find(query: str, text: str) -> None:
    assert not found(query, text)


@given(st.text(max_size=200))
def test_a_text_is_found_by_itself(text: str) -> None:
    """Whatever it says; and no term has a sign in it that would mean something to a database."""
    assert found(text, text)
    for each in (*terms(text), *(term.text for term in wanted(text))):
        assert 0 < len(each) <= LONGEST_TERM
        assert not set(each) & set(" '\"\\*:&|!()/\x00")


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert spelled(spelled(text)) == spelled(text)


def test_who_types_a_name_finds_it_before_its_end() -> None:
    assert {"a", "an", "anna", "mull", "muel"} <= set(beginnings("Anna Müller"))

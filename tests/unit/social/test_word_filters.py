"""Words that somebody does not want to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.social.word_filters import FilterAction, FilterContext, FilterWord, Sieve, WordFilter

HOME = FilterContext.HOME


def sieve(word: str, *, whole: bool = True, until_ms: int | None = None, now_ms: int = 0) -> Sieve:
    made = WordFilter(
        id=1, title="x", contexts=(HOME,), action=FilterAction.WARN, words=(FilterWord(word, whole),), until_ms=until_ms
    )
    return Sieve([made], HOME, now_ms=now_ms)


@pytest.mark.parametrize(
    ("word", "whole", "text", "met"),
    [
        ("test", True, "a Test.", True),
        ("test", True, "#test", True),  # mastodon#17703
        ("test", True, "test0", False),
        ("test", False, "test0", True),
        ("test", True, "contest", False),
        ("test", True, "contest test", True),
        ("test", True, "te\u00adst", True),  # mastodon#31352: signs that nobody sees
        ("test", True, "ｔｅｓｔ", True),
        ("straße", True, "Die STRASSE", True),
        ("élan", True, "e\u0301lan", True),
        ("#radio", True, "x#radio", True),
        ("c++", True, "c++11", True),
        ("two words", True, "some two words here", True),
        ("two words", True, "two other words", False),
        ("東京", False, "私は東京都に", True),
        ("👍", True, "ok👍ok", True),
        (".*", False, "anything", False),
    ],
)
def test_what_a_word_meets(word: str, whole: bool, text: str, met: bool) -> None:
    """Whole words do not go on; nothing of a word is a pattern."""
    assert [hit.words for hit in sieve(word, whole=whole).hits(["", text])] == ([(word,)] if met else [])


def test_where_and_until_when() -> None:
    """What is over counts no more (subwaytooter#95), and only where it is meant to."""
    assert sieve("x", until_ms=5, now_ms=4)
    assert not sieve("x", until_ms=5, now_ms=5)
    only_home = WordFilter(
        id=1, title="x", contexts=(HOME,), action=FilterAction.HIDE, words=(FilterWord("x"),), until_ms=None
    )
    assert not Sieve([only_home], FilterContext.THREAD, now_ms=0)


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_part_of_a_text_is_found(word: str, before: str, after: str) -> None:
    """Wherever it stands, also as a whole word between spaces; and nothing fails."""
    if sieve(word, whole=False).hits([word]):
        assert sieve(word).hits([f"{before} {word} {after}"]) or word != word.strip()

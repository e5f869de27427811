"""Word filters and blocked places of a site."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput
from stentor.social import filters

RULES = filters.rules("cheap pills\nÉlan", "casino", "bad.org\nhttps://Müll.example/x\n\n")


@pytest.mark.parametrize("said", ["Cheap  PILLS!", "ch\u00adeap pills", "e\u0301lan", "CHEAP\npills"])
def test_a_word_is_refused_however_it_is_written(said: str) -> None:
    """Case, accents, hidden signs, lines."""
    with pytest.raises(BadInput) as caught:
        filters.judge(RULES, ["Hello", said])
    assert caught.value.error_code == "post-word"


def test_a_word_is_held() -> None:
    """Whole words only, in any of the texts."""
    assert filters.judge(RULES, ["Hello", "the CASINO"])
    assert not filters.judge(RULES, ["Hello casinos", ""])


@pytest.mark.parametrize(
    "said", ["see bad.org", "http://www.BAD.org./x?y", "https://xn--mll-hoa.example", "(https://müll.example)"]
)
def test_a_place_is_blocked_with_all_below_it(said: str) -> None:
    """Whichever way its name is written."""
    with pytest.raises(BadInput) as caught:
        filters.judge(RULES, [said])
    assert caught.value.error_code == "link-blocked"


@pytest.mark.parametrize("said", ["https://notbad.org", "https://bad.org.example", "https://good.example/bad.org"])
def test_what_only_looks_alike_is_not_blocked(said: str) -> None:
    """Names are compared from their end, in whole parts."""
    assert not filters.judge(RULES, [said])

"""Who may ask to quote a post."""

from __future__ import annotations

from itertools import product

import pytest

from stentor.social.model import Audience
from stentor.social.visible import may_quote
from tests.support.visibility import EVERYBODY, READERS, post


@pytest.mark.parametrize(("audience", "reader"), list(product(Audience, READERS)))
def test_who_may_quote(audience: Audience, reader: str) -> None:
    """What everybody may read; not even its author what is for followers, for the quote would show it to others."""
    may = audience in EVERYBODY and reader != "blocked follower"
    assert may_quote(post(audience), READERS[reader]) == may


def test_a_boost_is_not_quoted() -> None:
    """It says nothing itself."""
    assert not any(may_quote(post(audience, boost=True), READERS["author"]) for audience in Audience)

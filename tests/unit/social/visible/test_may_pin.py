"""Who may pin a post."""

from __future__ import annotations

import pytest

from stentor.social.model import Audience
from stentor.social.visible import may_pin
from tests.support.visibility import AUTHOR, EVERYBODY, post


@pytest.mark.parametrize("audience", Audience)
def test_its_author_may(audience: Audience) -> None:
    """What others may read as well who come to their page: everybody, or those who follow."""
    assert may_pin(post(audience), AUTHOR) == (audience in (*EVERYBODY, Audience.FOLLOWERS))
    assert not may_pin(post(audience), AUTHOR + 1)


@pytest.mark.parametrize("audience", Audience)
def test_a_boost_is_not_pinned(audience: Audience) -> None:
    """It is another one's post."""
    assert not may_pin(post(audience, boost=True), AUTHOR)

"""Who may change a post."""

from __future__ import annotations

import pytest

from stentor.social.model import Audience
from stentor.social.visible import may_change
from tests.support.visibility import AUTHOR, post


@pytest.mark.parametrize("audience", Audience)
def test_its_author_may(audience: Audience) -> None:
    """And nobody else; not what moderators have taken down, or look at first."""
    assert may_change(post(audience), AUTHOR) == (audience is not Audience.WITHHELD)
    assert not may_change(post(audience), AUTHOR + 1)


@pytest.mark.parametrize("audience", Audience)
def test_a_boost_has_nothing_to_be_changed(audience: Audience) -> None:
    """Not even by whoever carries something on."""
    assert not may_change(post(audience, boost=True), AUTHOR)

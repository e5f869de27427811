"""Who may carry a post on."""

from __future__ import annotations

from itertools import product

import pytest

from stentor.social.model import Audience
from stentor.social.visible import may_boost
from tests.support.visibility import EVERYBODY, READERS, post


@pytest.mark.parametrize(("audience", "reader"), list(product(Audience, READERS)))
def test_who_may_boost(audience: Audience, reader: str) -> None:
    """What everybody may read, and one's own for one's followers; never what is for those who are mentioned."""
    if audience in EVERYBODY:
        may = reader != "blocked follower"
    else:
        may = audience is Audience.FOLLOWERS and reader == "author"
    assert may_boost(post(audience), READERS[reader]) == may

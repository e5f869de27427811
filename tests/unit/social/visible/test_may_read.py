"""Who may read a post: every kind of post by every kind of reader, against one table."""

from __future__ import annotations

from itertools import product

import pytest

from stentor.social.model import Audience, Relation
from stentor.social.visible import may_read
from tests.support.visibility import READERS, post

NOBODY = "nobody who is signed in"
ANYBODY: dict[str, Relation | None] = {NOBODY: None, **READERS}
MAY_READ = {
    Audience.PUBLIC: {NOBODY, "stranger", "follower", "mentioned", "author"},
    Audience.UNLISTED: {NOBODY, "stranger", "follower", "mentioned", "author"},
    Audience.FOLLOWERS: {"follower", "mentioned", "author"},
    Audience.MENTIONED: {"mentioned", "author"},
    Audience.WITHHELD: {"author"},
}


@pytest.mark.parametrize(("audience", "reader"), list(product(Audience, ANYBODY)))
def test_who_may_read(audience: Audience, reader: str) -> None:
    """Whoever has blocked, or is blocked, reads nothing, not even what a stranger reads."""
    assert may_read(post(audience), ANYBODY[reader]) == (reader in MAY_READ[audience])

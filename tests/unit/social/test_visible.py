"""Who may see what."""

from __future__ import annotations

from itertools import product

import pytest

from stentor.social import visible
from stentor.social.model import Audience, Post, Relation

READERS = {
    "nobody": None,
    "stranger": Relation(),
    "follower": Relation(follows=True),
    "mentioned": Relation(mentioned=True),
    "author": Relation(own=True),
    "blocked follower": Relation(follows=True, mentioned=True, blocked=True),
}
MAY_READ = {
    Audience.PUBLIC: {"nobody", "stranger", "follower", "mentioned", "author"},
    Audience.UNLISTED: {"nobody", "stranger", "follower", "mentioned", "author"},
    Audience.FOLLOWERS: {"follower", "mentioned", "author"},
    Audience.MENTIONED: {"mentioned", "author"},
    Audience.WITHHELD: {"author"},
}


def post(audience: Audience) -> Post:
    return Post(id=1, author=2, visibility=audience, created_ms=0)


@pytest.mark.parametrize(("audience", "reader"), list(product(Audience, READERS)))
def test_who_may_read(audience: Audience, reader: str) -> None:
    """Every kind of post by every kind of reader, against one table."""
    assert visible.may_read(post(audience), READERS[reader]) == (reader in MAY_READ[audience])


def test_who_may_carry_on() -> None:
    """What everybody may read, and one's own for one's followers; never what is for those who are mentioned."""
    for audience, (reader, relation) in product(Audience, READERS.items()):
        if relation is None:
            continue
        may = visible.may_boost(post(audience), relation)
        if audience in (Audience.PUBLIC, Audience.UNLISTED):
            assert may == (reader != "blocked follower")
        else:
            assert may == (audience is Audience.FOLLOWERS and reader == "author")
        assert not visible.may_quote(post(audience), relation) or visible.is_file(post(audience))


def test_an_answer_is_read_by_no_more_than_what_it_answers() -> None:
    """Whatever its author has asked for."""
    for wanted, answered in product(Audience, Audience):
        assert visible.reply_audience(wanted, post(answered)) == max(wanted, answered)


def test_results_of_a_poll() -> None:
    """Seen by who has voted, by its author, and by all when it is over."""
    assert not visible.sees_results(ended=False, voted=False, own=False)
    assert visible.sees_results(ended=True, voted=False, own=False)
    assert visible.sees_results(ended=False, voted=True, own=False)
    assert visible.sees_results(ended=False, voted=False, own=True)

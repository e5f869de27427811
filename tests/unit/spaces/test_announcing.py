"""When posts about a space are due: one at the beginning, one at each moment that was chosen, none twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.spaces.announcing import AGAIN, FIRST, FIRST_AT, Announcing, AnnouncingChoice, SpaceMoment, due


@given(st.lists(st.sampled_from([*SpaceMoment, None])), st.sets(st.sampled_from(AGAIN)), st.booleans())
def test_each_moment_is_posted_once(moments: list[SpaceMoment | None], again: set[str], on: bool) -> None:
    """However often a space comes to it; the first post is made at the first moment that is none of an end."""
    chosen = Announcing.of(AnnouncingChoice(on=on, again=tuple(again)))  # type: ignore[arg-type]
    made: list[str] = []
    for moment in moments:
        found = due(chosen, moment, made)
        assert not set(found) & set(made)
        made += found
        assert not due(chosen, moment, made)
    assert len(made) == len(set(made))
    expected: set[str] = {each.value for each in moments if each is not None and each.value in again}
    if any(each in FIRST_AT or (each is not None and each.value in again) for each in moments):
        expected.add(FIRST)
    assert set(made) == (expected if on else set())


def test_one_post_is_the_first_and_that_of_its_moment() -> None:
    """Who starts at once and wants a post when it is live gets one, not two."""
    assert due(Announcing(again=("live",)), SpaceMoment.LIVE, ()) == (FIRST, "live")
    assert due(Announcing(again=("live",)), SpaceMoment.PLANNED, ()) == (FIRST,)
    assert due(Announcing(), SpaceMoment.REPLAY, ()) == ()


def test_moments_are_kept_once_and_in_order() -> None:
    """And words as descriptions are; what is wrong names its field."""
    assert Announcing.of(AnnouncingChoice(again=("replay", "live", "live"))).again == ("live", "replay")
    assert Announcing.of(AnnouncingChoice(words="  Come!\r\n")).words == "Come!"
    with pytest.raises(BadInput) as caught:
        Announcing.of(AnnouncingChoice(words="x" * 2000))
    assert caught.value.fields["field"] == "words"

"""What a talk goes through."""

from __future__ import annotations

import json

import pytest

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.spaces import commands as c
from stentor.spaces import outline, rules, rundown
from stentor.spaces.model import RundownItem as Item
from stentor.spaces.model import State
from tests.support.spaces import NOW, do, space_in, with_guests

ITEMS = (Item("a", "Intro", 5), Item("b", "The polls", 15), Item("c", "Questions"))
LIVE = do(with_guests(State.LIVE), c.SetRundown(ITEMS), now=NOW + 60)


def test_items_begin_one_after_the_other() -> None:
    """The one that began last is on; a second press changes nothing, going back to one begins it anew."""
    assert rundown.current(LIVE) is None
    space = do(do(LIVE, c.BeginItem("a"), now=NOW + 70), c.BeginItem("b"), now=NOW + 80)
    assert rundown.current(space) == Item("b", "The polls", 15, round((NOW + 80) * 1000))
    assert rules.decide(space, c.BeginItem("b"), NOW + 81) == []
    assert rundown.current(do(space, c.BeginItem("a"), now=NOW + 90)).id == "a"  # type: ignore[union-attr]


def test_what_has_begun_stays_begun_when_the_rest_changes() -> None:
    """Also in another place and under another title."""
    space = do(LIVE, c.BeginItem("a"), now=NOW + 70)
    changed = do(space, c.SetRundown((Item("d", "Music", 3), Item("a", "Hello", 4))), now=NOW + 80)
    assert changed.rundown == [Item("d", "Music", 3), Item("a", "Hello", 4, round((NOW + 70) * 1000))]
    assert rules.decide(changed, c.SetRundown((Item("d", "Music", 3), Item("a", "Hello", 4))), NOW + 81) == []


def test_items_that_began_are_chapters() -> None:
    """From the moment on in which they did; the others are none."""
    space = do(LIVE, c.BeginItem("b"), now=NOW + 70)
    found = outline.Outline(1, "hash", [outline.Turn(0.0, 30.0, "anna", "Anna")], [])
    told = json.loads(outline.chapters(found, items=space.rundown, origin_ms=round(NOW * 1000)))["chapters"]
    assert told[1:] == [{"startTime": 70.0, "title": "The polls", "item": "b"}]


@pytest.mark.parametrize(
    "items",
    [
        (Item("a", "", 5),), (Item("a", "two\nlines", 5),), (Item("a", "Intro", -1),), (Item("a", "Intro", 601),),
        (Item("a", "Intro"), Item("a", "Again")), tuple(Item(str(each), "Item") for each in range(31)),
    ],
)  # fmt: skip
def test_a_rundown_that_is_none_is_refused(items: tuple[Item, ...]) -> None:
    """With the field that is wrong."""
    with pytest.raises(BadInput) as refused:
        rules.decide(LIVE, c.SetRundown(items), NOW)
    assert refused.value.fields["field"] == "items"


def test_items_begin_only_while_the_space_is_live() -> None:
    """Before, nobody would hear it; one that is not there does not begin, and afterwards nothing changes."""
    early = do(space_in(State.DOORS_OPEN), c.SetRundown(ITEMS), now=NOW + 60)
    with pytest.raises(Conflict, match="while the space is live"):
        rules.decide(early, c.BeginItem("a"), NOW + 61)
    with pytest.raises(NotFound):
        rules.decide(LIVE, c.BeginItem("z"), NOW + 61)
    with pytest.raises(Conflict):
        rules.decide(do(LIVE, c.End(), now=NOW + 70), c.SetRundown(()), NOW + 80)

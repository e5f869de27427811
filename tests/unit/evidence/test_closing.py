"""When an evening is complete: who is waited for, and who is named because nobody heard the last of it."""

from __future__ import annotations

from stentor.evidence.closing import Closing
from stentor.evidence.row import EdgeSecond, SpaceSecond

ENDED_MS = 1_900_000_000_000


def closing(*told: tuple[str, int, SpaceSecond]) -> Closing:
    found = Closing("talk")
    for edge, second, seen in told:
        found.hear(EdgeSecond(edge, ENDED_MS + 1000 * second, spaces={"talk": seen}))
    return found


def test_every_edge_that_had_it_at_the_end_is_waited_for() -> None:
    """One that was gone before is not; one that said its last is not."""
    found = closing(
        ("gone", -60, SpaceSecond(hearing=5)), ("a", -1, SpaceSecond(hearing=5)), ("b", 2, SpaceSecond(hearing=5))
    )
    assert found.awaited(ENDED_MS) == ["a", "b"]
    found.hear(EdgeSecond("b", ENDED_MS + 3000, spaces={"talk": SpaceSecond(last=True)}))
    assert found.awaited(ENDED_MS) == ["a"]
    assert found.silent(ENDED_MS, ENDED_MS + 5_000) == []
    assert found.silent(ENDED_MS, ENDED_MS + 50_000) == ["a"]


def test_plays_of_the_recording_open_nothing_again() -> None:
    """Nor does a row that comes late, or twice; an edge that is heard by somebody again does."""
    last, play = ("a", 5, SpaceSecond(last=True)), ("a", 9, SpaceSecond(plays=1))
    assert (
        closing(("a", 1, SpaceSecond(hearing=1)), last, play, ("a", 4, SpaceSecond(hearing=1)), last).awaited(ENDED_MS)
        == []
    )
    assert closing(last, ("a", 6, SpaceSecond(asking=1))).awaited(ENDED_MS) == ["a"]
    assert Closing("other").awaited(ENDED_MS) == []

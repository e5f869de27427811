"""The course of a space: what a plot shows, of rows that come late, twice or not at all."""

from __future__ import annotations

import random

from stentor.evidence.course import MOST, Course, CourseTally
from stentor.evidence.load import Resource
from stentor.evidence.row import EdgeRoom, EdgeSecond, SpaceSecond

START_S = 1_900_000_000
PLACES = list(Resource).index(Resource.PLACES)


def row(edge: str, second: int, **seen: object) -> EdgeSecond:
    told = SpaceSecond(**seen)  # type: ignore[arg-type]
    return EdgeSecond(edge, (START_S + second) * 1000 + 900, spaces={"talk": told}, room=EdgeRoom(places=100))


def course(*rows: EdgeSecond) -> Course:
    tally = CourseTally("talk")
    for each in rows:
        tally.hear(each)
    found = tally.course()
    assert found is not None
    return found


def test_there_is_none_before_the_first_row() -> None:
    """Nor of rows that tell of others."""
    tally = CourseTally("other")
    tally.hear(row("a", 0, hearing=1))
    assert tally.course() is None


def test_a_second_is_the_sum_over_edges_whatever_their_order() -> None:
    """Also when rows come late, in any order, or twice."""
    rows = [row(edge, second, hearing=10 + second, joins=1) for second in range(50) for edge in ("a", "b")]
    mixed = [*rows, *rows[:20]]
    random.Random(7).shuffle(mixed)
    assert course(*mixed) == course(*rows)
    assert [step.hearing for step in course(*rows).steps] == [2 * (10 + second) for second in range(50)]
    assert sum(step.joins for step in course(*mixed).steps) == 100


def test_a_missing_row_is_no_dip_and_a_lost_edge_is() -> None:
    """Two seconds are carried over, also when no edge at all has a row of them."""
    found = course(row("a", 0, hearing=7), row("a", 3, hearing=7), row("a", 10, hearing=7))
    assert [step.hearing for step in found.steps] == [7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 7]


def test_a_long_evening_has_no_more_steps_than_a_plot_has_pixels() -> None:
    """Peaks stay, sums stay, and when something was stays right to a step."""
    rows = [row("a", second, hearing=500 if second == 4000 else 5, joins=2, turned_away=1) for second in range(5000)]
    found = course(*rows)
    assert len(found.steps) <= MOST
    assert found.step_s == 8
    assert found.steps[4000 // 8].hearing == 500
    assert sum(step.joins for step in found.steps) == 10_000
    assert found.hearing_at((START_S + 4000) * 1000) == 500
    assert found.hearing_at((START_S - 1) * 1000) is None
    assert found.hearing_at((START_S + 9000) * 1000) is None


def test_the_fullest_edge_is_shown() -> None:
    """Others that have room do not hide it."""
    found = course(row("a", 0, hearing=90), row("b", 0, hearing=10))
    assert found.steps[0].used[PLACES] == 0.9

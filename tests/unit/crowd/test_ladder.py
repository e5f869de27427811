"""The ladder: up at once, down slowly, never back and forth."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.crowd.ladder import (
    CALM_S,
    MOST_CALM_S,
    QUIET_S,
    RELIEVED,
    TRIGGERS,
    Cause,
    Ladder,
    Load,
    bears,
    step,
    wish,
)
from stentor.crowd.rungs import RUNGS, TOP, rung

LOADS = st.lists(st.builds(Load, *[st.floats(0, 1.5)] * 4), max_size=4)
NOTHING: list[Load] = []


def after(ladder: Ladder, loads: list[Load], now: float, seconds: float) -> Ladder:
    """The ladder when two looks a second have seen ``loads`` for so long."""
    for tick in range(round(2 * seconds) + 1):
        ladder = step(ladder, loads, now + tick / 2)
    return ladder


@pytest.mark.parametrize("cause", TRIGGERS)
def test_each_measure_climbs_to_its_rung_at_once(cause: Cause) -> None:
    """A value above a trigger gives that rung, whatever lies between, and the ladder says what asked for it."""
    for number, trigger in enumerate(TRIGGERS[cause], 1):
        value = trigger * 1.001
        found = step(Ladder(), [Load(), Load(**{cause.value: value})], 0.0)
        assert (found.rung, found.cause, found.value) == (number, cause, value)
        assert step(Ladder(), [Load(**{cause.value: trigger})], 0.0).rung == number - 1


def test_down_one_rung_after_two_minutes_of_calm() -> None:
    """Calm is less than 0.8 of the rung's own trigger; a moment above it and the two minutes begin again."""
    high, calm, nearly = (Load(line=share * 0.85) for share in (1.01, RELIEVED - 0.01, RELIEVED + 0.01))
    ladder = step(Ladder(), [high], 0.0)
    assert ladder.rung == 3
    ladder = after(ladder, [calm], 1.0, CALM_S - 1)
    assert ladder.rung == 3
    ladder = step(ladder, [nearly], CALM_S + 0.5)
    ladder = after(ladder, [calm], CALM_S + 1, CALM_S - 1)
    assert ladder.rung == 3
    ladder = after(ladder, [calm], 2 * CALM_S, 2.0)
    assert (ladder.rung, ladder.cause) == (2, Cause.CALM)


def test_when_the_overload_is_gone_rung_1_comes_within_the_minute() -> None:
    """Half a minute in which rung 1 would have borne all leads straight there; the last step takes its two minutes."""
    ladder = step(Ladder(), [Load(cpu=0.99)], 0.0)
    ladder = after(ladder, [Load(cpu=0.1)], 1.0, QUIET_S + 1)
    assert ladder.rung == 1
    assert after(ladder, [Load(cpu=0.1)], QUIET_S + 2, CALM_S - 2).rung == 1
    assert after(ladder, [Load(cpu=0.1)], QUIET_S + 2, CALM_S + 2).rung == 0


@pytest.mark.parametrize(("line", "rung"), [(0.29, 1), (0.31, 2), (0.35, 3), (0.7, 3)])
def test_a_usual_load_leads_to_the_rung_that_bears_it(line: float, rung: int) -> None:
    """The others send twice the bits of rungs 3 and 4: what is little there may be much below."""
    ladder = step(Ladder(), [Load(line=1.1)], 0.0)
    assert after(ladder, [Load(line=line)], 1.0, QUIET_S + 1).rung == rung


def test_a_moment_counts_as_long_as_it_lasts() -> None:
    """The rung is one that would have borne the whole half minute, not its last moment only."""
    ladder = step(Ladder(), [Load(cpu=0.99)], 0.0)
    ladder = after(ladder, [Load(cpu=0.65)], 1.0, 10)
    assert after(ladder, [Load(cpu=0.1)], 11.5, QUIET_S - 9).rung == 2
    swinging = step(Ladder(calm_s=2 * CALM_S), [Load(cpu=0.99)], 0.0)
    assert after(swinging, [Load(cpu=0.1)], 1.0, QUIET_S + 5).rung == 4  # who came down too early waits longer


def test_one_step_does_not_begin_the_half_minute_of_the_next() -> None:
    """What was sent last of the overload delays rung 1 by its own length, not by another half minute."""
    ladder = step(Ladder(), [Load(line=0.9)], 0.0)
    ladder = after(ladder, [Load(line=0.33)], 1.0, 3)  # rung 2 would bear it, rung 1 not
    ladder = after(ladder, [Load(line=0.25)], 4.5, QUIET_S - 3)
    assert ladder.rung == 2
    assert after(ladder, [Load(line=0.5)], QUIET_S + 2, 3).rung == 1


def test_who_comes_down_too_early_waits_longer_the_next_time() -> None:
    """A load that returns with every step down doubles the calm, up to 16 minutes, so the rung does not swing."""
    ladder, now, climbs = Ladder(), 0.0, 0
    for _ in range(2 * 4 * 3600):
        was = ladder.rung
        ladder = step(ladder, [Load(line=0.45 if was == 3 else 0.9)], now)
        climbs += ladder.rung > was
        now += 0.5
    assert ladder.calm_s == MOST_CALM_S
    assert climbs < 20
    assert after(step(ladder, NOTHING, now), NOTHING, now, 3 * MOST_CALM_S).calm_s == CALM_S


def test_a_pinned_rung_stays_and_the_ladder_goes_on_from_there() -> None:
    """Whatever is measured; one that does not exist is the nearest. Released, it climbs at once and falls slowly."""
    pinned = step(Ladder(), [Load(cpu=2.0)], 0.0, pinned=2)
    assert (pinned.rung, pinned.cause) == (2, Cause.PINNED)
    assert step(Ladder(), NOTHING, 0.0, pinned=99).rung == TOP
    assert step(pinned, [Load(cpu=2.0)], 1.0).rung == 4
    assert step(pinned, NOTHING, 1.0).rung == 2


@given(LOADS, st.integers(0, TOP))
def test_no_rung_is_higher_than_what_is_asked_for(loads: list[Load], at: int) -> None:
    """One look leads up to the wish exactly, and never down."""
    found = step(Ladder(at), loads, 0.0)
    assert found.rung == max(at, wish(loads).rung)


@given(st.lists(LOADS, max_size=60), st.floats(0.1, 30))
def test_the_ladder_comes_down_one_rung_at_a_time_or_to_one_that_bears_all(
    looks: list[list[Load]], every_s: float
) -> None:
    """Whatever was measured: between two looks it climbs any number of rungs, and falls one, or as many as it may."""
    ladder = Ladder()
    for number, loads in enumerate(looks):
        was, ladder = ladder, step(ladder, loads, number * every_s)
        assert 0 <= ladder.rung <= TOP
        assert ladder.rung >= was.rung - 1 or bears(ladder.rung, was.rung, loads)
        assert ladder.rung >= wish(loads).rung


@given(st.integers(0, TOP), st.lists(LOADS, max_size=20))
def test_without_load_the_ladder_always_comes_back(at: int, before: list[list[Load]]) -> None:
    """From wherever it was: after the calm of the worst case on every rung it is at 0."""
    ladder = Ladder(at)
    for number, loads in enumerate(before):
        ladder = step(ladder, loads, float(number))
    now = 100.0
    for _ in range(round((TOP + 1) * MOST_CALM_S / 5) + 5):
        ladder = step(ladder, NOTHING, now)
        now += 5
    assert ladder.rung == 0


def test_what_a_heartbeat_does_not_say_counts_as_nothing() -> None:
    """An older edge has no such numbers."""
    assert Load.of({"cpu": 0.5, "listeners": 3}) == Load(cpu=0.5)


def test_each_rung_gives_up_more_than_the_one_below() -> None:
    """Nothing comes back on a higher rung, and a number beyond the last is the last."""
    for lower, higher in pairwise(RUNGS):
        assert higher.pulse_chunks >= lower.pulse_chunks
        assert higher.write_chunks >= lower.write_chunks
        assert higher.frugal >= lower.frugal
        assert higher.parts <= lower.parts
        assert higher != lower
    assert rung(99) == RUNGS[-1]
    assert rung(-1) == RUNGS[0]

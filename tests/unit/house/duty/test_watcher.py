"""What the house concludes from the stage's and the archive's words."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import CallerError
from stentor.base.units import SeatId, SpaceId
from stentor.house.duty.watcher import DUE_LOOKS, SEAT_LOST_S, STAGE_LOST_S, Order, Sight, Watch
from stentor.spaces import commands as c
from stentor.spaces import rules
from stentor.spaces.attendance import EndAfter
from stentor.spaces.model import Role, Seat, Space, State

HERE, GONE = Sight(stage=True), Sight()
HOST = Seat(SeatId("h"), "Ada", Role.HOST)


def space(state: State, *, connected: bool = False, muted: bool = False) -> Space:
    host = msgspec.structs.replace(HOST, connected=connected, muted=muted)
    return Space(SpaceId("s"), "t", state=state, seats={"h": host}, doors_open_ms=1, live_ms=1, ended_ms=1)


def test_a_short_silence_of_the_stage_is_nothing() -> None:
    """Up to two seconds without the stage interrupt nothing; longer does."""
    watch = Watch(0.0)
    assert watch.look(space(State.LIVE), HERE, 10.0) == []
    assert watch.look(space(State.LIVE), GONE, 10.0 + STAGE_LOST_S) == []
    assert watch.look(space(State.LIVE), GONE, 10.1 + STAGE_LOST_S) == [c.Interrupt()]


def test_a_new_house_gives_the_stage_its_time() -> None:
    """A house that has just come up has heard nothing yet, which is no sign of a lost stage."""
    assert Watch(100.0).look(space(State.LIVE), GONE, 100.1) == []


def test_the_stage_comes_back() -> None:
    """An interrupted space goes on as soon as a stage holds it."""
    assert Watch(0.0).look(space(State.INTERRUPTED), GONE, 50.0) == []
    assert Watch(0.0).look(space(State.INTERRUPTED), HERE, 50.0) == [c.Resume()]


def test_a_stage_that_comes_and_goes_fills_no_record() -> None:
    """However often the stage falters, the record gets few events; after quiet times a loss is noticed soon again."""
    watch, state, told, now = Watch(0.0), State.LIVE, 0, 0.0
    for step in range(4 * 20 * 60):
        now = step / 4
        wishes = watch.look(space(state), GONE if step % 16 < 12 else HERE, now)  # three seconds without, one with it
        if c.Interrupt() in wishes or c.Resume() in wishes:
            state, told = (State.INTERRUPTED if state is State.LIVE else State.LIVE), told + 1
    assert 2 <= told <= 10, "one after another in 20 minutes would be 600"
    for step in range(4 * 3600):
        assert watch.look(space(State.LIVE), HERE, now + step / 4) == []
    now += 3600
    assert watch.look(space(State.LIVE), GONE, now + STAGE_LOST_S + 0.5) == [c.Interrupt()]


def test_before_the_talk_a_lost_stage_interrupts_nothing() -> None:
    """With the doors open there is music; only a talk can be interrupted."""
    assert Watch(0.0).look(space(State.DOORS_OPEN), GONE, 50.0) == []


def test_seats_follow_the_stage() -> None:
    """A connection takes the seat, lost media leave it, and absence does after a while."""
    watch, there = Watch(0.0), Sight(stage=True, seats={"h": "connected"})
    assert watch.look(space(State.LIVE), there, 1.0) == [c.ConnectSeat(SeatId("h"))]
    assert watch.look(space(State.LIVE, connected=True), there, 2.0) == []
    assert watch.look(space(State.LIVE, connected=True), HERE, 2.5) == []
    assert watch.look(space(State.LIVE, connected=True), HERE, 3.0) == []
    for step in range(6, 15):
        assert watch.look(space(State.LIVE, connected=True), HERE, step / 2) == []
    assert watch.look(space(State.LIVE, connected=True), HERE, 7.1) == [c.LoseSeat(SeatId("h"))]
    lost = Sight(stage=True, seats={"h": "lost"})
    assert watch.look(space(State.LIVE, connected=True), lost, 9.0) == [c.LoseSeat(SeatId("h"))]


def test_a_stage_that_comes_back_is_given_time() -> None:
    """After a restart of the stage nobody has left who reconnects in time."""
    watch, there = Watch(0.0), Sight(stage=True, seats={"h": "connected"})
    watch.look(space(State.LIVE, connected=True), there, 1.0)
    watch.look(space(State.LIVE, connected=True), GONE, 9.0)
    assert watch.look(space(State.LIVE, connected=True), HERE, 20.0) == []
    assert watch.look(space(State.LIVE, connected=True), HERE, 20.0 + SEAT_LOST_S) == []


def test_without_a_stage_nobody_leaves() -> None:
    """While the stage is away nobody knows who is there: seats stay as they are."""
    assert Watch(0.0).look(space(State.INTERRUPTED, connected=True), GONE, 99.0) == []


def test_the_stage_is_told_again_what_it_forgot() -> None:
    """A stage that came up anew is told of muted seats, and of people who have no seat any more."""
    sight = Sight(stage=True, seats={"h": "connected", "x": "connected"}, muted={"h": False, "x": False})
    wishes = Watch(0.0).look(space(State.LIVE, connected=True, muted=True), sight, 1.0)
    assert wishes == [Order("mute", "h"), Order("remove", "x")]


def test_a_space_without_a_host_ends_after_half_a_minute_of_being_due() -> None:
    """A clock that is ahead for a moment ends nothing."""
    watch = Watch(0.0, EndAfter(waiting_ms=1000))
    waiting = msgspec.structs.replace(space(State.DOORS_OPEN), hostless_ms=1)
    assert all(watch.look(waiting, HERE, 5.0) == [] for _ in range(DUE_LOOKS - 1))
    assert watch.look(waiting, HERE, 0.5) == []
    assert all(watch.look(waiting, HERE, 5.0) == [] for _ in range(DUE_LOOKS - 1))
    assert watch.look(waiting, HERE, 5.0) == [c.Abandon()]


def test_the_end() -> None:
    """A complete recording opens the replay, once; whoever was on the stage has left it."""
    complete = Sight(complete=True)
    assert Watch(0.0).look(space(State.ENDED), GONE, 1.0) == []
    assert Watch(0.0).look(space(State.ENDED), complete, 1.0) == [c.OpenReplay()]
    assert Watch(0.0).look(space(State.REPLAY), complete, 1.0) == []
    assert Watch(0.0).look(space(State.ENDED, connected=True), GONE, 1.0) == [c.LoseSeat(SeatId("h"))]


SIGHTS = st.builds(
    Sight,
    stage=st.booleans(),
    seats=st.dictionaries(st.sampled_from(["h", "x"]), st.sampled_from(["connected", "lost"])),
    complete=st.booleans(),
)


@settings(max_examples=200)
@given(st.sampled_from(list(State)), st.booleans(), st.lists(st.tuples(SIGHTS, st.floats(0, 5)), max_size=20))
def test_the_rules_take_whatever_the_watch_wants(
    state: State, connected: bool, seen: list[tuple[Sight, float]]
) -> None:
    """No order of sights leads to a command that the rules refuse, and each wish once followed is not repeated."""
    now_space, watch, now = space(state, connected=connected), Watch(0.0), 0.0
    for sight, pause in seen:
        now += pause
        for wish in watch.look(now_space, sight, now):
            if isinstance(wish, c.Command):
                now_space = _follow(now_space, wish, now)
        again = [wish for wish in watch.look(now_space, sight, now) if isinstance(wish, c.Command)]
        assert not [wish for wish in again if rules.decide(now_space, wish, now)] or now_space.state is not state


def _follow(before: Space, wish: c.Command, now: float) -> Space:
    try:
        for event in rules.decide(before, wish, now):
            before = rules.apply(before, event)
    except CallerError as error:
        raise AssertionError(f"{wish} is refused in {before.state}") from error
    return before


def test_seats_follow_the_stage_before_the_doors_too() -> None:
    """Who is in the green room is known, and is not there any more when the stage is gone."""
    watch, there = Watch(0.0), Sight(stage=True, seats={"h": "connected"})
    assert watch.look(space(State.SCHEDULED), there, 1.0) == [c.ConnectSeat(SeatId("h"))]
    assert watch.look(space(State.SCHEDULED, connected=True), there, 2.0) == []
    assert watch.look(space(State.SCHEDULED, connected=True), GONE, 2.0 + SEAT_LOST_S) == []
    assert watch.look(space(State.SCHEDULED, connected=True), GONE, 2.1 + SEAT_LOST_S) == [c.LoseSeat(SeatId("h"))]

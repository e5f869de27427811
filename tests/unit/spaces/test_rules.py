"""The life cycle and the seats, command by command."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.base.units import SeatId, SpaceId
from stentor.crowd.ladder import Cause
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces import opening
from stentor.spaces.model import OVER, Role, Space, State, Trim
from stentor.spaces.rules import TRANSITIONS, apply, decide
from stentor.spaces.seats import MOST_BANS, MOST_INVITED
from tests.support.spaces import ANNA, BEN, CREATE, HOST, NOW, do, space_in, with_guests

MS = round(NOW * 1000)
EVERY = list(State)
OPEN = [state for state in State if state not in OVER]

MOVES = {
    (State.SCHEDULED, c.OpenDoors): State.DOORS_OPEN,
    (State.DOORS_OPEN, c.CloseDoors): State.SCHEDULED,
    (State.SCHEDULED, c.GoLive): State.LIVE,
    (State.SCHEDULED, c.Cancel): State.CANCELLED,
    (State.DOORS_OPEN, c.GoLive): State.LIVE,
    (State.DOORS_OPEN, c.End): State.ENDED,
    (State.DOORS_OPEN, c.Abandon): State.ENDED,
    (State.LIVE, c.Abandon): State.ENDED,
    (State.INTERRUPTED, c.Abandon): State.ENDED,
    (State.LIVE, c.Interrupt): State.INTERRUPTED,
    (State.LIVE, c.End): State.ENDED,
    (State.INTERRUPTED, c.Resume): State.LIVE,
    (State.INTERRUPTED, c.End): State.ENDED,
    (State.ENDED, c.OpenReplay): State.REPLAY,
}
SO_ALREADY = {
    c.OpenDoors: {State.DOORS_OPEN, State.LIVE, State.INTERRUPTED},
    c.CloseDoors: {State.SCHEDULED},
    c.GoLive: {State.LIVE, State.INTERRUPTED},
    c.Interrupt: {State.INTERRUPTED, State.ENDED, State.REPLAY},
    c.Resume: {State.LIVE, State.ENDED, State.REPLAY},
    c.End: {State.ENDED, State.REPLAY},
    c.Abandon: {State.ENDED, State.REPLAY},
    c.Cancel: {State.CANCELLED},
    c.OpenReplay: {State.REPLAY},
}


@pytest.mark.parametrize("command", TRANSITIONS, ids=lambda command: command.__name__)
@pytest.mark.parametrize("state", EVERY)
def test_life_cycle(state: State, command: type[c.Command]) -> None:
    """A command moves a space, finds it moved already, or is refused with a sentence: nothing else."""
    space = space_in(state)
    if (state, command) in MOVES:
        assert do(space, command(), now=NOW + 9).state is MOVES[state, command]
    elif state in SO_ALREADY[command]:
        assert decide(space, command(), NOW + 9) == []
    else:
        with pytest.raises(Conflict, match=r"This space|The doors") as refusal:
            decide(space, command(), NOW + 9)
        assert refusal.value.fields == {"state": state.value}


def test_create() -> None:
    """A new space is scheduled, has its host's seat and version 1."""
    space = do(None, msgspec.structs.replace(CREATE, title="  Cafe\u0301 ", scheduled_ms=MS + 1, max_seats=2))
    assert space.title == "Café"
    assert (space.state, space.version, space.created_ms, space.scheduled_ms) == (State.SCHEDULED, 1, MS, MS + 1)
    assert space.host is not None
    assert (space.host.id, space.host.name, space.host.connected) == (HOST, "Hedda", False)


def test_create_twice() -> None:
    """An id is given once."""
    with pytest.raises(Conflict, match="choose another"):
        decide(space_in(State.CANCELLED), CREATE, NOW)


def test_command_for_nothing() -> None:
    """A space that does not exist takes no command."""
    with pytest.raises(NotFound, match="no such space"):
        decide(None, c.GoLive(), NOW)


def test_going_live_opens_the_doors() -> None:
    """Going live from scheduled opens the doors in the same moment, one event each."""
    events = decide(space_in(State.SCHEDULED), c.GoLive(), NOW + 5)
    assert events == [e.DoorsOpened(at_ms=MS + 5000), e.WentLive(at_ms=MS + 5000)]
    space = do(space_in(State.SCHEDULED), c.GoLive(), now=NOW + 5)
    assert (space.doors_open_ms, space.live_ms, space.version) == (MS + 5000, MS + 5000, 3)


def test_times_of_a_life() -> None:
    """Every step leaves its time, an interruption leaves none."""
    space = space_in(State.REPLAY)
    assert (space.doors_open_ms, space.live_ms, space.ended_ms) == (MS + 1000, MS + 2000, MS + 3000)
    assert space.last_chunk == 6


def test_clock_set_back() -> None:
    """A clock that was set back does not turn the order of events round."""
    live = space_in(State.LIVE)
    assert do(live, c.End(), now=NOW - 3600).ended_ms == live.live_ms


@pytest.mark.parametrize("state", EVERY)
def test_rename(state: State) -> None:
    """The title can be mended at any time; the same title is no event."""
    space = space_in(state)
    assert do(space, c.Rename("Another talk")).title == "Another talk"
    assert decide(space, c.Rename(space.title), NOW) == []


@pytest.mark.parametrize("state", EVERY)
def test_what_it_is_about_and_its_language(state: State) -> None:
    """Both can be changed at any time, and the same again is no event."""
    changed = do(space_in(state), c.Describe(" Tea.\r\n\r\nAnd cake "), c.SetLanguage("de"))
    assert (changed.description, changed.language) == ("Tea.\n\nAnd cake", "de")
    assert decide(changed, c.Describe("Tea.\n\nAnd cake"), NOW) == []
    assert decide(changed, c.SetLanguage("de"), NOW) == []
    assert do(changed, c.Describe("")).description == ""


def test_a_time_that_has_come_may_stay_and_none_in_the_past_is_set() -> None:
    """Whoever mends the title of a space that is late sends its time along, too."""
    space = do(space_in(State.SCHEDULED), c.Reschedule(MS + 60_000))
    assert decide(space, c.Reschedule(MS + 60_000), NOW + 7200) == []
    with pytest.raises(BadInput, match="past"):
        decide(space, c.Reschedule(MS - 300_000), NOW)


def test_before_the_doors_only() -> None:
    """Time and hold music can be changed until the doors open, and asking twice is no event."""
    space = space_in(State.SCHEDULED)
    changed = do(space, c.Reschedule(MS + 60_000), c.SetHold("harp"))
    assert (changed.scheduled_ms, changed.hold) == (MS + 60_000, "harp")
    assert decide(changed, c.Reschedule(MS + 60_000), NOW) == []
    assert decide(changed, c.SetHold("harp"), NOW) == []
    assert do(changed, c.Reschedule(None)).scheduled_ms is None


def test_how_far_behind_those_outside_follow() -> None:
    """Half a minute to an hour, or not at all; asking twice is no event."""
    space = space_in(State.LIVE)
    assert space.overflow_s == 120
    changed = do(space, c.SetOverflow(300))
    assert changed.overflow_s == 300
    assert decide(changed, c.SetOverflow(300), NOW) == []
    assert do(changed, c.SetOverflow(0)).overflow_s == 0
    for wrong in (-1, 1, 29, 3601):
        with pytest.raises(BadInput, match="30 to 3600"):
            decide(space, c.SetOverflow(wrong), NOW)
    with pytest.raises(Conflict):
        decide(space_in(State.ENDED), c.SetOverflow(300), NOW)


@pytest.mark.parametrize("command", [c.Reschedule(None), c.SetHold("harp")])
@pytest.mark.parametrize("state", [state for state in EVERY if state is not State.SCHEDULED])
def test_too_late(state: State, command: c.Command) -> None:
    """Once the doors are open the hold loop is on the grid, and the time has come."""
    with pytest.raises(Conflict):
        decide(space_in(state), command, NOW)


@pytest.mark.parametrize("state", OPEN)
def test_give_seat(state: State) -> None:
    """Seats are given until the end; the same invitation twice is one seat."""
    space = do(space_in(state), c.GiveSeat(ANNA, "Anna", Role.CO_HOST))
    assert (space.seats["anna"].name, space.seats["anna"].role) == ("Anna", Role.CO_HOST)
    assert decide(space, c.GiveSeat(ANNA, " Anna", Role.CO_HOST), NOW) == []


@pytest.mark.parametrize(
    "command",
    [c.GiveSeat(ANNA, "Anna"), c.RemoveSeat(BEN), c.ConnectSeat(BEN), c.MuteSeat(BEN), c.HandOver(ANNA)],
    ids=lambda command: type(command).__name__,
)
@pytest.mark.parametrize("state", sorted(OVER))
def test_over_is_over(state: State, command: c.Command) -> None:
    """After the end nothing changes on the stage any more, but a connection may still be lost."""
    space = with_guests(state)
    with pytest.raises(Conflict, match="create a new one"):
        decide(space, command, NOW)
    assert not do(space, c.LoseSeat(BEN)).seats["ben"].connected


def test_seat_of_another() -> None:
    """A seat id names one person."""
    with pytest.raises(Conflict, match="Anna's"):
        decide(with_guests(State.LIVE), c.GiveSeat(ANNA, "Berta", Role.CO_HOST), NOW)


def test_one_host() -> None:
    """Nobody is invited or made a second host; there is handing over."""
    space = with_guests(State.LIVE)
    with pytest.raises(BadInput, match="hand over"):
        decide(space, c.GiveSeat(SeatId("x"), "X", Role.HOST), NOW)
    for command in (c.ChangeRole(ANNA, Role.HOST), c.ChangeRole(HOST, Role.SPEAKER)):
        with pytest.raises(Conflict, match="hand over"):
            decide(space, command, NOW)


def test_more_are_invited_than_fit_on_the_stage() -> None:
    """An invitation takes no place there; a hundred is the most, for all of them travel on the board."""
    invited = [c.GiveSeat(SeatId(f"s{n}"), f"Guest {n}") for n in range(MOST_INVITED)]
    space = do(space_in(State.LIVE), *invited[:-1])
    assert len(space.seats) == MOST_INVITED > space.max_seats
    assert not space.full
    with pytest.raises(Conflict) as refusal:
        decide(space, invited[-1], NOW)
    assert refusal.value.error_code == "too-many-invited"


def test_full_is_a_stage_with_so_many_people_on_it() -> None:
    """The last place is the host's until they are there."""
    guests = [SeatId(f"s{n}") for n in range(13)]
    space = do(space_in(State.LIVE), *(c.GiveSeat(guest, guest) for guest in guests))
    space = do(space, *(c.ConnectSeat(guest) for guest in guests[:11]))
    assert not space.full
    space = do(space, c.ConnectSeat(guests[11]))
    assert space.full
    assert not do(space, c.ConnectSeat(HOST), c.LoseSeat(guests[0])).full
    assert do(space, c.ConnectSeat(HOST)).full


def test_connect_and_lose() -> None:
    """Both words of the stage may come twice; when somebody first came is kept over a reconnect."""
    space = do(space_in(State.LIVE, c.GiveSeat(ANNA, "Anna")), c.ConnectSeat(ANNA), now=NOW + 10)
    assert decide(space, c.ConnectSeat(ANNA), NOW) == []
    space = do(space, c.LoseSeat(ANNA), now=NOW + 20)
    assert decide(space, c.LoseSeat(ANNA), NOW) == []
    space = do(space, c.ConnectSeat(ANNA), now=NOW + 30)
    assert (space.seats["anna"].connected, space.seats["anna"].joined_ms) == (True, MS + 10_000)


def test_removed_seat() -> None:
    """A removed seat cannot come back, and is not missed a second time."""
    space = do(with_guests(State.LIVE), c.RemoveSeat(BEN))
    assert list(space.seats) == [HOST, ANNA]
    assert decide(space, c.RemoveSeat(BEN), NOW) == []
    assert decide(space, c.LoseSeat(BEN), NOW) == []
    with pytest.raises(NotFound, match="removed"):
        decide(space, c.ConnectSeat(BEN), NOW)


def test_mute() -> None:
    """Muting lasts over a reconnect; asking twice is no event."""
    space = do(with_guests(State.LIVE), c.MuteSeat(BEN), c.LoseSeat(BEN), c.ConnectSeat(BEN))
    assert space.seats["ben"].muted
    assert decide(space, c.MuteSeat(BEN), NOW) == []
    space = do(space, c.UnmuteSeat(BEN))
    assert not space.seats["ben"].muted
    assert decide(space, c.UnmuteSeat(BEN), NOW) == []


def test_volume() -> None:
    """Kept over a reconnect; the same again is no event, and there are bounds."""
    space = do(with_guests(State.LIVE), c.TurnSeat(BEN, 70), c.LoseSeat(BEN), c.ConnectSeat(BEN))
    assert space.seats["ben"].volume == 70
    assert decide(space, c.TurnSeat(BEN, 70), NOW) == []
    for volume in (-1, 201):
        with pytest.raises(BadInput):
            decide(space, c.TurnSeat(BEN, volume), NOW)


def test_change_role() -> None:
    """A speaker becomes co-host and speaker again."""
    space = do(with_guests(State.LIVE), c.ChangeRole(BEN, Role.CO_HOST))
    assert space.seats["ben"].role is Role.CO_HOST
    assert decide(space, c.ChangeRole(BEN, Role.CO_HOST), NOW) == []


def test_hand_over() -> None:
    """The new host is host, the old one co-host; handing over to the host is no event."""
    space = do(with_guests(State.LIVE), c.HandOver(BEN))
    assert (space.seats["ben"].role, space.seats["host"].role) == (Role.HOST, Role.CO_HOST)
    assert decide(space, c.HandOver(BEN), NOW) == []


def test_hand_over_to_the_absent() -> None:
    """While live the host is somebody who is on the stage; before, an invited person will do."""
    with pytest.raises(Conflict, match="Ben is not on the stage"):
        decide(do(with_guests(State.LIVE), c.LoseSeat(BEN)), c.HandOver(BEN), NOW)
    assert do(with_guests(State.SCHEDULED), c.LoseSeat(BEN), c.HandOver(BEN)).seats["ben"].role is Role.HOST


def test_who_was_in_the_green_room_only_has_not_been_there() -> None:
    """Recordings name who was on the stage since the doors opened."""
    space = do(with_guests(State.SCHEDULED), c.LoseSeat(BEN), c.OpenDoors())
    assert space.seats["ben"].joined_ms is None
    assert space.seats["anna"].joined_ms is not None


def test_host_leaves() -> None:
    """When the host's seat goes, the successor is host."""
    space = do(with_guests(State.LIVE), c.RemoveSeat(HOST))
    assert {seat.id: seat.role for seat in space.seats.values()} == {ANNA: Role.HOST, BEN: Role.SPEAKER}


def test_host_cannot_leave_alone() -> None:
    """Without a co-host the host's seat stays: end the space or make somebody co-host."""
    with pytest.raises(Conflict, match="end the space"):
        decide(space_in(State.LIVE, c.GiveSeat(BEN, "Ben")), c.RemoveSeat(HOST), NOW)


def test_successor() -> None:
    """The connected co-host who is there longest; else the first one invited; speakers never."""
    space = space_in(State.LIVE, c.GiveSeat(BEN, "Ben"), c.ConnectSeat(BEN))
    assert space.successor() is None
    carl = SeatId("carl")
    space = do(space, c.GiveSeat(ANNA, "Anna", Role.CO_HOST), c.GiveSeat(carl, "Carl", Role.CO_HOST))
    assert space.successor() == space.seats["anna"]
    space = do(space, c.ConnectSeat(carl), now=NOW + 10)
    assert space.successor() == space.seats["carl"]
    space = do(space, c.ConnectSeat(ANNA), now=NOW + 20)
    assert space.successor() == space.seats["carl"]
    space = do(space, c.LoseSeat(carl), now=NOW + 30)
    assert space.successor() == space.seats["anna"]


def test_acting_host() -> None:
    """The host's rights go to a connected successor while the host is away and the space is live, and come back."""
    space = with_guests(State.DOORS_OPEN)
    away = do(space, c.LoseSeat(HOST))
    assert away.acting_host() == away.host
    live = do(away, c.GoLive())
    assert live.acting_host() == live.seats["anna"]
    assert do(live, c.LoseSeat(ANNA)).acting_host() == live.host
    back = do(live, c.ConnectSeat(HOST))
    assert back.acting_host() == back.host


def test_no_seats() -> None:
    """A space that was not made by the rules may have no host; asking is no error."""
    bare = Space(id=SpaceId("bare"), title="Bare")
    assert (bare.host, bare.acting_host(), bare.last_chunk, bare.on_air, bare.doors_open_s) == (
        None,
        None,
        None,
        False,
        0.0,
    )


def test_unknown_command_is_a_bug() -> None:
    """A command without a rule, and an event before a space is created, surface."""
    with pytest.raises(TypeError):
        decide(space_in(State.LIVE), c.Command(), NOW)
    with pytest.raises(TypeError):
        apply(None, e.WentLive(at_ms=MS))


def test_all_speakers_are_muted_and_hosts_are_not() -> None:
    """Mute all is for speakers; whoever leads goes on talking, and each muted one may unmute himself."""
    space = do(with_guests(State.LIVE), c.MuteSpeakers())
    assert {seat.id for seat in space.seats.values() if seat.muted} == {BEN}
    assert not do(space, c.UnmuteSeat(BEN)).seats[BEN].muted


def test_a_banned_seat_is_gone_until_the_ban_is_lifted() -> None:
    """It cannot be given again, under whatever name; lifted, it can."""
    space = do(with_guests(State.LIVE), c.BanSeat(BEN))
    assert BEN not in space.seats
    assert space.banned == {BEN: "Ben"}
    with pytest.raises(Conflict, match="Ben is shut out"):
        decide(space, c.GiveSeat(BEN, "Benjamin"), NOW)
    assert BEN in do(space, c.LiftBan(BEN), c.GiveSeat(BEN, "Ben")).seats


def test_bans_are_bounded() -> None:
    """They travel on the board with the space."""
    space = with_guests(State.LIVE)
    full = msgspec.structs.replace(space, banned={f"x{number}": "X" for number in range(MOST_BANS)})
    with pytest.raises(Conflict, match="lift a ban first"):
        decide(full, c.BanSeat(BEN), NOW)


def test_a_limited_audience_is_kept_apart_from_how_wide_the_door_is() -> None:
    """The host's choice and the door's steps are events of their own; the same again is none; classes are known."""
    live = with_guests(State.LIVE)
    wish = c.LimitAudience(("press", "member", "press"))
    space = do(live, wish, wish, c.MoveDoor(0.0, 75, 100, 9), c.OpenAudience(), c.OpenAudience())
    assert (space.limited, space.passes, space.p, space.waiting) == (False, ("member", "press"), 0.0, 9)
    assert space.version == live.version + 3
    with pytest.raises(BadInput):
        decide(live, c.LimitAudience(("everybody",)), NOW)
    with pytest.raises(Conflict):
        decide(do(live, c.End()), c.LimitAudience(), NOW)


def test_a_clock_that_was_set_is_told_while_on_air() -> None:
    """It changes nothing but the record, and two steps are two; when all is over it says nothing any more."""
    live = with_guests(State.LIVE)
    [told] = decide(live, c.NoteClock(-2000), NOW)
    assert isinstance(told, e.ClockSet)
    assert told.by_ms == -2000
    assert do(live, c.NoteClock(-2000), c.NoteClock(-2000)) == msgspec.structs.replace(live, version=live.version + 2)
    assert decide(do(live, c.End()), c.NoteClock(2000), NOW) == []


def test_a_pinned_rung_is_kept_apart_from_what_the_ladder_does() -> None:
    """The host's choice and the ladder's steps are events of their own; the same again is none; 0 to 4 are there."""
    live = with_guests(State.LIVE)
    space = do(live, c.PinRung(2), c.PinRung(2), c.ClimbRung(2, Cause.PINNED), c.ClimbRung(3, Cause.LINE, 0.87))
    assert (space.pinned_rung, space.rung, space.rung_cause, space.rung_value) == (2, 3, Cause.LINE, 0.87)
    assert space.version == live.version + 3
    (step,) = decide(space, c.ClimbRung(1, Cause.CALM), NOW)
    assert isinstance(step, e.RungChanged)
    assert (step.rung, step.was, step.cause) == (1, 3, Cause.CALM)
    assert do(space, c.PinRung(None)).pinned_rung is None
    for wrong in (-1, 5):
        with pytest.raises(BadInput):
            decide(space, c.PinRung(wrong), NOW)
    with pytest.raises(Conflict):
        decide(do(space, c.End()), c.PinRung(1), NOW)


def test_doors_that_were_closed_again_open_on_the_same_grid() -> None:
    """Chunks go on from the first opening, so none is numbered twice; replay, lists and report count from the last."""
    day = 24 * 3600.0
    closed = do(do(None, CREATE), c.OpenDoors(), c.CloseDoors())
    assert (closed.state, closed.doors_open_ms, closed.origin_ms) == (State.SCHEDULED, None, MS)
    assert closed.last_chunk is None
    space = do(do(closed, c.GoLive(), now=NOW + day), c.End(), now=NOW + day + 60)
    assert (space.doors_open_ms, opening.opened_ms(space)) == (MS, MS + 86_400_000)
    assert space.live_chunk == 270_001
    assert space.last_chunk == 270_187
    assert opening.before_ms(space) == 86_400_000
    assert opening.shown_ms(space) == 188 * 320
    whole = do(do(space, c.OpenReplay(), now=NOW + day + 70), c.TrimReplay(0, None), now=NOW + day + 80)
    assert whole.trim == Trim(86_400_000, None), "what nobody could hear is never shown"


def test_doors_stay_open_once_somebody_is_on_the_stage() -> None:
    """The host alone closes them; with a guest there they stay open, and so they do once it is live."""
    host = do(do(None, CREATE), c.ConnectSeat(HOST), c.OpenDoors())
    assert do(host, c.CloseDoors()).green
    guest = do(with_guests(State.DOORS_OPEN), c.ConnectSeat(BEN))
    with pytest.raises(Conflict, match="end it") as refusal:
        decide(guest, c.CloseDoors(), NOW)
    assert refusal.value.error_code == "somebody-came"

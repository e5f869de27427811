"""No order of commands breaks an invariant."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stentor.base.errors import CallerError
from stentor.base.units import SeatId
from stentor.crowd.ladder import Cause
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.ballots import ClosePoll, FinishQuestion, OpenPoll, TakeQuestion
from stentor.spaces.delay import DumpSound, SetDelay
from stentor.spaces.events import Event
from stentor.spaces.model import OVER, TALKING, Asking, Role, RundownItem, Space, State
from stentor.spaces.rules import apply, decide
from stentor.spaces.seats import MOST_INVITED
from stentor.spaces.switches import Switch
from stentor.spaces.visibility import Visibility
from tests.support.spaces import CREATE, NOW

SEATS = st.sampled_from([SeatId(name) for name in ("host", "anna", "ben", "carl", "dora", "emil")])
MAX_SEATS = 4
COMMANDS = st.one_of(
    st.sampled_from(
        [c.OpenDoors(), c.CloseDoors(), c.GoLive(), c.Interrupt(), c.Resume(), c.Abandon(), c.OpenReplay()]
    ),
    st.sampled_from([c.End(), c.Cancel(), c.Rename("T"), c.Rename("U"), c.Reschedule(None), c.SetHold("harp")]),
    st.builds(c.SetAsking, st.sampled_from(Asking)),
    st.builds(OpenPoll, st.sampled_from(["a", "b"]), st.just("Q"), st.sampled_from([("A",), ("A", "B"), ("A", "A")])),
    st.builds(ClosePoll, st.sampled_from(["a", "b"]), st.just((1, 2, 3))),
    st.builds(TakeQuestion, st.sampled_from([1, -1]), st.just("Q")),
    st.builds(FinishQuestion, st.sampled_from([1, -1])),
    st.builds(SetDelay, st.sampled_from([-1, 0, 4, 5, 40, 41])),
    st.builds(DumpSound, st.sampled_from([None, 0.0, 3.0, 41.0])),
    st.builds(c.SetReactions, st.booleans()),
    st.builds(c.SetSwitch, st.sampled_from(Switch), st.booleans()),
    st.sampled_from([c.LimitAudience(), c.LimitAudience(("press",)), c.OpenAudience(), c.MoveDoor(0.5, 7, 9, 3)]),
    st.builds(c.SetOverflow, st.sampled_from([-1, 0, 29, 30, 3600, 3601])),
    st.builds(c.PinRung, st.none() | st.integers(-1, 5)),
    st.builds(c.ClimbRung, st.integers(-1, 5), st.sampled_from(Cause)),
    st.sampled_from([c.MuteSpeakers(), c.CloseDoors()]),
    st.builds(c.PinNote, st.sampled_from("abc"), st.just("A note"), st.sampled_from(["", "https://example.org/"])),
    st.builds(
        c.SetRundown,
        st.lists(st.builds(RundownItem, st.sampled_from("abc"), st.just("An item"), st.integers(-1, 601))).map(tuple),
    ),
    st.builds(c.BeginItem, st.sampled_from("abcd")),
    st.builds(c.AddSound, st.sampled_from("abcd"), st.just("A sound"), st.integers(-1, 70_000)),
    st.builds(c.DropSound, st.sampled_from("abcd")),
    st.builds(c.PlaySound, st.sampled_from("abcd"), st.integers(-1, 101)),
    st.builds(c.TurnSound, st.integers(-1, 101)),
    st.just(c.StopSound()),
    st.builds(
        c.RemoveRecording, st.integers(-1, 90_000), st.none() | st.integers(0, 90_000), st.just("host"), st.just("Why")
    ),
    st.just(c.RemoveSpace("host", "Why")),
    st.builds(c.SetListed, st.booleans()),
    st.builds(c.SetVisibility, st.sampled_from(Visibility)),
    st.builds(c.ShutOut, st.sampled_from(["ada", "ben"]), st.booleans()),
    st.builds(c.Describe, st.sampled_from(["", "Tea.\n\nAnd cake."])),
    st.builds(c.SetLanguage, st.sampled_from(["en", "de"])),
    st.builds(c.TrimReplay, st.integers(-1, 90_000), st.none() | st.integers(0, 90_000)),
    st.builds(c.Unpin, st.sampled_from("abc")),
    st.builds(c.GiveSeat, SEATS, st.just("Name"), st.sampled_from(Role)),
    st.builds(c.ChangeRole, SEATS, st.sampled_from(Role)),
    st.builds(c.TurnSeat, SEATS, st.integers(-1, 201)),
    *(
        st.builds(command, SEATS)
        for command in (
            c.RemoveSeat,
            c.ConnectSeat,
            c.LoseSeat,
            c.HandOver,
            c.MuteSeat,
            c.UnmuteSeat,
            c.BanSeat,
            c.LiftBan,
        )
    ),
)


class Life(RuleBasedStateMachine):
    """One space, any commands, a clock that may step back."""

    space: Space
    events: list[Event]
    refusals: list[str]

    @initialize()
    def create(self) -> None:
        self.now = NOW
        self.refusals = []
        self.events = decide(None, msgspec.structs.replace(CREATE, max_seats=MAX_SEATS), self.now)
        self.space = apply(None, self.events[0])

    @rule(step=st.floats(-5, 60), command=COMMANDS)
    def command(self, step: float, command: c.Command) -> None:
        before = self.space
        self.now += step
        try:
            events = decide(before, command, self.now)
        except CallerError as refusal:
            self.refusals.append(refusal.detail)
            return
        for event in events:
            self.space = apply(self.space, event)
        self.events += events
        assert self.space.version == before.version + len(events)
        assert (self.space == before) == (not events), "an event changes something"
        assert decide(self.space, command, self.now) == [], "the same command again changes nothing"
        self.grid_stays(before)

    def grid_stays(self, before: Space) -> None:
        if before.doors_open_ms is not None or before.origin_ms:
            origin_ms = before.doors_open_ms or before.origin_ms
            assert (self.space.doors_open_ms or self.space.origin_ms) == origin_ms, "also where doors are closed again"
        if before.state in OVER:
            assert self.space.state in OVER
            assert self.space.last_chunk == before.last_chunk

    @invariant()
    def one_host(self) -> None:
        hosts = [seat for seat in self.space.seats.values() if seat.role is Role.HOST]
        assert len(hosts) == 1
        if self.space.state in TALKING:
            acting = self.space.acting_host()
            assert acting is not None
            assert acting.role in (Role.HOST, Role.CO_HOST)

    @invariant()
    def seats_fit(self) -> None:
        assert 1 <= len(self.space.seats) <= MOST_INVITED
        assert all(key == seat.id for key, seat in self.space.seats.items())
        assert all(seat.joined_ms is not None for seat in self.space.seats.values() if seat.connected)

    @invariant()
    def whoever_is_banned_has_no_seat(self) -> None:
        assert not set(self.space.banned) & set(self.space.seats)

    @invariant()
    def times_in_order(self) -> None:
        space = self.space
        times = [space.created_ms, space.doors_open_ms, space.live_ms, space.ended_ms]
        happened = [time for time in times if time is not None]
        assert happened == sorted(happened)
        assert (space.doors_open_ms is not None) == (space.state not in (State.SCHEDULED, State.CANCELLED))
        assert (space.ended_ms is not None) == (space.state in (State.ENDED, State.REPLAY))
        assert (space.live_ms is not None) or space.state not in TALKING

    @invariant()
    def refusals_are_sentences(self) -> None:
        assert all(refusal.endswith(".") for refusal in self.refusals)

    @invariant()
    def events_make_the_state(self) -> None:
        space: Space | None = None
        for event in self.events:
            space = apply(space, e.decode(e.encode(event)))
        assert space == self.space


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = pytest.mark.timeout(60)(Life.TestCase)

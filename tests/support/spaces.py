"""Spaces in any state, made by the rules themselves."""

from __future__ import annotations

from stentor.base.units import SeatId, SpaceId
from stentor.spaces import commands as c
from stentor.spaces.events import Event
from stentor.spaces.model import Role, Space, State
from stentor.spaces.rules import apply, decide

NOW = 1_800_000_000.0
HOST, ANNA, BEN = SeatId("host"), SeatId("anna"), SeatId("ben")

CREATE = c.CreateSpace(id=SpaceId("talk"), title="A talk", host_seat=HOST, host_name="Hedda", language="en")

WAYS: dict[State, tuple[c.Command, ...]] = {
    State.SCHEDULED: (),
    State.DOORS_OPEN: (c.OpenDoors(),),
    State.LIVE: (c.OpenDoors(), c.GoLive()),
    State.INTERRUPTED: (c.OpenDoors(), c.GoLive(), c.Interrupt()),
    State.ENDED: (c.OpenDoors(), c.GoLive(), c.End()),
    State.REPLAY: (c.OpenDoors(), c.GoLive(), c.End(), c.OpenReplay()),
    State.CANCELLED: (c.Cancel(),),
}
"""How to get into each state, one second a step."""


def do(space: Space | None, *commands: c.Command, now: float = NOW) -> Space:
    """The space after the commands."""
    for command in commands:
        for event in decide(space, command, now):
            space = apply(space, event)
    assert space is not None
    return space


def space_in(state: State, *before: c.Command) -> Space:
    """A space in ``state``; ``before`` is done while it is scheduled."""
    space = do(None, CREATE, *before)
    for step, command in enumerate(WAYS[state], 1):
        space = do(space, command, now=NOW + step)
    assert space.state is state
    return space


def with_guests(state: State) -> Space:
    """Host Hedda, co-host Anna and speaker Ben, all connected."""
    return space_in(
        state,
        c.GiveSeat(ANNA, "Anna", Role.CO_HOST),
        c.GiveSeat(BEN, "Ben"),
        *(c.ConnectSeat(seat) for seat in (HOST, ANNA, BEN)),
    )


def replayed(events: list[Event]) -> Space:
    """The space that the events make."""
    space: Space | None = None
    for event in events:
        space = apply(space, event)
    assert space is not None
    return space

"""A space without a host ends by itself, and not before its time."""

from __future__ import annotations

import pytest

from stentor.base.errors import Conflict, SetupError
from stentor.base.units import SeatId, SpaceId
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces import rules
from stentor.spaces.attendance import HOUR_MS, EndAfter, ends_ms, parse
from stentor.spaces.model import Role, Space, State

AFTER = EndAfter(live_ms=2 * HOUR_MS, waiting_ms=12 * HOUR_MS)
HOST, GUEST = SeatId("host-1"), SeatId("guest-1")
OPENED_S = 1_900_000_000.0


def after(*commands: c.Command, now: float = OPENED_S, space: Space | None = None) -> Space:
    """A space in which these commands were given at ``now``."""
    for command in commands:
        for event in rules.decide(space, command, now):
            space = rules.apply(space, event)
    assert space is not None
    return space


def made(scheduled_ms: int | None = None) -> Space:
    wish = c.CreateSpace(id=SpaceId("talk"), title="A talk", host_seat=HOST, host_name="Ada", scheduled_ms=scheduled_ms)
    return after(wish, c.GiveSeat(GUEST, "Ben", Role.SPEAKER), now=OPENED_S - 60)


def test_before_the_doors_open_nothing_ends() -> None:
    """A space that is only announced costs nothing and stays."""
    assert ends_ms(made(), AFTER) is None


def test_music_without_a_host_ends_after_twelve_hours() -> None:
    """Counted from the doors; a speaker who is no host changes nothing."""
    opened = after(c.OpenDoors(), space=made())
    assert ends_ms(opened, AFTER) == OPENED_S * 1000 + 12 * HOUR_MS
    spoken_to = after(c.ConnectSeat(GUEST), now=OPENED_S + 5, space=opened)
    assert ends_ms(spoken_to, AFTER) == ends_ms(opened, AFTER)


def test_an_announced_time_is_waited_for() -> None:
    """Nobody ends who opens the doors days ahead."""
    scheduled_ms = round(OPENED_S * 1000) + 48 * HOUR_MS
    opened = after(c.OpenDoors(), space=made(scheduled_ms))
    assert ends_ms(opened, AFTER) == scheduled_ms + 12 * HOUR_MS


def test_a_live_talk_waits_two_hours_for_its_host() -> None:
    """From when the last host or co-host left; one who returns stops the clock."""
    live = after(c.OpenDoors(), c.ConnectSeat(HOST), c.GoLive(), space=made())
    assert ends_ms(live, AFTER) is None
    left = after(c.LoseSeat(HOST), now=OPENED_S + 600, space=live)
    assert ends_ms(left, AFTER) == (OPENED_S + 600) * 1000 + 2 * HOUR_MS
    lost = after(c.Interrupt(), now=OPENED_S + 700, space=left)
    assert ends_ms(lost, AFTER) == ends_ms(left, AFTER)
    assert ends_ms(after(c.ConnectSeat(HOST), now=OPENED_S + 800, space=lost), AFTER) is None


def test_a_co_host_is_a_host() -> None:
    """One of those who may end it is enough."""
    live = after(c.OpenDoors(), c.ConnectSeat(HOST), c.GoLive(), c.ConnectSeat(GUEST), space=made())
    co_hosted = after(c.ChangeRole(GUEST, Role.CO_HOST), c.LoseSeat(HOST), space=live)
    assert ends_ms(co_hosted, AFTER) is None


@pytest.mark.parametrize("commands", [[c.OpenDoors()], [c.OpenDoors(), c.GoLive()]])
def test_the_record_says_why(commands: list[c.Command]) -> None:
    """The end is no host's: an event before it says that none was there."""
    space = after(*commands, space=made())
    events = rules.decide(space, c.Abandon(), OPENED_S + 1)
    assert [type(event) for event in events] == [e.HostMissed, e.SpaceEnded]
    ended = after(c.Abandon(), now=OPENED_S + 1, space=space)
    assert (ended.state, ended.hostless_ms) == (State.ENDED, None)
    assert rules.decide(ended, c.Abandon(), OPENED_S + 2) == []


def test_a_host_who_comes_in_the_last_moment_keeps_it() -> None:
    """What was seen a moment ago does not count."""
    live = after(c.OpenDoors(), c.GoLive(), c.ConnectSeat(HOST), space=made())
    assert rules.decide(live, c.Abandon(), OPENED_S) == []


def test_what_has_not_begun_cannot_be_abandoned() -> None:
    """It is cancelled by its host, or waits."""
    with pytest.raises(Conflict):
        rules.decide(made(), c.Abandon(), OPENED_S)


def test_the_setting() -> None:
    """Hours, and 0 for never."""
    assert parse("2,12") == EndAfter()
    never = parse("0, 0")
    opened = after(c.OpenDoors(), space=made())
    assert ends_ms(opened, never) is None
    assert ends_ms(after(c.GoLive(), space=opened), never) is None
    assert parse("0.5,1").live_ms == HOUR_MS // 2


@pytest.mark.parametrize("text", ["", "2", "2,12,3", "-1,2", "two,twelve", "nan,1", "9999,1"])
def test_a_setting_that_is_none(text: str) -> None:
    """The sentence says what is needed."""
    with pytest.raises(SetupError, match="STENTOR_END_AFTER needs two numbers of hours"):
        parse(text)

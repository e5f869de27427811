"""The host's three lights."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.units import SpaceId
from stentor.bus.status import SeatStatus, SpaceStatus, Status
from stentor.spaces import commands as c
from stentor.spaces.lights import Color, Light, Lights, Reason, behind_s, lights
from stentor.spaces.model import ON_AIR, Space, State
from tests.support.spaces import BEN, HOST, NOW, do, space_in, with_guests

LIVE = with_guests(State.LIVE)
CHUNK = 1000
THEN = LIVE.doors_open_s + (CHUNK + 1) * 0.32 + 0.1
"""A tenth of a second after the end of chunk 1000."""


def beat(role: str, chunk: int = CHUNK, *, space: Space = LIVE, instance: int = 0, **fields: object) -> Status:
    seen = SpaceStatus(chunk=chunk, **fields)  # type: ignore[arg-type]
    return Status(role=role, instance=f"{role}-{instance}", at_ms=0, pid=1, spaces={space.id: seen})


def everybody(**other: Status) -> list[Status]:
    """One process of each role, all well, but for those given."""
    well = {
        "stage": beat("stage"),
        "programme": beat("programme", source="stage"),
        "archive": beat("archive", CHUNK - 12),
        "edge": beat("edge"),
    }
    return list((well | other).values())


def without(role: str) -> list[Status]:
    return [status for status in everybody() if status.role != role]


GREEN = Light(Color.GREEN, Reason.OK)


def test_all_is_well() -> None:
    """With every process in time all lights are green."""
    assert lights(LIVE, everybody(), THEN) == Lights(GREEN, GREEN, GREEN)


def test_doors_just_opened() -> None:
    """In the first moment nobody has a chunk yet, and nobody is late."""
    space = space_in(State.DOORS_OPEN)
    roles = [beat(role, -1, space=space) for role in ("stage", "programme", "archive", "edge")]
    assert lights(space, roles, space.doors_open_s + 1) == Lights(GREEN, GREEN, GREEN)
    elsewhere = [beat(role, -1) for role in ("stage", "programme", "archive", "edge")]
    silent = msgspec.structs.replace(space, id=SpaceId("another"))
    yet = Light(Color.YELLOW, Reason.JUST_OPENED)
    assert lights(silent, elsewhere, space.doors_open_s + 2) == Lights(yet, yet, yet)
    assert lights(silent, elsewhere, space.doors_open_s + 4).audience == Light(Color.RED, Reason.NO_EDGE)


def test_late_news_are_no_alarm() -> None:
    """On a machine that is too busy to tell of itself nobody reads that no listener is served while one listens."""
    before = everybody(edge=beat("edge", source="stage"))
    for there in ("stage", "programme", "archive", "edge", ""):
        heard = [status for status in before if status.role == there]
        found = lights(LIVE, heard, THEN + 5, before)
        assert found.stage == Light(Color.YELLOW, Reason.NO_NEWS)
        assert found.audience == Light(Color.YELLOW, Reason.SOME_EDGES_LATE)
    alone = Status(role="house", instance="house-0", at_ms=0, pid=1)
    for found in (lights(LIVE, [alone], THEN + 11, [*before, alone]), lights(LIVE, [alone], THEN + 5)):
        assert (found.stage.reason, found.audience.reason) == (Reason.NO_STAGE, Reason.NO_EDGE)


@pytest.mark.parametrize("state", sorted(ON_AIR))
def test_a_house_without_the_bus_knows_nothing_of_listeners(state: State) -> None:
    """It hears nobody, not even itself: no light says that no listener can be served, for they may hear as before."""
    found = lights(with_guests(state), [], THEN + 60)
    assert {found.stage, found.recording, found.audience} == {Light(Color.YELLOW, Reason.NO_BUS)}


@pytest.mark.parametrize(("role", "reason"), [("stage", Reason.NO_STAGE), ("programme", Reason.NO_PROGRAMME)])
def test_what_is_gone_is_seen_at_once(role: str, reason: Reason) -> None:
    """A process that was there a moment ago and of which nothing arrives any more is missed as before."""
    filler = {name: beat(name, CHUNK - 12 * (name == "archive"), source="filler") for name in ("programme", "edge")}
    there = [status for status in everybody(**filler) if status.role != role]
    assert lights(LIVE, there, THEN, everybody(**filler)).stage == Light(Color.RED, reason)


@pytest.mark.parametrize(
    ("role", "light", "reason"),
    [
        ("stage", "stage", Reason.NO_STAGE),
        ("programme", "stage", Reason.NO_PROGRAMME),
        ("archive", "recording", Reason.NO_ARCHIVE),
        ("edge", "audience", Reason.NO_EDGE),
    ],
)
def test_no_shared_fate(role: str, light: str, reason: Reason) -> None:
    """A process that is gone turns its own light red and no other."""
    found = lights(LIVE, without(role), THEN)
    for name in ("stage", "recording", "audience"):
        assert getattr(found, name) == (Light(Color.RED, reason) if name == light else GREEN)


@pytest.mark.parametrize(
    ("status", "color", "reason"),
    [
        (beat("programme", CHUNK - 9, source="stage"), Color.GREEN, Reason.OK),
        (beat("programme", CHUNK - 10, source="stage"), Color.RED, Reason.NO_PROGRAMME),
        (beat("programme", source="filler"), Color.RED, Reason.STAGE_SILENT),
        (beat("programme", source="stage", problem="cpu"), Color.YELLOW, Reason.TROUBLE),
        (beat("stage", problem="cpu"), Color.YELLOW, Reason.TROUBLE),
        (beat("stage", seats=[SeatStatus(BEN, "Ben", "speaker", "lost")]), Color.YELLOW, Reason.SEAT_LOST),
        (beat("stage", seats=[SeatStatus(BEN, "Ben", "speaker")]), Color.GREEN, Reason.OK),
    ],
)
def test_stage(status: Status, color: Color, reason: Reason) -> None:
    """The stage's light follows the way from a seat to the chunk."""
    assert lights(LIVE, everybody(**{status.role: status}), THEN).stage == Light(color, reason)


def test_standby() -> None:
    """A standby programme that lags behind says nothing about the one that publishes."""
    standby = beat("programme", CHUNK - 50, instance=1, source="filler")
    assert lights(LIVE, [standby, *everybody()], THEN).stage == GREEN


def test_host_away() -> None:
    """A host who is not on the stage is told to the others while live; before, nobody needs to be there."""
    assert lights(do(LIVE, c.LoseSeat(HOST)), everybody(), THEN).stage == Light(Color.YELLOW, Reason.HOST_AWAY)
    opened = do(with_guests(State.DOORS_OPEN), c.LoseSeat(HOST))
    assert lights(opened, everybody(), THEN).stage == GREEN


@pytest.mark.parametrize(
    ("behind", "color", "reason"),
    [
        (24, Color.GREEN, Reason.OK),
        (25, Color.YELLOW, Reason.RECORDING_BEHIND),
        (187, Color.YELLOW, Reason.RECORDING_BEHIND),
        (188, Color.RED, Reason.RECORDING_BEHIND),
    ],
)
def test_recording(behind: int, color: Color, reason: Reason) -> None:
    """The archive may be 4 s and a segment behind; after a minute it does not keep up."""
    found = lights(LIVE, everybody(archive=beat("archive", CHUNK - behind)), THEN)
    assert found.recording == Light(color, reason)


def test_recording_in_trouble() -> None:
    """An archive that cannot store turns its light red though it is in time, and no other."""
    found = lights(LIVE, everybody(archive=beat("archive", problem="disk")), THEN)
    assert found == Lights(GREEN, Light(Color.RED, Reason.RECORDING_FAILS), GREEN)


@pytest.mark.parametrize(("unkept", "light"), [(15, GREEN), (16, Light(Color.RED, Reason.BUS_FULL))])
def test_a_bus_that_takes_nothing(unkept: int, light: Light) -> None:
    """Listeners hear what is announced; only the recording is in danger when chunks wait for five seconds."""
    found = lights(LIVE, everybody(programme=beat("programme", source="stage", unkept=unkept)), THEN)
    assert found == Lights(GREEN, light, GREEN)


@pytest.mark.parametrize(
    ("second", "color", "reason"),
    [
        (beat("edge", CHUNK - 9, instance=1), Color.GREEN, Reason.OK),
        (beat("edge", CHUNK - 10, instance=1), Color.YELLOW, Reason.SOME_EDGES_LATE),
        (beat("edge", instance=1, source="gap"), Color.YELLOW, Reason.EDGE_FILLER),
        (beat("edge", instance=1, problem="files"), Color.YELLOW, Reason.TROUBLE),
    ],
)
def test_audience(second: Status, color: Color, reason: Reason) -> None:
    """One edge in time is enough to be heard; the others are told."""
    assert lights(LIVE, [*everybody(), second], THEN).audience == Light(color, reason)


def test_all_edges_late() -> None:
    """Edges that all stand still are no audience."""
    assert lights(LIVE, everybody(edge=beat("edge", 1)), THEN).audience == Light(Color.RED, Reason.NO_EDGE)


def test_not_open() -> None:
    """Before the doors and after a cancellation all is off."""
    off = Light(Color.OFF, Reason.NOT_OPEN)
    assert lights(space_in(State.SCHEDULED), everybody(), NOW) == Lights(off, off, off)
    off = Light(Color.OFF, Reason.OVER)
    assert lights(space_in(State.CANCELLED), [], NOW) == Lights(off, off, off)


@pytest.mark.parametrize(
    ("state", "archives", "color", "reason"),
    [
        (State.ENDED, [], Color.RED, Reason.NO_ARCHIVE),
        (State.ENDED, [beat("archive")], Color.YELLOW, Reason.FINISHING),
        (State.ENDED, [beat("archive", complete=True)], Color.GREEN, Reason.COMPLETE),
        (State.REPLAY, [], Color.GREEN, Reason.COMPLETE),
    ],
)
def test_after_the_end(state: State, archives: list[Status], color: Color, reason: Reason) -> None:
    """After the end only the recording counts, until it is whole."""
    off = Light(Color.OFF, Reason.OVER)
    assert lights(space_in(state), archives, THEN) == Lights(off, Light(color, reason), off)


def test_other_space() -> None:
    """A process that works for another space is none for this one."""
    other = [Status(role=status.role, instance="x", at_ms=0, pid=1, spaces={}) for status in everybody()]
    found = lights(LIVE, other, THEN)
    assert {light.color for light in (found.stage, found.recording, found.audience)} == {Color.RED}


@given(st.sampled_from(State), st.lists(st.sampled_from(everybody()), max_size=4), st.floats(0, 1e4))
def test_any_state(state: State, statuses: list[Status], after: float) -> None:
    """Whatever runs whenever: three lights, off only while not on air."""
    space = space_in(state)
    found = lights(space, statuses, NOW + after)
    assert (found.stage.color is Color.OFF) == (state not in ON_AIR)
    assert (found.audience.color is Color.OFF) == (state not in ON_AIR)


def test_behind() -> None:
    """A chunk's age counts from its end."""
    assert behind_s(LIVE, CHUNK, THEN) == pytest.approx(0.1)
    assert behind_s(LIVE, -1, LIVE.doors_open_s + 1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("hours", "light"),
    [
        (24.0, GREEN),
        (23.9, Light(Color.YELLOW, Reason.DISK_LOW)),
        (2.0, Light(Color.YELLOW, Reason.DISK_LOW)),
        (1.9, Light(Color.RED, Reason.DISK_ENDS)),
    ],
)
def test_a_disk_that_fills_up_is_the_recordings_matter(hours: float, light: Light) -> None:
    """Whoever sees it; what fails already is said first."""
    full = msgspec.structs.replace(beat("house"), numbers={"disk_hours_left": hours})
    assert lights(LIVE, [*everybody(), full], THEN) == Lights(GREEN, light, GREEN)
    assert lights(LIVE, [*without("archive"), full], THEN).recording.reason is Reason.NO_ARCHIVE


def test_a_recording_may_be_late_while_the_space_waits() -> None:
    """The archive looks rarely then; once the space is live, what is before the seam is not late."""
    space = space_in(State.DOORS_OPEN)
    now = space.doors_open_s + 40
    processes = [beat("archive", 50, space=space)]
    assert lights(space, processes, now).recording == GREEN
    assert lights(space, processes, now + 10).recording.color is Color.YELLOW
    space = msgspec.structs.replace(space, state=State.LIVE, live_ms=round(now * 1000))
    assert lights(space, processes, now + 2).recording == GREEN
    assert lights(space, processes, now + 10).recording.color is Color.YELLOW

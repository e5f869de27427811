"""The host's three lights: stage, recording, audience. They share no fate, so each has its own.

Green: as it should be. Yellow: goes on, but somebody should look. Red: does not work now,
or will not in two hours. Off: not needed now.
A light carries the key of the sentence that says why; the house has the sentences.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.spaces import forecast
from stentor.spaces.model import TALKING, Space, State

PROGRAMME_LATE_S = 3.0
"""A chunk is published at most 0.25 s after its end; a standby takes over in 2 s. Later than this is a loss."""
EDGE_LATE_S = 3.0
"""An edge puts the hold loop in the place of a chunk 2.5 s after its end; one that is later does not work."""
OPENING_S = 3.0
"""So long after the doors have opened a process may not have told of the space yet: it does with its next heartbeat."""
NEWS_LATE_S = 10.0
"""A machine with too much to do tells late what goes well: so long what it told last is believed, if sound arrives."""
RECORDING_LATE_S = 4.0 + grid.SEGMENT_S
"""The archive writes whole segments and has 4 s for one."""
RECORDING_CALM_S = 24.0
"""The same while the space waits: the archive looks into the log every 8 s then."""
RECORDING_LOST_S = 60.0
"""The bus keeps chunks for hours, so an archive that lags loses nothing; a minute behind it does not keep up."""
UNKEPT_S = 5.0
"""A bus that starts anew takes chunks again sooner."""


class Color(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    OFF = "off"


class Reason(StrEnum):
    """Keys of the sentences."""

    OK = "ok"
    NOT_OPEN = "not-open"
    """The doors are not open; nothing needs to run."""
    OVER = "over"
    JUST_OPENED = "just-opened"
    """Not every process has told of the space yet."""
    NO_BUS = "no-bus"
    """Nothing is heard of any process, this house included: it cannot see what goes on without it."""
    NO_LANGUAGE = "no-language"
    NO_STAGE = "no-stage"
    """No stage process holds this space."""
    NO_PROGRAMME = "no-programme"
    """Nothing is made for listeners: no process, or no new chunk."""
    STAGE_SILENT = "stage-silent"
    """Live, but the programme hears nothing from the stage: listeners hear the filler."""
    HOST_AWAY = "host-away"
    """Live, and the host is not on the stage."""
    SEAT_LOST = "seat-lost"
    """Somebody's connection gives no sound."""
    NO_NEWS = "no-news"
    """A process has not told of itself for some seconds, and what it makes arrives: it is busy, not gone."""
    NO_ARCHIVE = "no-archive"
    """No archive process writes this space; the bus keeps it for later."""
    RECORDING_BEHIND = "recording-behind"
    RECORDING_FAILS = "recording-fails"
    """The archive cannot store it; the bus keeps it for later."""
    BUS_FULL = "bus-full"
    """The bus takes no chunks, as with a full disk; they wait in the programme's memory for five minutes."""
    DISK_LOW = "disk-low"
    """At this pace a disk is full within a day."""
    DISK_ENDS = "disk-ends"
    """At this pace a disk is full within two hours."""
    FINISHING = "finishing"
    """The space has ended, the archive writes the rest."""
    COMPLETE = "complete"
    """The recording is whole."""
    UNRECORDED = "unrecorded"
    """The hosts want no recording."""
    NO_EDGE = "no-edge"
    """No edge can be heard."""
    SOME_EDGES_LATE = "some-edges-late"
    EDGE_FILLER = "edge-filler"
    """Edges have lost the bus: they play hold music by themselves."""
    DOORS_CLOSED = "doors-closed"
    """Nobody could come early, and nothing runs that could be looked at."""
    DAYS_EARLY = "days-early"
    """It is announced for another day."""
    NOBODY_THERE = "nobody-there"
    """No seat is connected: the audience would hear hold music."""
    TROUBLE = "trouble"
    """A process tells of a problem; its own words are in its status."""


class SeatSeen(Protocol):
    @property
    def state(self) -> str: ...


class SpaceSeen(Protocol):
    """One space as one process sees it (``bus.status.SpaceStatus`` is one)."""

    @property
    def chunk(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def unkept(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def problem(self) -> str: ...
    @property
    def seats(self) -> Sequence[SeatSeen]: ...


class ProcessSeen(Protocol):
    """The newest heartbeat of one process (``bus.status.Status`` is one)."""

    @property
    def role(self) -> str: ...
    @property
    def spaces(self) -> Mapping[str, SpaceSeen]: ...
    @property
    def numbers(self) -> Mapping[str, float]: ...


class Light(msgspec.Struct, frozen=True):
    color: Color
    reason: Reason


class Lights(msgspec.Struct, frozen=True):
    stage: Light
    recording: Light
    audience: Light


GREEN = Light(Color.GREEN, Reason.OK)


def lights(space: Space, processes: Iterable[ProcessSeen], now: float, late: Iterable[ProcessSeen] = ()) -> Lights:
    """The lights of a space at ``now`` (wall-clock seconds).

    ``processes`` are the heartbeats of the last 3 s (``Statuses.fresh(now)``), ``late`` those of the last
    :data:`NEWS_LATE_S`. A process that is missing in the first is gone, unless what it made a moment ago arrives.
    """
    processes = list(processes)
    seen, before = _of(space, processes), _of(space, late)
    if space.state in (State.SCHEDULED, State.CANCELLED):
        off = Light(Color.OFF, Reason.OVER if space.state is State.CANCELLED else Reason.NOT_OPEN)
        return Lights(off, off, off)
    if not space.on_air:
        off = Light(Color.OFF, Reason.OVER)
        return Lights(off, _recording_after(space, seen.get("archive", [])), off)
    shown = Lights(
        stage=_stage(space, seen, before, now),
        recording=_recording(space, seen.get("archive", []), seen.get("programme", []), now) or disk(processes),
        audience=_audience(space, seen.get("edge", []), before.get("edge", []), now),
    )
    if not processes:  # this house has lost the bus: it hears not even itself, and listeners hear on without it
        return _without_alarm(shown, Reason.NO_BUS)
    return _without_alarm(shown, Reason.JUST_OPENED) if now - space.doors_open_s < OPENING_S else shown


def _without_alarm(shown: Lights, why: Reason) -> Lights:
    """What is red is not known yet, or not any more."""
    each = {"stage": shown.stage, "recording": shown.recording, "audience": shown.audience}
    unknown = Light(Color.YELLOW, why)
    return Lights(**{name: unknown if light.color is Color.RED else light for name, light in each.items()})


def _of(space: Space, processes: Iterable[ProcessSeen]) -> dict[str, list[SpaceSeen]]:
    """What processes say of ``space``, by role."""
    seen: dict[str, list[SpaceSeen]] = {}
    for process in processes:
        if space.id in process.spaces:
            seen.setdefault(process.role, []).append(process.spaces[space.id])
    return seen


def _arrives(space: Space, seen: Iterable[SpaceSeen], now: float) -> bool:
    """Whether somebody has had sound of the stage a moment ago."""
    return any(each.source == Source.STAGE and behind_s(space, each.chunk, now) <= NEWS_LATE_S for each in seen)


def behind_s(space: Space, chunk: int, now: float) -> float:
    """How long ago ``chunk`` ended, in seconds; for -1 (none yet) since the doors opened."""
    return now - grid.chunk_start(chunk + 1, space.doors_open_s)


def _stage(
    space: Space, seen: Mapping[str, list[SpaceSeen]], before: Mapping[str, list[SpaceSeen]], now: float
) -> Light:
    stages, programmes = seen.get("stage", []), seen.get("programme", [])
    if not stages:
        busy = before.get("stage") and _arrives(space, programmes or before.get("programme", []), now)
        return Light(Color.YELLOW, Reason.NO_NEWS) if busy else Light(Color.RED, Reason.NO_STAGE)
    # A standby beats too: what counts is the one that is farthest.
    programme = max(programmes, key=lambda seen: seen.chunk, default=None)
    if programme is None or behind_s(space, programme.chunk, now) > PROGRAMME_LATE_S:
        busy = before.get("programme") and _arrives(space, before.get("edge", []), now)
        return Light(Color.YELLOW, Reason.NO_NEWS) if busy else Light(Color.RED, Reason.NO_PROGRAMME)
    talking = space.state in TALKING
    if talking and programme.source == Source.FILLER:
        return Light(Color.RED, Reason.STAGE_SILENT)
    if any(seen.problem for seen in (*stages, programme)):
        return Light(Color.YELLOW, Reason.TROUBLE)
    if talking and (space.host is None or not space.host.connected):
        return Light(Color.YELLOW, Reason.HOST_AWAY)
    if any(seat.state == "lost" for stage in stages for seat in stage.seats):
        return Light(Color.YELLOW, Reason.SEAT_LOST)
    return GREEN


def disk(processes: Iterable[ProcessSeen]) -> Light:
    """Whether there is room for the recording on the disks that the processes see."""
    hours = min((each.numbers.get("disk_hours_left", math.inf) for each in processes), default=math.inf)
    if hours < forecast.ENDS_H:
        return Light(Color.RED, Reason.DISK_ENDS)
    return Light(Color.YELLOW, Reason.DISK_LOW) if hours < forecast.LOW_H else GREEN


def _recording(space: Space, archives: list[SpaceSeen], programmes: list[SpaceSeen], now: float) -> Light | None:
    """None when all is well with it."""
    if not space.records:
        return Light(Color.OFF, Reason.UNRECORDED)
    if max((seen.unkept for seen in programmes), default=0) * grid.CHUNK_S > UNKEPT_S:
        return Light(Color.RED, Reason.BUS_FULL)
    if not archives:
        return Light(Color.RED, Reason.NO_ARCHIVE)
    best = max(archives, key=lambda seen: seen.chunk)
    if best.problem:
        return Light(Color.RED, Reason.RECORDING_FAILS)
    # What is before the seam is the loop, and may be written late.
    late_s = behind_s(space, max(best.chunk, (space.seam or 0) - 1), now)
    if late_s > (RECORDING_CALM_S if space.waits else RECORDING_LATE_S):
        return Light(Color.RED if late_s > RECORDING_LOST_S else Color.YELLOW, Reason.RECORDING_BEHIND)
    return None


def _recording_after(space: Space, archives: list[SpaceSeen]) -> Light:
    if not space.records:
        return Light(Color.OFF, Reason.UNRECORDED)
    if space.state is State.REPLAY or any(seen.complete for seen in archives):
        return Light(Color.GREEN, Reason.COMPLETE)
    return Light(Color.YELLOW, Reason.FINISHING) if archives else Light(Color.RED, Reason.NO_ARCHIVE)


def _audience(space: Space, edges: list[SpaceSeen], before: list[SpaceSeen], now: float) -> Light:
    in_time = [seen for seen in edges if behind_s(space, seen.chunk, now) <= EDGE_LATE_S]
    if not in_time:
        busy = any(behind_s(space, seen.chunk, now) <= NEWS_LATE_S for seen in before)
        return Light(Color.YELLOW, Reason.SOME_EDGES_LATE) if busy else Light(Color.RED, Reason.NO_EDGE)
    if len(in_time) < len(edges):
        return Light(Color.YELLOW, Reason.SOME_EDGES_LATE)
    if any(seen.source == Source.GAP for seen in in_time):
        return Light(Color.YELLOW, Reason.EDGE_FILLER)
    return Light(Color.YELLOW, Reason.TROUBLE) if any(seen.problem for seen in in_time) else GREEN

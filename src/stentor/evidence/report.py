"""What happened in a space, for somebody who was not there: a structure of facts, made of events, rows and the
manifest. Pure; what it looks like is ``evidence.report_page``.

It holds no title, no name and no address: who shows it knows the title of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.crowd.ladder import Cause
from stentor.evidence.counts import METHODS, Counts, Figure
from stentor.evidence.course import Course
from stentor.evidence.verdict import NightVerdict
from stentor.spaces import events as e
from stentor.spaces.delay import dumped
from stentor.spaces.delay_events import DelayChosen, SoundDumped
from stentor.spaces.events import Event
from stentor.spaces.model import Space
from stentor.spaces.opening import opened_ms
from stentor.spaces.setting_events import RecordingChosen

VERSION = 1
MOST_MOMENTS = 300
"""The last of them; a door moves at most once a few seconds."""


class What(StrEnum):
    """Kinds of moments, by the names of their texts."""

    ANNOUNCED = "announced"
    RESCHEDULED = "rescheduled"
    DOORS = "doors"
    CLOSED = "closed"
    LIVE = "live"
    STAGE_LOST = "stage_lost"
    STAGE_BACK = "stage_back"
    MISSED = "missed"
    CLOCK = "clock"
    DELAY = "delay"
    DUMPED = "dumped"
    RUNG = "rung"
    PINNED = "pinned"
    DOOR = "door"
    LIMITED = "limited"
    OPENED = "opened"
    ENDED = "ended"
    CANCELLED = "cancelled"
    REPLAY = "replay"
    RECORDED = "recorded"
    UNRECORDED = "unrecorded"
    REMOVED = "removed"


class TimelineEntry(msgspec.Struct, frozen=True):
    """Something that was written down when it happened."""

    at_ms: int
    what: What
    numbers: dict[str, float] = {}
    cause: Cause | None = None
    """Why the ladder was climbed, as was thought then."""


class Interruption(msgspec.Struct, frozen=True):
    """Sound that did not come from the stage while the talk was on."""

    source: str
    """``filler`` (music, and it was said so), ``dumped`` (hosts threw the words away) or ``gap`` (nothing)."""
    start_ms: int
    seconds: float
    heard_by: float | None
    """How many listened when it began; None where nobody knows."""


class RecordingState(msgspec.Struct, frozen=True):
    """The recording at the time of the report."""

    segments: int
    last_hash: str
    faults: int
    """Segments whose hashes do not hold together."""
    complete: bool = True
    """Nothing of it was still being stored."""


class Rehearsal(msgspec.Struct, frozen=True):
    """What the newest certificate from before the doors says."""

    at_ms: int
    listeners: int
    joins_per_s: float
    first_sound_p95_ms: float | None
    well: bool


class WayReach(msgspec.Struct, frozen=True):
    """One way by which people were told of the space, and came."""

    came: int
    """Times that a browser opened such a link."""
    told: int = 0
    """People who were told that it is on, or starts soon."""
    sent: int = 0
    """Messages, of all news of it."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a space's evening. Times are milliseconds since 1970 (UTC)."""

    v: int = VERSION
    space: str
    until_ms: int
    """Of the last row that is in it."""
    final: bool
    """Nothing will be added but plays of the recording."""
    scheduled_ms: int | None
    """As it was announced last, before the doors."""
    doors_ms: int
    live_ms: int | None
    ended_ms: int | None
    verdict: NightVerdict
    figures: dict[str, Figure]
    """By name (``evidence.counts.METHODS``)."""
    moments: list[TimelineEntry]
    interruptions: list[Interruption]
    recording: RecordingState | None
    """None where nothing is recorded, or where the archive has not begun."""
    rehearsal: Rehearsal | None
    course: Course
    silent: list[str] = []
    """Edges that were not heard any more when it was completed, and had not said their last."""
    ways: dict[str, WayReach] = {}
    """By which links people came, by way (``wire.ways``)."""
    addresses_kept: bool = False
    """Whether there was an attack file with sources of this evening (``evidence.attack``) when it was made. Reports of
    an older version do not say."""

    @property
    def late_s(self) -> float | None:
        """From the time that was announced to the first word on air; less than nothing when it came early."""
        if self.live_ms is None or self.scheduled_ms is None:
            return None
        return (self.live_ms - self.scheduled_ms) / 1000

    @property
    def joins_per_s(self) -> float:
        """The most, over a step of the course."""
        return max((step.joins / self.course.step_s for step in self.course.steps), default=0.0)


def kept_key(space: str) -> str:
    """Under which key the report of a space is kept as an object, a :class:`Report` as JSON."""
    return f"reports/{space}.json"


def report(
    space: Space,
    events: Sequence[Event],
    verdict: NightVerdict,
    counts: Counts,
    course: Course,
    *,
    final: bool = False,
    spans: Iterable[tuple[str, int, float]] = (),
    recording: RecordingState | None = None,
    rehearsal: Rehearsal | None = None,
    silent: Sequence[str] = (),
    ways: Mapping[str, WayReach] | None = None,
    addresses_kept: bool = False,
) -> Report:
    """Of the same facts the same report, whoever makes it and when. The doors have opened.

    ``spans`` are the recording's gaps and fillers: source, start (ms), seconds. ``final``: all edges have said all.
    """
    live, ended = space.live_ms, space.ended_ms
    return Report(
        space=space.id,
        until_ms=counts.until_ms,
        final=final,
        scheduled_ms=space.scheduled_ms,
        doors_ms=opened_ms(space) or 0,
        live_ms=live,
        ended_ms=ended,
        verdict=verdict,
        figures={name: getattr(counts, name) for name in METHODS},
        moments=moments(events),
        interruptions=[
            Interruption(_source(space, source, start_ms, seconds), start_ms, seconds, course.hearing_at(start_ms))
            for source, start_ms, seconds in spans
            if live is not None
            and start_ms + 1000 * seconds > live + space.delay_ms
            and (ended is None or start_ms < ended + space.delay_ms)
        ],
        recording=recording,
        rehearsal=rehearsal,
        course=course,
        silent=list(silent),
        ways=dict(ways or {}),
        addresses_kept=addresses_kept,
    )


def _source(space: Space, source: str, start_ms: int, seconds: float) -> str:
    """What an interruption is called: filler that begins with a dump is one."""
    first = round((start_ms - (space.doors_open_ms or 0)) / grid.CHUNK_MS)
    end = first + max(1, round(seconds / grid.CHUNK_S))
    return "dumped" if source == Source.FILLER and dumped(space, first, end) else source


def moments(events: Iterable[Event]) -> list[TimelineEntry]:
    """What a reader of the report is told of the record, in its order; nothing of persons."""
    events = list(events)
    kept = all(event.on for event in _last_choice(events))
    found = [
        moment
        for event in events
        if (moment := _moment(event)) is not None and (kept or moment.what is not What.REPLAY)
    ]
    return found[-MOST_MOMENTS:]


SAID: dict[type, What] = {
    e.DoorsOpened: What.DOORS,
    e.DoorsClosed: What.CLOSED,
    e.WentLive: What.LIVE,
    e.StageLost: What.STAGE_LOST,
    e.StageReturned: What.STAGE_BACK,
    e.HostMissed: What.MISSED,
    e.AudienceLimited: What.LIMITED,
    e.AudienceOpened: What.OPENED,
    e.SpaceEnded: What.ENDED,
    e.SpaceCancelled: What.CANCELLED,
    e.ReplayOpened: What.REPLAY,
    e.RecordingRemoved: What.REMOVED,
}
"""Moments of which nothing is said but that they were."""


def _last_choice(events: Sequence[Event]) -> Sequence[RecordingChosen]:
    """What was chosen last about recording, if anything was."""
    return [event for event in events if isinstance(event, RecordingChosen)][-1:]


def _moment(event: Event) -> TimelineEntry | None:
    match event:
        case e.SpaceCreated(at_ms=at_ms):
            return TimelineEntry(at_ms, What.ANNOUNCED)
        case e.SpaceRescheduled(at_ms=at_ms, scheduled_ms=to_ms):
            return TimelineEntry(at_ms, What.RESCHEDULED, {"to_ms": float(to_ms)} if to_ms is not None else {})
        case e.ClockSet(at_ms=at_ms, by_ms=by_ms):
            return TimelineEntry(at_ms, What.CLOCK, {"by_s": by_ms / 1000})
        case DelayChosen(at_ms=at_ms, delay_s=delay_s):
            return TimelineEntry(at_ms, What.DELAY, {"seconds": float(delay_s)})
        case SoundDumped(at_ms=at_ms, first=first, end=end):
            return TimelineEntry(at_ms, What.DUMPED, {"seconds": round((end - first) * grid.CHUNK_S, 2)})
        case e.RungChanged(at_ms=at_ms, rung=rung, was=was, cause=cause, value=value):
            return TimelineEntry(at_ms, What.RUNG, {"rung": rung, "was": was, "value": value}, cause)
        case e.RungPinned(at_ms=at_ms, rung=rung):
            return TimelineEntry(at_ms, What.PINNED, {"rung": rung} if rung is not None else {})
        case e.DoorMoved(at_ms=at_ms, p=p, was=was, listeners=listeners, waiting=waiting):
            return TimelineEntry(at_ms, What.DOOR, {"p": p, "was": was, "listeners": listeners, "waiting": waiting})
        case _:
            what = SAID.get(type(event))
            if isinstance(event, RecordingChosen):
                what = What.RECORDED if event.on else What.UNRECORDED
            return TimelineEntry(event.at_ms, what) if what is not None else None

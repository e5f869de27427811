"""The story of one space, from its record, in about twenty lines for an operator. Pure, and in English like all that a
terminal says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from stentor.base import grid
from stentor.evidence.report import Report
from stentor.spaces import events as e
from stentor.spaces.delay_events import DelayChosen, SoundDumped
from stentor.spaces.events import Event
from stentor.spaces.privacy_events import VisibilityChanged
from stentor.spaces.setting_events import ConsentWithdrawn, RecordingChosen

MOST_LINES: Final = 20
TOGETHER_MS: Final = 120_000
"""Who comes onto the stage within so long of the one before comes in the same line."""
MOST_NAMES: Final = 4


class StoryLine(msgspec.Struct, frozen=True):
    """What happened at a time; what has less ``weight`` is left out first."""

    at_ms: int
    text: str
    weight: int = 9


PLAIN: Final[dict[type, tuple[str, int]]] = {
    e.DoorsOpened: ("the doors opened", 9),
    e.DoorsClosed: ("nobody had come, and the doors were closed again", 9),
    e.WentLive: ("live: the first word could be heard", 9),
    e.HostMissed: ("no host had been there for long; it ended by itself", 9),
    e.SpaceEnded: ("ended", 9),
    e.SpaceCancelled: ("cancelled", 9),
    e.ReplayOpened: ("the recording is complete", 9),
    e.RecordingRemoved: ("a part of the recording was removed", 9),
    e.SpaceRemoved: ("all of it was removed", 9),
    e.AudienceLimited: ("the hosts let in nobody else", 7),
    e.AudienceOpened: ("everybody was let in again", 7),
    e.ReplayTrimmed: ("the replay was cut", 5),
    e.KeyTurned: ("the key of the private space was changed", 5),
    e.SeatBanned: ("somebody was shut out", 5),
    VisibilityChanged: ("it was chosen anew who may hear it", 5),
}


def story(
    events: Sequence[Event], report: Report | None, name: Callable[[str], str], *, most: int = MOST_LINES
) -> list[StoryLine]:
    """In order. ``name`` is how a seat's person is called. Of more than ``most`` lines the least important are counted
    in the last one.
    """
    found = [line for event in events if (line := _plain(event)) is not None]
    found += [*_announced(events), *_people(events, name), *_lost(events, name), *_withdrawn(events, name)]
    found += [*_stage(events), *_ladder(events), *_door(events), *_reported(report)]
    found.sort(key=lambda line: line.at_ms)
    if len(found) <= most:
        return found
    kept = sorted(range(len(found)), key=lambda at: (-found[at].weight, at))[: most - 1]
    left = len(found) - len(kept)
    return [*(found[at] for at in sorted(kept)), StoryLine(found[-1].at_ms, f"and {left:,} smaller things: see --all")]


def _plain(event: Event) -> StoryLine | None:
    if isinstance(event, e.ClockSet):
        return StoryLine(event.at_ms, f"the server's clock was set by {event.by_ms / 1000:+.1f} s", 8)
    if isinstance(event, DelayChosen):
        later = f"{event.delay_s} s after the stage" if event.delay_s else "without a delay"
        return StoryLine(event.at_ms, f"the audience will hear it {later}", 6)
    if isinstance(event, SoundDumped):
        return StoryLine(event.at_ms, f"the hosts dumped {_length((event.end - event.first) * grid.CHUNK_MS)}", 9)
    if isinstance(event, RecordingChosen):
        return StoryLine(event.at_ms, f"it will {'' if event.on else 'not '}be recorded", 7)
    told = PLAIN.get(type(event))
    return StoryLine(event.at_ms, *told) if told else None


def _announced(events: Iterable[Event]) -> Iterable[StoryLine]:
    moved = 0
    for event in events:
        if isinstance(event, e.SpaceCreated):
            yield StoryLine(event.at_ms, "announced")
        elif isinstance(event, e.SpaceRescheduled):
            moved += 1
            yield StoryLine(event.at_ms, "the time was changed" + (f", the {moved}. time" if moved > 1 else ""), 6)


def _people(events: Iterable[Event], name: Callable[[str], str]) -> Iterable[StoryLine]:
    """Who came onto the stage for the first time, those of one moment in one line."""
    seen: set[str] = set()
    group: list[str] = []
    began_ms = last_ms = 0
    for event in events:
        if not isinstance(event, e.SeatConnected) or event.seat in seen:
            continue
        seen.add(event.seat)
        if group and event.at_ms - last_ms > TOGETHER_MS:
            yield _came(began_ms, group)
            group = []
        began_ms, last_ms = (event.at_ms if not group else began_ms), event.at_ms
        group.append(name(event.seat))
    if group:
        yield _came(began_ms, group)


def _came(at_ms: int, names: list[str]) -> StoryLine:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return StoryLine(at_ms, f"on the stage: {', '.join(names[:MOST_NAMES])}{more}", 8)


def _lost(events: Iterable[Event], name: Callable[[str], str]) -> Iterable[StoryLine]:
    """Connections that were lost while it was on, with how long they were away; one line a person."""
    away: dict[str, int] = {}
    lost: dict[str, list[tuple[int, int | None]]] = {}
    for event in events:
        if isinstance(event, e.SpaceEnded | e.SpaceCancelled):
            break
        if isinstance(event, e.SeatLost):
            away[event.seat] = event.at_ms
        elif isinstance(event, e.SeatConnected) and event.seat in away:
            since_ms = away.pop(event.seat)
            lost.setdefault(event.seat, []).append((since_ms, event.at_ms - since_ms))
    for seat, since_ms in away.items():
        lost.setdefault(seat, []).append((since_ms, None))
    for seat, times in lost.items():
        back = [length for _, length in times if length is not None]
        longest = f", {_length(max(back))} at most" if back else ""
        left = "" if times[-1][1] is not None else ", and did not come back"
        yield StoryLine(times[0][0], f"{name(seat)} lost the connection {_times(len(times))}{longest}{left}", 6)


def _withdrawn(events: Iterable[Event], name: Callable[[str], str]) -> Iterable[StoryLine]:
    for event in events:
        if isinstance(event, ConsentWithdrawn):
            yield StoryLine(event.at_ms, f"{name(event.seat)} took back that they may be recorded", 8)


def _stage(events: Iterable[Event]) -> Iterable[StoryLine]:
    since_ms: int | None = None
    for event in events:
        if isinstance(event, e.StageLost):
            since_ms = event.at_ms
        elif isinstance(event, e.StageReturned) and since_ms is not None:
            yield StoryLine(since_ms, f"the stage was lost for {_length(event.at_ms - since_ms)}; music played", 9)
            since_ms = None
    if since_ms is not None:
        yield StoryLine(since_ms, "the stage was lost and did not come back; music played", 9)


def _ladder(events: Iterable[Event]) -> Iterable[StoryLine]:
    """One line from when the ladder was climbed until it was left."""
    began: e.RungChanged | None = None
    highest = 0
    for event in events:
        if not isinstance(event, e.RungChanged):
            continue
        if began is None and event.rung:
            began, highest = event, 0
        highest = max(highest, event.rung)
        if began is not None and not event.rung:
            yield _climbed(began, highest, event.at_ms)
            began = None
    if began is not None:
        yield _climbed(began, highest, None)


def _climbed(began: e.RungChanged, highest: int, until_ms: int | None) -> StoryLine:
    over = f" for {_length(until_ms - began.at_ms)}" if until_ms is not None else " to the end"
    return StoryLine(began.at_ms, f"load level {highest} at most{over} ({began.cause.value} {began.value:.2f})", 7)


def _door(events: Iterable[Event]) -> Iterable[StoryLine]:
    began_ms: int | None = None
    least, waiting = 1.0, 0
    for event in events:
        if not isinstance(event, e.DoorMoved):
            continue
        if began_ms is None and event.p < 1:
            began_ms, least, waiting = event.at_ms, 1.0, 0
        least, waiting = min(least, event.p), max(waiting, event.waiting)
        if began_ms is not None and event.p >= 1:
            yield _narrow(began_ms, least, waiting, event.at_ms)
            began_ms = None
    if began_ms is not None:
        yield _narrow(began_ms, least, waiting, None)


def _narrow(began_ms: int, least: float, waiting: int, until_ms: int | None) -> StoryLine:
    over = f" for {_length(until_ms - began_ms)}" if until_ms is not None else " to the end"
    return StoryLine(began_ms, f"the door was narrow{over}: {least:.0%} let in at least, {waiting:,} waited", 8)


def _reported(report: Report | None) -> Iterable[StoryLine]:
    if report is None:
        return
    peak, verdict = report.figures["peak"], report.verdict
    if peak.at_ms is not None and peak.value:
        yield StoryLine(peak.at_ms + 999, f"most listeners: {peak.value:,.0f}", 8)  # known when its second is over
    gaps = [one for one in report.interruptions if one.seconds >= 1]
    if gaps:
        longest = max(gaps, key=lambda one: one.seconds)
        heard = "" if longest.heard_by is None else f", heard by {longest.heard_by:,.0f}"
        text = f"{len(gaps):,} of a second or more; the longest {longest.seconds:.1f} s{heard}"
        yield StoryLine(longest.start_ms, f"interruptions: {text}", 8)
    reason = f" ({verdict.reason})" if verdict.reason else ""
    state = "complete" if report.final else "so far"
    yield StoryLine(report.until_ms, f"verdict: {verdict.finding.value}{reason}; the report is {state}", 9)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _length(length_ms: float) -> str:
    seconds = round(length_ms / 1000)
    return f"{length_ms / 1000:.1f} s" if seconds < 10 else f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"

"""The broadcast delay: the audience hears the stage some seconds later, and until then it can be dumped. Pure.

What is said in chunk ``n`` is heard in chunk ``n + space.delay``. The numbers of the programme do not move: its talk
begins later (``Space.live_chunk``), and ends later (``Space.last_chunk``). A *dump* is a range of chunks of the
programme for which the stage counts as silent. It begins :data:`NEWS_CHUNKS` after the one under way, so that the
news of it reaches both programmes before the first chunk is made.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stentor.base import grid
from stentor.base.errors import BadInput, Conflict
from stentor.spaces import commands as c
from stentor.spaces.delay_events import DelayChosen, DelayEvent, Dump, SoundDumped
from stentor.spaces.model import TALKING, Space, State
from stentor.spaces.refusals import too_late

SHORTEST_S: Final = 5
"""Nobody hears a word, judges it and presses a key sooner; a second of it is gone before the key works."""
LONGEST_S: Final = 40
"""Broadcasters use 7 to 40 s. A programme keeps 96 kB of sound for each second."""
NEWS_CHUNKS: Final = 3
"""0.64 to 0.96 s from the key to the first chunk that is thrown away: what goes out earlier is made already."""
MOST_DUMPS: Final = 500
"""Of one space: they stand on the board."""


class DumpedPart(msgspec.Struct, frozen=True):
    """What nobody hears, in ms of the recording, and when the key was pressed."""

    from_ms: int
    to_ms: int
    at_ms: int


class BroadcastDelay(msgspec.Struct, frozen=True):
    """The delay of a space as those on its stage see it."""

    seconds: int
    """0 is none."""
    news_ms: int
    """So much of it is on its way out already when the key is pressed, at most."""
    dumps: list[DumpedPart]
    """What was thrown away, in that order."""


class SetDelay(c.Command, frozen=True):
    """Chooses by how many seconds the audience hears the stage later; 0 for at once. Before the doors open."""

    delay_s: int


class DumpSound(c.Command, frozen=True):
    """Throws away what the audience has not heard yet: the last ``seconds``, or (None) all of it."""

    seconds: float | None = None
    who: str = ""
    """Of an account or a seat its id; else the rank of whoever asks."""


DelayCommand = SetDelay | DumpSound


def decide(space: Space, command: DelayCommand, at_ms: int) -> list[DelayEvent]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput` and :class:`Conflict`."""
    if isinstance(command, SetDelay):
        delay_s = command.delay_s
        if delay_s and not SHORTEST_S <= delay_s <= LONGEST_S:
            said = f"A broadcast delay has {SHORTEST_S} to {LONGEST_S} seconds; 0 is none."
            raise BadInput(said, field="delay_s")
        if delay_s == space.delay_s:
            return []
        if space.state is not State.SCHEDULED:
            raise too_late(space, "the broadcast delay")
        return [DelayChosen(at_ms=at_ms, delay_s=delay_s)]
    return _dump(space, command, at_ms)


def _dump(space: Space, command: DumpSound, at_ms: int) -> list[DelayEvent]:
    live, last = space.live_chunk, space.last_chunk
    if not space.delay:
        raise Conflict("This space has no broadcast delay: what is said is heard at once.", code="no-delay")
    now = grid.chunk_at(at_ms / 1000, space.doors_open_s)
    if live is None or (last is not None and now + NEWS_CHUNKS > last):
        raise Conflict(
            "Nothing waits to be heard; there is something to dump only while it is live.", code="nothing-waits"
        )
    if command.seconds is not None and not 0 < command.seconds <= LONGEST_S:
        raise BadInput(f"What is dumped has up to {LONGEST_S} seconds.", field="seconds")
    end = now + space.delay + 1
    first = end - space.delay if command.seconds is None else end - delay_chunks(command.seconds)
    first = max(first, now + NEWS_CHUNKS, live)
    end = max(end, live + 1)  # pressed in the moment in which it goes live, when nobody can have said a word
    end = end if last is None else min(end, last + 1)
    first = max([first, *(dump.end for dump in space.dumps if dump.first <= first)])  # what is gone already
    if first >= end:
        return []
    if len(space.dumps) >= MOST_DUMPS:
        raise Conflict(f"The key was used {MOST_DUMPS} times already.", code="too-many-dumps")
    return [SoundDumped(at_ms=at_ms, first=first, end=end, who=command.who)]


def apply(space: Space, event: DelayEvent) -> Space:
    """The space after the event, as ``rules.apply``."""
    if isinstance(event, DelayChosen):
        return msgspec.structs.replace(space, delay_s=event.delay_s)
    return msgspec.structs.replace(space, dumps=[*space.dumps, Dump(event.first, event.end, event.at_ms)])


def told(space: Space) -> BroadcastDelay:
    """The delay as it is now."""
    parts = [DumpedPart(each.first * grid.CHUNK_MS, each.end * grid.CHUNK_MS, each.at_ms) for each in space.dumps]
    return BroadcastDelay(space.delay_s, NEWS_CHUNKS * grid.CHUNK_MS, parts)


def delay_chunks(seconds: float) -> int:
    """So many chunks hold ``seconds``."""
    return -(-round(seconds * 1000) // grid.CHUNK_MS)


def dumped(space: Space, first: int, end: int) -> bool:
    """Whether any chunk from ``first`` to ``end - 1`` of the programme was dumped."""
    return any(dump.first < end and first < dump.end for dump in space.dumps)


def as_heard(space: Space, now_ms: int) -> Space:
    """The space as its audience learns of it at ``now_ms``: what hosts do is told when it is heard.

    Its times stay as they are, for the grid; without a delay it is the same object.
    """
    if not space.delay:
        return space
    delay_ms, state = space.delay_ms, space.state
    if state is State.ENDED and space.live_ms is not None and now_ms < (space.ended_ms or 0) + delay_ms:
        state = State.LIVE
    if state in TALKING:  # what the stage lacks is told by the sound
        state = State.DOORS_OPEN if now_ms < (space.live_ms or 0) + delay_ms else State.LIVE
    pins = [pin for pin in space.pins if pin.at_ms + delay_ms <= now_ms]
    pinned_ms = space.pinned_ms
    if pinned_ms + delay_ms > now_ms:
        pinned_ms = max((pin.at_ms for pin in pins), default=0)
    if (state, pins, pinned_ms) == (space.state, space.pins, space.pinned_ms):
        return space
    return msgspec.structs.replace(space, state=state, pins=pins, pinned_ms=pinned_ms)


def changes_ms(space: Space, now_ms: int) -> int | None:
    """When :func:`as_heard` next has something else to say; None for as long as the space stays as it is."""
    if not space.delay:
        return None
    times = [space.live_ms or 0, space.ended_ms or 0, space.pinned_ms, *(pin.at_ms for pin in space.pins)]
    return min((at_ms + space.delay_ms for at_ms in times if at_ms + space.delay_ms > now_ms), default=None)

"""Fan-out: one ``transport.write`` a listener and interval, spread over the interval.

A *stream* is one form of one space. Its listeners stand in *slots*; all in a slot have heard the same chunks, so a
slot needs one position and (for each group of joiners) one bytes object. When chunks are committed, the slots whose
turn it is fire one after the other, spread over time so that the processor's load is level. A few hundred listeners
get each chunk at once; with thousands the writes become rarer and larger (:func:`interval_for`).

A listener whose transport is full is skipped whole chunks: it hears a jump, its memory stays bounded, and those
beside it notice nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Protocol

from stentor.base import grid
from stentor.edge.forms import Form, packed
from stentor.edge.window import Window

SLOTS = 48
"""Divisible by every interval. 15,000 listeners make slots of 312: 4 ms of work at a time."""
INTERVALS = (1, 3, 6)
"""Chunks a write: 0.32, 0.96 and 1.92 s. A write costs the same whatever its size."""
COARSER_ABOVE = (4_000, 12_000)
"""Listeners of one processor above which writes become coarser; finer again below half of it. At either limit there are
12,500 writes a second: 0.3 of a processor where a write takes 24 µs."""
WRITE_S = 40e-6
"""Time planned for one write: twice its cost, so that the loop is free for others in between."""
MOST_SPREAD_S = 0.28
"""A chunk's writes end before the next chunk comes."""
BURST_CHUNKS = 10
"""3.2 s: a player starts at once and survives a pause of the network or of the bus."""
LEAST_BURST, MOST_BURST = 2, 23
MOST_CHUNKS = 16
"""No write carries more: 5 s."""


class Listener(Protocol):
    """What a connection brings to be a listener. The fan-out owns ``group`` and ``index``."""

    transport: asyncio.Transport
    paused: bool
    """Its transport has more than it can send; set by the connection."""
    group: Group | None
    index: int


class Group:
    """Listeners of one slot that began with the same chunk (all of them, where the form does not care)."""

    __slots__ = ("base", "members", "slot", "stream")

    def __init__(self, stream: Stream, slot: Slot, base: int) -> None:
        self.stream = stream
        self.slot = slot
        self.base = base
        self.members: list[Listener] = []

    def leave(self, listener: Listener) -> None:
        """Takes the listener out; the last one takes its place in the list."""
        last = self.members.pop()
        if last is not listener:
            self.members[listener.index] = last
            last.index = listener.index
        listener.group = None
        self.stream.count -= 1
        self.stream.heard.left()
        if not self.members:
            self.slot.groups.pop(self.base, None)


class Slot:
    """Listeners that are written to at the same moment."""

    __slots__ = ("groups", "next")

    def __init__(self) -> None:
        self.next = 0
        """The first chunk they have not been sent."""
        self.groups: dict[int, Group] = {}


class Counters:
    """What a worker has done since it started."""

    __slots__ = ("bytes_sent", "chunks", "joins", "skipped", "writes")

    def __init__(self) -> None:
        self.joins = 0
        self.writes = 0
        self.chunks = 0
        """Chunks in these writes."""
        self.skipped = 0
        """Chunks not sent to listeners that were too slow for them."""
        self.bytes_sent = 0


class SoundSent:
    """What the listeners of a space were sent, over all its streams: sums that a row takes the difference of."""

    __slots__ = ("chunks", "joins", "listened_s", "now", "skipped")

    def __init__(self) -> None:
        self.chunks = self.joins = self.skipped = self.now = 0
        """``now``: how many hear it."""
        self.listened_s = 0.0
        """Minus the moment at which each of them came, plus that at which each left."""

    def came(self) -> None:
        self.now += 1
        self.listened_s -= time.monotonic()

    def left(self) -> None:
        self.now -= 1
        self.listened_s += time.monotonic()

    def listened(self, until_s: float) -> float:
        """Seconds listened by all of them up to a moment of the monotonic clock."""
        return self.listened_s + self.now * until_s


class Pace:
    """How many chunks a write carries, for all streams of a worker; ``processors`` is what it may count on."""

    __slots__ = ("chunks", "processors")

    def __init__(self, processors: float = 1.0) -> None:
        self.chunks = INTERVALS[0]
        self.processors = processors


def interval_for(listeners: int, current: int) -> int:
    """The interval in chunks for so many listeners of one processor; a little sticky, so that it does not flap."""
    wanted = sum(listeners > limit for limit in COARSER_ABOVE)
    at_least = sum(listeners > limit // 2 for limit in COARSER_ABOVE)
    return INTERVALS[max(wanted, min(at_least, INTERVALS.index(current)))]


def spread_s(writes: int, processors: float) -> float:
    """Over how long so many writes are spread: the longer, the less of a processor there is. Edges that share one begin
    with the same chunk in the same moment."""
    return min(MOST_SPREAD_S, writes * WRITE_S / processors)


class Stream:
    """One form of one space, and everybody who listens to it."""

    def __init__(self, window: Window, form: Form, pace: Pace, counters: Counters) -> None:
        self.window = window
        self.form = form
        self.count = 0
        self.least_chunks = 1
        """However few listen, a write carries so many chunks: the space's rung says it."""
        self.heard = SoundSent()
        """Of the space; its channel gives all its streams the same."""
        self._pace = pace
        self._counters = counters
        self._slots = [Slot() for _ in range(SLOTS)]
        self._next_slot = 0
        self._seen = window.head
        self._due: deque[Slot] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._gap_s = 0.0
        self._payloads: dict[tuple[int, int, int], bytes] = {}
        self._payloads_head = -1

    def join(self, listener: Listener, burst: int) -> tuple[bytes, int]:
        """Adds a listener; returns what it gets at once (about ``burst`` chunks) and the number of the first chunk."""
        self._next_slot = (self._next_slot + 1) % SLOTS
        slot = self._slots[self._next_slot]
        if not self.count:
            self._seen = self.window.head
        if not slot.groups:
            slot.next = self.window.head + 1
        start = max(self.window.first, slot.next - max(LEAST_BURST, min(burst, MOST_BURST)))
        if self.form.placed:
            # Fewer groups of joiners: they begin where a part does, with a chunk or two more.
            start = max(self.window.first, start - start % grid.CHUNKS_PER_PART)
        base = start if self.form.placed else 0
        group = slot.groups.get(base)
        if group is None:
            group = slot.groups[base] = Group(self, slot, base)
        listener.group = group
        listener.index = len(group.members)
        group.members.append(listener)
        self.count += 1
        self._counters.joins += 1
        self.heard.joins += 1
        self.heard.came()
        self.heard.chunks += slot.next - start
        return self.form.opening() + self._payload(base, start, slot.next - 1), start

    def committed(self, loop: asyncio.AbstractEventLoop) -> None:
        """The window has new chunks: the slots whose turn it is fire, spread over the next 0.28 s at most."""
        if not self.count:
            return
        every = max(self._pace.chunks, self.least_chunks)
        phases = {number % every for number in range(self.window.head, self._seen, -1)}
        self._seen = self.window.head
        due = [slot for index, slot in enumerate(self._slots) if slot.groups and index % every in phases]
        waiting = set(self._due)
        self._due.extend(slot for slot in due if slot not in waiting)
        listeners = sum(len(group.members) for slot in self._due for group in slot.groups.values())
        if self._due:
            self._gap_s = spread_s(listeners, self._pace.processors) / len(self._due)
            if self._timer is None:
                self._fire_next(loop, loop.time())

    def finish(self) -> None:
        """Sends everybody what is left and closes: the space is over."""
        self._stop()
        for slot in self._slots:
            self._fire(slot)
            for group in list(slot.groups.values()):
                for listener in list(group.members):
                    listener.transport.close()

    def abandon(self) -> None:
        """Closes every listener at once (the worker stops)."""
        self._stop()
        for slot in self._slots:
            for group in list(slot.groups.values()):
                for listener in list(group.members):
                    listener.transport.abort()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due.clear()

    def _fire_next(self, loop: asyncio.AbstractEventLoop, planned: float) -> None:
        """Fires the slots that are due by now, then waits for the next one's time."""
        self._timer = None
        while self._due:
            self._fire(self._due.popleft())
            planned += self._gap_s
            if self._due and planned > loop.time() + 0.001:
                self._timer = loop.call_at(planned, self._fire_next, loop, planned)
                return

    def _fire(self, slot: Slot) -> None:
        last = self.window.head
        first = max(slot.next, self.window.first, last - MOST_CHUNKS + 1)
        if first > last:
            return
        counters = self._counters
        # Only when the process itself stood still for long: a player could not use so much at once.
        missed = first - slot.next
        slot.next = last + 1
        for group in slot.groups.values():
            data = self._payload(group.base, first, last)
            sent = 0
            for listener in group.members:
                counters.skipped += missed
                if listener.paused:
                    counters.skipped += last - first + 1
                else:
                    listener.transport.write(data)
                    sent += 1
            counters.writes += sent
            counters.chunks += sent * (last - first + 1)
            self.heard.chunks += sent * (last - first + 1)
            self.heard.skipped += (len(group.members) - sent) * (last - first + 1) + len(group.members) * missed
            counters.bytes_sent += sent * len(data)

    def _payload(self, base: int, first: int, last: int) -> bytes:
        """The bytes of chunks ``first … last``; made once for all groups and slots that need the same."""
        if self._payloads_head != self.window.head:
            self._payloads.clear()
            self._payloads_head = self.window.head
        key = (base, first, last)
        data = self._payloads.get(key)
        if data is None:
            form, end = self.form, self.window.last
            chunks = [
                (kept.number, packed(form, kept, last=kept.number == end)) for kept in self.window.span(first, last)
            ]
            data = self._payloads[key] = b"".join([form.place(one, number, base) for number, one in chunks])
        return data

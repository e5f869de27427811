"""What a log tells too late, or not at all: who heard a stream that is over, and who is still there. Pure."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from stentor.base import grid
from stentor.evidence.kinds import Kind
from stentor.evidence.outside import Outside, thinned
from stentor.evidence.row import EdgeSecond
from stentor.evidence.sources import KindSum

MOST_FOLLOWED: Final = 200_000
"""Players, connections, devices told to wait: beyond them the oldest is let go."""


class Present:
    """How many have been heard of lately."""

    def __init__(self) -> None:
        self._until: OrderedDict[int, int] = OrderedDict()
        self._ends: dict[int, int] = defaultdict(int)
        self._count, self._now = 0, -1

    def hear(self, one: int, until: int) -> None:
        """That one is there up to that second."""
        before = self._until.pop(one, -1)
        until = max(until, before)
        if before > self._now:
            self._end(before)
        if until <= self._now:
            return
        self._until[one] = until
        self._ends[until] += 1
        self._count += 1
        if len(self._until) > MOST_FOLLOWED:
            _, oldest = self._until.popitem(last=False)
            if oldest > self._now:
                self._end(oldest)

    def at(self, second: int) -> int:
        """How many are there at its end; seconds are asked for in their order."""
        self._now = max(self._now, second)
        for each in [each for each in self._ends if each <= second]:
            self._count -= self._ends.pop(each)
        return self._count

    def _end(self, until: int) -> None:
        self._ends[until] -= 1
        self._count -= 1


class PastStreams:
    """Who heard them in which second."""

    def __init__(self) -> None:
        self._changes: dict[int, list[float]] = {}
        """By second: streams that began, parts of it that they did not hear (less than nothing: that those heard which
        ended in it), bytes a second that were added, and by kind how many more hear at its end."""
        self._let_in: dict[int, Outside] = {}

    def add(self, began_s: float, ended_s: float, sent_bytes: int, of: Kind) -> None:
        rate = sent_bytes / max(1.0, ended_s - began_s)
        for at_s, sign in ((began_s, 1), (ended_s, -1)):
            change = self._changes.setdefault(int(at_s), [0.0] * (3 + len(Kind)))
            change[0] += sign > 0
            change[1] += sign * (at_s - int(at_s))
            change[2] += sign * rate
            change[3 + of] += sign

    def let_in(self, began_s: float, place: float) -> None:
        """Who has that place at the door got in then, and others were told to wait."""
        self._let_in.setdefault(int(began_s), Outside()).let_in(place)

    @property
    def seconds(self) -> list[int]:
        """Those in which something changes, in order."""
        return sorted(self._changes)

    def added(self, rows: Iterable[EdgeSecond], empty: Callable[[int], EdgeSecond]) -> Iterator[EdgeSecond]:
        """The rows in their order, with the streams in them; ``empty`` makes those of seconds in which nobody asked."""
        changes = iter([*self.seconds, 1 << 62])
        following, state, over = next(changes), [0.0] * (1 + len(Kind)), 0.0
        second = -1

        def put(row: EdgeSecond, at: int) -> EdgeSecond:
            nonlocal following, over
            joins = missed_s = 0.0
            while following <= at:
                change = self._changes[following]
                joins += change[0]
                missed_s += change[1]
                state[:] = [one + more for one, more in zip(state, change[2:], strict=True)]
                following = next(changes)
            chunks = (sum(state[1:]) - missed_s) / grid.CHUNK_S + over
            over = chunks - int(chunks)
            row = _with_streams(row, round(joins), int(chunks), round(max(0.0, state[0])), state[1:])
            return _with_places(row, self._let_in.pop(at)) if at in self._let_in else row

        for row in rows:
            at = row.at_ms // 1000
            while second >= 0 and second + 1 < at and (any(state[1:]) or following < at):
                second = second + 1 if any(state[1:]) else max(second + 1, following)
                if second < at:
                    yield put(empty(second), second)
            if second < 0 and following < at:
                for early in range(following, at):
                    yield put(empty(early), early)
            second = at
            yield put(row, at)


def _with_places(row: EdgeSecond, let_in: Outside) -> EdgeSecond:
    _, places, halvings = let_in.taken()
    spaces = {}
    for space, one in row.spaces.items():
        most = max(halvings, one.halvings)
        told, inside = thinned(one.told, most), thinned(one.let_in + places, most)
        spaces[space] = msgspec.structs.replace(one, told=told, let_in=inside, halvings=most)
    return msgspec.structs.replace(row, spaces=spaces)


def _with_streams(row: EdgeSecond, joins: int, chunks: int, sent_bytes: int, hearing: list[float]) -> EdgeSecond:
    kinds = row.kinds or [KindSum() for _ in Kind]
    return msgspec.structs.replace(
        row,
        sent_bytes=row.sent_bytes + sent_bytes,
        spaces={
            space: msgspec.structs.replace(one, hearing=round(sum(hearing)), joins=joins, sound_chunks=chunks)
            for space, one in row.spaces.items()
        },
        kinds=[
            msgspec.structs.replace(one, hearing=one.hearing + round(more))
            for one, more in zip(kinds, hearing, strict=True)
        ],
    )

"""What one person says, cut into utterances at the pauses: what a recogniser gets at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from stentor.audio.pcm import Samples
from stentor.base import grid

PAUSE_TICKS: Final = 10
"""0.2 s without talking, which itself goes on for 0.3 s after the last sound: half a second ends an utterance."""
LEAD_TICKS: Final = 10
"""0.2 s before the talking was noticed belong to it: soft beginnings of words."""
LONGEST_TICKS: Final = 400
"""8 s: who makes no pause is cut, for the audience waits for the words."""
SEARCH_TICKS: Final = 100
"""The quietest place in the last 2 s is where that cut does least harm."""
LEAST_TICKS: Final = 22
"""Talking holds on for 17 ticks after a knock; what is hardly longer has no word in it."""


class Utterance(NamedTuple):
    """``samples`` (float32, mono) from tick ``start`` of the grid on, at whatever rate they came."""

    start: int
    samples: Samples
    tick_samples: int

    @property
    def ticks(self) -> int:
        return self.samples.size // self.tick_samples

    @property
    def end(self) -> int:
        """The tick behind the last one."""
        return self.start + self.ticks

    @property
    def seconds(self) -> float:
        return self.ticks * grid.TICK_S


class Utterances:
    """One person's. :meth:`put` takes the ticks in order; those in which nothing was said may be left out."""

    def __init__(self, tick_samples: int) -> None:
        self._tick_samples = tick_samples
        self._lead: list[Samples] = []
        self._open: list[Samples] = []
        self._start = 0
        self._next = 0
        """The tick that continues what came before."""
        self._talked = 0
        self._quiet = 0

    def put(self, first: int, talking: Iterable[bool], samples: Samples) -> list[Utterance]:
        """Ticks from ``first`` on; returns the utterances that end in them. What was heard already is ignored."""
        done = self.close() if first > self._next else []
        for number, (talks, block) in enumerate(zip(talking, self._blocks(samples), strict=True), first):
            if number >= self._next:
                done += self._tick(number, talks, block)
        return done

    def close(self) -> list[Utterance]:
        """Nothing follows: what is open ends here."""
        taken = self._cut(len(self._open))
        self._lead = []
        return taken

    def _blocks(self, samples: Samples) -> list[Samples]:
        return list(samples.reshape(-1, self._tick_samples))

    def _tick(self, number: int, talks: bool, block: Samples) -> list[Utterance]:
        self._next = number + 1
        if not self._open and not talks:
            self._lead = [*self._lead[1 - LEAD_TICKS :], block]
            return []
        if not self._open:
            self._start = number - len(self._lead)
            self._open, self._lead = self._lead, []
            self._talked = self._quiet = 0
        self._open.append(block)
        self._talked += talks
        self._quiet = 0 if talks else self._quiet + 1
        if self._quiet >= PAUSE_TICKS:
            return self._cut(len(self._open))
        return self._cut(self._quietest()) if len(self._open) >= LONGEST_TICKS else []

    def _quietest(self) -> int:
        """How many of the open ticks go up to the quietest one near the end."""
        tail = self._open[-SEARCH_TICKS:]
        levels = [float(np.dot(block, block)) for block in tail]
        # a single quiet tick is a stop consonant; three in a row are between words
        near = [sum(levels[max(0, at - 1) : at + 2]) for at in range(len(levels))]
        return len(self._open) - len(tail) + int(np.argmin(near)) + 1

    def _cut(self, ticks: int) -> list[Utterance]:
        """Ends what is open behind its first ``ticks`` ticks; the rest stays open."""
        head, rest = self._open[:ticks], self._open[ticks:]
        spoken = self._talked >= LEAST_TICKS
        found = [Utterance(self._start, np.concatenate(head), self._tick_samples)] if spoken and head else []
        self._open, self._start = rest, self._start + ticks
        self._talked = len(rest)
        self._quiet = 0
        return found


def joined(first: Utterance, second: Utterance) -> Utterance:
    """Both as one, with silence between them; ``second`` begins behind the end of ``first``."""
    gap = np.zeros((second.start - first.end) * first.tick_samples, dtype=np.float32)
    return Utterance(first.start, np.concatenate((first.samples, gap, second.samples)), first.tick_samples)

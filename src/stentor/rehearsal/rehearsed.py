"""What came of a rehearsal: figures, a second at a time too, and whether all went well."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import ceil
from typing import Any, Final

import msgspec
import numpy as np

from stentor.client.report import Spread, spread_ms
from stentor.rehearsal.order import CrowdCounts, CrowdMix, CrowdTally, Format, Moment, Storm
from stentor.rehearsal.plan import RehearsalPlan

FIRST_SOUND_MS: Final = 2000.0
PAUSE_MS: Final = 2420.0
"""The longest write interval, 1.92 s, and half a second."""
LATE_MS: Final = 1000.0
"""A rehearsal that sends its listeners later than this measures itself."""
STALLED: Final = 0.005
"""Share of listeners whose player may run dry once."""
CLOCK_MS: Final = 100
"""A clock that is less wrong is not worth a word: an offer's way through the bus is in the figure."""
ALWAYS_NOT_TESTED: Final = (
    "the page's pictures, style sheets and scripts", "whole browsers", "lossy networks",
    "caches and CDNs that are not on the way",
)  # fmt: skip


class Second(msgspec.Struct, frozen=True):
    """One second of the whole rehearsal. Counts are those of its end, and of the second where it says so."""

    at_s: int
    came: int
    """In this second."""
    playing: int
    waiting: int
    refused: int
    """In this second, as ``cut`` and ``stalls``."""
    cut: int
    stalls: int
    bps: float
    first_ms: tuple[float, float, float] | None = None
    """50th, 95th and 99th percentile of the first sounds of this second."""


class EdgeLook(msgspec.Struct, frozen=True):
    """The edges together at one moment, as their heartbeats tell it."""

    at_s: float
    listeners: int
    cpu: float = 0.0
    """Processors in use by all edges."""
    busiest: float = 0.0
    """Of the busiest edge, as a share of one processor."""
    lag_ms: float = 0.0
    """How late the latest edge is for its own timers."""
    line: float = 0.0
    """Share of the line in use, where its capacity is set."""
    full: float = 0.0
    """Share of its connections that the fullest edge has."""
    memory_bytes: float = 0.0
    machine: float = 0.0
    """Share of the processors in use by everything but the crowd, on the rehearsal's machine."""
    places: int = 0
    """Listeners that all edges take at once."""


class Machine(msgspec.Struct, frozen=True):
    """What one load generator drove."""

    name: str
    listeners: int
    """Its share of the crowd."""
    processes: int = 0
    clock_ms: int = 0
    """How far its clock was ahead of the rehearsal's; it began at the same moment all the same."""
    come: int = 0
    heard: int = 0
    late_ms: float | None = None
    """How late it sent its listeners: the 95th percentile."""
    lost: str = ""
    """Why its figures are not whole; empty when they are."""

    @property
    def line(self) -> str:
        """What it drove, in a line for people."""
        told = [
            f"{self.name}: {self.heard:,} of {self.come:,} who came", f"{self.listeners:,} ordered",
            f"{self.processes} processes",
        ]  # fmt: skip
        if self.late_ms is not None:
            told.append(f"{self.late_ms:.0f} ms late (95 %)")
        if abs(self.clock_ms) >= CLOCK_MS:
            told.append(f"its clock {self.clock_ms:+d} ms")
        return ", ".join([*told, *filter(None, [self.lost])])


class Rehearsed(CrowdCounts, msgspec.Struct, kw_only=True):
    """What came of it. :attr:`complaints` says whether all who came were carried at the agreed quality."""

    address: str
    space: str
    curve: str
    within_s: float
    for_s: float
    seed: int
    processes: int
    began_ms: int
    listeners: int
    mix: CrowdMix
    storm: Storm | None = None
    speakers: int = 0
    speakers_connected: int = 0
    most_at_once: int = 0
    ways: dict[str, int] = {}
    received_bytes: int = 0
    first_sound_ms: Spread | None = None
    """From the moment each listener meant to come: page, door, stream."""
    first_sound_p99_ms: float | None = None
    again_ms: Spread | None = None
    """From a cut to the next sound."""
    pause_ms: Spread | None = None
    """The longest time without new sound, of each listener of a progressive stream; players hold 3.2 s."""
    pause_p99_ms: float | None = None
    paused: int = 0
    """Listeners with a pause above the agreed 2.42 s."""
    late_ms: Spread | None = None
    """How late the rehearsal was in sending its listeners: what it could not do itself."""
    joins_per_s: float = 0.0
    """First sounds in the busiest five seconds."""
    seconds: list[Second] = []
    edges: list[EdgeLook] = []
    machines: list[Machine] = []
    """The load generators that drove it; none when it came from the rehearsal's own machine."""

    @classmethod
    def of(cls, plan: RehearsalPlan, began_s: float, processes: int = 0) -> Rehearsed:
        """Nothing has come of it yet."""
        target = plan.target
        return cls(
            address=target.address, space=target.space, curve=plan.curve, within_s=plan.within_s, for_s=plan.for_s,
            seed=plan.seed, processes=processes, began_ms=round(began_s * 1000), listeners=plan.listeners, mix=plan.mix,
            storm=plan.storm,
        )  # fmt: skip

    @property
    def not_tested(self) -> tuple[str, ...]:
        """What this rehearsal says nothing about."""
        played = {way for way, weight in self.mix.ways.items() if weight > 0}
        left = {
            "HLS players": not played & {Format.HLS, Format.LOW_LATENCY},
            "players of a plain stream": not played & {Format.AAC, Format.OPUS, Format.MP4},
            "TLS": self.address.startswith("http:"),
            "slow lines": not self.mix.slow,
            "page and door": self.mix.straight,
            "speakers": not self.speakers,
            "an edge that dies": self.storm is None,
        }
        return (*(name for name, true in left.items() if true), *ALWAYS_NOT_TESTED)

    @property
    def complaints(self) -> list[str]:
        """Why it did not go well, in sentences; empty when it did. Waiting at the door is no fault."""
        first = self.first_sound_ms.p95 if self.first_sound_ms else 0.0
        late = self.late_ms.p95 if self.late_ms else 0.0
        told = {
            "Nobody was let in: open the doors of the space, and rehearse again.": 0 < self.come == self.left_waiting,
            f"{self.unheard:,} of {self.come:,} never heard anything.": self.unheard > 0,
            f"{self.refused:,} times nobody was let in.": self.refused > 0,
            f"{self.cut:,} streams broke off.": self.cut > 0,
            f"{self.stalled:,} players had nothing left to play at least once.": self.stalled > STALLED * self.heard,
            f"{self.paused:,} had a pause of more than {PAUSE_MS / 1000:.2f} s.": self.paused > 0,
            f"The first sound took {first / 1000:.1f} s for one in twenty.": first > FIRST_SOUND_MS,
            f"{self.speakers - self.speakers_connected} of {self.speakers} speakers did not get onto the stage.": (
                self.speakers_connected < self.speakers
            ),
            f"The rehearsal itself was {late / 1000:.1f} s late: use more machines.": late > LATE_MS,
        }
        lost = [
            f"{each.name} drove {each.listeners:,} listeners and {each.lost}." for each in self.machines if each.lost
        ]
        return lost + [sentence for sentence, true in told.items() if true]

    def document(self) -> dict[str, Any]:
        """The report as plain data, with the verdict."""
        return {
            **msgspec.to_builtins(self),
            "not_tested": self.not_tested,
            "well": not self.complaints,
            "complaints": self.complaints,
        }

    def json(self) -> bytes:
        """The report as JSON, indented."""
        return msgspec.json.format(msgspec.json.encode(self.document()), indent=2)

    def count(self, tallies: Sequence[CrowdTally]) -> None:
        """Takes over what the processes have counted so far."""
        for name in CrowdCounts.__struct_fields__:
            setattr(self, name, sum(getattr(tally, name) for tally in tallies))
        self.received_bytes = sum(tally.received for tally in tallies)
        self.most_at_once = max(self.most_at_once, sum(tally.playing for tally in tallies))

    def judge(self, tallies: Sequence[CrowdTally]) -> None:
        """Takes over the processes' last words."""
        self.count(tallies)
        self.ways = {way: sum(tally.ways.get(way, 0) for tally in tallies) for way in self.mix.ways}
        first = [pair for tally in tallies for pair in tally.first]
        again, pause, late = (
            [value for tally in tallies for value in getattr(tally, name)] for name in ("again_s", "pause_s", "late_s")
        )
        delays = [delay_s for _, delay_s in first]
        self.first_sound_ms, self.first_sound_p99_ms = spread_ms(delays), p99_ms(delays)
        self.again_ms = spread_ms(again)
        self.pause_ms, self.pause_p99_ms = spread_ms(pause), p99_ms(pause)
        self.late_ms = spread_ms(late)
        self.paused = sum(pause_s * 1000 > PAUSE_MS for pause_s in pause)
        self.seconds = by_second([tally.moments for tally in tallies], first)
        sounds = np.bincount([int(at_s) for at_s, _ in first], minlength=5) if first else np.zeros(5)
        self.joins_per_s = round(float(np.convolve(sounds, np.ones(5), "valid").max()) / 5, 1)


def p99_ms(seconds: Sequence[float]) -> float | None:
    """The 99th percentile in milliseconds; None for none."""
    return round(float(np.quantile(seconds, 0.99)) * 1000, 1) if seconds else None


def by_second(crowds: Sequence[Sequence[Moment]], first: Sequence[tuple[float, float]]) -> list[Second]:
    """The looks of all processes, put together second by second, and the first sounds of each second."""
    delays = {
        second: [delay_s for _, delay_s in pairs]
        for second, pairs in groupby(sorted(first), key=lambda pair: int(pair[0]))
    }
    length_s = ceil(max((moments[-1].at_s for moments in crowds if moments), default=0.0))
    found: list[Second] = []
    before = Moment()
    for second in range(length_s):
        now = _together([_at(moments, second + 1) for moments in crowds])
        heard = delays.get(second)
        found.append(
            Second(
                second, now.come - before.come, now.playing, now.waiting, now.refused - before.refused,
                now.cut - before.cut, now.stalls - before.stalls, max(0, now.received - before.received) * 8.0,
                _percentiles_ms(heard) if heard else None,
            )
        )  # fmt: skip
        before = now
    return found


def _at(moments: Sequence[Moment], at_s: float) -> Moment:
    """The newest look that was taken by then."""
    return next((moment for moment in reversed(moments) if moment.at_s < at_s + 0.5), Moment())


def _together(moments: Sequence[Moment]) -> Moment:
    counts = {name: sum(getattr(moment, name) for moment in moments) for name in Moment.__struct_fields__[1:]}
    return Moment(0.0, **counts)


def _percentiles_ms(seconds: Sequence[float]) -> tuple[float, float, float]:
    median, p95, p99 = (round(float(value) * 1000, 1) for value in np.quantile(seconds, (0.5, 0.95, 0.99)))
    return median, p95, p99

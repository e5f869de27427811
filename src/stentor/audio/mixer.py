"""The mixer of a stage: seats in, the mix for the audience and a mix without itself for each talker out, once a tick.

A sound's way: bounded → fade at joining → gain (host × mute × levelling × a step down while the seat is not talking) →
5 ms of look-ahead → sum → limiter. All seats are rows of one array, so 13 seats cost four times as much as one. A sound
of the soundboard joins at the sum, as loud as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stentor.audio.fade import linear
from stentor.audio.limiter import CEILING, LOOKAHEAD_SAMPLES, Limiter
from stentor.audio.loudness import Leveller
from stentor.audio.pcm import FLOOR_DBFS, SILENCE, Block, Samples, gain_of_db
from stentor.audio.voice import TalkDetector
from stentor.audio.weighting import KWeighting
from stentor.base.grid import TICK_SAMPLES

MAX_GAIN: Final = 4.0
"""12 dB: what a host may add to a seat by hand."""
MIXER_DELAY_SAMPLES: Final = LOOKAHEAD_SAMPLES

_REST_GAIN = gain_of_db(-10.0)
"""A seat that is not talking is turned down by this, so that twelve open microphones do not add up to a roar."""
_LOUDEST = 8.0  # what a decoder may give beyond full scale; more, or no number at all, is its fault and not sound
_RISE: Final = (np.arange(1, TICK_SAMPLES + 1, dtype=np.float32) / TICK_SAMPLES)[np.newaxis, :]


@dataclass(frozen=True, slots=True)
class Mix:
    """One tick of a stage. Blocks are shared, not copied: treat them as read-only."""

    full: Block
    """Everybody, limited: for the audience."""
    minus: dict[str, Block]
    """For each talking seat, and one that is alone, the mix without itself."""
    shared: Block
    """For every other seat; the same as ``full``, so one encoding serves them all."""
    talking: frozenset[str]
    levels_dbfs: dict[str, float]
    """RMS of each seat as it goes into the mix."""


@dataclass(slots=True)
class _Seat:
    gain: float = 1.0
    muted: bool = False

    @property
    def factor(self) -> float:
        return 0.0 if self.muted else self.gain


class _Row:
    """What is known of the voice of a seat that is there."""

    def __init__(self) -> None:
        self._detector = TalkDetector()
        self._leveller = Leveller()

    def judge(self, energy: float, factor: float) -> tuple[float, bool]:
        """Takes in the K-weighted mean square of a tick; the gain, with the host's ``factor``, and whether it talks."""
        voice = self._detector.update(10.0 * log10(max(energy, 1e-12)))
        gain_db = self._leveller.update(energy, voice.speech)
        gain = 10.0 ** (gain_db / 20.0) * (1.0 if voice.open else _REST_GAIN) * factor
        return gain, voice.talking and factor > 0


class Mixer:
    """One stage. :meth:`tick` every 20 ms with a block for each seat; 0.1 ms of CPU for one seat, 0.35 for 13.

    The sound comes out :data:`MIXER_DELAY_SAMPLES` later than it went in.
    """

    def __init__(self) -> None:
        self._settings: dict[str, _Seat] = {}
        self._seats: list[str] = []
        self._present = np.zeros(0, dtype=np.bool_)
        self._gains = np.zeros(0)
        self._tails: NDArray[np.float32] = np.zeros((0, LOOKAHEAD_SAMPLES), dtype=np.float32)
        self._weighting = KWeighting(0)
        self._rows: list[_Row] = []
        self._limiter = Limiter()
        self._played_tail = SILENCE[:LOOKAHEAD_SAMPLES]

    def set_gain(self, seat: str, gain: float) -> None:
        """The host's own factor for a seat (0 … 4), reached within one tick; kept while the seat is away."""
        self._settings.setdefault(seat, _Seat()).gain = min(MAX_GAIN, max(0.0, gain))

    def set_muted(self, seat: str, muted: bool) -> None:
        """Turns a seat off or on within one tick."""
        self._settings.setdefault(seat, _Seat()).muted = muted

    def forget(self, seat: str) -> None:
        """Drops the gain and mute of a seat that will not come back."""
        self._settings.pop(seat, None)

    def tick(self, inputs: Mapping[str, Block | None], played: Block = SILENCE) -> Mix:
        """Mixes one block of each seat. A seat that is missing leaves, a new one joins, ``None`` gives nothing now.

        ``played`` is what everybody hears besides, the talkers too; it is nobody's voice and not levelled.

        Every change is faded. Raises ValueError for a block that has not 960 samples.
        """
        return self.ticks([inputs], [played])[0]

    def ticks(self, inputs: Sequence[Mapping[str, Block | None]], played: Sequence[Block]) -> list[Mix]:
        """Several ticks as :meth:`tick` mixes them one by one; eight with the same seats cost as much as two."""
        mixes: list[Mix] = []
        first = 0
        for end in range(1, len(inputs) + 1):
            if end == len(inputs) or _giving(inputs[end]) != _giving(inputs[first]):
                sounds = played[first:end]
                mixes += self._stretch(inputs[first:end], sounds[0] if len(sounds) == 1 else np.concatenate(sounds))
                first = end
        return mixes

    def _stretch(self, inputs: Sequence[Mapping[str, Block | None]], played: Samples) -> list[Mix]:
        """Ticks in which the same seats give sound."""
        leaving = self._seat_people(inputs[0])
        sound = self._gather(inputs)
        heard = _mean_squares(self._weighting.filter(sound))
        gains = np.empty((len(self._seats), len(inputs)))
        talking: list[set[str]] = [set() for _ in inputs]
        for at, (seat, row) in enumerate(zip(self._seats, self._rows, strict=True)):
            factor = self._settings.get(seat, _NEUTRAL).factor
            for place, energy in enumerate(heard[at]):
                gains[at, place], talks = row.judge(energy, factor)
                if talks:
                    talking[place].add(seat)
        self._apply(sound, gains)
        full, minus = self._sum(sound, played, leaving, set().union(*talking))
        energies = _mean_squares(sound)
        mixes = []
        for place, talkers in enumerate(talking):
            tick = slice(place * TICK_SAMPLES, (place + 1) * TICK_SAMPLES)
            mixed = full[tick]
            own = {seat: each[tick] for seat, each in minus.items() if seat in talkers or len(self._seats) == 1}
            levels = {
                seat: max(FLOOR_DBFS, 10.0 * log10(max(row[place], 1e-18)))
                for seat, row in zip(self._seats, energies, strict=True)
            }
            mixes.append(Mix(mixed, own, mixed, frozenset(talkers), levels))
        return mixes

    def _seat_people(self, inputs: Mapping[str, Block | None]) -> Block:
        """Makes the rows those of ``inputs``; gives back the last 5 ms of who left, summed and faded out."""
        leaving = SILENCE[:LOOKAHEAD_SAMPLES]
        if self._seats == list(inputs):
            return leaving
        gone = [row for row, seat in enumerate(self._seats) if seat not in inputs]
        if gone:
            leaving = self._tails[gone].sum(axis=0) * linear(LOOKAHEAD_SAMPLES)[0]
        rows = {seat: row for row, seat in enumerate(self._seats)}
        order = [rows.get(seat, -1) for seat in inputs]
        self._seats = list(inputs)
        self._present = np.append(self._present, False)[order]
        self._gains = np.append(self._gains, 1.0)[order]
        self._tails = np.vstack((self._tails, np.zeros((1, LOOKAHEAD_SAMPLES), dtype=np.float32)))[order]
        self._weighting.rearrange(order)
        self._rows = [self._rows[row] if row >= 0 else _Row() for row in order]
        return leaving

    def _gather(self, inputs: Sequence[Mapping[str, Block | None]]) -> NDArray[np.float32]:
        """The seats' blocks as rows, bounded, faded where one begins or stops giving sound."""
        sound = np.zeros((len(self._seats), len(inputs) * TICK_SAMPLES), dtype=np.float32)
        fade_out, fade_in = linear(LOOKAHEAD_SAMPLES)
        for row, seat in enumerate(self._seats):
            for place, each in enumerate(inputs):
                block = each[seat]
                if block is None:
                    break
                if block.shape != (TICK_SAMPLES,):
                    raise ValueError(f"A block has {TICK_SAMPLES} samples, not {block.shape}.")
                sound[row, place * TICK_SAMPLES : (place + 1) * TICK_SAMPLES] = block
            if block is None:
                if self._present[row]:
                    self._tails[row] *= fade_out
                    self._present[row] = False
                continue
            if not self._present[row]:
                self._present[row] = True
                sound[row, :LOOKAHEAD_SAMPLES] *= fade_in
        if not np.isfinite(np.add.reduce(sound, axis=None)):
            np.nan_to_num(sound, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        return _within(sound, _LOUDEST)

    def _apply(self, sound: NDArray[np.float32], gains: NDArray[np.float64]) -> None:
        """Multiplies each row by its gains, in place, each tick in a straight line from the last one's to its own."""
        before = np.append(self._gains[:, np.newaxis], gains[:, :-1], axis=1) if gains.shape[1] > 1 else self._gains
        start = before.astype(np.float32).reshape(-1, 1)
        step = gains.astype(np.float32).reshape(-1, 1) - start
        ticks = sound.reshape(gains.size, TICK_SAMPLES)
        ticks *= start + step * _RISE
        self._gains = gains[:, -1]

    def _sum(
        self, sound: NDArray[np.float32], played: Samples, leaving: Block, talking: set[str]
    ) -> tuple[Samples, dict[str, Samples]]:
        """The mix and the mixes of ``talking`` without themselves, 5 ms late and under one curve of the limiter.

        The curve looks at every possible mix-minus, not only at the sum: two seats may cancel each other in it.
        """
        length = sound.shape[1]
        newest = np.add.reduce(sound) + played
        peaks = np.abs(newest)
        if len(self._seats) > 1:
            np.maximum(peaks, np.abs(newest - sound).max(axis=0), out=peaks)
        curve = self._limiter.curve(peaks)
        delayed = np.concatenate((self._tails, sound), axis=1)
        self._tails = delayed[:, length:].copy()
        due = delayed[:, :length]
        late = np.concatenate((self._played_tail, played))
        self._played_tail = late[length:].copy()
        total = np.add.reduce(due) + late[:length]
        total[:LOOKAHEAD_SAMPLES] += leaving
        heard = [(row, seat) for row, seat in enumerate(self._seats) if seat in talking or len(self._seats) == 1]
        minus = {seat: _bounded((total - due[row]) * curve) for row, seat in heard}
        return _bounded(total * curve), minus


def _giving(inputs: Mapping[str, Block | None]) -> list[tuple[str, bool]]:
    """Who sits there, and who of them gives sound."""
    return [(seat, block is not None) for seat, block in inputs.items()]


_NEUTRAL: Final = _Seat()


def _bounded(samples: Samples) -> Samples:
    """A fading tail was measured before it was faded, so a sum of others' opposites may pass the curve by a little."""
    return _within(samples, CEILING)


def _within(samples: NDArray[np.float32], limit: float) -> NDArray[np.float32]:
    """``samples``, changed in place; np.clip() takes three times as long for so few."""
    return np.minimum(np.maximum(samples, -limit, out=samples), limit, out=samples)


def _mean_squares(rows: NDArray[Any]) -> list[list[float]]:
    """Of each row's ticks."""
    ticks = rows.reshape(len(rows), rows.shape[1] // TICK_SAMPLES, TICK_SAMPLES)
    means: list[list[float]] = (np.vecdot(ticks, ticks) / TICK_SAMPLES).tolist()
    return means

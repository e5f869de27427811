"""The jitter buffer: RTP packets as the network brings them in, one block a tick out.

Why our own: a buffer that waits for a hole to fill loses several packets for each one the network lost (measured: 38
of 50 ticks with sound at 5 % loss). This one plays on the clock: what is not there when its tick comes is recovered
from the redundancy in the next packet (in-band FEC), else concealed, else faded to silence.

How it keeps time. A packet's *transit* is its arrival minus its timestamp; the smallest of the last seconds stands for
an undisturbed journey (and follows a drifting clock). The *delay* is how much later than that the sound is played. It
is steered to what the measured jitter asks for, 40 … 120 ms, by leaving out or repeating single periods of the voice
(:mod:`stentor.audio.timescale`). Pure: time comes in as ``now`` (seconds of any monotonic clock).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stentor.audio import timescale
from stentor.audio.fade import DECLICK_SAMPLES, ramp, splice
from stentor.audio.opus import OpusDecoder, has_redundancy, packet_samples
from stentor.audio.pcm import Block, Samples
from stentor.audio.recent import RecentNumbers
from stentor.base.errors import Malformed
from stentor.base.grid import SAMPLE_RATE_HZ, TICK_SAMPLES

MAX_PACKETS: Final = 128
"""1.28 s of 10 ms packets; more than that at once is a burst after a stall or an attack. The oldest goes."""
ENDED_S: Final = 0.5
"""Without a packet for so long the stream has ended (a muted browser still sends; DTX sends every 0.4 s)."""
MIN_DELAY_MS: Final = 40
MAX_DELAY_MS: Final = 120
"""With 20 ms for the packet itself and 10 for the tick, the stage stays under 150 ms."""

_JUMP_S = 1.0
"""A transit that changes by more is another clock: a new source, or nonsense."""
_LATE_RUN = 10
"""So many packets in a row that came too late: their clock jumped back by less than the above."""
_WINDOW = 200
"""Packets whose transits are remembered: 4 s at 20 ms."""
_RETARGET_EVERY = 10
"""Packets between two looks at the jitter; a late packet asks for one at once."""
_JITTER_QUANTILE = 0.98
_MARGIN_MS = 10.0
_EASY_SHRINK_MS = 15.0
_EASY_GROW_MS = 5.0
_HARD_SHRINK_MS = 80.0
"""So far behind that a splice is made in every tick, alike or not."""
_SKIP_MS = 300.0
"""So far behind that sound is left out at once, crossfaded."""
_ADJUST_EVERY = 5
"""Ticks between two gentle splices."""
_FULL_CONCEALMENT = 3 * TICK_SAMPLES
_NO_CONCEALMENT = 6 * TICK_SAMPLES
"""Made-up sound is faded out from 60 to 120 ms: longer it turns into a robot's hum."""


@dataclass(slots=True)
class JitterStats:
    """Counts since the beginning; a block in parts made up counts as concealed."""

    received: int = 0
    """Packets put in, whatever became of them."""
    late: int = 0
    """Came after their place was played."""
    duplicate: int = 0
    malformed: int = 0
    dropped: int = 0
    """Pushed out of a full buffer, skipped to catch up, or from a clock that no second packet confirmed."""
    recovered: int = 0
    """Lost packets given back by the redundancy in the next one."""
    concealed: int = 0
    """Stretches of up to 20 ms made up, among them a sender's silent pauses (DTX)."""
    resets: int = 0
    """New sources: timestamps that jumped."""
    delay_ms: int = 0
    """How much later than an undisturbed packet would allow the sound is played now."""
    target_ms: int = 0


@dataclass(slots=True)
class _Waiting:
    sequence: int
    packet: bytes
    samples: int
    arrival: float


class JitterBuffer:
    """One incoming stream. :meth:`put` each packet as it comes, :meth:`take` once a tick.

    ``target_ms`` is the delay to begin with, before the jitter is known. Memory is bounded whatever arrives: at most
    ``MAX_PACKETS`` packets of 1500 bytes. About 0.1 ms of CPU a tick, nearly all of it libopus.
    """

    def __init__(self, target_ms: int = 60) -> None:
        self.stats = JitterStats()
        self._first_target_ms = float(min(MAX_DELAY_MS, max(MIN_DELAY_MS, target_ms)))
        self._restart()

    def _restart(self) -> None:
        self._decoder = OpusDecoder()
        self._waiting: dict[int, _Waiting] = {}
        self._transits = RecentNumbers(_WINDOW)
        self._target_ms = self._first_target_ms
        self._measured_ms: float | None = None
        self._newest: tuple[int, int, float] | None = None  # sequence, timestamp (both unwrapped), transit
        self._stranger: tuple[int, int, float] | None = None
        self._last_arrival = 0.0
        self._started_at: float | None = None
        self._next = 0  # unwrapped timestamp of the first sample that is not decoded yet
        self._last_sequence = 0
        self._ready: Samples = np.zeros(0, dtype=np.float32)
        self._gain = 1.0
        self._made_up = 0  # samples concealed since the last real one
        self._late_run = 0
        self._since_adjustment = 0
        self._played_arrival: float | None = None

    # --- packets in -------------------------------------------------------------------------------------------------

    def put(self, sequence: int, timestamp: int, packet: bytes, now: float) -> None:
        """Takes in one RTP payload; ``sequence`` (16 bits) and ``timestamp`` (32 bits, 48 kHz) as in its header.

        Never raises for what a peer may send: broken, late, doubled and unasked packets are counted and dropped.
        """
        self.stats.received += 1
        try:
            samples = packet_samples(packet)
        except Malformed:
            self.stats.malformed += 1
            return
        if self._newest is not None and now - self._last_arrival > ENDED_S:
            self._restart()
        sequence, timestamp = self._unwrap(sequence, timestamp)
        transit = now - timestamp / SAMPLE_RATE_HZ
        if not self._same_clock(sequence, timestamp, transit):
            return
        self._last_arrival = now
        if self._newest is None or timestamp > self._newest[1]:
            self._newest = (sequence, timestamp, transit)
        self._keep(_Waiting(sequence, packet, samples, now), timestamp, transit)

    def _unwrap(self, sequence: int, timestamp: int) -> tuple[int, int]:
        """RTP's counters without their wrap, by the shorter way from the newest packet."""
        if self._newest is None:
            return sequence & 0xFFFF, timestamp & 0xFFFFFFFF
        last_sequence, last_timestamp, _ = self._newest
        return (
            last_sequence + ((sequence - last_sequence + 0x8000) & 0xFFFF) - 0x8000,
            last_timestamp + ((timestamp - last_timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000,
        )

    def _same_clock(self, sequence: int, timestamp: int, transit: float) -> bool:
        """Whether the packet fits the stream; a new source is believed when a second packet confirms it.

        As RFC 3550, A.1, does for sequence numbers: one stray packet must not throw a stream away.
        """
        if self._newest is None or abs(transit - self._newest[2]) <= _JUMP_S:
            self._stranger = None
            return True
        known, self._stranger = self._stranger, (sequence, timestamp, transit)
        if known is not None and sequence - known[0] == 1 and abs(transit - known[2]) <= _JUMP_S:
            self._restart()
            self.stats.resets += 1
            return True
        self.stats.dropped += 1
        return False

    def _keep(self, waiting: _Waiting, timestamp: int, transit: float) -> None:
        if timestamp in self._waiting:
            self.stats.duplicate += 1
            return
        self._transits.put(transit)
        late = self._started_at is not None and timestamp < self._next
        if late or self.stats.received % _RETARGET_EVERY == 0:
            self._retarget()
        if late:
            self.stats.late += 1
            self._late_run += 1
            if self._late_run < _LATE_RUN:
                return
            self._restart()
            self.stats.resets += 1
            self._newest, self._last_arrival = (waiting.sequence, timestamp, transit), waiting.arrival
            self._transits.put(transit)
        self._late_run = 0
        self._waiting[timestamp] = waiting
        if len(self._waiting) > MAX_PACKETS:
            del self._waiting[min(self._waiting)]
            self.stats.dropped += 1

    def _retarget(self) -> None:
        transits = sorted(self._transits)
        spread_ms = 1000 * (_quantile(transits, _JITTER_QUANTILE) - transits[0])
        if len(self._transits) < 25:  # half a second tells little: not below what the caller began with
            spread_ms = max(spread_ms, self._first_target_ms - _MARGIN_MS)
        self._target_ms = min(float(MAX_DELAY_MS), max(float(MIN_DELAY_MS), spread_ms + _MARGIN_MS))

    # --- blocks out -------------------------------------------------------------------------------------------------

    def take(self, now: float) -> Block | None:
        """The block of this tick: always 960 samples while the stream is alive, ``None`` before and after it."""
        if self._newest is None or now - self._last_arrival > ENDED_S:
            if self._started_at is not None:
                self._restart()
            return None
        if self._started_at is None and not self._start(now):
            return None
        self._steer(now)
        while self._ready.size < TICK_SAMPLES:
            self._decode_next(now)
        block, self._ready = self._ready[:TICK_SAMPLES], self._ready[TICK_SAMPLES:]
        self.stats.delay_ms = max(0, round(self._measured_ms or 0.0))
        self.stats.target_ms = round(self._target_ms)
        return block.copy()

    def age_ms(self, now: float) -> float:
        """How long the newest sound in the last block was here, from its packet's arrival to ``now``; 0 before any."""
        return 0.0 if self._played_arrival is None else max(0.0, 1000 * (now - self._played_arrival))

    def _start(self, now: float) -> bool:
        """Begins to play when the first packet has waited for the target, at the packet that is due then."""
        if not self._waiting:
            return False
        newest = max(self._waiting)
        wait = int(self._target_ms / 1000 * SAMPLE_RATE_HZ)
        due = int((now - self._transits.least) * SAMPLE_RATE_HZ) - wait
        first = min(self._waiting)
        if due < first and now - self._waiting[first].arrival < MAX_DELAY_MS / 1000:
            return False
        # After a stall a burst comes in: only its end is news.
        for timestamp in [at for at in self._waiting if at < min(due, newest) - TICK_SAMPLES]:
            del self._waiting[timestamp]
            self.stats.dropped += 1
        self._next = min(self._waiting)
        self._last_sequence = self._waiting[self._next].sequence - 1
        self._started_at = now
        self._gain = 0.0
        return True

    def _excess_ms(self, now: float) -> float:
        """How much more delay there is than wanted, smoothed over the unevenness of ticks."""
        place = (self._next - self._ready.size) / SAMPLE_RATE_HZ
        delay_ms = 1000 * (now - place - self._transits.least)
        measured = delay_ms if self._measured_ms is None else 0.9 * self._measured_ms + 0.1 * delay_ms
        self._measured_ms = measured
        return measured - self._target_ms

    def _steer(self, now: float) -> None:
        """Brings the delay nearer to the target, by one splice at most."""
        excess_ms = self._excess_ms(now)
        self._since_adjustment += 1
        if excess_ms > _SKIP_MS:
            self._skip(excess_ms)
        elif excess_ms > _EASY_SHRINK_MS and self._due(excess_ms > _HARD_SHRINK_MS):
            while self._ready.size < 2 * TICK_SAMPLES and self._next in self._waiting:
                self._decode_next(now)
            longest = min(self._ready.size - timescale.OVERLAP_SAMPLES, int(excess_ms / 1000 * SAMPLE_RATE_HZ))
            self._spliced(timescale.shorten(self._ready, longest, force=excess_ms > _HARD_SHRINK_MS))
        elif excess_ms < -_EASY_GROW_MS and self._due(False):
            while self._ready.size < TICK_SAMPLES and self._next in self._waiting:
                self._decode_next(now)
            longest = min(TICK_SAMPLES // 2, self._ready.size - timescale.OVERLAP_SAMPLES)
            self._spliced(timescale.lengthen(self._ready, longest))

    def _due(self, urgent: bool) -> bool:
        return urgent or self._since_adjustment >= _ADJUST_EVERY

    def _spliced(self, result: timescale.Splice) -> None:
        self._ready = result.samples
        if result.removed:
            self._since_adjustment = 0
            self._moved(result.removed)

    def _moved(self, samples: int) -> None:
        """The place of playing went ``samples`` ahead: the smoothed delay shrinks at once."""
        if self._measured_ms is not None:
            self._measured_ms -= 1000 * samples / SAMPLE_RATE_HZ

    def _skip(self, excess_ms: float) -> None:
        """Leaves out what is too old, with a crossfade from where the sound was going."""
        target = self._next + int(excess_ms / 1000 * SAMPLE_RATE_HZ)
        old = np.concatenate((self._ready, self._decoder.conceal(DECLICK_SAMPLES) * np.float32(self._gain)))
        skipped = [at for at in self._waiting if at < target]
        for timestamp in skipped:
            del self._waiting[timestamp]
        self.stats.dropped += len(skipped)
        landing = min(self._waiting, default=target)
        self._moved(landing - self._next + self._ready.size)
        self._next = landing
        if landing in self._waiting:
            self._last_sequence = self._waiting[landing].sequence - 1
        self._ready = np.zeros(0, dtype=np.float32)
        self._decode_next(self._last_arrival)
        self._ready = splice(old[:DECLICK_SAMPLES], self._ready)

    def _decode_next(self, now: float) -> None:
        """Appends the next stretch of sound: real, recovered or made up."""
        waiting = self._waiting.pop(self._next, None)
        if waiting is not None:
            self._append_real(waiting)
            return
        following = min(self._waiting, default=None)
        while following is not None and following < self._next:  # it overlaps what was played: no sender does that
            del self._waiting[following]
            self.stats.late += 1
            following = min(self._waiting, default=None)
        if following is None:
            self._underrun()
            return
        gap = following - self._next
        behind = self._waiting[following]
        if gap < 0:  # it begins inside what has been played: no sender's clock does that
            del self._waiting[following]
            self.stats.dropped += 1
            return
        lost = behind.sequence > self._last_sequence + 1
        if gap <= behind.samples and lost and gap % 120 == 0 and has_redundancy(behind.packet):
            self._recover(behind, gap)
        elif gap % 120:
            self._next = following  # no sender leaves such a gap; a few samples are not worth a made-up sound
        else:
            self._conceal(min(gap, TICK_SAMPLES))

    def _append_real(self, waiting: _Waiting) -> None:
        self._next += waiting.samples
        self._last_sequence = waiting.sequence
        try:
            samples = self._decoder.decode(waiting.packet)
        except Malformed:
            self.stats.malformed += 1
            self._next -= waiting.samples
            self._conceal(min(waiting.samples, TICK_SAMPLES))
            return
        self._made_up = 0
        self._played_arrival = waiting.arrival
        if self._gain < 1.0:
            samples[:DECLICK_SAMPLES] *= ramp(self._gain, 1.0, min(DECLICK_SAMPLES, samples.size))
            self._gain = 1.0
        self._ready = np.concatenate((self._ready, samples))

    def _recover(self, behind: _Waiting, gap: int) -> None:
        try:
            samples = self._decoder.recover(behind.packet, gap)
        except Malformed:
            self._conceal(min(gap, TICK_SAMPLES))
            return
        self.stats.recovered += 1
        self._next += gap
        self._last_sequence = behind.sequence - 1
        self._made_up = 0
        self._played_arrival = behind.arrival
        self._ready = np.concatenate((self._ready, samples * ramp(self._gain, 1.0, samples.size)))
        self._gain = 1.0

    def _underrun(self) -> None:
        """Nothing is here. With less delay than wanted, time stands still for a tick: what is late may yet come."""
        wanting = self._measured_ms is not None and self._measured_ms < self._target_ms - _EASY_GROW_MS
        self._conceal(TICK_SAMPLES, advance=not wanting)
        if wanting:
            self._moved(-TICK_SAMPLES)

    def _conceal(self, samples: int, advance: bool = True) -> None:
        self.stats.concealed += 1
        self._made_up += samples
        share = (self._made_up - _FULL_CONCEALMENT) / (_NO_CONCEALMENT - _FULL_CONCEALMENT)
        gain = min(self._gain, 1.0 - min(1.0, max(0.0, share)))
        if gain == self._gain == 0.0:
            made = np.zeros(samples, dtype=np.float32)
        else:
            made = self._decoder.conceal(samples) * ramp(self._gain, gain, samples)
        self._gain = gain
        self._ready = np.concatenate((self._ready, made))
        if advance:
            self._next += samples


def _quantile(ascending: Sequence[float], share: float) -> float:
    """As numpy's, in a tenth of its time for so few."""
    whole, rest = divmod(share * (len(ascending) - 1), 1)
    below = ascending[int(whole)]
    return below + rest * (ascending[min(int(whole) + 1, len(ascending) - 1)] - below)

"""One listener's ear: takes runs of frames with their place on the grid, decodes, and measures everything.

No sockets here: the progressive and the HLS listener both feed it. ``now`` is wall-clock seconds.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from stentor.audio.loudness import integrated_lufs
from stentor.audio.media import StreamDecoder
from stentor.audio.opus import OpusDecoder
from stentor.audio.pcm import FLOOR_DBFS, level_dbfs
from stentor.base.clock import unix_ms
from stentor.base.errors import Malformed
from stentor.base.grid import SAMPLE_RATE_HZ
from stentor.base.rendition import Codec, Source
from stentor.client.history import SoundHistory
from stentor.client.player import Player
from stentor.client.readers import FrameRun
from stentor.client.report import Discontinuity, ListenerReport, SourceChange, spread_ms
from stentor.client.saving import Keepsake
from stentor.client.silence import SilenceFinder
from stentor.spaces.pulse import Pulse
from stentor.wire.mp4 import AAC_CONFIG

KEEP_S: Final = 300.0
"""Seconds of sound that are kept for loudness and for tests: 58 MB."""
MAX_LISTED: Final = 1000
"""Problems, discontinuities and changes of source that are listed; a report stays readable."""
MAX_DELAYS: Final = 100_000
"""Delays that are kept: nine hours of chunks."""
MAX_PEOPLE: Final = 1000
MIN_LOUDNESS_S: Final = 0.4
"""BS.1770-4 measures blocks of 400 ms."""


class Measurement:
    """Hears one programme, over any number of connections.

    ``live`` says whether time matters: for a recording there is no delay and no player. :meth:`resumed` is called
    before the first run of a new connection: what is heard again is then left out, as a good player does.
    """

    def __init__(self, url: str, kind: str, *, now: float, keepsake: Keepsake, keep_s: float = KEEP_S) -> None:
        self.kind = kind
        self.url = url
        self.live = kind not in ("recording", "replay")
        self.bytes = 0
        self.requests = 0
        self.reconnects = 0
        """Connections made again that brought new sound."""
        self.ended = False
        self.caught_up = False
        """Set once the old sound of the beginning is through: from then on delays count."""
        self.problems: list[str] = []
        self.heard = SoundHistory(keep_s)
        self.player = Player()
        self.sound_samples = 0
        self._keepsake = keepsake
        self._began = now
        self._first_byte: float | None = None
        self._expected: int | None = None
        self._resumed = False
        self._silence = SilenceFinder()
        self._latest = SoundHistory(1.0)
        self._arrivals: deque[float] = deque(maxlen=MAX_DELAYS)
        self._ears: deque[float] = deque(maxlen=MAX_DELAYS)
        self._mouths: deque[float] = deque(maxlen=MAX_DELAYS)
        self._discontinuities: list[Discontinuity] = []
        self._sources: list[SourceChange] = []
        self._talked: dict[str, float] = {}
        self._pulse: Pulse | None = None
        self._aac: StreamDecoder | None = None
        self._opus: OpusDecoder | None = None

    def received(self, data: bytes, now: float) -> None:
        """Bytes came, of whatever kind."""
        if self._first_byte is None:
            self._first_byte = now
        self.bytes += len(data)

    def keep(self, data: bytes) -> None:
        """Saves received bytes, if anybody wants them."""
        self._keepsake.received(data)

    def resumed(self) -> None:
        """A new connection begins."""
        self._resumed = self._expected is not None

    def problem(self, sentence: str) -> None:
        """Something went wrong that the listener could live with."""
        if len(self.problems) < MAX_LISTED:
            self.problems.append(sentence)

    def take(self, run: FrameRun, now: float, *, position: int | None, origin_s: float | None) -> None:
        """A run of frames that arrived at ``now``.

        ``position`` is its place in samples since the doors opened (None: right after the last one), ``origin_s`` the
        wall-clock time of position 0 (None: unknown, then there is no delay).
        """
        start = position if position is not None else (self._expected or 0)
        frames = self._new_frames(run, start)
        length = sum(size for _, size in frames)
        if run.pulse is not None and frames:
            self._take_pulse(run.pulse)
        for frame, _ in frames:
            self._decode(run.codec, frame, now)
        self.sound_samples += length
        for seat in self._pulse.seats if self._pulse else []:
            if seat.talking and (seat.name in self._talked or len(self._talked) < MAX_PEOPLE):
                self._talked[seat.name] = self._talked.get(seat.name, 0.0) + length / SAMPLE_RATE_HZ
        if self.live and length:
            self.player.arrived(length / SAMPLE_RATE_HZ, now)
            if origin_s is not None and self.caught_up:
                age = now - origin_s - (start + run.samples) / SAMPLE_RATE_HZ
                self._arrivals.append(age)
                self._ears.append(age + self.player.buffer_s)
                if self._pulse and self._pulse.source == Source.STAGE:
                    self._mouths.append(self._ears[-1] + self._pulse.delay / 1000)

    def _new_frames(self, run: FrameRun, start: int) -> list[tuple[bytes, int]]:
        """The frames not heard before, each with its length in samples; notes what is missing or came again."""
        frames = list(zip(run.frames, run.sizes, strict=True))
        jump = 0 if self._expected is None else start - self._expected
        again = self._resumed and jump < 0
        while again and frames and start < (self._expected or 0):
            start += frames.pop(0)[1]
        if again and not frames:
            return []
        if self._resumed:
            self._resumed = False
            self.reconnects += 1
        if jump and not again and len(self._discontinuities) < MAX_LISTED:
            at_s = self.sound_samples / SAMPLE_RATE_HZ
            self._discontinuities.append(Discontinuity(at_s, jump / SAMPLE_RATE_HZ))
        self._expected = start + sum(size for _, size in frames)
        return frames

    def _decode(self, codec: Codec, frame: bytes, now: float) -> None:
        try:
            if codec is Codec.AAC:
                self._aac = self._aac or StreamDecoder("aac", AAC_CONFIG)
                samples = self._aac.decode(frame)
            else:
                self._opus = self._opus or OpusDecoder()
                samples = self._opus.decode(frame)
        except Malformed as error:
            self.problem(error.detail)
            return
        self.heard.add(samples, now)
        self._latest.add(samples, now)
        self._silence.add(samples)
        self._keepsake.decoded(samples)

    def _take_pulse(self, document: bytes) -> None:
        try:
            pulse = msgspec.json.decode(document, type=Pulse)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.problem(f"A pulse that is none: {error}")
            return
        if (self._pulse is None or pulse.source != self._pulse.source) and len(self._sources) < MAX_LISTED:
            self._sources.append(SourceChange(self.sound_samples / SAMPLE_RATE_HZ, pulse.chunk, pulse.source))
        self._pulse = pulse

    def report(self, now: float, *, final: bool = False) -> ListenerReport:
        """All that was found out until ``now``. A ``final`` one ends the player and the search for silence."""
        if final:
            self.player.finish(now, ended=self.ended)
            self._silence.finish()
        else:
            self.player.advance(now)
        started = self.player.started_at
        pulse, kept = self._pulse, self.heard.samples() if final else None
        measurable = kept is not None and kept.size >= MIN_LOUDNESS_S * SAMPLE_RATE_HZ
        latest = self._latest.samples()
        return ListenerReport(
            url=self.url,
            kind=self.kind,
            began_ms=unix_ms(self._began),
            seconds=round(now - self._began, 3),
            sound_s=round(self.sound_samples / SAMPLE_RATE_HZ, 3),
            received_bytes=self.bytes,
            requests=self.requests,
            ended=self.ended,
            first_byte_ms=None if self._first_byte is None else round((self._first_byte - self._began) * 1000, 1),
            start_up_ms=None if started is None else round((started - self._began) * 1000, 1),
            arrival_ms=spread_ms(self._arrivals),
            ear_ms=spread_ms(self._ears),
            mouth_ms=spread_ms(self._mouths),
            buffer_s=round(self.player.buffer_s, 3) if self.live else 0.0,
            stalls=list(self.player.stalls),
            stalled_s=round(self.player.stalled_s, 3),
            silences=list(self._silence.found),
            silent_s=round(self._silence.total_s, 3),
            discontinuities=list(self._discontinuities),
            reconnects=self.reconnects,
            level_dbfs=round(level_dbfs(latest), 1) if latest.size else FLOOR_DBFS,
            loudness_lufs=round(integrated_lufs(kept), 1) if kept is not None and measurable else None,
            title=pulse.title if pulse else "",
            state=pulse.state if pulse else "",
            listeners=pulse.listeners if pulse else None,
            talking=[seat.name for seat in pulse.seats if seat.talking] if pulse else [],
            talked_s={name: round(seconds, 2) for name, seconds in self._talked.items()},
            sources=list(self._sources),
            problems=list(self.problems),
        )

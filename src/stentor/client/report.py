"""What a listener found out: one struct, which goes to people, to JSON and to the assertions of tests."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from stentor.client.player import Stall
from stentor.client.silence import Silence


class Spread(msgspec.Struct, frozen=True):
    """The middle, the 95th percentile and the greatest of many values (milliseconds)."""

    median: float
    p95: float
    most: float


class SourceChange(msgspec.Struct, frozen=True):
    """From here on (seconds of sound heard; chunk number) the programme came from ``source``."""

    at_s: float
    chunk: int
    source: str


class Discontinuity(msgspec.Struct, frozen=True):
    """At ``at_s`` seconds of sound heard, ``length_s`` of the programme is missing (negative: came again)."""

    at_s: float
    length_s: float


class ListenerReport(msgspec.Struct, kw_only=True):
    """The measurements of one listener, final or so far. Times in the names' units; None where nothing was measured."""

    url: str
    kind: str
    """``aac``, ``opus``, ``mp4``, ``recording``, ``hls``, ``ll-hls`` or ``replay``."""
    began_ms: int
    seconds: float
    """How long this listener has listened."""
    sound_s: float
    """How much sound came."""
    received_bytes: int
    requests: int
    ended: bool = False
    """The space, or the file, is over; otherwise the listener left."""

    first_byte_ms: float | None = None
    start_up_ms: float | None = None
    """From the request to the moment a player starts (it holds half a second)."""
    arrival_ms: Spread | None = None
    """Age of the newest sample when it arrived, against the grid of the space: programme, bus, edge and network."""
    ear_ms: Spread | None = None
    """The same when a player plays it: with what it holds in its buffer."""
    mouth_ms: Spread | None = None
    """From a speaker's packet at the stage to the player's ear: ``ear_ms`` and the stage's part, which only the pulse
    tells (MP4 and HLS)."""
    buffer_s: float = 0.0
    stalls: list[Stall] = []
    stalled_s: float = 0.0
    silences: list[Silence] = []
    """Stretches of half a second or more below -60 dBFS."""
    silent_s: float = 0.0
    discontinuities: list[Discontinuity] = []
    reconnects: int = 0

    level_dbfs: float = -96.0
    """RMS of the newest second."""
    loudness_lufs: float | None = None
    """Integrated loudness (BS.1770-4) of the newest five minutes; only in a final report."""

    title: str = ""
    state: str = ""
    listeners: int | None = None
    talking: list[str] = []
    """Who talks now, from the pulse inside the sound (MP4 and HLS)."""
    talked_s: dict[str, float] = {}
    sources: list[SourceChange] = []
    problems: list[str] = []

    def json(self) -> bytes:
        """The report as JSON, indented."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)


def spread_ms(seconds: Sequence[float]) -> Spread | None:
    """The spread of values in seconds, in whole tenths of a millisecond; None for none."""
    if not seconds:
        return None
    median, p95, most = (round(float(value) * 1000, 1) for value in np.quantile(seconds, (0.5, 0.95, 1.0)))
    return Spread(median, p95, most)

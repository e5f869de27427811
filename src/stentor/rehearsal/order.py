"""What one process of a rehearsal is to do, and what it tells of it: structs that travel as JSON between processes."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stentor.rehearsal.arrival import ListenerVisit


class Format(StrEnum):
    """How a listener plays."""

    AAC = "live.aac"
    OPUS = "live.opus"
    MP4 = "live.mp4"
    LOW_LATENCY = "ll-hls"
    HLS = "hls"


class CrowdMix(msgspec.Struct, frozen=True):
    """Who comes: ``ways`` are weights, the others shares of the listeners from 0 to 1."""

    ways: dict[Format, float]
    slow: float = 0.0
    """Share of listeners with a slow line."""
    slow_bps: float = 40_000.0
    """What such a line carries; less than the sound has."""
    shared: float = 0.2
    """Share of listeners who come from one address, as behind a carrier's NAT; all others have their own. Only on
    loopback, where there are addresses enough."""
    straight: bool = False
    """Ask for the sound at once, without page and door."""
    stay: bool = False
    """Nobody leaves before the end."""


class Storm(msgspec.Struct, frozen=True):
    """At ``at_s`` a ``share`` of all streams breaks in the same moment, as when an edge dies; they come again."""

    at_s: float
    share: float


class CrowdOrder(msgspec.Struct, frozen=True):
    """What one process is to do. ``at`` is when the rehearsal begins, on the wall clock."""

    host: str
    """As it stands in the page's address."""
    address: str
    """Where that is."""
    port: int
    secure: bool
    space: str
    visits: list[ListenerVisit]
    mix: CrowdMix
    at: float
    for_s: float
    seed: int
    storm: Storm | None = None
    network: int | None = None
    """Come from addresses of 127.``network``.0.0/16; None lets the system choose."""


class Moment(msgspec.Struct, array_like=True):
    """The counts at the end of one second of the rehearsal."""

    at_s: float = 0.0
    come: int = 0
    playing: int = 0
    waiting: int = 0
    heard: int = 0
    refused: int = 0
    cut: int = 0
    stalls: int = 0
    received: int = 0


class CrowdCounts(msgspec.Struct):
    """What has come of a rehearsal, of one process or of all."""

    come: int = 0
    heard: int = 0
    """Listeners who have heard something at all."""
    waited: int = 0
    """Listeners whom the door told to wait."""
    left_waiting: int = 0
    """Those of them who never heard anything."""
    unheard: int = 0
    """Listeners with a good line who stayed for two seconds, were not told to wait, and never heard anything."""
    impatient: int = 0
    """Listeners who left because nothing was to be heard."""
    reloads: int = 0
    """Pages loaded again, by the impatient and by those whose sound had stopped for long."""
    refused: int = 0
    """Answers that were none: 5xx, no connection."""
    cut: int = 0
    """Streams on good lines that broke off."""
    stormed: int = 0
    """Streams that the rehearsal itself broke."""
    given_up: int = 0
    stalls: int = 0
    """Times at which a player had nothing left to play."""
    stalled: int = 0
    """Listeners to whom that happened; slow lines are counted apart."""
    slow: int = 0
    """Listeners with a slow line who have heard something."""
    slow_stalled: int = 0


class CrowdTally(CrowdCounts, msgspec.Struct):
    """What one process has counted so far; the lists are filled in the last one only."""

    playing: int = 0
    waiting: int = 0
    """Told by the door to wait, at this moment."""
    received: int = 0
    """Bytes."""
    ways: dict[str, int] = {}
    """Listeners who have heard something, by way."""
    last: bool = False
    first: list[tuple[float, float]] = []
    """When each first sound on a good line came (seconds of the rehearsal), and how long after the intended coming."""
    again_s: list[float] = []
    """From a cut to the next sound."""
    pause_s: list[float] = []
    """The longest time without new sound of each listener of a progressive stream on a good line."""
    late_s: list[float] = []
    """How late the rehearsal itself was in sending each listener."""
    moments: list[Moment] = []

"""What the API says of an audience."""

from __future__ import annotations

import msgspec

from stentor.evidence.verdict import Outcome
from stentor.house.spaces.schema import Time


class FigureView(msgspec.Struct, frozen=True):
    """A number with its interval and its method."""

    value: float
    low: float
    """The truth is between this and ``high`` in 99 of 100 nights."""
    high: float
    method: str
    """How it was counted."""
    at_ms: Time | None = None
    """The second of a peak."""
    at_least: bool = False
    """There may be more: some came through a proxy that named nobody, or by HLS through one that may be a cache."""


class PortionView(msgspec.Struct, frozen=True):
    """A share of a resource, with its interval; 1.0 is all of it."""

    value: float
    low: float
    high: float


class VerdictView(msgspec.Struct, frozen=True):
    """What it is so far: a crowd, an attack, both, a fault of one's own, nothing, or nobody knows."""

    space: str
    finding: str = Outcome.UNKNOWN
    """``NOTHING WAS FULL``, ``POPULARITY``, ``ATTACK``, ``MIXED``, ``SELF-INFLICTED`` or ``UNKNOWN``."""
    accuses: bool = False
    """Whether so much is attributed to hostile sources that they may be named."""
    fault: str | None = None
    """Which, when it is one's own: ``limit``, ``processor``, ``restart`` and so on."""
    resource: str | None = None
    """What was full longest, or is nearest to it."""
    full_seconds: int = 0
    used: PortionView | None = None
    audience: PortionView | None = None
    """With those who wait: where the resource would stand without hostile sources."""
    hostile: PortionView | None = None
    """What hostile sources took of it; where nothing was full, of what they took most of."""
    hearing: int = 0
    cover: float = 0.0
    """Portion of the traffic that was seen."""
    turned_away: dict[str, int] = {}
    """Times, by reason."""
    lines: list[str] = []
    """What ``stentor evidence verdict`` prints."""
    rows: int = 0
    """0: nothing has been counted yet."""
    edges: int = 0
    since_ms: Time = 0
    until_ms: Time = 0


class CurveView(msgspec.Struct, frozen=True):
    """How many heard it over its length, in at most 720 steps."""

    since_ms: Time = 0
    step_s: int = 1
    peaks: tuple[int, ...] = ()
    """The largest ``hearing`` of one second in each step; nobody heard it before the first and after the last."""


class CountsView(msgspec.Struct, frozen=True):
    """The numbers of a space's audience."""

    space: str
    since_ms: Time = 0
    until_ms: Time = 0
    """Of the last second that is in them."""
    rows: int = 0
    """0: nothing has been counted yet."""
    edges: int = 0
    """How many edges told of the space."""
    figures: dict[str, FigureView] = {}
    """By name: ``hearing``, ``peak``, ``minutes`` and so on."""
    curve: CurveView = msgspec.field(default_factory=CurveView)


class AttackFileView(msgspec.Struct, frozen=True):
    """What is in the attack file."""

    sources: int
    """Hostile sources of the last 72 hours, once for each way that they behaved; 0 where there is no file."""
    last_ms: Time | None
    """When one was hostile last."""

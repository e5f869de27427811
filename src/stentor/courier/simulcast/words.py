"""What the process that makes a simulcast is told, and what it tells: lines of JSON."""

from __future__ import annotations

import msgspec

from stentor.base.config import Settings
from stentor.spaces.simulcast import DestinationKind, DestinationSecret, DestinationSeen


class SentDestination(msgspec.Struct, frozen=True):
    """Where to send; the secret is open here."""

    number: int
    kind: DestinationKind
    server: str
    secret: DestinationSecret
    name: str = ""


class SimulcastOrder(msgspec.Struct, frozen=True):
    """A line to the process. ``settings`` stand in the first one only."""

    destinations: list[SentDestination]
    settings: Settings | None = None
    space: str = ""
    site: str = ""
    """What the site calls itself."""
    accent: str = ""
    """Its colour, ``#rrggbb``; empty for Stentor's."""
    logo: bytes = b""
    """A JPEG; empty where it has none."""


class Told(msgspec.Struct, frozen=True):
    """A line from it, once a second."""

    destinations: list[DestinationSeen]
    over: bool = False
    """The space is over: all was sent."""
    redrawn: int = 0
    cpu_s: float = 0.0

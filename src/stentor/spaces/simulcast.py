"""Where else a space is heard: destinations of a simulcast, and how they stand."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

SEALED: Final = "stream key"
"""What a sealed key is called (``base.seal``)."""
NEWS: Final = "simulcast"
"""On the bus: where houses tell couriers that a destination was changed."""
MOST_DESTINATIONS: Final = 10
"""Of a space: each gets a copy of the picture, 60 kB a second."""
MOST_NAME: Final = 80


class DestinationKind(StrEnum):
    """How it is sent."""

    RTMP = "rtmp"
    """Also over TLS (rtmps)."""
    ICECAST = "icecast"
    SRT = "srt"
    WHIP = "whip"


class DestinationState(StrEnum):
    """How a destination stands."""

    OFF = "off"
    READY = "ready"
    """On; nothing is sent before the doors open."""
    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"
    """The connection was lost or refused, and is tried again soon."""


class DestinationSecret(msgspec.Struct, frozen=True):
    """What nobody is shown again of a destination; sealed as lines, of which the empty ones at the end are left out."""

    key: str
    """Stream key, a source's password, SRT's stream ID, or WHIP's token."""
    passphrase: str = ""
    """SRT's, which encrypts."""
    path: str = ""
    """Of an address of WHIP's that has no token beside it."""

    @property
    def text(self) -> str:
        return f"{self.key}\n{self.passphrase}\n{self.path}".rstrip("\n")

    @classmethod
    def read(cls, text: str) -> DestinationSecret:
        """Of :attr:`text`."""
        return cls(*text.split("\n"))


class SimulcastDestination(msgspec.Struct, frozen=True):
    """One of a space's; its key is elsewhere, sealed."""

    number: int
    space: str
    name: str
    kind: DestinationKind
    server: str
    on: bool
    made_ms: int
    made_by: str = ""


class DestinationSeen(msgspec.Struct, frozen=True):
    """How one destination stands."""

    number: int
    state: DestinationState
    trouble: str = ""
    """A code, empty when all is well."""
    words: str = ""
    """What the server said itself."""
    since_ms: int = 0
    dropped: int = 0
    """Pictures that a slow line did not get."""
    sent_bytes: int = 0
    times: int = 0
    """How often it was connected."""
    name: str = ""
    behind_ms: int = 0
    """How much later than the others it gets the sound: it missed some for a while."""
    lost_ms: int = 0
    """Sound that it did not get."""

"""What the REST API says and takes about destinations of a simulcast."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import Name, Time
from stentor.spaces.simulcast import DestinationKind, DestinationSeen, DestinationState, SimulcastDestination

MOST_SERVER = 500
ServerAddress = Annotated[
    str,
    Meta(
        max_length=MOST_SERVER,
        description="As the network shows it: `rtmps://live.example.org/app`, `icecast://host:8000/mount`, "
        "`srt://host:port`, or for WHIP `https://whip.example.org/live`. What is secret of it is kept with the key.",
        extra_json_schema={"pattern": "^rtmps?://[a-z0-9-]{1,60}(\\.[a-z0-9-]{1,60})*/[a-z0-9]{1,60}$"},
    ),
]
StreamKey = Annotated[
    str,
    Meta(
        max_length=MOST_SERVER,
        description="The stream key, the password of a source, the stream ID of SRT, or the token of WHIP, which both "
        "may be empty. It is kept sealed and never shown again.",
        extra_json_schema={"pattern": "^[A-Za-z0-9_-]{1,100}$"},
    ),
]
Passphrase = Annotated[
    str,
    Meta(
        max_length=MOST_SERVER,
        description="Of SRT: what the sound and the picture are encrypted with. It is kept as the key is.",
        extra_json_schema={"pattern": "^([A-Za-z0-9_-]{10,79})?$"},
    ),
]


class NewDestination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a space is to be sent."""

    name: Name
    server: ServerAddress
    key: StreamKey
    kind: DestinationKind = DestinationKind.RTMP
    passphrase: Passphrase = ""
    on: bool = True
    """Whether to begin as soon as the doors are open."""


class DestinationChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays."""

    name: Name | None = None
    server: ServerAddress | None = None
    key: StreamKey | None = None
    passphrase: Passphrase | None = None
    on: bool | None = None


class DestinationView(msgspec.Struct, frozen=True):
    """A destination, and how it stands."""

    number: int
    name: str
    kind: DestinationKind
    server: str
    on: bool
    state: DestinationState
    trouble: str
    """Why it is not sent, as a code; empty when all is well."""
    words: str
    """What the server said itself."""
    since_ms: Time | None
    dropped: int
    """Pictures that a slow line did not get."""
    behind_ms: int = 0
    """How much later than the others it gets the sound: it missed some for a while, and gets it now."""
    lost_ms: int = 0
    """Sound that it did not get, since its line is too slow even for that, or was gone for too long."""


class DestinationList(msgspec.Struct, frozen=True):
    destinations: list[DestinationView]


def view(one: SimulcastDestination, seen: DestinationSeen | None) -> DestinationView:
    """A destination as the API says it."""
    if not one.on:
        return DestinationView(one.number, one.name, one.kind, one.server, False, DestinationState.OFF, "", "", None, 0)
    if seen is None:
        return DestinationView(
            one.number, one.name, one.kind, one.server, True, DestinationState.READY, "", "", None, 0
        )
    return DestinationView(
        one.number, one.name, one.kind, one.server, True, seen.state, seen.trouble, seen.words, seen.since_ms,
        seen.dropped, seen.behind_ms, seen.lost_ms,
    )  # fmt: skip

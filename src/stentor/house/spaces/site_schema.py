"""What the API shows of the installation itself: its processes, its version, its health, its recordings."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from stentor.house.spaces.schema import Time
from stentor.spaces.model import State


class AdminView(msgspec.Struct, frozen=True):
    """Says that the token is the admin's."""

    version: str
    language: str
    """Of spaces whose makers say none (``STENTOR_LANGUAGE``); empty when there is no such rule."""


class ProcessView(msgspec.Struct, frozen=True):
    """One process as its newest heartbeat tells it."""

    role: str
    instance: str
    pid: int
    heard_ms: Time
    spaces: list[str]
    """On the air at this process."""
    numbers: dict[str, float]
    """Counts of its own, such as an edge's ``capacity`` and ``listeners``."""
    problem: str


class ProcessList(msgspec.Struct, frozen=True):
    processes: list[ProcessView]


class Health(msgspec.Struct, frozen=True):
    status: Literal["ok"]
    bus: bool
    """Whether the bus is there; the house works without it, its changes reach the others when it is back."""


class RecordingView(msgspec.Struct, frozen=True):
    space: str
    title: str
    host: str
    """Their name."""
    people: list[str]
    """The others who were on the stage."""
    state: State
    started_ms: Time
    ended_ms: Time
    duration_s: float
    complete: bool
    size_bytes: int | None
    """Of all renditions; null while it is not complete."""
    gap_chunks: int | None
    """Chunks (0.32 s) that nobody published; silence stands in their place."""
    page: str
    download: str
    playlist: str
    gaps: str
    until_ms: int | None = None
    """When it goes; null for never."""


class RecordingList(msgspec.Struct, frozen=True):
    recordings: list[RecordingView]


class EventList(msgspec.Struct, frozen=True):
    """Everything that happened to a space, in order."""

    space: str
    events: list[dict[str, Any]]

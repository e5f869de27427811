"""What the API shows of the installation itself: its processes, its version, its health."""

from __future__ import annotations

from typing import Literal

import msgspec

from stentor.house.spaces.schema import Time


class AdminView(msgspec.Struct, frozen=True):
    """Says that the token is the admin's."""

    version: str


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

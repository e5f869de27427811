"""A rehearsal that went well, the edges as they were seen, and a configuration: what certificates are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from stentor.base.config import Settings
from stentor.client.report import Spread
from stentor.rehearsal.configuration import Configuration, current
from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.rehearsed import EdgeLook, Rehearsed


def process(role: str, **numbers: float) -> dict[str, Any]:
    return {"role": role, "numbers": numbers}


PROCESSES = [process("house"), process("edge", capacity=19_872), process("edge", capacity=19_872)]


def configuration(**settings: Any) -> Configuration:
    return current(Settings(**settings), PROCESSES, "http://localhost:8081/s/talk")


def looks(count: int = 20) -> list[EdgeLook]:
    """Edges that take 30 µs a listener-second and fill up."""
    return [
        EdgeLook(n, 500 * n, cpu=0.015 * n, busiest=0.015 * n, full=0.0125 * n, machine=0.02 * n) for n in range(count)
    ]


def report(**changes: object) -> Rehearsed:
    found = Rehearsed(
        address="http://localhost:8081", space="talk", curve="step", within_s=2, for_s=5, seed=1, processes=1,
        began_ms=1_900_000_000_000, listeners=9_500, mix=CrowdMix({Format.AAC: 1.0}), most_at_once=9_500, edges=looks(),
        first_sound_ms=Spread(10, 20, 30),
    )  # fmt: skip
    return msgspec.structs.replace(found, **changes)

"""A network that loses, delays, doubles and reorders, the same at every run."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    """One packet at the receiver, ``at`` seconds."""

    at: float
    sequence: int
    timestamp: int
    packet: bytes


def send(
    packets: Iterable[bytes],
    *,
    loss: float = 0.0,
    jitter_s: float = 0.0,
    double: float = 0.0,
    samples: int = 960,
    drift: float = 0.0,
    first_sequence: int = 65_000,
    first_timestamp: int = 2**32 - 48_000,
    delay_s: float = 0.03,
    seed: int = 1,
) -> list[Arrival]:
    """Sends packet *n* at its time and gives back the arrivals in the order of their coming.

    The journey takes ``delay_s`` and half a bell curve with a standard deviation of ``jitter_s`` more, so packets
    overtake each other. ``drift`` is how much faster the sender's clock runs (0.0001 = 100 ppm). Counters wrap after a
    second or so.
    """
    chance = random.Random(seed)
    arrivals: list[Arrival] = []
    for number, packet in enumerate(packets):
        sent = (number + 1) * samples / 48_000 / (1 + drift)
        for _ in range(2 if chance.random() < double else 1):
            at = sent + delay_s + abs(chance.gauss(0, jitter_s))
            if chance.random() >= loss:
                sequence = (first_sequence + number) & 0xFFFF
                arrivals.append(Arrival(at, sequence, (first_timestamp + number * samples) & 0xFFFFFFFF, packet))
    return sorted(arrivals, key=lambda arrival: arrival.at)

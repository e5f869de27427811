"""Networks that many came from: an IPv4 /24 or an IPv6 /48, never one of few. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from ipaddress import IPv6Network
from typing import Final

import msgspec

from stentor.crowd.addresses import ALONE

LEAST: Final = 20
"""Sources that a network has to have before it is named: nobody follows from it."""
MOST: Final = 32
"""Networks that a row names."""
_HALF: Final = "::/64"


class PrefixSum(msgspec.Struct, frozen=True, array_like=True):
    """What the sampled sources of one network have done since they are followed, ten minutes at most after the last."""

    prefix: str
    sources: int
    requests: int
    connections: int


def crowded(sources: Iterable[tuple[str, int, int]]) -> list[PrefixSum]:
    """Of sources, each with its requests and connections, the networks with enough of them; most requests first."""
    found: dict[str, list[int]] = {}
    for source, requests, connections in sources:
        sums = found.setdefault(_network(source), [0, 0, 0])
        sums[0] += 1
        sums[1] += requests
        sums[2] += connections
    many = (
        (network, sums)
        for network, sums in found.items()
        if sums[0] >= LEAST and network and not network.startswith(ALONE)
    )
    first = heapq.nlargest(MOST, many, key=lambda one: (one[1][1], one[0]))
    return [PrefixSum(_named(network), *sums) for network, sums in first]


def _network(source: str) -> str:
    if source.endswith(_HALF):
        return source[: -len(_HALF)].zfill(16)[:12] + _HALF
    return source.rpartition(".")[0]


def _named(network: str) -> str:
    if not network.endswith(_HALF):
        return f"{network}.0/24"
    return str(IPv6Network((int(network[: -len(_HALF)], 16) << 80, 48)))

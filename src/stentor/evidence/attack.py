"""The attack file: hostile sources by address, for a provider or the police, where it was switched on before. Pure."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable
from typing import Final

import msgspec

from stentor.base.errors import Malformed
from stentor.evidence.kinds import Kind

KEPT_S: Final = 72 * 3600.0
MOST: Final = 1000
"""Sources of one message, those with most requests and connections; 100 kB."""
MOST_FOUND: Final = 20_000
"""That an edge collects between two messages."""
MOST_BYTES: Final = 512 * 1024
COLUMNS: Final = ("first_utc", "last_utc", "address", "behaviour", "requests", "connections", "edges")


class HostileSource(msgspec.Struct, array_like=True):
    """One source at one edge, between two messages. Times are the edge's wall clock."""

    address: str
    """Of IPv6 the first half, which one customer has."""
    behaviour: str
    first_ms: int
    last_ms: int
    requests: int = 0
    connections: int = 0


class HostileSources(msgspec.Struct, frozen=True, array_like=True):
    """What one edge tells."""

    edge: str
    sources: list[HostileSource]


class Collected:
    """At one edge, since it was asked last."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Kind], HostileSource] = {}

    def add(self, address: str, kind: Kind, at_ms: int, requests: int, connections: int) -> None:
        """What a hostile source did in a second."""
        one = self._found.get((address, kind))
        if one is None:
            if len(self._found) >= MOST_FOUND:
                return
            one = self._found[address, kind] = HostileSource(address, kind.name.lower(), at_ms, at_ms)
        one.last_ms = at_ms
        one.requests += requests
        one.connections += connections

    def taken(self, edge: str) -> HostileSources | None:
        """None when nobody was hostile."""
        found, self._found = list(self._found.values()), {}
        found.sort(key=lambda one: -(one.requests + one.connections))
        return HostileSources(edge, found[:MOST]) if found else None


_decoder = msgspec.json.Decoder(HostileSources)


def decode(data: bytes) -> HostileSources:
    """Raises :class:`Malformed`."""
    try:
        if len(data) <= MOST_BYTES:
            return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    raise Malformed("That names no hostile sources.")


def together(told: Iterable[HostileSources]) -> list[tuple[HostileSource, int]]:
    """Each source once, with how many edges saw it; those with most requests and connections first."""
    found: dict[tuple[str, str], tuple[HostileSource, set[str]]] = {}
    for each in told:
        for one in each.sources:
            known = found.get((one.address, one.behaviour))
            if known is None:
                found[one.address, one.behaviour] = msgspec.structs.replace(one), {each.edge}
                continue
            whole, edges = known
            whole.first_ms, whole.last_ms = min(whole.first_ms, one.first_ms), max(whole.last_ms, one.last_ms)
            whole.requests += one.requests
            whole.connections += one.connections
            edges.add(each.edge)
    every = sorted(found.values(), key=lambda one: (-(one[0].requests + one[0].connections), one[0].address))
    return [(one, len(edges)) for one, edges in every]


def within(told: Iterable[HostileSources], since_ms: int, until_ms: int) -> bool:
    """Whether somebody in it was hostile between two times."""
    return any(one.first_ms <= until_ms and one.last_ms >= since_ms for each in told for one in each.sources)


def table(told: Iterable[HostileSources]) -> str:
    """As a file that every office reads (CSV, RFC 4180)."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for one, edges in together(told):
        times = (_utc(one.first_ms), _utc(one.last_ms))
        rows.writerow([*times, one.address, one.behaviour, one.requests, one.connections, edges])
    return text.getvalue()


def _utc(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""The log of evidence: JetStream stream ``EVIDENCE``, one subject ``evidence.<edge>`` an edge, a row a second.

Rows are said and not asked for again: one that the bus did not take costs its second, and nothing waits for it.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator

import msgspec

from stentor.base.errors import Malformed
from stentor.bus.connection import Bus
from stentor.bus.stored import StoredMessages
from stentor.bus.streams import EVIDENCE as STREAM
from stentor.evidence import row as rows
from stentor.evidence.counts import Counts
from stentor.evidence.row import EdgeSecond

MOST_HEARD = 4096
"""Spaces whose numbers an edge has, 3 kB each."""


class EvidenceLog:
    """The rows of all edges, for the hours of ``STENTOR_BUS_HOURS``."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.malformed = 0

    async def publish(self, row: EdgeSecond) -> None:
        """At most once; without the bus the row is lost."""
        await self.bus.publish(f"evidence.{row.edge}", rows.encode(row))

    def follow(self, *, since_ms: int = 0) -> RowsFollowed:
        """The rows since then, of all edges, and later those that are new."""
        since = datetime.datetime.fromtimestamp(since_ms / 1000, datetime.UTC) if since_ms else None
        return RowsFollowed(self, StoredMessages(self.bus, STREAM, "evidence.*", since=since))

    async def read(self) -> list[EdgeSecond]:
        """All rows, of all edges. Raises :class:`Overloaded` without the bus."""
        return [row async for row in self.follow().new()]


class RowsFollowed:
    """Rows in the order in which the bus took them. Messages that are none are skipped, and counted in the log."""

    def __init__(self, kept: EvidenceLog, reader: StoredMessages) -> None:
        self._kept, self._reader = kept, reader

    async def new(self) -> AsyncIterator[EdgeSecond]:
        """What has come since it was asked last. Raises :class:`Overloaded` without the bus; then ask again."""
        while messages := await self._reader.next():
            for message in messages:
                try:
                    row = rows.decode(message.data)
                except Malformed:
                    self._kept.malformed += 1
                else:
                    yield row


async def say_counts(bus: Bus, counts: Counts) -> None:
    """Tells edges the numbers of a space, for ``/metrics``."""
    await bus.publish(f"counts.{counts.space}", msgspec.json.encode(counts))


class CountsHeard:
    """The newest numbers of every space, as houses told them."""

    def __init__(self) -> None:
        self._heard: dict[str, bytes] = {}

    async def start(self, bus: Bus) -> None:
        """Listens for as long as the bus lives."""
        await bus.subscribe("counts.*", self.hear)

    def hear(self, subject: str, payload: bytes) -> None:
        """What one house says of one space."""
        self._heard.pop(subject, None)
        self._heard[subject] = payload
        if len(self._heard) > MOST_HEARD:
            del self._heard[next(iter(self._heard))]

    def spaces(self) -> list[str]:
        """All of which numbers were told; those that changed last come last."""
        return [subject.removeprefix("counts.") for subject in self._heard]

    def of(self, space: str) -> Counts | None:
        """None of a space of which nothing was told, or not in a way that this version reads."""
        try:
            return msgspec.json.decode(self._heard.get(f"counts.{space}", b""), type=Counts)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

"""The log of evidence: JetStream stream ``EVIDENCE``, one subject ``evidence.<edge>`` an edge, a row a second.

Rows are said and not asked for again: one that the bus did not take costs its second, and nothing waits for it.
"""

from __future__ import annotations

import datetime

from stentor.base.errors import Malformed
from stentor.bus.connection import Bus
from stentor.bus.stored import StoredMessages
from stentor.bus.streams import EVIDENCE as STREAM
from stentor.evidence import row as rows
from stentor.evidence.row import EdgeSecond


class EvidenceLog:
    """The rows of all edges, for the hours of ``STENTOR_BUS_HOURS``."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.malformed = 0

    async def publish(self, row: EdgeSecond) -> None:
        """At most once; without the bus the row is lost."""
        await self.bus.publish(f"evidence.{row.edge}", rows.encode(row))

    async def read(self, *, since_ms: int = 0) -> list[EdgeSecond]:
        """All rows since then, of all edges. Raises :class:`Overloaded` without the bus.

        Messages that are no rows are skipped and counted in ``malformed``.
        """
        since = datetime.datetime.fromtimestamp(since_ms / 1000, datetime.UTC) if since_ms else None
        reader = StoredMessages(self.bus, STREAM, "evidence.*", since=since)
        found: list[EdgeSecond] = []
        while messages := await reader.next():
            for message in messages:
                try:
                    found.append(rows.decode(message.data))
                except Malformed:
                    self.malformed += 1
        return found

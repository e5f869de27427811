"""Removals in the database: the jobs that carry them out, and the rows that go with what was removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete

from stentor.spaces import events as e
from stentor.spaces.model import Space
from stentor.store import tables
from stentor.store.jobs import Jobs, Wanted, add_jobs
from stentor.store.moderation import forget_space
from stentor.store.work import Work

ERASE: Final = "erase"
"""The kind of the jobs."""
AGAIN_MS: Final = 120_000
"""A second look: by then nobody writes captions any more, and an edge that did not know has made its last outline."""


def subject(space: str) -> str:
    """Of the jobs that people wait for."""
    return f"removals {space}"


def order_removals(connection: Connection, space: Space, events: Sequence[e.Event]) -> None:
    """Orders what follows from the events, in the transaction that stores them."""
    at_ms = max((each.at_ms for each in events if isinstance(each, e.RecordingRemoved | e.SpaceRemoved)), default=None)
    if at_ms is not None:
        add_jobs(connection, [Wanted(ERASE, space.id, subject(space.id))], now_ms=at_ms)
        add_jobs(connection, [Wanted(ERASE, space.id)], now_ms=at_ms, after_ms=AGAIN_MS)


class RemovalsTable:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work, self._jobs = work, Jobs(work)

    async def waits(self, space: str) -> bool:
        """Whether something of what was removed is still stored."""
        return any(each.done < each.jobs for each in await self._jobs.progress(subject(space)))

    async def unlist(self, space: str) -> None:
        """Takes a recording of which nothing is left out of the list of recordings."""

        def work(connection: Connection) -> None:
            connection.execute(delete(tables.recordings).where(tables.recordings.c.space == space))

        await self._work.write(work)

    async def forget_people(self, space: str) -> None:
        """Deletes what people wrote in a space that was removed, requests to speak, and its tickets and password."""

        def work(connection: Connection) -> None:
            for table in (*tables.WRITTEN, tables.space_passwords, tables.tickets, tables.invited_listeners):
                connection.execute(delete(table).where(table.c.space == space))
            forget_space(connection, space)

        await self._work.write(work)

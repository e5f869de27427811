"""Until when arrivals are spoken for: one row that all processes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.store.reminder_tables import pace
from stentor.store.work import Work

ROW: Final = 1


class PaceTable:
    """Its method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def reserve(self, slots: Callable[[int], tuple[list[int], int]]) -> list[int]:
        """The moments that ``slots`` makes of the one until which arrivals are spoken for; it gives them and the next
        such moment. Whoever asks next, in whatever process, gets that."""

        def work(connection: Connection) -> list[int]:
            mine = pace.c.id == ROW
            free_ms = connection.execute(select(pace.c.free_ms).where(mine).with_for_update()).scalar_one_or_none()
            moments, next_ms = slots(free_ms or 0)
            if free_ms is None:
                connection.execute(insert(pace).values(id=ROW, free_ms=next_ms))
            else:
                connection.execute(update(pace).where(mine).values(free_ms=next_ms))
            return moments

        try:
            return await self._work.write(work)
        except IntegrityError:  # the first two at once
            return await self._work.write(work)

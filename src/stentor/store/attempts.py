"""How often something was tried with credentials, for all houses of a site.

A row is a :class:`Bucket`: ``clear_ms`` is when it will be empty. Keys are kept as digests, and not after that.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Text, bindparam, delete, select, text, update

from stentor.base.rate_limit import Bucket
from stentor.people.digests import digest
from stentor.store import tables
from stentor.store.work import Work

TRIES = Bucket(burst=10, refill_ms=6000)
"""A person who has forgotten which password it was needs three or four at once. Then 600 an hour."""

_TABLE = tables.tries
_OPEN = text("INSERT INTO tries (key, clear_ms) VALUES (:key, :clear_ms) ON CONFLICT (key) DO NOTHING").bindparams(
    bindparam("key", type_=Text)
)


class AttemptsTable:
    """Both methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def spend(self, keys: Sequence[str], *, now_ms: int) -> int:
        """Takes a try from each key and returns 0; or how long to wait in ms when one of them has none left."""
        digests = sorted(map(digest, keys))  # in one order, so that two transactions never wait for each other

        def work(connection: Connection) -> int:
            connection.execute(delete(_TABLE).where(_TABLE.c.clear_ms <= now_ms, _TABLE.c.key.not_in(digests)))
            clear_ms = {key: _clear_ms(connection, key, now_ms) for key in digests}
            wait_ms = TRIES.wait_ms(max(clear_ms.values()), now_ms)
            if wait_ms > 0:
                return wait_ms
            for key, at_ms in clear_ms.items():
                spent_ms = TRIES.spent(at_ms, now_ms)
                connection.execute(update(_TABLE).where(_TABLE.c.key == key).values(clear_ms=spent_ms))
            return 0

        return await self._work.write(work)

    async def refund(self, keys: Sequence[str]) -> None:
        """Gives a try back to each key."""
        mine = _TABLE.c.key.in_(list(map(digest, keys)))
        query = update(_TABLE).where(mine).values(clear_ms=_TABLE.c.clear_ms - TRIES.refill_ms)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)


def _clear_ms(connection: Connection, key: str, now_ms: int) -> int:
    """When a key is clear; its row is there and locked afterwards."""
    connection.execute(_OPEN, {"key": key, "clear_ms": now_ms})
    query = select(_TABLE.c.clear_ms).where(_TABLE.c.key == key).with_for_update()
    return int(connection.execute(query).scalar_one())

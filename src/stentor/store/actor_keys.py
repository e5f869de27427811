"""Keys of those who act here: people, and the site itself, which signs what is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from stentor.fediverse.sites import SITE
from stentor.store.federating import OutwardDeed, federate
from stentor.store.fediverse_tables import actor_keys, departed_keys
from stentor.store.social_tables import actors
from stentor.store.work import Work

SEALED: Final = "actor"
"""What secret keys are sealed as (``base.seal``)."""
DEPARTED_MS: Final = 5 * 86_400_000
"""So long couriers try to tell that somebody has gone, and a day more."""
_KEY = actor_keys.c


def depart(connection: Connection, actor: int, *, now_ms: int) -> None:
    """Keeps the key of somebody who goes for as long as that is told, and has it told; before their row is deleted."""
    secret = connection.execute(select(_KEY.secret).where(_KEY.actor == actor)).scalar()
    if secret is not None:
        connection.execute(delete(departed_keys).where(departed_keys.c.actor == actor))
        connection.execute(insert(departed_keys).values(actor=actor, secret=secret, gone_ms=now_ms))
        federate(connection, OutwardDeed.GONE, actor, now_ms=now_ms)


class ActorKeys:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def begin(self) -> None:
        """The site itself is somebody who acts, with a number of its own."""

        def work(connection: Connection) -> None:
            if connection.execute(select(actors.c.number).where(actors.c.number == SITE)).scalar() is None:
                connection.execute(insert(actors).values(number=SITE, handle="", name="", approves=1))

        await self._work.write(work)

    async def without(self, limit: int) -> Sequence[int]:
        """Some of those who have no key yet."""
        mine = or_(actors.c.account.is_not(None), actors.c.number == SITE)
        query = select(actors.c.number).where(mine, ~exists().where(_KEY.actor == actors.c.number))
        query = query.order_by(actors.c.number).limit(limit)
        return await self._work.read(lambda connection: list(connection.execute(query).scalars()))

    async def put(self, actor: int, public: str, sealed: str, *, now_ms: int) -> None:
        """Gives somebody a key, if they are there and have none; their public card is written anew."""

        def work(connection: Connection) -> None:
            there = select(actors.c.number).where(actors.c.number == actor)
            there = there.where(~exists().where(_KEY.actor == actors.c.number))
            if connection.execute(there).scalar() is None:
                return
            connection.execute(insert(actor_keys).values(actor=actor, public=public, secret=sealed, made_ms=now_ms))
            connection.execute(  # changes nothing, and so a trigger notes that the card is to be written
                update(actors).where(actors.c.number == actor).values(approves=actors.c.approves)
            )

        await self._work.write_lasting(work)

    async def secret(self, actor: int) -> str | None:
        """Somebody's sealed key, also of who has just gone; None for who has none."""
        kept = select(departed_keys.c.secret).where(departed_keys.c.actor == actor)
        query = select(_KEY.secret).where(_KEY.actor == actor).union_all(kept).limit(1)
        return await self._work.read(lambda connection: connection.execute(query).scalar())

    async def forget_departed(self, *, now_ms: int) -> None:
        """Deletes keys of those who have gone, once it is told or given up."""
        old = delete(departed_keys).where(departed_keys.c.gone_ms < now_ms - DEPARTED_MS)

        def work(connection: Connection) -> None:
            connection.execute(old)

        await self._work.write(work)

    async def public(self, actor: int) -> str | None:
        """Somebody's public key (PEM)."""
        query = select(_KEY.public).where(_KEY.actor == actor)
        return await self._work.read(lambda connection: connection.execute(query).scalar())

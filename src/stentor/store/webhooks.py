"""Webhooks in the database, and the order to tell them: a job in the transaction of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.people.record import Deed, RecordEntry
from stentor.social.model import OPEN, Post
from stentor.spaces import events as e
from stentor.spaces.events import Event
from stentor.spaces.hooks import MOST_HOOKS, PostDeed, Webhook
from stentor.spaces.model import Space
from stentor.store import outgoing_tables, tables
from stentor.store.actors import actors_of
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.persons import give_names
from stentor.store.reading import Reading, read_posts
from stentor.store.work import Work

TELL: Final = "tell-webhooks"
"""The kind of the job by which a house hands an event over to the couriers."""
_TABLE = outgoing_tables.webhooks
_names = msgspec.json.Decoder(tuple[str, ...])


class Webhooks:
    """All of them. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, hook: Webhook, sealed: str) -> Webhook:
        """Makes one, whose secret is ``sealed``; its number is the next. Raises :class:`Conflict` for one too many."""

        def work(connection: Connection) -> Webhook:
            there = select(func.count()).select_from(_TABLE).where(_TABLE.c.space == hook.space)
            if connection.execute(there).scalar_one() >= MOST_HOOKS:
                raise Conflict(f"There are {MOST_HOOKS} webhooks here already; delete one.", code="too-many-webhooks")
            values = _values(hook) | {"secret": sealed, "old_secret": ""}
            values.pop("number")
            number = connection.execute(insert(_TABLE).values(values).returning(_TABLE.c.number)).scalar_one()
            return msgspec.structs.replace(hook, number=number)

        return await self._work.write(work)

    async def list(self, space: str) -> Sequence[Webhook]:
        """Those of a space, or with an empty ``space`` those of the site; the oldest first."""
        query = select(_TABLE).where(_TABLE.c.space == space).order_by(_TABLE.c.number)
        return await self._work.read(lambda connection: [_hook(row) for row in connection.execute(query).mappings()])

    async def that_hear(self, space: str) -> Sequence[Webhook]:
        """Those that may be told of events of a space (empty: of a deed) and are not turned off."""
        query = select(_TABLE).where(_TABLE.c.space.in_({"", space}), _TABLE.c.disabled_ms.is_(None))
        return await self._work.read(lambda connection: [_hook(row) for row in connection.execute(query).mappings()])

    async def find(self, number: int) -> Webhook | None:
        """One, by its number."""
        found = await self.with_secrets(number)
        return found[0] if found else None

    async def with_secrets(self, number: int) -> tuple[Webhook, str, str] | None:
        """The same with its sealed secret and the one before (empty without one)."""
        query = select(_TABLE).where(_TABLE.c.number == number)

        def work(connection: Connection) -> tuple[Webhook, str, str] | None:
            row = connection.execute(query).mappings().one_or_none()
            return (_hook(row), row["secret"], row["old_secret"]) if row else None

        return await self._work.read(work)

    async def change(self, hook: Webhook) -> None:
        """Writes a webhook down as it is to be, but for its secrets; raises :class:`NotFound`."""
        await self._set(hook.number, **{name: value for name, value in _values(hook).items() if name != "number"})

    async def rotate(self, number: int, sealed: str, *, until_ms: int) -> None:
        """A new secret; the one before signs, too, until then. Raises :class:`NotFound`."""
        await self._set(number, old_secret=_TABLE.c.secret, secret=sealed, old_until_ms=until_ms)

    async def delete(self, number: int) -> None:
        """Takes one away; its deliveries stay for their time. Raises :class:`NotFound`."""

        def work(connection: Connection) -> None:
            if not connection.execute(delete(_TABLE).where(_TABLE.c.number == number)).rowcount:
                raise _missing()

        await self._work.write(work)

    async def well(self, number: int) -> None:
        """It took something."""
        query = update(_TABLE).where(_TABLE.c.number == number, _TABLE.c.failing_ms.is_not(None))
        await self._execute(query.values(failing_ms=None))

    async def failed(self, number: int, *, now_ms: int) -> None:
        """It took nothing; remembered is since when."""
        query = update(_TABLE).where(_TABLE.c.number == number, _TABLE.c.failing_ms.is_(None))
        await self._execute(query.values(failing_ms=now_ms))

    async def turn_off(self, number: int, trouble: str, *, now_ms: int) -> None:
        """It is told nothing more, because it does not take anything."""
        query = update(_TABLE).where(_TABLE.c.number == number, _TABLE.c.disabled_ms.is_(None))
        await self._execute(query.values(disabled_ms=now_ms, trouble=trouble))

    async def stopped(self) -> int:
        """How many were turned off by themselves and stand so."""
        query = select(func.count()).select_from(_TABLE).where(_TABLE.c.trouble != "")
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def event(self, space: str, version: int) -> tuple[Space, Event] | None:
        """A space as it is now and the event that made its ``version``; None when one of them is gone."""

        def work(connection: Connection) -> tuple[Space, Event] | None:
            query = select(tables.spaces.c.body).where(tables.spaces.c.id == space)
            found = connection.execute(query).scalar_one_or_none()
            table = tables.events
            query = select(table.c.body).where(table.c.space == space, table.c.version == version)
            body = connection.execute(query).scalar_one_or_none()
            if found is None or body is None:
                return None
            [event] = give_names(connection, space, [e.decode(body)])
            return msgspec.json.decode(found, type=Space), event

        return await self._work.read(work)

    async def deed(self, number: int) -> RecordEntry | None:
        """An entry of the record of accounts, while it is kept."""
        query = select(tables.account_record).where(tables.account_record.c.id == number)

        def work(connection: Connection) -> RecordEntry | None:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            return RecordEntry(
                id=row.id, at_ms=row.at_ms, by=row.by, handle=row.handle, deed=Deed(row.deed), detail=row.detail
            )

        return await self._work.read(work)

    async def post(self, post: int, author: int) -> tuple[str, Reading | None]:
        """The handle of somebody who has posted, empty for who is gone; and a post that everybody may read."""

        def work(connection: Connection) -> tuple[str, Reading | None]:
            person = actors_of(connection, [author]).get(author)
            return person.handle if person else "", next(iter(read_posts(connection, [post], None)), None)

        return await self._work.read(work)

    async def _set(self, number: int, **values: Any) -> None:
        def work(connection: Connection) -> None:
            if not connection.execute(update(_TABLE).where(_TABLE.c.number == number).values(**values)).rowcount:
                raise _missing()

        await self._work.write(work)

    async def _execute(self, query: Any) -> None:
        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)


def order_events(connection: Connection, space: Space, first: int, *, at_ms: int) -> None:
    """Orders that webhooks are told of a space's events from version ``first`` to the newest, in their transaction."""
    if _anybody(connection, space.id):
        payload: dict[str, str | int] = {"space": space.id, "first": first, "last": space.version}
        add_jobs(connection, [Wanted(TELL, f"{space.id}.{first}", payload=payload)], now_ms=at_ms)


def order_deed(connection: Connection, number: int, *, at_ms: int) -> None:
    """The same of an entry of the record of accounts."""
    if _anybody(connection, ""):
        add_jobs(connection, [Wanted(TELL, f"deed.{number}", payload={"deed": number})], now_ms=at_ms)


def order_post(connection: Connection, done: PostDeed, post: Post, *, at_ms: int) -> None:
    """The same of what was done to a post, where everybody may read it."""
    if post.visibility in OPEN and post.boost_of is None and _anybody(connection, ""):
        payload: dict[str, str | int] = {
            "post": f"{post.id}", "done": done.value, "author": f"{post.author}", "at": at_ms
        }  # fmt: skip
        add_jobs(connection, [Wanted(TELL, f"post.{post.id}.{done.value}", payload=payload)], now_ms=at_ms)


def _anybody(connection: Connection, space: str) -> bool:
    query = select(_TABLE.c.number).where(_TABLE.c.space.in_({"", space}), _TABLE.c.disabled_ms.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def _values(hook: Webhook) -> dict[str, Any]:
    return msgspec.structs.asdict(hook) | {"events": msgspec.json.encode(hook.events).decode()}


def _hook(row: Any) -> Webhook:
    values = {name: value for name, value in row.items() if name not in ("secret", "old_secret")}
    return Webhook(**{**values, "events": _names.decode(row["events"])})


def _missing() -> NotFound:
    return NotFound("There is no such webhook.", code="webhook-not-found")

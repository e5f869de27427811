"""Which apps want push messages of what, and the notification that one is about, as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.social.alerts import JOB, AlertPolicy
from stentor.social.notices import NoticeBox
from stentor.store import social_tables
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.push_tables import push_subscriptions as table
from stentor.store.work import Work

_FOLLOWS: Final = social_tables.follows.c


class PushSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """An app that wants push messages. ``address`` is sealed; ``token`` is the number of the app's token."""

    number: int
    token: str
    actor: int
    host: str
    address: str
    alerts: frozenset[str]
    policy: AlertPolicy
    standard: bool
    language: str
    made_ms: int


class AlertsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def keep(self, wanted: PushSubscription) -> PushSubscription:
        """One for each token: another one takes its place. Its number is new."""
        values = msgspec.structs.asdict(wanted)
        values |= {"alerts": " ".join(sorted(wanted.alerts)), "standard": int(wanted.standard)}
        del values["number"]

        def work(connection: Connection) -> PushSubscription:
            connection.execute(delete(table).where(table.c.token == wanted.token))
            row = connection.execute(insert(table).values(values).returning(*table.c)).mappings().one()
            return _subscription(row)

        try:
            return await self._work.write(work)
        except IntegrityError:  # two at once
            return await self._work.write(work)

    async def change(self, token: str, alerts: frozenset[str], policy: AlertPolicy) -> PushSubscription | None:
        """Other wishes; None where there is none."""
        query = update(table).where(table.c.token == token).values(alerts=" ".join(sorted(alerts)), policy=policy.value)

        def work(connection: Connection) -> PushSubscription | None:
            row = connection.execute(query.returning(*table.c)).mappings().one_or_none()
            return _subscription(row) if row is not None else None

        return await self._work.write(work)

    async def of_token(self, token: str) -> PushSubscription | None:
        found = await self._read(table.c.token == token)
        return found[0] if found else None

    async def of_actor(self, actor: int) -> Sequence[PushSubscription]:
        return await self._read(table.c.actor == actor)

    async def get(self, number: int) -> PushSubscription | None:
        found = await self._read(table.c.number == number)
        return found[0] if found else None

    async def drop(self, *, token: str = "", number: int = 0) -> None:
        """Forgets one; none is no error."""
        query = delete(table).where(table.c.token == token if token else table.c.number == number)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

    async def standing(self, me: int, other: int) -> tuple[bool, bool]:
        """Whether somebody follows another, and whether that one follows them."""
        granted = _FOLLOWS.state == "granted"
        mine, theirs = (
            exists().where(_FOLLOWS.follower == one, _FOLLOWS.followee == two, granted)
            for one, two in ((me, other), (other, me))
        )
        query = select(mine, theirs)

        def work(connection: Connection) -> tuple[bool, bool]:
            follows, followed = connection.execute(query).one()
            return bool(follows), bool(followed)

        return await self._work.read(work)

    async def _read(self, where: Any) -> list[PushSubscription]:
        query = select(table).where(where).order_by(table.c.number)
        return await self._work.read(
            lambda connection: [_subscription(row) for row in connection.execute(query).mappings()]
        )


def order_alert(connection: Connection, to: int, notice: int, where: NoticeBox, *, now_ms: int) -> None:
    """Orders that apps are told of a notification, in the transaction that makes it, if any wants that."""
    if where is not NoticeBox.MAIN:
        return
    if connection.execute(select(table.c.number).where(table.c.actor == to).limit(1)).first() is not None:
        add_jobs(connection, [Wanted(JOB, f"{notice}", payload={"to": to})], now_ms=now_ms)


def _subscription(row: Any) -> PushSubscription:
    values = {name: row[name] for name in PushSubscription.__struct_fields__}
    values |= {
        "alerts": frozenset(row["alerts"].split()),
        "policy": AlertPolicy(row["policy"]),
        "standard": bool(row["standard"]),
    }
    return PushSubscription(**values)

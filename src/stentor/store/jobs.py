"""Jobs: what was decided and is still to be done. A row is written in the transaction that decides it, and survives.

Whoever decides calls :func:`add_jobs` inside that transaction; a house does them (``house.duty.jobs``, which says how
to add a kind). What is done is kept for :data:`KEPT_MS`, so that people can be told, and then forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from stentor.store import tables
from stentor.store.work import Work

KEPT_MS: Final = 30 * 24 * 3_600_000
"""So long somebody may look whether what they asked for was done."""
_TABLE = tables.jobs


class Wanted(msgspec.Struct, frozen=True):
    """A job as it is ordered. ``kind`` chooses who does it, ``key`` names what it is done to (a space, an account).

    ``subject`` joins the jobs of one decision, such as ``account 17``: by it they are looked up. ``payload`` is what
    is needed to do it, as JSON: ids, not copies of what can be read then.
    """

    kind: str
    key: str
    subject: str = ""
    payload: Mapping[str, str | int] = {}


class Job(msgspec.Struct, frozen=True):
    """A job as it is kept. Times are ms since 1970 (UTC)."""

    id: int
    kind: str
    key: str
    subject: str
    payload: Mapping[str, str | int]
    made_ms: int
    due_ms: int
    """It is tried from then on."""
    attempts: int
    """How often it was tried without success."""
    trouble: str
    """The code of the error that it met last; empty without one."""
    done_ms: int | None


class Progress(msgspec.Struct, frozen=True):
    """How far the jobs of one kind are, of one subject."""

    kind: str
    jobs: int
    done: int
    trouble: str
    """What one that waits met last; empty when nothing went wrong."""


_payloads = msgspec.json.Decoder(dict[str, str | int])


def add_jobs(connection: Connection, wanted: Sequence[Wanted], *, now_ms: int, after_ms: int = 0) -> None:
    """Orders jobs inside a transaction of the caller's, to be done ``after_ms`` from now or later.

    Each is done at least once: doing it again must do no harm.
    """
    rows = [
        {
            "kind": each.kind,
            "key": each.key,
            "subject": each.subject,
            "payload": msgspec.json.encode(each.payload).decode(),
            "made_ms": now_ms,
            "due_ms": now_ms + after_ms,
            "attempts": 0,
            "trouble": "",
        }
        for each in wanted
    ]
    if rows:
        connection.execute(insert(_TABLE), rows)


def finish_jobs(connection: Connection, kind: str, key: str, *, now_ms: int) -> None:
    """Notes inside a transaction of the caller's that what waits of a kind for ``key`` is done, or needed no more."""
    mine = _TABLE.c.kind == kind, _TABLE.c.key == key
    connection.execute(update(_TABLE).where(tables.WAITING, *mine).values(done_ms=now_ms, trouble=""))


class JobTrouble(msgspec.Struct, frozen=True):
    """A job that met something: it waits to be tried again, or was given up."""

    key: str
    subject: str
    trouble: str
    made_ms: int
    due_ms: int
    done_ms: int | None


class Jobs:
    """The jobs of some kinds: ``only`` these, or all ``but`` those, or all.

    Methods may raise :class:`Overloaded` when the database does not answer.
    """

    def __init__(self, work: Work, *, only: str = "", but: Collection[str] = ()) -> None:
        self._work = work
        self._mine = _TABLE.c.kind == only if only else _TABLE.c.kind.not_in(sorted(but))

    async def add(self, wanted: Sequence[Wanted], *, now_ms: int, after_ms: int = 0) -> None:
        """Orders jobs by themselves; what is decided with them belongs into one transaction: :func:`add_jobs`."""
        await self._work.write(lambda connection: add_jobs(connection, wanted, now_ms=now_ms, after_ms=after_ms))

    async def due(self, now_ms: int, *, limit: int) -> Sequence[Job]:
        """Those to be tried now, the ones that wait longest first."""
        query = select(_TABLE).where(tables.WAITING, _TABLE.c.due_ms <= now_ms, self._mine)
        query = query.order_by(_TABLE.c.due_ms, _TABLE.c.id).limit(limit)

        def work(connection: Connection) -> Sequence[Job]:
            return [
                Job(**{**row, "payload": _payloads.decode(row["payload"])})
                for row in connection.execute(query).mappings()
            ]

        return await self._work.read(work)

    async def done(self, job: int, *, now_ms: int, trouble: str = "") -> None:
        """Notes that a job is done; or, with the code of a ``trouble``, that it was given up for it."""
        await self._set(job, done_ms=now_ms, trouble=trouble)

    async def failed(self, job: Job, *, trouble: str, due_ms: int) -> None:
        """Notes that a job could not be done, and when it is tried again."""
        await self._set(job.id, attempts=job.attempts + 1, trouble=trouble, due_ms=due_ms)

    async def progress(self, subject: str) -> Sequence[Progress]:
        """How far the jobs of a subject are, by kind in alphabetical order; those forgotten are not counted."""
        table = _TABLE
        query = select(
            table.c.kind,
            func.count().label("jobs"),
            func.count(table.c.done_ms).label("done"),
            func.max(table.c.trouble).label("trouble"),
        )
        query = query.where(table.c.subject == subject).group_by(table.c.kind).order_by(table.c.kind)

        def work(connection: Connection) -> Sequence[Progress]:
            return [Progress(row.kind, row.jobs, row.done, row.trouble) for row in connection.execute(query)]

        return await self._work.read(work)

    async def waiting(self) -> int:
        """How many are not done."""
        query = select(func.count()).select_from(_TABLE).where(tables.WAITING, self._mine)
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def troubles(self, *, limit: int) -> Sequence[JobTrouble]:
        """Those that met something, the newest first."""
        columns = [_TABLE.c[name] for name in JobTrouble.__struct_fields__]
        query = select(*columns).where(self._mine, _TABLE.c.trouble != "").order_by(_TABLE.c.id.desc()).limit(limit)

        def work(connection: Connection) -> Sequence[JobTrouble]:
            return [JobTrouble(**row) for row in connection.execute(query).mappings()]

        return await self._work.read(work)

    async def newest(self, key: str) -> int | None:
        """When the last job of a key is or was due; None without one."""
        query = select(func.max(_TABLE.c.due_ms)).where(self._mine, _TABLE.c.key == key)
        return await self._work.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def forget(self, *, now_ms: int) -> None:
        """Forgets what was done long ago."""
        query = delete(_TABLE).where(_TABLE.c.done_ms < now_ms - KEPT_MS, self._mine)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

    async def _set(self, job: int, **values: object) -> None:
        query = update(_TABLE).where(_TABLE.c.id == job).values(**values)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self._work.write(work)

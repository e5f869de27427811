"""Shows, their dates, and templates in the database.

A show is written on top of the version that was read, and with it the job that makes its next dates, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Conflict, NotFound
from stentor.spaces.blueprint import Blueprint, Planned
from stentor.spaces.model import Space, State
from stentor.spaces.shows import MOST_SHOWS, MOST_TOLD, Occurrence, Show
from stentor.store import tables
from stentor.store.jobs import Wanted, add_jobs
from stentor.store.show_tables import occurrences, show_people, shows, templates
from stentor.store.work import Work

PLAN: Final = "plan-show"
"""A kind of job; its key is the show."""
MOST_TEMPLATES: Final = 50
MOST_LISTED: Final = 200
_show = msgspec.json.Decoder(Show)
_space = msgspec.json.Decoder(Space)
_planned = msgspec.json.Decoder(Planned)
_blueprint = msgspec.json.Decoder(Blueprint)


class Template(msgspec.Struct, frozen=True):
    """A space's settings under a name."""

    id: str
    name: str
    blueprint: Blueprint


class ShowsTable:
    """Methods may raise :class:`Overloaded` when the database does not answer; then nothing is half done."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def create(self, show: Show, *, now_ms: int) -> None:
        """Raises :class:`Conflict` for an id that is taken, and for whoever has :data:`MOST_SHOWS` that go on."""

        def work(connection: Connection) -> None:
            if show.owner and _going_on(connection, show.owner) >= MOST_SHOWS:
                raise Conflict(
                    f"You have {MOST_SHOWS} shows already; end one before you make another.", code="too-many-shows"
                )
            try:
                connection.execute(insert(shows).values(made_ms=show.made_ms, **_row(show)))
            except IntegrityError as error:
                detail = f"There is a show {show.id!r} already; choose another id."
                raise Conflict(detail, code="show-exists") from error
            _write_people(connection, show)
            order_plan(connection, show.id, now_ms=now_ms)

        await self._work.write(work)

    async def load(self, show: str) -> Show:
        """Raises :class:`NotFound`."""
        return await self._work.read(lambda connection: _load(connection, show))

    async def of_account(self, account: str | None) -> Sequence[Show]:
        """Those that an account leads, the newest first; None for all, at most :data:`MOST_LISTED`."""
        query = select(shows.c.body).order_by(shows.c.made_ms.desc(), shows.c.id).limit(MOST_LISTED)
        if account is not None:
            query = query.join(show_people, show_people.c.show == shows.c.id).where(show_people.c.account == account)
        return await self._work.read(
            lambda connection: [_show.decode(body) for body in connection.execute(query).scalars()]
        )

    async def change(self, show: str, decide: Callable[[Show], Show], *, now_ms: int) -> Show:
        """What ``decide`` makes of a show; it is pure, and asked again where another writer was faster."""

        def attempt(connection: Connection) -> Show | None:
            before = _load(connection, show)
            after = decide(before)
            if after == before:
                return before
            after = msgspec.structs.replace(after, version=before.version + 1)
            mine = update(shows).where(shows.c.id == show, shows.c.version == before.version)
            if connection.execute(mine.values(**_row(after))).rowcount != 1:
                return None
            _write_people(connection, after)
            order_plan(connection, show, now_ms=now_ms)
            return after

        return await self._work.settle(attempt)

    async def dates(self, show: str, since: str) -> Sequence[tuple[Occurrence, Space]]:
        """The dates from ``since`` on that have a space, and earlier ones that have not begun, in order."""
        query = (
            select(occurrences, tables.spaces.c.body)
            .join(tables.spaces, tables.spaces.c.id == occurrences.c.space)
            .where(
                occurrences.c.show == show,
                (occurrences.c.date >= since) | (tables.spaces.c.state == State.SCHEDULED.value),
            )
            .order_by(occurrences.c.date, occurrences.c.space)
        )

        def work(connection: Connection) -> Sequence[tuple[Occurrence, Space]]:
            return [
                (Occurrence(row.date, row.space, _planned.decode(row.planned)), _space.decode(row.body))
                for row in connection.execute(query)
            ]

        return await self._work.read(work)

    async def told(self, show: str) -> Sequence[Space]:
        """The newest :data:`MOST_TOLD` spaces of a show, by their time."""
        query = (
            select(tables.spaces.c.body)
            .join(occurrences, tables.spaces.c.id == occurrences.c.space)
            .where(occurrences.c.show == show)
            .order_by(tables.spaces.c.when_ms.desc())
            .limit(MOST_TOLD)
        )
        return await self._work.read(
            lambda connection: [_space.decode(body) for body in connection.execute(query).scalars()]
        )

    async def note(self, show: str, each: Occurrence) -> None:
        """Keeps that a date has a space, and what was laid over it."""
        values = {"show": show, "date": each.date, "planned": msgspec.json.encode(each.planned).decode()}

        def work(connection: Connection) -> None:
            mine = update(occurrences).where(occurrences.c.space == each.space)
            if connection.execute(mine.values(**values)).rowcount == 0:
                connection.execute(insert(occurrences).values(space=each.space, **values))

        await self._work.write(work)

    async def look_again(self, show: str, due_ms: int, *, now_ms: int) -> None:
        """Orders the next look at a show's dates, in the place of one that was ordered before."""
        await self._work.write(lambda connection: order_plan(connection, show, now_ms=now_ms, due_ms=due_ms))

    # Templates

    async def add_template(self, account: str, template: Template, *, now_ms: int) -> None:
        """Raises :class:`Conflict` for too many, and for a name that is taken."""

        def work(connection: Connection) -> None:
            names = set(connection.execute(select(templates.c.name).where(templates.c.account == account)).scalars())
            if template.name in names:
                raise Conflict("You have a template of this name; choose another one.", code="template-exists")
            if len(names) >= MOST_TEMPLATES:
                raise Conflict(f"You have {MOST_TEMPLATES} templates; remove one first.", code="too-many-templates")
            body = msgspec.json.encode(template.blueprint).decode()
            connection.execute(
                insert(templates).values(id=template.id, account=account, name=template.name, made_ms=now_ms, body=body)
            )

        await self._work.write(work)

    async def templates(self, account: str) -> Sequence[Template]:
        """An account's, the newest first."""
        query = select(templates).where(templates.c.account == account)
        query = query.order_by(templates.c.made_ms.desc(), templates.c.id)

        def work(connection: Connection) -> Sequence[Template]:
            return [Template(row.id, row.name, _blueprint.decode(row.body)) for row in connection.execute(query)]

        return await self._work.read(work)

    async def drop_template(self, account: str, template: str) -> None:
        """Raises :class:`NotFound`."""
        theirs = (templates.c.account == account) & (templates.c.id == template)

        def work(connection: Connection) -> None:
            if connection.execute(delete(templates).where(theirs)).rowcount == 0:
                raise NotFound("There is no such template.", code="template-not-found")

        await self._work.write(work)


def order_plan(connection: Connection, show: str, *, now_ms: int, due_ms: int | None = None) -> None:
    """Orders a look at a show's dates; one that waits already is not done besides."""
    jobs = tables.jobs
    waits = (jobs.c.kind == PLAN) & (jobs.c.key == show) & tables.WAITING & (jobs.c.due_ms > now_ms)
    connection.execute(delete(jobs).where(waits))
    after_ms = max(0, due_ms - now_ms) if due_ms is not None else 0
    add_jobs(connection, [Wanted(PLAN, show)], now_ms=now_ms, after_ms=after_ms)


def forget_account(connection: Connection, account: str, now_ms: int) -> None:
    """Takes somebody out of shows and templates: a co-owner leads on, and a show that nobody leads ends."""
    connection.execute(delete(templates).where(templates.c.account == account))
    theirs = select(show_people.c.show).where(show_people.c.account == account)
    for body in connection.execute(select(shows.c.body).where(shows.c.id.in_(theirs))).scalars().all():
        show = _show.decode(body)
        after = without(show, account, now_ms)
        connection.execute(
            update(shows)
            .where(shows.c.id == show.id)
            .values(**_row(msgspec.structs.replace(after, version=show.version + 1)))
        )
        _write_people(connection, after)
        order_plan(connection, show.id, now_ms=now_ms)


def without(show: Show, account: str, now_ms: int) -> Show:
    """The show without somebody: the first co-owner takes the owner's place; without one it ends."""
    left = tuple(each for each in show.co_hosts if each != account)
    if account != show.owner:
        return msgspec.structs.replace(show, co_hosts=left)
    if not left:
        return msgspec.structs.replace(show, owner="", host_name="", co_hosts=(), ended_ms=show.ended_ms or now_ms)
    return msgspec.structs.replace(show, owner=left[0], host_name="", co_hosts=left[1:])


def _load(connection: Connection, show: str) -> Show:
    body = connection.execute(select(shows.c.body).where(shows.c.id == show)).scalar_one_or_none()
    if body is None:
        raise NotFound("There is no such show.", code="show-not-found")
    return _show.decode(body)


def _going_on(connection: Connection, owner: str) -> int:
    bodies = connection.execute(select(shows.c.body).where(shows.c.owner == owner)).scalars()
    return sum(_show.decode(body).ended_ms is None for body in bodies)


def _row(show: Show) -> dict[str, object]:
    body = msgspec.json.encode(show).decode()
    return {"id": show.id, "version": show.version, "owner": show.owner, "body": body}


def _write_people(connection: Connection, show: Show) -> None:
    connection.execute(delete(show_people).where(show_people.c.show == show.id))
    people = sorted({show.owner, *show.co_hosts} - {""})
    if people:
        connection.execute(insert(show_people), [{"account": each, "show": show.id} for each in people])

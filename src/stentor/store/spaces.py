"""Spaces in the database: every change appends events and writes the state they make, in one transaction.

Two writers never lose each other's change: the state is written only on top of the version that was read, else
everything is decided again on the new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, select, union_all, update
from sqlalchemy.exc import IntegrityError

from stentor.base.errors import Conflict, NotFound
from stentor.spaces import events as e
from stentor.spaces.events import Event
from stentor.spaces.model import Space, State
from stentor.spaces.rules import apply
from stentor.store import tables
from stentor.store.accounts import Accounts
from stentor.store.announcements import order_announcement
from stentor.store.board import BoardTable
from stentor.store.database import open_engine
from stentor.store.outlets import order_outlets
from stentor.store.persons import forget_names, give_names, take_names
from stentor.store.recordings import Recording, read_recording, read_recordings, write_recording
from stentor.store.reminders import order_reminders
from stentor.store.removals import RemovalsTable, order_removals
from stentor.store.retention import RetentionTable
from stentor.store.schema import migrate
from stentor.store.seats import MakerLimits, read_spaces_of, require_room, write_seats
from stentor.store.webhooks import order_events
from stentor.store.work import Work, transaction

MOST_LISTED = 1000
MOST_EVENTS = 10_000
"""A speaker whose line breaks every ten seconds leaves so many in a day."""

NO_LIMITS = MakerLimits()

Decide = Callable[[Space], Sequence[Event]]

_decoder = msgspec.json.Decoder(Space)


class Store:
    """The database, for coroutines. Work is done in at most four threads of its own, off the loop.

    Every method may raise :class:`Overloaded` when the database does not answer; nothing is half written then. A
    coroutine that is cancelled does not stop its transaction: it may still be done.
    """

    def __init__(self, engine: Engine) -> None:
        self.work = Work(engine)
        self.accounts = Accounts(self.work)
        self.board = BoardTable(self.work)
        self.removals = RemovalsTable(self.work)
        self.retention = RetentionTable(self.work)

    @classmethod
    async def open(cls, url: str, *, whole: bool = False) -> Store:
        """Opens ``sqlite:///…`` or ``postgresql://…`` and brings its tables to this version.

        With ``whole`` a SQLite database is looked through for damage.

        Raises :class:`~stentor.base.errors.SetupError` with a sentence for the operator.
        """
        return await asyncio.to_thread(cls._open, url, whole)

    @classmethod
    def _open(cls, url: str, whole: bool) -> Store:
        engine = open_engine(url, whole=whole)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    async def close(self) -> None:
        """Waits for what is under way and closes the connections."""
        await self.work.close()

    async def used(self) -> bool:
        """Whether anybody has made a space or an account here: then keys were given out as well."""

        def work() -> bool:
            with transaction(self.work.engine) as connection:
                return any(
                    connection.execute(select(table.c.id).limit(1)).first() is not None
                    for table in (tables.spaces, tables.accounts)
                )

        return await self.work.run(work)

    async def create(self, events: Sequence[Event], *, creator: str = "", limits: MakerLimits = NO_LIMITS) -> Space:
        """Stores a new space made by its first events; raises :class:`Conflict` when its id is taken.

        ``creator`` is the account that makes it, empty for an administrator; raises what ``require_room`` does.
        """

        def work() -> Space:
            space = _fold(None, events)
            with transaction(self.work.writer) as connection:
                require_room(connection, creator, limits, space.created_ms)
                try:
                    connection.execute(insert(tables.spaces).values(id=space.id, creator=creator, **_row(space)))
                except IntegrityError as error:
                    detail = f"There is a space {space.id!r} already; choose another id."
                    raise Conflict(detail, code="space-exists") from error
                _append(connection, space, events)
                write_seats(connection, space, None)
            return space

        return await self.work.run(work)

    async def load(self, space: str) -> Space:
        """The space as it is now; raises :class:`NotFound`."""

        def work() -> Space:
            with transaction(self.work.engine) as connection:
                return load_space(connection, space)

        return await self.work.run(work)

    async def of_account(self, account: str) -> Sequence[Space]:
        """All spaces in which an account has a seat, the newest first."""
        return await self.work.read(lambda connection: read_spaces_of(connection, account))

    async def change(self, space: str, decide: Decide) -> tuple[Space, list[Event]]:
        """Loads a space, lets ``decide`` say what happens to it, stores both; returns the new state and the events.

        ``decide`` is pure (it runs in a thread, and again when another writer was faster); what it raises comes
        through and nothing is stored. Raises :class:`NotFound`.
        """

        return await self.work.settle(lambda connection: change_space(connection, space, decide))

    async def events(self, space: str, *, after: int = 0, limit: int = MOST_EVENTS) -> Sequence[Event]:
        """As :meth:`history`, without the versions."""
        return [event for _, event in await self.history(space, after=after, limit=limit)]

    async def history(self, space: str, *, after: int = 0, limit: int = MOST_EVENTS) -> Sequence[tuple[int, Event]]:
        """What happened to a space after version ``after``, in order, each with the version that it made.

        Versions are missing where events were removed after their time. At most 10,000 at a time, the earliest; go on
        with the last one's version. Raises :class:`NotFound`.
        """

        def work() -> Sequence[tuple[int, Event]]:
            table = tables.events
            query = select(table.c.version, table.c.body).where(table.c.space == space, table.c.version > after)
            query = query.order_by(table.c.version).limit(min(limit, MOST_EVENTS))
            with transaction(self.work.engine) as connection:
                load_space(connection, space)
                rows = connection.execute(query).all()
                events = give_names(connection, space, [e.decode(row.body) for row in rows])
                return [(row.version, event) for row, event in zip(rows, events, strict=True)]

        return await self.work.run(work)

    async def record(self, recording: Recording) -> None:
        """Notes a finished recording, once a space: a later one takes its place. Raises :class:`NotFound`."""

        def work() -> None:
            with transaction(self.work.writer) as connection:
                load_space(connection, recording.space)
                write_recording(connection, recording)

        await self.work.run(work)

    async def recording(self, space: str) -> Recording | None:
        """The recording of a space, None while there is none."""

        def work() -> Recording | None:
            with transaction(self.work.engine) as connection:
                return read_recording(connection, space)

        return await self.work.run(work)

    async def recordings(self, *, limit: int = 100, offset: int = 0) -> Sequence[Recording]:
        """The newest recordings, at most 1000."""

        def work() -> Sequence[Recording]:
            with transaction(self.work.engine) as connection:
                return read_recordings(connection, limit=min(limit, MOST_LISTED), offset=offset)

        return await self.work.run(work)

    async def count(self, states: Collection[State] = tuple(State)) -> int:
        """How many spaces are in one of the states."""

        def work() -> int:
            query = select(func.count()).select_from(tables.spaces).where(_in(states))
            with transaction(self.work.engine) as connection:
                return int(connection.execute(query).scalar_one())

        return await self.work.run(work)

    async def list(
        self, states: Collection[State] = tuple(State), *, limit: int = 100, offset: int = 0
    ) -> Sequence[Space]:
        """Spaces in one of the states, the newest first, at most 1000 at a time."""

        if not states:
            return []
        query = _newest(states, limit=min(limit, MOST_LISTED), offset=offset)

        def work() -> Sequence[Space]:
            with transaction(self.work.engine) as connection:
                return [_decoder.decode(row.body) for row in connection.execute(query)]

        return await self.work.run(work)


def load_space(connection: Connection, space: str, *, lock: bool = False) -> Space:
    """The space inside a transaction, which with ``lock`` waits for others that change it; raises :class:`NotFound`."""
    query = select(tables.spaces.c.body).where(tables.spaces.c.id == space)
    body = connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if body is None:
        raise NotFound("There is no such space.", code="space-not-found")
    return _decoder.decode(body)


def change_space(connection: Connection, space: str, decide: Decide) -> tuple[Space, list[Event]] | None:
    """What :meth:`Store.change` does, inside a transaction; None when another writer was faster: nothing is done."""
    before = load_space(connection, space)
    events = list(decide(before))
    if not events:
        return before, events
    after = _fold(before, events)
    mine = update(tables.spaces).where(tables.spaces.c.id == space, tables.spaces.c.version == before.version)
    if connection.execute(mine.values(**_row(after))).rowcount != 1:
        return None
    _append(connection, after, events)
    write_seats(connection, after, before)
    forget_names(connection, after, events)
    order_removals(connection, after, events)
    return after, events


def _fold(space: Space | None, events: Sequence[Event]) -> Space:
    for event in events:
        space = apply(space, event)
    if space is None:
        raise ValueError("a space begins with an event")
    return space


def _in(states: Collection[State]) -> ColumnElement[bool]:
    return tables.spaces.c.state.in_([state.value for state in states])


def _newest(states: Collection[State], *, limit: int, offset: int) -> Select[tuple[str]]:
    """Bodies, the newest first; each state by its own index, for almost all spaces may be in another one."""
    table = tables.spaces
    columns = table.c.body, table.c.created_ms, table.c.id
    order = table.c.created_ms.desc(), table.c.id
    parts = [
        select(select(*columns).where(_in([state])).order_by(*order).limit(offset + limit).subquery())
        for state in states
    ]
    found = union_all(*parts).subquery()
    return select(found.c.body).order_by(found.c.created_ms.desc(), found.c.id).limit(limit).offset(offset)


def _row(space: Space) -> dict[str, object]:
    return {
        "version": space.version,
        "state": space.state.value,
        "created_ms": space.created_ms,
        "when_ms": space.when_ms,
        "body": msgspec.json.encode(space).decode(),
    }


def _append(connection: Connection, space: Space, events: Sequence[Event]) -> None:
    """Writes the events that led to ``space``, the last of them to its version."""
    first = space.version - len(events) + 1
    rows = [
        {
            "space": space.id,
            "version": version,
            "kind": e.kind(event),
            "at_ms": event.at_ms,
            "body": e.encode(event).decode(),
        }
        for version, event in enumerate(take_names(connection, space.id, events), first)
    ]
    connection.execute(insert(tables.events), rows)
    order_events(connection, space, first, at_ms=events[-1].at_ms)
    order_announcement(connection, space, events)
    order_reminders(connection, space, events)
    order_outlets(connection, space, events)

"""The line of those who ask to speak, in the database so that it outlives a house: only who waits, nobody answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Delete, delete, insert, select

from stentor.base.errors import NotAllowed, NotFound
from stentor.base.units import SeatId, SpaceId
from stentor.spaces.events import Event
from stentor.spaces.model import Space
from stentor.spaces.requests import SpeakRequest
from stentor.store import tables
from stentor.store.decisions import require_free
from stentor.store.spaces import change_space, load_space
from stentor.store.work import Work

Admit = Callable[[Space, Sequence[SpeakRequest], SpeakRequest], SpeakRequest]
Answer = Callable[[Space, SpeakRequest], Sequence[Event]]


class Requests:
    """The lines of all spaces. Methods raise what those of :class:`~stentor.store.spaces.Store` raise."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def look(self, space: SpaceId) -> tuple[Space, Sequence[SpeakRequest]]:
        """A space and who waits in it, the next one first; whoever has a seat by now waits no more."""

        def work(connection: Connection) -> tuple[Space, Sequence[SpeakRequest]]:
            return _look(connection, space)

        return await self._work.read(work)

    async def add(
        self, space: SpaceId, request: SpeakRequest, admit: Admit, *, account: str = "", device: str = ""
    ) -> tuple[Space, Sequence[SpeakRequest]]:
        """Puts what ``admit`` makes of a request into the line, or changes its name; what it raises comes through.

        ``account`` is whose it is, so that it goes with the account; ``device`` the one that signed in last in a
        guest's browser: what binds it binds the guest.
        Writers wait for each other, so the line never gets longer than ``admit`` lets it.
        """

        def work(connection: Connection) -> tuple[Space, Sequence[SpeakRequest]]:
            before, waiting = _look(connection, space, lock=True)
            require_free(connection, account or device, space, request.asked_ms)
            admitted = admit(before, waiting, request)
            connection.execute(_row(space, admitted.id))
            row = {"space": space, "id": admitted.id, "name": admitted.name, "asked_ms": admitted.asked_ms}
            connection.execute(insert(tables.requests).values(**row, account=account))
            return _look(connection, space)

        return await self._work.write(work)

    async def answer(self, space: SpaceId, request: SeatId, decide: Answer) -> tuple[Space, list[Event]]:
        """Changes a space for one who waits in it, and takes them out of the line: both, or nothing.

        Raises :class:`NotFound` for one who does not wait any more; what ``decide`` raises comes through.
        """

        def attempt(connection: Connection) -> tuple[Space, list[Event]] | None:
            _, waiting = _look(connection, space, lock=True)
            asked = next((each for each in waiting if each.id == request), None)
            if asked is None:
                raise NotFound("This person does not wait any more.", code="request-not-found")
            done = change_space(connection, space, lambda before: decide(before, asked))
            if done is not None:
                connection.execute(_row(space, request))
            return done

        return await self._work.settle(attempt)

    async def require_listed(self, space: SpaceId, account: str) -> None:
        """Raises :class:`NotAllowed` where a space has a list of listeners and an account is not on it."""
        table = tables.invited_listeners

        def work(connection: Connection) -> bool:
            listed = select(table.c.account).where(table.c.space == space)
            if connection.execute(listed.where(table.c.account == account)).first() is not None:
                return True
            return connection.execute(listed.limit(1)).first() is None

        if not await self._work.read(work):
            raise NotAllowed("In this space only people on its list of listeners ask to speak.", code="not-on-list")

    async def account_of(self, space: SpaceId, request: SeatId) -> str:
        """Whose request it is: the id of an account, empty for a guest."""
        table = tables.requests
        query = select(table.c.account).where(table.c.space == space, table.c.id == request)
        return str(await self._work.read(lambda connection: connection.execute(query).scalar()) or "")

    async def drop_all(self, account: str, space: SpaceId | None = None) -> Sequence[SpaceId]:
        """Takes an account's requests out of all lines, or out of one; in which spaces there were some."""
        theirs = tables.requests.c.account == account
        if space is not None:
            theirs &= tables.requests.c.space == space

        def work(connection: Connection) -> Sequence[SpaceId]:
            gone = connection.execute(delete(tables.requests).where(theirs).returning(tables.requests.c.space))
            return [SpaceId(each) for each in gone.scalars()]

        return await self._work.write(work)

    async def drop(self, space: SpaceId, request: SeatId) -> None:
        """Takes a request out of the line; one that is not there is no error."""

        def work(connection: Connection) -> None:
            connection.execute(_row(space, request))

        await self._work.write(work)


def _row(space: SpaceId, request: SeatId) -> Delete:
    """Takes one out of the line."""
    return delete(tables.requests).where(tables.requests.c.space == space, tables.requests.c.id == request)


def _look(connection: Connection, space: SpaceId, *, lock: bool = False) -> tuple[Space, Sequence[SpeakRequest]]:
    found = load_space(connection, space, lock=lock)
    table = tables.requests
    query = select(table.c.id, table.c.name, table.c.asked_ms).where(table.c.space == space)
    rows = connection.execute(query.order_by(table.c.asked_ms, table.c.id))
    waiting = [SpeakRequest(SeatId(row.id), row.name, row.asked_ms) for row in rows]
    return found, [each for each in waiting if each.id not in found.seats and each.id not in found.banned]

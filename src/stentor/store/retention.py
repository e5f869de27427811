"""What spaces that are over have left behind, and how much room recordings take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from stentor.base.errors import Conflict
from stentor.spaces import events as e
from stentor.spaces import forecast
from stentor.spaces.event_base import EventBase
from stentor.spaces.model import ON_AIR, Space, State
from stentor.spaces.opening import opened_ms
from stentor.store import tables
from stentor.store.work import Work

GB: Final = 1e9
_UNFINISHED: Final = [state.value for state in (*sorted(ON_AIR), State.ENDED)]
_SPACES, _EVENTS, _RECORDINGS = tables.spaces, tables.events, tables.recordings
_decoder = msgspec.json.Decoder(Space)


class StorageLimits(msgspec.Struct, frozen=True):
    """Gigabytes that recordings may have: those of the site, those of the spaces that one account made; 0: any."""

    site_gb: float = 0.0
    account_gb: float = 0.0


NO_LIMITS: Final = StorageLimits()


class Place(NamedTuple):
    """Where a walk through all spaces has come to."""

    when_ms: int = -1
    id: str = ""


class RetentionTable:
    """Every method may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def over(self, state: State, after: Place, *, before_ms: int, limit: int) -> Sequence[Space]:
        """Spaces in ``state`` that ended before a time, from a place on, the oldest first; by index only."""
        when_ms, name = _SPACES.c.when_ms, _SPACES.c.id
        further = or_(when_ms > after.when_ms, and_(when_ms == after.when_ms, name > after.id))
        query = select(_SPACES.c.body).where(_SPACES.c.state == state.value, when_ms < before_ms, further)
        query = query.order_by(when_ms, name).limit(limit)

        def work(connection: Connection) -> Sequence[Space]:
            return [_decoder.decode(body) for body in connection.execute(query).scalars()]

        return await self._work.read(work)

    async def written(self, space: str) -> int:
        """How many things people wrote in a space are kept."""

        def work(connection: Connection) -> int:
            return sum(_count(connection, table.c.space == space) for table in tables.WRITTEN)

        return await self._work.read(work)

    async def forget_written(self, space: str) -> int:
        """Deletes what people wrote in a space; how much it was. A space has 5,000 comments at most."""

        def work(connection: Connection) -> int:
            return sum(
                connection.execute(delete(table).where(table.c.space == space)).rowcount for table in tables.WRITTEN
            )

        return await self._work.write(work)

    async def happened(self, space: str, kinds: Collection[type[EventBase]]) -> int:
        """How many events of these kinds are kept of a space."""
        return await self._work.read(lambda connection: _count(connection, _of(space, kinds)))

    async def forget_events(self, space: str, kinds: Collection[type[EventBase]]) -> int:
        """Deletes the events of these kinds; how many there were. The others keep their versions."""
        query = delete(_EVENTS).where(_of(space, kinds))
        return await self._work.write(lambda connection: connection.execute(query).rowcount)

    async def holds(self, space: str) -> Sequence[str]:
        """The names of all hold music that a space ever had."""
        query = select(_EVENTS.c.body).where(_of(space, [e.HoldChanged]))

        def work(connection: Connection) -> Sequence[str]:
            found = [e.decode(body) for body in connection.execute(query).scalars()]
            return sorted({each.hold for each in found if isinstance(each, e.HoldChanged)})

        return await self._work.read(work)

    async def recorded_bytes(self, space: str) -> int:
        """Bytes of a complete recording; 0 without one."""
        query = select(_RECORDINGS.c.size_bytes).where(_RECORDINGS.c.space == space)
        return await self._work.read(lambda connection: int(connection.execute(query).scalar() or 0))

    async def used_bytes(self, now_ms: int, creator: str | None = None) -> int:
        """Bytes of all recordings, or of those of the spaces that an account made; what grows now is estimated."""
        return await self._work.read(lambda connection: _used(connection, now_ms, creator))

    async def require_room(self, space: str, limits: StorageLimits, now_ms: int) -> None:
        """Raises :class:`Conflict` (``recordings-full``) when a space may not be opened."""
        query = select(_SPACES.c.creator).where(_SPACES.c.id == space)

        def work(connection: Connection) -> None:
            require_bytes(connection, str(connection.execute(query).scalar() or ""), limits, now_ms)

        await self._work.read(work)


def require_bytes(connection: Connection, creator: str, limits: StorageLimits, now_ms: int) -> None:
    """Raises :class:`Conflict` (``recordings-full``) when recordings have all the room that the operator gives them.

    ``creator`` is the account of whose spaces it is asked; empty for none.
    """
    if limits.site_gb and (used := _used(connection, now_ms, None)) >= limits.site_gb * GB:
        raise Conflict(
            f"The recordings of this site have {used / GB:.1f} of {limits.site_gb:g} GB. Remove old ones, or ask "
            "whoever runs the site for more (STENTOR_QUOTA_GB); what is on now goes on.",
            code="recordings-full", used_bytes=used,
        )  # fmt: skip
    if creator and limits.account_gb and (used := _used(connection, now_ms, creator)) >= limits.account_gb * GB:
        raise Conflict(
            f"The recordings of the spaces you made have {used / GB:.1f} of {limits.account_gb:g} GB. Remove old ones, "
            "or ask whoever runs the site for more (STENTOR_ACCOUNT_GB); what is on now goes on.",
            code="recordings-full", used_bytes=used,
        )  # fmt: skip


def _used(connection: Connection, now_ms: int, creator: str | None) -> int:
    own = [] if creator is None else [_SPACES.c.creator == creator]
    complete = select(func.coalesce(func.sum(_RECORDINGS.c.size_bytes), 0))
    if own:
        complete = complete.join_from(_RECORDINGS, _SPACES, _SPACES.c.id == _RECORDINGS.c.space).where(*own)
    growing = select(_SPACES.c.body).where(_SPACES.c.state.in_(_UNFINISHED), *own)
    spaces = [_decoder.decode(body) for body in connection.execute(growing).scalars()]
    length_ms = sum((each.ended_ms or now_ms) - (opened_ms(each) or now_ms) for each in spaces)
    return int(connection.execute(complete).scalar_one()) + round(max(0, length_ms) / 1000 * forecast.SPACE_BYTES_S)


def _of(space: str, kinds: Collection[type[EventBase]]) -> ColumnElement[bool]:
    return and_(_EVENTS.c.space == space, _EVENTS.c.kind.in_([kind.__name__ for kind in kinds]))


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).where(where)).scalar_one())

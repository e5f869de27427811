"""In which spaces an account has a seat, and how many it made: rows beside the spaces, written with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from stentor.base.errors import Conflict, Overloaded
from stentor.spaces.model import OVER, Space, State
from stentor.store import tables
from stentor.store.retention import NO_LIMITS, StorageLimits, require_bytes

DAY_MS = 24 * 3_600_000
_decoder = msgspec.json.Decoder(Space)
_OPEN = [state.value for state in State if state not in OVER]


class MakerLimits(msgspec.Struct, frozen=True):
    """How many spaces one account may have open, and make within a day; 0 for any number."""

    open: int = 0
    day: int = 0
    room: StorageLimits = NO_LIMITS
    """For recordings."""


def accounts(space: Space | None) -> set[str]:
    """The accounts that have a seat in a space."""
    return {seat.account for seat in space.seats.values() if seat.account} if space is not None else set()


def write_seats(connection: Connection, space: Space, before: Space | None) -> None:
    """Keeps the rows of a space in step with its seats, in the transaction that changes it."""
    now, then = accounts(space), accounts(before)
    table = tables.seats
    if gone := then - now:
        connection.execute(delete(table).where(table.c.space == space.id, table.c.account.in_(gone)))
    if new := now - then:
        connection.execute(insert(table), [{"account": account, "space": space.id} for account in sorted(new)])


def read_spaces_of(connection: Connection, account: str) -> Sequence[Space]:
    """All spaces in which an account has a seat, the newest first."""
    spaces, seats = tables.spaces, tables.seats
    query = select(spaces.c.body).join(seats, seats.c.space == spaces.c.id).where(seats.c.account == account)
    rows = connection.execute(query.order_by(spaces.c.created_ms.desc(), spaces.c.id))
    return [_decoder.decode(row.body) for row in rows]


def require_room(connection: Connection, creator: str, limits: MakerLimits, now_ms: int) -> None:
    """Raises :class:`Conflict` or :class:`Overloaded` when an account has, or made, as many spaces as it may.

    ``creator`` is empty for an administrator, who may make any number while recordings have room.
    """
    require_bytes(connection, creator, limits.room, now_ms)
    if not creator:
        return
    if limits.open and _count(connection, creator, states=_OPEN) >= limits.open:
        raise Conflict(
            f"You have {limits.open} spaces that are open or announced; end or cancel one before you make another.",
            code="too-many-spaces",
        )
    if limits.day and _count(connection, creator, since_ms=now_ms - DAY_MS) >= limits.day:
        raise Overloaded(
            f"You made {limits.day} spaces within a day; the next one can be made tomorrow.",
            retry_after_s=3600.0, code="too-many-spaces", status=429,
        )  # fmt: skip


def _count(connection: Connection, creator: str, *, states: Collection[str] = (), since_ms: int = 0) -> int:
    table = tables.spaces
    query = select(func.count()).select_from(table).where(table.c.creator == creator, table.c.created_ms >= since_ms)
    if states:
        query = query.where(table.c.state.in_(states))
    return int(connection.execute(query).scalar_one())

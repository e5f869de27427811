"""The names of people in spaces: events hold a number, the name stands here alone and can be erased.

So events are never changed, and the record of a space stays whole when somebody wants to be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from stentor.spaces import events as e
from stentor.spaces.events import Event
from stentor.spaces.model import Space, erased_name
from stentor.spaces.retention import DataCategory
from stentor.store import tables

_TABLE = tables.persons


def take_names(connection: Connection, space: str, events: Sequence[Event]) -> list[Event]:
    """The events as they are stored: with numbers instead of names, which are kept beside them."""
    return [_take(connection, space, event) for event in events]


def give_names(connection: Connection, space: str, events: Sequence[Event]) -> list[Event]:
    """Stored events with the names that were not erased, as they happened."""
    query = select(_TABLE.c.number, _TABLE.c.name).where(_TABLE.c.space == space)
    names = {row.number: row.name for row in connection.execute(query)}
    return [_give(event, names) for event in events]


def erase_names(connection: Connection, account: str) -> list[str]:
    """Erases all names of an account's person; in which spaces there were some, also in seats that are gone."""
    mine = _TABLE.c.account == account
    spaces = list(connection.execute(select(_TABLE.c.space).where(mine).distinct()).scalars())
    connection.execute(update(_TABLE).where(mine).values(name=""))
    return spaces


def forget_names(connection: Connection, space: Space, events: Sequence[Event]) -> None:
    """Deletes the names of all who have no seat left, where ``events`` took the people out of ``space``."""
    if any(
        isinstance(each, e.SpaceRemoved) or (isinstance(each, e.LetGo) and each.part == DataCategory.PEOPLE)
        for each in events
    ):
        left = list(space.seats)
        connection.execute(delete(_TABLE).where(_TABLE.c.space == space.id, _TABLE.c.seat.not_in(left)))


def numbers_of(connection: Connection, space: str, account: str) -> Mapping[str, int]:
    """The seats that an account had in a space, and the numbers of its person there."""
    query = select(_TABLE.c.seat, _TABLE.c.number).where(_TABLE.c.space == space, _TABLE.c.account == account)
    return {row.seat: row.number for row in connection.execute(query.order_by(_TABLE.c.number))}


def _take(connection: Connection, space: str, event: Event) -> Event:
    replace = msgspec.structs.replace
    match event:
        case e.SpaceCreated(host_seat=seat, host_name=name, host_account=account):
            return replace(event, host_name="", person=_add(connection, space, seat, name, account))
        case e.SeatGiven(seat=seat, name=name):
            return replace(event, name="", person=_add(connection, space, seat, name, ""))
        case e.SeatBanned(seat=seat, name=name, account=account):
            number = _newest(connection, space, seat) or _add(connection, space, seat, name, account)
            return replace(event, name="", person=number)
        case e.SeatClaimed(seat=seat, account=account):
            mine = _TABLE.c.number == _newest(connection, space, seat)
            connection.execute(update(_TABLE).where(mine).values(account=account))
    return event


def _give(event: Event, names: Mapping[int, str]) -> Event:
    match event:
        case e.SpaceCreated(person=number) if number:
            return msgspec.structs.replace(event, host_name=names.get(number) or erased_name(number))
        case e.SeatGiven(person=number) | e.SeatBanned(person=number) if number:
            return msgspec.structs.replace(event, name=names.get(number) or erased_name(number))
    return event


def _add(connection: Connection, space: str, seat: str, name: str, account: str) -> int:
    row = {"space": space, "seat": seat, "name": name, "account": account}
    return int(connection.execute(insert(_TABLE).values(row).returning(_TABLE.c.number)).scalar_one())


def _newest(connection: Connection, space: str, seat: str) -> int:
    """The number of whom the seat was given to last; 0 where there is none."""
    query = select(_TABLE.c.number).where(_TABLE.c.space == space, _TABLE.c.seat == seat)
    return int(connection.execute(query.order_by(_TABLE.c.number.desc()).limit(1)).scalar() or 0)

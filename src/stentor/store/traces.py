"""What is kept about a person in spaces, for whoever takes all of theirs along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

import msgspec
from sqlalchemy import Connection, select

from stentor.spaces import events as e
from stentor.spaces.events import Event
from stentor.store import tables
from stentor.store.comments import Written
from stentor.store.persons import give_names
from stentor.store.work import Work

_SEATED: Final = tuple(kind.__name__ for kind in get_args(Event) if {"seat", "host_seat"} & set(kind.__struct_fields__))
"""Events that happen to somebody's seat."""


class Happened(msgspec.Struct, frozen=True):
    """An event of a space, and which version of it came of it."""

    space: str
    version: int
    event: Event


class Traces(msgspec.Struct, frozen=True):
    """Events of all seats that a person ever had, what they wrote to other hosts, and where they wait to speak."""

    events: Sequence[Happened]
    back_channel: Sequence[Written]
    requests: Sequence[str]


async def read_traces(work: Work, account: str) -> Traces:
    """All of an account, the oldest first in each space."""
    return await work.read(
        lambda connection: Traces(
            _events(connection, account), _back_channel(connection, account), _requests(connection, account)
        )
    )


def _events(connection: Connection, account: str) -> list[Happened]:
    persons, events = tables.persons, tables.events
    seats = {
        (row.space, row.seat)
        for row in connection.execute(select(persons.c.space, persons.c.seat).where(persons.c.account == account))
    }
    query = select(events.c.space, events.c.version, events.c.body).where(
        events.c.space.in_(select(persons.c.space).where(persons.c.account == account)), events.c.kind.in_(_SEATED)
    )
    found = []
    for row in connection.execute(query.order_by(events.c.space, events.c.version)):
        event = e.decode(row.body)
        seat = event.host_seat if isinstance(event, e.SpaceCreated) else getattr(event, "seat", "")
        if (row.space, seat) in seats:
            found.append(Happened(row.space, row.version, event))
    return _named(connection, found)


def _named(connection: Connection, found: list[Happened]) -> list[Happened]:
    by_space: dict[str, list[Happened]] = {}
    for each in found:
        by_space.setdefault(each.space, []).append(each)
    return [
        msgspec.structs.replace(each, event=event)
        for space, some in by_space.items()
        for each, event in zip(some, give_names(connection, space, [one.event for one in some]), strict=True)
    ]


def _back_channel(connection: Connection, account: str) -> list[Written]:
    table = tables.backstage
    query = select(table.c.space, table.c.text, table.c.at_ms).where(table.c.account == account).order_by(table.c.id)
    return [Written(row.space, row.text, row.at_ms) for row in connection.execute(query)]


def _requests(connection: Connection, account: str) -> list[str]:
    table = tables.requests
    query = select(table.c.space).where(table.c.account == account).order_by(table.c.asked_ms)
    return list(connection.execute(query).scalars())

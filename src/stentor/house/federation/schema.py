"""What the REST API says about the fediverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stentor.store.deliveries import DeliveryRow, DeliveryState

Time = Annotated[int, Meta(ge=0)]


class FollowElsewhere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be followed."""

    address: Annotated[str, Meta(min_length=3, max_length=320, description="Such as `@ada@example.org`")]


class ServerTold(msgspec.Struct, frozen=True):
    """What became of one delivery to a server elsewhere."""

    server: str
    what: str
    state: Literal["waiting", "done", "given-up"]
    attempts: int
    status: int
    trouble: str
    at_ms: Time


class PostDeliveries(msgspec.Struct, frozen=True):
    """How far a post has come: deliveries by their state, and the newest hundred."""

    done: int
    waiting: int
    given_up: int
    servers: list[ServerTold]


def deliveries(counts: Mapping[DeliveryState, int], rows: Sequence[DeliveryRow]) -> PostDeliveries:
    states = DeliveryState.DONE, DeliveryState.WAITING, DeliveryState.GIVEN_UP
    done, waiting, given_up = (counts.get(each, 0) for each in states)
    return PostDeliveries(done, waiting, given_up, [_told(each) for each in rows])


def _told(row: DeliveryRow) -> ServerTold:
    return ServerTold(row.host, row.what, row.state.value, row.attempts, row.status, row.trouble, row.at_ms)

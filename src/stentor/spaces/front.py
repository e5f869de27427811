"""What the front page tells: which spaces, in which order, and where their people are found.

The house writes one document when something of it changes (:func:`key`); edges add what is on, which they know from the
board, and make pages, feeds and calendars of it. So nobody who looks at them asks the house or the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from stentor.base import terms
from stentor.spaces import board
from stentor.spaces.model import Role, Seat, Space, State
from stentor.spaces.opening import opened_ms

KEY: Final = "public/front.json"
MOST_COMING: Final = 30
"""And replays."""
CANCELLED_MS: Final = board.DAY_MS
"""So long after its time a space that was cancelled, or never begun, is told of."""
_SLIM: Final[dict[str, object]] = {"pins": [], "sounds": [], "playing": None, "let_go": {}, "passes": ()}


class PublicProfile(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who has a page of their own, ``/@handle``: whoever hosts a listed space or has spoken in one, unless they
    are suspended or want none."""

    handle: str
    name: str
    bio: str = ""

    @property
    def page(self) -> str:
        return f"/@{self.handle}"


class Front(msgspec.Struct, frozen=True):
    """The document. ``people`` are those with a page of their own, by account."""

    spaces: list[Space] = []
    people: dict[str, PublicProfile] = {}


class Arranged(msgspec.Struct, frozen=True):
    """Spaces in the order in which they are told."""

    live: list[Space]
    coming: list[Space]
    replays: list[Space]

    @property
    def all(self) -> list[Space]:
        return [*self.live, *self.coming, *self.replays]


def slim(space: Space) -> Space:
    """What lists tell of a space."""
    return msgspec.structs.replace(board.public(space), **_SLIM)


def mark(space: Space) -> tuple[object, ...]:
    """Another one when something changes of what is told of a space; that somebody comes for the first time is, no
    coming and going after that."""
    seats = tuple(
        (seat.id, seat.name, seat.role, seat.account, seat.picture_ms, seat.joined_ms is None)
        for seat in space.seats.values()
    )
    told = space.title, space.state, space.scheduled_ms, space.language, space.description, space.about, space.trim
    return (*told, space.listed, space.recorded, space.live_ms, seats)


def people(space: Space) -> list[Seat]:
    """Who is named: the host first, then before the talk whoever is invited, and from then on who came."""
    begun = space.live_ms is not None or space.state in board.DONE
    named = [seat for seat in space.seats.values() if seat.role is Role.HOST or not begun or seat.joined_ms is not None]
    return sorted(named, key=lambda seat: list(Role).index(seat.role))


def hosts(space: Space) -> set[str]:
    """The accounts of those who host a space."""
    return {seat.account for seat in space.seats.values() if seat.account and seat.role in (Role.HOST, Role.CO_HOST)}


def with_page(space: Space) -> set[str]:
    """The accounts of those who host a space, or came on its stage while it was live."""
    spoke = (seat for seat in space.seats.values() if space.live_ms is not None and seat.joined_ms is not None)
    return hosts(space) | {seat.account for seat in spoke if seat.account}


def theirs(spaces: Iterable[Space], account: str) -> list[Space]:
    """The spaces in which somebody is named."""
    return [space for space in spaces if any(seat.account == account for seat in people(space))]


def has(words: Iterable[str], *texts: str) -> bool:
    """Whether every word, which is folded, is in one of the texts; an umlaut may be spelled out in either."""
    text = " ".join(texts)
    known = f"{terms.folded(text)} {terms.spelled(text)}"
    return all(word in known for word in words)


def may_be_listed(space: Space) -> bool:
    """Whether a space may stand in what everybody reads."""
    return space.listed and not space.private and space.removed is None


def arranged(spaces: Iterable[Space], now_ms: int, *, most: int = MOST_COMING) -> Arranged:
    """What is on, what comes (the soonest first, those without a time last), and replays (the newest first)."""
    shown = [space for space in spaces if may_be_listed(space)]
    live = [space for space in shown if space.on_air]
    coming = [space for space in shown if _comes(space, now_ms)]
    replays = [space for space in shown if space.state is State.REPLAY and space.recorded]
    return Arranged(
        sorted(live, key=lambda space: (-(opened_ms(space) or 0), space.id)),
        sorted(coming, key=lambda space: (space.scheduled_ms is None, space.when_ms, space.id))[:most],
        sorted(replays, key=lambda space: (-(space.ended_ms or 0), space.id))[:most],
    )


def _comes(space: Space, now_ms: int) -> bool:
    """Whether a space is still to come, or was cancelled or missed so lately that people may look for it."""
    if space.state is State.CANCELLED:
        return space.scheduled_ms is not None and space.scheduled_ms > now_ms - CANCELLED_MS
    return space.state is State.SCHEDULED and space.when_ms > now_ms - CANCELLED_MS

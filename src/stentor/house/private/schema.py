"""What the API takes and gives about who may hear a space."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE, Name, Time
from stentor.spaces.visibility import Visibility

MOST_AT_ONCE = 200
Password = Annotated[str, Meta(min_length=8, max_length=200, extra_json_schema=ONE_LINE)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]


class VisibilityChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may hear the space, and know of it. ``password`` is a new one; those who came by the old one must give it."""

    visibility: Visibility
    password: Password | None = None


class NewTickets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For whom tickets are to be made; the names are shown to hosts only."""

    names: Annotated[list[Name], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class MadeTicket(msgspec.Struct, frozen=True):
    """A new ticket. Its code is told once: only a digest is kept."""

    number: int
    name: str
    code: str
    link: str


class MadeTickets(msgspec.Struct, frozen=True):
    tickets: list[MadeTicket]


class TicketView(msgspec.Struct, frozen=True):
    """A ticket, and when it was used last; null for one that was not used yet."""

    number: int
    name: str
    used_ms: Time | None


class TicketList(msgspec.Struct, frozen=True):
    tickets: list[TicketView]


class ListenerView(msgspec.Struct, frozen=True):
    """Somebody with an account."""

    handle: str
    name: str


class ListenerList(msgspec.Struct, frozen=True):
    """Who is invited (where ``visibility`` is ``invited``, nobody else hears the space), and who is shut out."""

    invited: list[ListenerView]
    shut_out: list[ListenerView]


class Entrance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A password or the code of a ticket; empty for whoever is signed in and may listen by that."""

    word: Annotated[str, Meta(max_length=200)] = ""


class EntranceView(msgspec.Struct, frozen=True):
    """A pass, as ``?pass=`` of streams and recordings, and the address below which everything is found now."""

    base: str
    listener_pass: str
    expires_ms: Time

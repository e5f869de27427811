"""How a space is set up: topics, links, a cover, co-owners, whether it is recorded; and who agreed to that. Pure.

A person agrees once a seat, to a text that has a version (:data:`TEXT`). Where a space is recorded nobody is heard
without it. Who takes it back is not heard any more; what was recorded stays until a host cuts it, and hosts are told.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import Conflict, NotFound
from stentor.base.units import SeatId
from stentor.spaces import about, checks
from stentor.spaces import events as e
from stentor.spaces.about import WebLink
from stentor.spaces.announcing import Announcing
from stentor.spaces.command_base import Command
from stentor.spaces.model import Seat, Space, State
from stentor.spaces.refusals import refuse_if_over, too_late
from stentor.spaces.setting_events import (
    AboutChanged,
    AnnouncingChosen,
    ConsentWithdrawn,
    OwnersChanged,
    RecordingChosen,
)

TEXT = 1
"""The version of the text that people agree to: ``consent.text`` of the pages. Another text gets the next number."""
MOST_OWNERS = 10


class SetTopics(Command, frozen=True):
    """Says what it is about in a few words; they take the place of those before."""

    topics: tuple[str, ...]


class SetLinks(Command, frozen=True):
    """Addresses that belong to it; they take the place of those before."""

    links: tuple[WebLink, ...]


class SetCover(Command, frozen=True):
    """The picture is stored already, under this time (ms); None takes it away. ``words`` say what is to be seen."""

    cover_ms: int | None
    words: str = ""


class SetAnnouncing(Command, frozen=True):
    """How posts announce it from now on; what was posted stays."""

    announcing: Announcing


class SetOwner(Command, frozen=True):
    """Makes somebody a co-owner, or takes that away."""

    account: str
    owner: bool = True


class SetRecording(Command, frozen=True):
    """Whether it is recorded; before the doors open only."""

    on: bool


class WithdrawConsent(Command, frozen=True):
    """The seat's person takes back that they agreed to being recorded."""

    seat: SeatId


SettingCommand = SetTopics | SetLinks | SetCover | SetAnnouncing | SetOwner | SetRecording | WithdrawConsent


def decide(space: Space, command: SettingCommand, at_ms: int) -> list[e.Event]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput`, :class:`Conflict`, :class:`NotFound`."""
    replace = msgspec.structs.replace
    match command:
        case SetTopics(topics=topics):
            return _about(space, replace(space.about, topics=about.topics(topics)), at_ms)
        case SetLinks(links=links):
            return _about(space, replace(space.about, links=about.links(links)), at_ms)
        case SetCover(cover_ms=cover_ms, words=words):
            said = checks.note(words) if words and cover_ms is not None else ""
            return _about(space, replace(space.about, cover_ms=cover_ms, cover_words=said), at_ms)
        case SetAnnouncing(announcing=wanted):
            chosen = Announcing.of(wanted, wanted.by)
            return [] if chosen == space.announcing else [AnnouncingChosen(at_ms=at_ms, announcing=chosen)]
        case SetOwner():
            return _owner(space, command, at_ms)
        case SetRecording(on=on):
            if on is space.records:
                return []
            if space.state is not State.SCHEDULED:
                raise too_late(space, "whether it is recorded")
            return [RecordingChosen(at_ms=at_ms, on=on)]
        case WithdrawConsent(seat=seat):
            there = space.seats.get(seat)
            if there is None:
                raise NotFound("There is no such seat in this space; it may have been removed.", code="seat-not-found")
            withdrawn = there.agreed_ms is None and there.withdrawn_ms is not None
            return [] if withdrawn else [ConsentWithdrawn(at_ms=at_ms, seat=there.id)]


def apply(space: Space, event: e.SettingEvent) -> Space:
    """The space after the event, as ``rules.apply``."""
    replace = msgspec.structs.replace
    match event:
        case AboutChanged(about=found):
            return replace(space, about=found)
        case AnnouncingChosen(announcing=chosen):
            return replace(space, announcing=chosen)
        case OwnersChanged(account=account, owner=owner):
            left = tuple(each for each in space.owners if each != account)
            return replace(space, owners=(*left, account) if owner else left)
        case RecordingChosen(on=on):
            return replace(space, records=on)
        case ConsentWithdrawn(seat=seat):
            there = replace(space.seats[seat], agreed_ms=None, withdrawn_ms=event.at_ms)
            return replace(space, seats={**space.seats, seat: there})


def agreed(seat: Seat, event: e.RecordingAgreed) -> Seat:
    """The seat of somebody who has agreed."""
    return msgspec.structs.replace(seat, agreed_ms=event.at_ms, agreed_text=event.text, withdrawn_ms=None)


def may_speak(space: Space, seat: SeatId) -> bool:
    """Whether a seat's person is heard: in a space that is recorded after they have agreed only."""
    there = space.seats.get(seat)
    return not space.records or (there is not None and there.agreed_ms is not None)


def _about(space: Space, found: about.About, at_ms: int) -> list[e.Event]:
    return [] if found == space.about else [AboutChanged(at_ms=at_ms, about=found)]


def _owner(space: Space, command: SetOwner, at_ms: int) -> list[e.Event]:
    if command.owner is (command.account in space.owners):
        return []
    if not command.owner:
        return [OwnersChanged(at_ms=at_ms, account=command.account, owner=False)]
    refuse_if_over(space)
    if space.host is not None and space.host.account == command.account:
        raise Conflict("The host owns the space already.", code="owns-already")
    if space.shuts_out(command.account):
        raise Conflict("They are shut out of this space; let them in first.", code="banned")
    if len(space.owners) >= MOST_OWNERS:
        raise Conflict(f"A space has {MOST_OWNERS} co-owners at most.", code="many-owners")
    return [OwnersChanged(at_ms=at_ms, account=command.account, owner=True)]

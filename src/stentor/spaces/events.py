"""What has happened to a space: past tense, one struct each, stored for ever as JSON (the evidence).

Stored events are never changed: new fields have defaults, and a meaning that changes gets a new event. A new event
comes with a migration of the store, be it an empty one: that keeps older programs away, which could not read it.
"""

from __future__ import annotations

import msgspec

from stentor.base.units import SeatId, SpaceId
from stentor.crowd.ladder import Cause
from stentor.spaces.announcing import Announcing
from stentor.spaces.ballot_events import BallotEvent
from stentor.spaces.delay_events import DelayEvent
from stentor.spaces.event_base import EventBase as EventBase  # noqa: PLC0414 everybody finds it here
from stentor.spaces.model import Asking, Commenting, Keep, Role, RundownItem
from stentor.spaces.privacy_events import KeyTurned as KeyTurned  # noqa: PLC0414 everybody finds them here
from stentor.spaces.privacy_events import ListenerLetIn as ListenerLetIn  # noqa: PLC0414
from stentor.spaces.privacy_events import ListenerShutOut as ListenerShutOut  # noqa: PLC0414
from stentor.spaces.privacy_events import VisibilityChanged as VisibilityChanged  # noqa: PLC0414
from stentor.spaces.setting_events import (
    AboutChanged,
    AnnouncingChosen,
    ConsentWithdrawn,
    OwnersChanged,
    RecordingChosen,
)
from stentor.spaces.visibility import Visibility


class SpaceCreated(EventBase, frozen=True):
    id: SpaceId
    title: str
    host_seat: SeatId
    host_name: str
    scheduled_ms: int | None
    max_seats: int
    hold: str
    language: str
    host_account: str = ""
    person: int = 0
    """The host's number: stored events hold it instead of the name (``store.persons``)."""
    description: str = ""
    visibility: Visibility = Visibility.PUBLIC
    show: str = ""
    announcing: Announcing = Announcing()


class SpaceRenamed(EventBase, frozen=True):
    title: str


class SpaceDescribed(EventBase, frozen=True):
    text: str


class LanguageChanged(EventBase, frozen=True):
    language: str


class SpaceRescheduled(EventBase, frozen=True):
    scheduled_ms: int | None


class HoldChanged(EventBase, frozen=True):
    hold: str


class AskingChanged(EventBase, frozen=True):
    who: Asking


class ReactionsChanged(EventBase, frozen=True):
    on: bool


class SwitchSet(EventBase, frozen=True):
    switch: str
    on: bool


class CommentsChanged(EventBase, frozen=True):
    switch: Commenting
    slow_s: int
    words: tuple[str, ...]


class AudienceLimited(EventBase, frozen=True):
    """Nobody else is let in but those classes (``crowd.door.Class``); who is inside stays."""

    passes: tuple[str, ...]


class AudienceOpened(EventBase, frozen=True):
    """The door is as wide as there is room."""


class OverflowChanged(EventBase, frozen=True):
    """Those outside may follow so many seconds behind; 0 is not at all."""

    delay_s: int


class DoorMoved(EventBase, frozen=True):
    """The share of places that is let in (``crowd.door``), and what the edges carried at that moment."""

    p: float
    was: float
    listeners: int
    places: int
    waiting: int
    """How many were outside, as estimated."""


class ClockSet(EventBase, frozen=True):
    """The clock of the house was set by ``by_ms`` (negative: back): times before and after do not compare.

    Forward it leaves as much filler in the programme, back as much of the talk is missing there.
    """

    by_ms: int


class RungPinned(EventBase, frozen=True):
    """The ladder stays on this rung; None: it climbs by itself again."""

    rung: int | None


class RungChanged(EventBase, frozen=True):
    """The edges give way, or again give, what ``crowd.rungs`` says."""

    rung: int
    was: int
    cause: Cause
    value: float
    """What was measured of ``cause`` (``crowd.ladder``); 0 where nothing was."""


class DoorsOpened(EventBase, frozen=True):
    """``at_ms`` is the origin of the grid, unless the doors were open before: then the old one stays."""


class DoorsClosed(EventBase, frozen=True):
    """The opening was taken back before anybody came."""


class WentLive(EventBase, frozen=True):
    pass


class StageLost(EventBase, frozen=True):
    pass


class StageReturned(EventBase, frozen=True):
    pass


class HostMissed(EventBase, frozen=True):
    """No host was on the stage for so long that the space ends by itself; its ``SpaceEnded`` follows."""


class SpaceEnded(EventBase, frozen=True):
    """The chunk under way at ``at_ms`` is the last."""


class SpaceCancelled(EventBase, frozen=True):
    pass


class ReplayOpened(EventBase, frozen=True):
    pass


class RecordingRemoved(EventBase, frozen=True):
    """This part of the recording is deleted for good; ms from the opening of the doors, ``to_ms`` None is the end."""

    from_ms: int
    to_ms: int | None
    who: str
    """Of an account or a seat its id; else the rank of whoever asked (``admin``, ``house``)."""
    reason: str


class SpaceRemoved(EventBase, frozen=True):
    """The space and all that is heard, shown and read of it is deleted for good."""

    who: str
    reason: str


class ListingChanged(EventBase, frozen=True):
    """Whether the space stands in lists; its address opens it all the same."""

    listed: bool


class ReplayTrimmed(EventBase, frozen=True):
    """What the replay shows; the rest stays stored. 0 and None: all of it."""

    from_ms: int
    to_ms: int | None


class SeatGiven(EventBase, frozen=True):
    seat: SeatId
    name: str
    role: Role
    person: int = 0
    """As in ``SpaceCreated``."""


class SeatClaimed(EventBase, frozen=True):
    """The seat belongs to an account from now on."""

    seat: SeatId
    account: str


class SeatPictured(EventBase, frozen=True):
    """The picture of the seat's account is the one set then; None: it has none any more."""

    seat: SeatId
    picture_ms: int | None


class PersonErased(EventBase, frozen=True):
    """The account of the seat's person was deleted: their name is known here no more, only their number."""

    seat: SeatId
    account: str
    person: int


class RecordingAgreed(EventBase, frozen=True):
    """The seat's person has read that all is heard and recorded, and goes onto the stage."""

    seat: SeatId
    text: int = 1
    """The version of what they have read (``spaces.consent``)."""


class LinkRenewed(EventBase, frozen=True):
    """Links of the seat hold from ``generation`` on."""

    seat: SeatId
    generation: int


class SeatRemoved(EventBase, frozen=True):
    seat: SeatId


class SeatConnected(EventBase, frozen=True):
    seat: SeatId


class SeatLost(EventBase, frozen=True):
    seat: SeatId


class RoleChanged(EventBase, frozen=True):
    seat: SeatId
    role: Role


class HostChanged(EventBase, frozen=True):
    """``seat`` is host from now on, the one before is co-host."""

    seat: SeatId


class SeatMuted(EventBase, frozen=True):
    seat: SeatId


class SeatUnmuted(EventBase, frozen=True):
    seat: SeatId


class SeatTurned(EventBase, frozen=True):
    seat: SeatId
    volume: int
    """Per cent."""


class SeatBanned(EventBase, frozen=True):
    """Follows the seat's ``SeatRemoved``."""

    seat: SeatId
    name: str
    account: str = ""
    """Whose the seat was; empty for a guest."""
    person: int = 0
    """As in ``SpaceCreated``."""


class BanLifted(EventBase, frozen=True):
    seat: SeatId


class NotePinned(EventBase, frozen=True):
    pin: str
    text: str
    url: str


class NoteUnpinned(EventBase, frozen=True):
    pin: str


class RundownSet(EventBase, frozen=True):
    items: list[RundownItem]


class ItemBegun(EventBase, frozen=True):
    item: str


class SoundAdded(EventBase, frozen=True):
    sound: str
    name: str
    length_ms: int


class SoundDropped(EventBase, frozen=True):
    sound: str


class SoundPlayed(EventBase, frozen=True):
    """Onto the stage, for everybody who hears it; ``volume`` in per cent."""

    sound: str
    volume: int


class SoundTurned(EventBase, frozen=True):
    volume: int


class SoundStopped(EventBase, frozen=True):
    """Before it was over."""


class KeepChanged(EventBase, frozen=True):
    """For how many days after the end things are kept, if the site keeps them so long."""

    keep: Keep


class LetGo(EventBase, frozen=True):
    """A part of what was kept was removed because its time was over (``spaces.retention.DataCategory``)."""

    part: str
    count: int
    """How many things went: comments, events, files."""
    days: int
    """For how long they were kept."""
    who: str


SettingEvent = AboutChanged | AnnouncingChosen | OwnersChanged | RecordingChosen | ConsentWithdrawn
PrivacyEvent = VisibilityChanged | KeyTurned | ListenerShutOut | ListenerLetIn
SoundEvent = SoundAdded | SoundDropped | SoundPlayed | SoundTurned | SoundStopped
Event = (
    SpaceCreated | SpaceRenamed | SpaceDescribed | LanguageChanged | SpaceRescheduled | HoldChanged
    | AskingChanged | ReactionsChanged | SwitchSet | CommentsChanged | AudienceLimited | OverflowChanged
    | AudienceOpened | DoorMoved | ClockSet | RungPinned | RungChanged | DoorsOpened | DoorsClosed | WentLive
    | StageLost | StageReturned | HostMissed | SpaceEnded | SpaceCancelled | ReplayOpened | RecordingRemoved
    | SpaceRemoved | ListingChanged | ReplayTrimmed | SeatGiven | SeatClaimed | SeatPictured | PersonErased
    | RecordingAgreed | LinkRenewed | SeatRemoved | SeatConnected | SeatLost | RoleChanged | HostChanged
    | SeatMuted | SeatUnmuted | SeatTurned | SeatBanned | BanLifted | NotePinned | NoteUnpinned | RundownSet | ItemBegun
    | SoundEvent | PrivacyEvent | SettingEvent | KeepChanged | LetGo | DelayEvent
    | BallotEvent
)  # fmt: skip

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def kind(event: Event) -> str:
    """The stable name of an event, such as ``WentLive``."""
    return type(event).__name__


def encode(event: Event) -> bytes:
    """The event as a JSON object with its name in ``kind``."""
    return msgspec.json.encode(event)


def decode(document: bytes | str) -> Event:
    """The event in a JSON document that :func:`encode` wrote; raises ``msgspec.DecodeError`` for anything else."""
    return _decoder.decode(document)

"""What can be asked of a space, one struct each. ``spaces.rules`` answers, who may ask is in ``spaces.rights``."""

from __future__ import annotations

from stentor.base.texts import UNSAID
from stentor.base.units import SeatId, SpaceId
from stentor.crowd.ladder import Cause
from stentor.spaces.announcing import Announcing
from stentor.spaces.command_base import Command as Command  # noqa: PLC0414 everybody finds it here
from stentor.spaces.model import Asking, Commenting, Keep, Role, RundownItem
from stentor.spaces.switches import Switch
from stentor.spaces.visibility import Visibility


class CreateSpace(Command, frozen=True, kw_only=True):
    """Makes a space with its host's seat. ``scheduled_ms`` is None for a space that opens when the host likes."""

    id: SpaceId
    title: str
    host_seat: SeatId
    host_name: str
    scheduled_ms: int | None = None
    max_seats: int = 13
    hold: str = "default"
    language: str = UNSAID
    host_account: str = ""
    """The account that the host's seat belongs to; empty when the link is all there is."""
    description: str = ""
    visibility: Visibility = Visibility.PUBLIC
    show: str = ""
    announcing: Announcing = Announcing()


class Rename(Command, frozen=True):
    title: str


class Describe(Command, frozen=True):
    """Says what it is about; an empty text says nothing."""

    text: str


class SetLanguage(Command, frozen=True):
    """Says which language is spoken, as a tag (RFC 5646)."""

    language: str


class Reschedule(Command, frozen=True):
    """Before the doors open only. None takes the time away."""

    scheduled_ms: int | None


class SetHold(Command, frozen=True):
    """Chooses the hold music (object ``hold/{hold}``); before the doors open only, the loop is on the grid."""

    hold: str


class SetAsking(Command, frozen=True):
    """Says who in the audience may ask to speak."""

    who: Asking


class SetReactions(Command, frozen=True):
    """Says whether the audience may react."""

    on: bool


class SetSwitch(Command, frozen=True):
    """Turns something on or off."""

    switch: Switch
    on: bool


class SetComments(Command, frozen=True):
    """Says whether there are comments, how slow they come, and which words not at all; None leaves a thing as it is."""

    switch: Commenting | None = None
    slow_s: int | None = None
    words: tuple[str, ...] | None = None


class LimitAudience(Command, frozen=True):
    """Holds the door where it is: nobody else is let in but the classes in ``passes`` (``crowd.door.Class``)."""

    passes: tuple[str, ...] = ()


class OpenAudience(Command, frozen=True):
    """Lets the door be as wide as there is room."""


class SetOverflow(Command, frozen=True):
    """Says how many seconds behind those outside may follow; 0 for not at all."""

    delay_s: int


class MoveDoor(Command, frozen=True):
    """The door is of another width: ``p``, with so many listeners, places for them, and people who wait."""

    p: float
    listeners: int = 0
    places: int = 0
    waiting: int = 0


class NoteClock(Command, frozen=True):
    """The clock of the house was set while the space was on air, by ``by_ms`` (negative: back)."""

    by_ms: int


class PinRung(Command, frozen=True):
    """Keeps the ladder on a rung (``crowd.rungs``) whatever the edges measure; None lets it climb by itself."""

    rung: int | None


class ClimbRung(Command, frozen=True):
    """The ladder has changed to a rung, for ``cause``, of which ``value`` was measured."""

    rung: int
    cause: Cause
    value: float = 0.0


class Abandon(Command, frozen=True):
    """No host came, or came back, within the time that ``spaces.attendance`` gives them: the space ends."""


class OpenDoors(Command, frozen=True):
    """The programme starts with hold music, listeners may come, the grid has its origin."""


class CloseDoors(Command, frozen=True):
    """Takes the opening back, while nobody has come: the programme stops."""


class GoLive(Command, frozen=True):
    """The talk starts; opens the doors too when they are not open yet."""


class Interrupt(Command, frozen=True):
    """The stage is lost (the house sees it); listeners hear the filler."""


class Resume(Command, frozen=True):
    """The stage is back."""


class End(Command, frozen=True):
    """The talk is over; the chunk under way is the last."""


class Cancel(Command, frozen=True):
    """The space will not take place; before the doors open only."""


class OpenReplay(Command, frozen=True):
    """The archive has everything; the recording may be heard."""


class RemoveRecording(Command, frozen=True):
    """Deletes a part of a recording for good: ms from the opening of the doors, ``to_ms`` None is the end."""

    from_ms: int = 0
    to_ms: int | None = None
    who: str = ""
    """Of an account or a seat its id; else the rank of whoever asks."""
    reason: str = ""


class RemoveSpace(Command, frozen=True):
    """Deletes a space that is over for good, with its recording."""

    who: str = ""
    reason: str = ""


class SetVisibility(Command, frozen=True):
    """Chooses who may hear the space, and know of it; with ``anew`` its key changes also when nothing else does."""

    visibility: Visibility
    anew: bool = False


class ShutOut(Command, frozen=True):
    """Somebody with an account may not hear a private space any more, or (with ``out`` false) again."""

    account: str
    out: bool = True


class SetListed(Command, frozen=True):
    """Says whether the space stands in lists."""

    on: bool


class TrimReplay(Command, frozen=True):
    """Says what the replay shows; the rest stays stored. 0 and None: all of it."""

    from_ms: int = 0
    to_ms: int | None = None


class GiveSeat(Command, frozen=True):
    """Invites one person as speaker or co-host; the invitation itself is a token (``spaces.tokens``)."""

    seat: SeatId
    name: str
    role: Role = Role.SPEAKER


class ClaimSeat(Command, frozen=True):
    """Makes a seat an account's, so that its person gets onto the stage wherever he is signed in."""

    seat: SeatId
    account: str


class PictureSeat(Command, frozen=True):
    """The account of a seat has another picture, set at ``picture_ms``, or none any more (None); also after the end."""

    seat: SeatId
    picture_ms: int | None


class ErasePerson(Command, frozen=True):
    """The account of a seat is deleted, also of one that was taken away; also after the end."""

    seat: SeatId
    account: str
    person: int


class AgreeToRecording(Command, frozen=True):
    """The seat's person agrees to being heard and recorded; nobody can for somebody else."""

    seat: SeatId
    text: int = 1


class RenewLink(Command, frozen=True):
    """Makes all links of a seat that were given out until now worthless; the next one holds."""

    seat: SeatId


class RemoveSeat(Command, frozen=True):
    """Takes a seat away: the person leaves for good or is removed. A host's seat goes over to the successor."""

    seat: SeatId


class ConnectSeat(Command, frozen=True):
    """The stage has a connection for the seat."""

    seat: SeatId


class LoseSeat(Command, frozen=True):
    """The stage has no connection for the seat any more."""

    seat: SeatId


class ChangeRole(Command, frozen=True):
    """Makes a speaker co-host or the other way round; for the host there is :class:`HandOver`."""

    seat: SeatId
    role: Role


class HandOver(Command, frozen=True):
    """Makes the seat host; the host becomes co-host."""

    seat: SeatId


class MuteSeat(Command, frozen=True):
    seat: SeatId


class UnmuteSeat(Command, frozen=True):
    seat: SeatId


class TurnSeat(Command, frozen=True):
    """Makes a seat louder or softer for everybody; ``volume`` in per cent."""

    seat: SeatId
    volume: int


class MuteSpeakers(Command, frozen=True):
    """Mutes every speaker's seat; hosts and co-hosts stay as they are. Each may unmute himself."""


class BanSeat(Command, frozen=True):
    """Takes a seat away and never gives it again in this space: its link and its requests are refused."""

    seat: SeatId


class BanPerson(Command, frozen=True):
    """Shuts out somebody who has no seat, by their account; ``seat`` is a new id that names the ban."""

    seat: SeatId
    name: str
    account: str


class LiftBan(Command, frozen=True):
    """The seat may be given, and ask, again; it does not come back by itself."""

    seat: SeatId


class PinNote(Command, frozen=True):
    """Shows a note, or a link, to everybody. ``pin`` is its new id."""

    pin: str
    text: str
    url: str = ""


class Unpin(Command, frozen=True):
    """Takes a note down, also when all is over."""

    pin: str


class SetRundown(Command, frozen=True):
    """What the talk goes through, all of it; an item that stays keeps its id and when it began."""

    items: tuple[RundownItem, ...]


class BeginItem(Command, frozen=True):
    """The talk comes to this item of the rundown now."""

    item: str


class AddSound(Command, frozen=True):
    """Puts a sound on the soundboard. ``sound`` is its id, made of what is in it; the samples are stored already."""

    sound: str
    name: str
    length_ms: int


class DropSound(Command, frozen=True):
    """Takes a sound off the soundboard; one that plays ends."""

    sound: str


class PlaySound(Command, frozen=True):
    """Plays a sound onto the stage, from its beginning; ``volume`` in per cent. What plays already gives way."""

    sound: str
    volume: int = 100


class TurnSound(Command, frozen=True):
    """Makes what plays now louder or quieter."""

    volume: int


class StopSound(Command, frozen=True):
    """Fades out what plays now."""


class SetKeep(Command, frozen=True):
    """Chooses for how long things are kept after the end; 0 for as long as the site does."""

    keep: Keep


class NoteRemoval(Command, frozen=True):
    """A part (``retention.DataCategory``) was kept for ``days`` and goes; ``count`` things went, by whose wish."""

    part: str
    count: int
    days: int
    who: str = "the site's rule"


SoundCommand = AddSound | DropSound | PlaySound | TurnSound | StopSound

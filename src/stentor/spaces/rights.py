"""Who may do what: one table, and the rules that depend on whose seat it is.

Ranks come from the space's present state, never from a token: a removed speaker is anyone, whoever was handed the
space is host. While the host is away the acting host (:meth:`Space.acting_host`) has the host's rights.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stentor.base.errors import NotAllowed, NotSignedIn
from stentor.spaces import ballots, delay, setting
from stentor.spaces import commands as c
from stentor.spaces.command_base import Command
from stentor.spaces.model import Role, Seat, Space


class Rank(StrEnum):
    ADMIN = "admin"
    """Whoever has the admin token, or is signed in as an admin."""
    HOUSE = "house"
    """Stentor itself: what the house sees of the stage and the archive."""
    HOST = "host"
    OWNER = "owner"
    """A co-owner: as a host, but for handing over, deleting and naming other co-owners."""
    CO_HOST = "co_host"
    SPEAKER = "speaker"
    ANYONE = "anyone"


class Look(StrEnum):
    """What can be looked at; hearing a space and its public pages need no right."""

    BACKSTAGE = "backstage"
    """Lights, seats, listeners' numbers, the addresses of everything."""
    REQUESTS = "requests"
    """Who in the audience asks to speak."""
    BACK_CHANNEL = "back-channel"
    """What host and co-hosts write to each other."""
    COMMENTS = "comments"
    """Whose comments there are, to remove them and to shut people out of them."""
    CAPTIONS = "captions"
    """What was recognised of what is said, to correct it."""
    SITE = "site"
    """What only whoever runs the site sees."""
    EVENTS = "events"
    """Everything that happened, with its times."""


class Actor(msgspec.Struct, frozen=True):
    """Who asks: the admin, the house, anyone, the person of a seat (by a link), or somebody who is signed in."""

    rank: Rank = Rank.ANYONE
    """What they are in every space; their seat may make them more."""
    seat: str = ""
    """The id of the seat that a link names."""
    generation: int = 0
    """The link's."""
    account: str = ""
    """The id of the account that is signed in."""
    creates: bool = False
    """Whether the site lets them make spaces, besides the admin."""
    moderates: bool = False
    """Whether they keep order in all spaces (:data:`KEEPS_ORDER`), and may shut people out of the site."""


ADMIN = Actor(Rank.ADMIN)
HOUSE = Actor(Rank.HOUSE)
ANYONE = Actor()


def seated(seat: str, generation: int = 0) -> Actor:
    """The person of a seat, as a valid invitation says."""
    return Actor(seat=seat, generation=generation)


def own_seat(actor: Actor, space: Space | None) -> Seat | None:
    """The actor's seat: that of the account, or that of a link which no newer one has taken the place of."""
    if space is None:
        return None
    if not actor.seat:
        return space.seat_of(actor.account)
    seat = space.seats.get(actor.seat)
    return seat if seat is not None and actor.generation >= seat.generation else None


_HOUSE = frozenset({Rank.HOUSE})
_ADMIN = frozenset({Rank.ADMIN})
_HOST = _ADMIN | {Rank.HOST}
_HOSTS = _HOST | {Rank.OWNER}
_CO_HOSTS = _HOSTS | {Rank.CO_HOST}
_SPEAKERS = _CO_HOSTS | {Rank.SPEAKER}

MAY: dict[type[Command] | Look, frozenset[Rank]] = {
    c.CreateSpace: _ADMIN,
    c.Rename: _HOSTS,
    c.Describe: _HOSTS,
    c.SetLanguage: _HOSTS,
    c.Reschedule: _HOSTS,
    c.SetHold: _HOSTS,
    c.SetAsking: _CO_HOSTS,
    c.SetReactions: _CO_HOSTS,
    c.SetSwitch: _HOSTS,
    c.SetComments: _CO_HOSTS,
    c.LimitAudience: _HOSTS,
    c.SetOverflow: _HOSTS,
    ballots.OpenPoll: _CO_HOSTS,
    ballots.ClosePoll: _CO_HOSTS,
    ballots.TakeQuestion: _CO_HOSTS,
    ballots.FinishQuestion: _CO_HOSTS,
    delay.SetDelay: _HOSTS,
    delay.DumpSound: _CO_HOSTS,  # whoever hears the word first
    c.OpenAudience: _HOSTS,
    c.MoveDoor: _HOUSE,
    c.NoteClock: _HOUSE,
    c.PinRung: _HOSTS,
    c.ClimbRung: _HOUSE,
    c.OpenDoors: _CO_HOSTS,
    c.CloseDoors: _CO_HOSTS,  # who opened them by mistake
    c.GoLive: _CO_HOSTS,  # a host who is late must not keep everybody waiting
    c.End: _HOSTS,
    c.Cancel: _HOSTS,
    c.GiveSeat: _CO_HOSTS,  # but co-hosts only to speakers
    c.ClaimSeat: frozenset(),  # everybody their own
    c.AgreeToRecording: frozenset(),  # everybody for themselves
    c.PictureSeat: _HOUSE,
    c.RenewLink: _CO_HOSTS,  # but only who ranks lower; everybody their own
    c.RemoveSeat: _CO_HOSTS,  # but only who ranks lower; everybody their own
    c.TurnSeat: _CO_HOSTS,
    c.MuteSeat: _CO_HOSTS,  # the same
    c.UnmuteSeat: _CO_HOSTS,  # the same
    c.MuteSpeakers: _CO_HOSTS,
    c.BanSeat: _CO_HOSTS,  # but only who ranks lower, and nobody their own
    c.BanPerson: _HOUSE,
    c.LiftBan: _CO_HOSTS,
    c.PinNote: _CO_HOSTS,
    c.Unpin: _CO_HOSTS,
    c.SetRundown: _CO_HOSTS,
    c.BeginItem: _CO_HOSTS,
    c.AddSound: _CO_HOSTS,
    c.DropSound: _CO_HOSTS,
    c.PlaySound: _CO_HOSTS,
    c.TurnSound: _CO_HOSTS,
    c.StopSound: _CO_HOSTS,
    c.ChangeRole: _HOSTS,
    c.HandOver: _HOST,
    c.SetKeep: _HOSTS,
    c.NoteRemoval: _HOUSE,
    c.Abandon: _HOUSE,
    c.ErasePerson: _HOUSE | _ADMIN,  # together with what an administrator does for a seat; no address asks for it
    c.Interrupt: _HOUSE,
    c.Resume: _HOUSE,
    c.OpenReplay: _HOUSE,
    c.RemoveRecording: _HOST | _HOUSE,
    c.RemoveSpace: _HOST | _HOUSE,
    c.SetListed: _HOSTS,
    c.SetVisibility: _HOSTS,
    c.ShutOut: _CO_HOSTS,
    c.TrimReplay: _HOSTS,
    setting.SetTopics: _HOSTS,
    setting.SetLinks: _HOSTS,
    setting.SetCover: _HOSTS,
    setting.SetAnnouncing: _HOSTS,
    setting.SetOwner: _HOST,  # and everybody for themselves, to leave
    setting.SetRecording: _HOSTS,
    setting.WithdrawConsent: frozenset(),  # everybody for themselves
    c.ConnectSeat: _HOUSE,
    c.LoseSeat: _HOUSE,
    Look.SITE: _ADMIN,
    Look.BACKSTAGE: _SPEAKERS,
    Look.REQUESTS: _CO_HOSTS,
    Look.BACK_CHANNEL: _CO_HOSTS,
    Look.COMMENTS: _CO_HOSTS,
    Look.CAPTIONS: _CO_HOSTS,
    Look.EVENTS: _HOSTS,
}
KEEPS_ORDER: frozenset[type[Command] | Look] = frozenset(
    {
        Look.BACKSTAGE, Look.REQUESTS, Look.COMMENTS,
        c.SetComments, c.SetAsking, c.MuteSeat, c.RemoveSeat, c.BanSeat, c.LiftBan,
    }
)  # fmt: skip
"""What whoever moderates the site may in every space, as a co-host there: look, lock, and send speakers off."""
_ORDER = (Rank.ANYONE, Rank.SPEAKER, Rank.CO_HOST, Rank.OWNER, Rank.HOST, Rank.ADMIN)
_RANKS = {Role.HOST: Rank.HOST, Role.CO_HOST: Rank.CO_HOST, Role.SPEAKER: Rank.SPEAKER}


def rank(actor: Actor, space: Space | None) -> Rank:
    """What the actor is in this space now."""
    seat = own_seat(actor, space)
    if actor.account and actor.rank is not Rank.ANYONE:
        return actor.rank
    if space is not None and seat is not None and seat == space.acting_host():
        return Rank.HOST
    if space is not None and owns(space, actor.account or (seat.account if seat is not None else "")):
        return Rank.OWNER
    if space is None or seat is None:
        return Rank.ANYONE if actor.seat else actor.rank
    return _RANKS[seat.role]


def owns(space: Space, account: str) -> bool:
    """Whether an account is that of a co-owner, who was not shut out."""
    return account in space.owners and not space.shuts_out(account)


def allowed(actor: Actor, wish: Command | Look, space: Space | None) -> bool:
    """Whether the actor may; a command that is allowed can still be impossible (``spaces.rules`` says)."""
    own, kind = rank(actor, space), wish if isinstance(wish, Look) else type(wish)
    if actor.moderates and kind in KEEPS_ORDER and not _outranks(own, Rank.SPEAKER):
        own = Rank.CO_HOST
    may = own in MAY[kind]
    seated_at = own_seat(actor, space)
    match wish:
        case c.CreateSpace():
            return may or actor.creates
        case setting.SetOwner(account=account, owner=False):
            return may or (bool(account) and account == actor.account)
        case c.ClaimSeat(seat=seat) | c.AgreeToRecording(seat=seat) | setting.WithdrawConsent(seat=seat):
            return seated_at is not None and seated_at.id == seat
        case c.RemoveSeat(seat=seat) | c.MuteSeat(seat=seat) | c.UnmuteSeat(seat=seat) | c.RenewLink(seat=seat):
            if seated_at is not None and seated_at.id == seat:
                return True
            return may and _above(own, seat, space)
        case c.BanSeat(seat=seat):
            return may and (seated_at is None or seated_at.id != seat) and _above(own, seat, space)
        case c.GiveSeat(role=role):
            return may and _outranks(own, _RANKS[role])
    return may


def bans_for_good(actor: Actor, seat: Seat) -> bool:
    """Whether the actor may ask to shut a seat's person out of the whole site: they have an account to suspend."""
    return (actor.rank is Rank.ADMIN or actor.moderates) and seat.account not in ("", actor.account)


def whose(actor: Actor, space: Space) -> str:
    """Who asks, for the record: an id, for names change and can be erased; else the rank."""
    if actor.account or actor.rank is not Rank.ANYONE:
        return actor.account or actor.rank.value
    seat = own_seat(actor, space)
    return seat.id if seat is not None else ""


def require(actor: Actor, wish: Command | Look, space: Space | None) -> None:
    """Raises :class:`NotSignedIn` for anyone, :class:`NotAllowed` for whoever is known but may not."""
    if allowed(actor, wish, space):
        return
    if rank(actor, space) is Rank.ANYONE and actor == ANYONE:
        raise NotSignedIn(
            "This needs a token (the admin's, or that of an invitation), or an account that is signed in."
        )
    if space is not None and actor.seat in space.banned:
        raise NotAllowed("The host has shut you out of this space.", code="banned")
    if space is not None and actor.seat in space.seats and own_seat(actor, space) is None:
        raise NotAllowed(
            "This link opens nothing any more: its seat belongs to an account, or has a newer link.",
            code="link-renewed",
        )
    ranks = MAY[wish if isinstance(wish, Look) else type(wish)]
    if ranks == _HOUSE:
        raise NotAllowed("Stentor does this by itself; nobody can ask for it.")
    who = "an administrator" if ranks == _ADMIN else "the host"
    raise NotAllowed(f"You may not do this in this space; ask {who}.")


def _above(own: Rank, seat: str, space: Space | None) -> bool:
    """Whether ``own`` outranks the seat; one that is not there has no rank."""
    there = space.seats.get(seat) if space is not None else None
    return there is None or _outranks(own, _RANKS[there.role])


def _outranks(own: Rank, other: Rank) -> bool:
    return _ORDER.index(own) > _ORDER.index(other)

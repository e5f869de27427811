"""Seats: who may be on the stage, in which role, muted or not, and who is shut out.

They travel on the board with the space.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.base.units import seat_id
from stentor.spaces import checks, setting
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import TALKING, Role, Seat, Space, erased_name
from stentor.spaces.refusals import refuse_if_over

MOST_INVITED = 100
"""More than fit on the stage, for only who is there takes a place. They travel on the board: 20 kB at most."""
MOST_BANS = 100
"""Bans travel on the board with the space: so many are 12 kB at most."""


def decide(space: Space, command: c.Command, at_ms: int) -> list[e.Event]:
    """The events of a command about seats, as ``rules.decide``; raises what that does."""
    match command:
        case c.GiveSeat():
            return _give(space, command, at_ms)
        case c.ClaimSeat():
            return _claim(space, command, at_ms)
        case c.AgreeToRecording(seat=seat, text=text):
            refuse_if_over(space)
            agreed = _seat(space, seat).agreed_ms is not None
            return [] if agreed else [e.RecordingAgreed(at_ms=at_ms, seat=seat, text=text)]
        case c.PictureSeat(seat=seat, picture_ms=picture_ms):
            same = _seat(space, seat).picture_ms == picture_ms
            return [] if same else [e.SeatPictured(at_ms=at_ms, seat=seat, picture_ms=picture_ms)]
        case c.ErasePerson(seat=seat, account=account, person=person):
            done = space.erased.get(seat) == person and not _holds(space, seat, account)
            return [] if done else [e.PersonErased(at_ms=at_ms, seat=seat, account=account, person=person)]
        case c.RenewLink(seat=seat):  # also when all is over: a link that went astray shows what was said backstage
            there = _seat(space, seat)
            return [e.LinkRenewed(at_ms=at_ms, seat=there.id, generation=there.generation + 1)]
        case c.RemoveSeat(seat=seat):
            return _remove(space, seat, at_ms)
        case c.ConnectSeat() | c.LoseSeat():
            return _connect(space, command, at_ms)
        case c.MuteSeat() | c.UnmuteSeat():
            return _mute(space, command, at_ms)
        case c.TurnSeat():
            return _turn(space, command, at_ms)
        case c.MuteSpeakers():
            return _mute_speakers(space, at_ms)
        case c.BanSeat(seat=seat):
            return _ban(space, seat, at_ms)
        case c.BanPerson():
            return _ban_person(space, command, at_ms)
        case c.LiftBan(seat=seat):
            return [e.BanLifted(at_ms=at_ms, seat=seat)] if seat in space.banned else []
        case c.ChangeRole() | c.HandOver():
            return _change_role(space, command, at_ms)
    raise TypeError(f"Not a command: {command!r}")


def apply(space: Space, event: e.Event) -> Space:
    """The space after an event about seats, as ``rules.apply``."""
    replace = msgspec.structs.replace
    match event:
        case e.SeatBanned(seat=seat, name=name, account=account):
            held = {**space.banned_accounts, seat: account} if account else space.banned_accounts
            return replace(space, banned={**space.banned, seat: name}, banned_accounts=held)
        case e.BanLifted(seat=seat):
            names, held = dict(space.banned), dict(space.banned_accounts)
            names.pop(seat, None)
            held.pop(seat, None)
            return replace(space, banned=names, banned_accounts=held)
        case e.PersonErased():
            return _erased(space, event)
    return replace(space, seats=_after(space, event))


def as_doors_open(space: Space) -> dict[str, Seat]:
    """The seats when the doors open: who was in the green room only has not been there."""
    return {
        name: seat if seat.connected else msgspec.structs.replace(seat, joined_ms=None)
        for name, seat in space.seats.items()
    }


def _holds(space: Space, seat: str, account: str) -> bool:
    """Whether a seat, or the ban of one, is an account's."""
    there = space.seats.get(seat)
    return (there is not None and there.account == account) or space.banned_accounts.get(seat) == account


def _erased(space: Space, event: e.PersonErased) -> Space:
    """Without the name of somebody; the seat stays, and is nobody's."""
    replace, name = msgspec.structs.replace, erased_name(event.person)
    space = replace(space, erased={**space.erased, event.seat: event.person})
    there = space.seats.get(event.seat)
    if there is not None and there.account == event.account:
        nobody = replace(there, name=name, account="", picture_ms=None)
        space = replace(space, seats={**space.seats, event.seat: nobody})
    if space.banned_accounts.get(event.seat) == event.account:
        held = {seat: account for seat, account in space.banned_accounts.items() if seat != event.seat}
        space = replace(space, banned={**space.banned, event.seat: name}, banned_accounts=held)
    return space


def _give(space: Space, command: c.GiveSeat, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    seat = seat_id(command.seat)
    name = checks.name(command.name)
    if command.role is Role.HOST:
        raise BadInput("A space has one host; give a seat as co-host and hand over.", field="role")
    if seat in space.banned:
        raise Conflict(f"{space.banned[seat]} is shut out of this space; lift the ban first.", code="banned")
    if seat in space.seats:
        there = space.seats[seat]
        if (there.name, there.role) == (name, command.role):
            return []
        raise Conflict(f"The seat {seat!r} is {there.name}'s; choose another id.", code="seat-exists")
    if len(space.seats) >= MOST_INVITED:
        raise Conflict(f"{MOST_INVITED} people are invited already; take a seat away first.", code="too-many-invited")
    return [e.SeatGiven(at_ms=at_ms, seat=seat, name=name, role=command.role)]


def _claim(space: Space, command: c.ClaimSeat, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    seat = _seat(space, command.seat)
    # Whoever else has seen the link must not have the seat; whose it is needs no link (and may make a new one).
    closed = e.LinkRenewed(at_ms=at_ms, seat=seat.id, generation=seat.generation + 1)
    if seat.account == command.account:
        return [closed]
    if space.shuts_out(command.account):
        raise Conflict("You are shut out of this space; ask the host.", code="banned")
    if seat.account:
        raise Conflict(
            "This seat belongs to another account already; ask the host for one of your own.", code="seat-claimed"
        )
    return [e.SeatClaimed(at_ms=at_ms, seat=seat.id, account=command.account), closed]


def _remove(space: Space, seat: str, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    if seat not in space.seats:
        return []
    removed = space.seats[seat]
    gone = e.SeatRemoved(at_ms=at_ms, seat=removed.id)
    if removed.role is not Role.HOST:
        return [gone]
    successor = space.successor()
    if successor is None:
        raise Conflict(
            f"{removed.name} is the host and no co-host can take over; make somebody co-host, or end the space.",
            code="no-successor",
        )
    return [e.HostChanged(at_ms=at_ms, seat=successor.id), gone]


def _connect(space: Space, command: c.ConnectSeat | c.LoseSeat, at_ms: int) -> list[e.Event]:
    if isinstance(command, c.LoseSeat):  # also after the end, and for a seat removed a moment ago
        seat = space.seats.get(command.seat)
        return [e.SeatLost(at_ms=at_ms, seat=seat.id)] if seat is not None and seat.connected else []
    refuse_if_over(space)
    there = _seat(space, command.seat)
    return [] if there.connected else [e.SeatConnected(at_ms=at_ms, seat=there.id)]


def _mute(space: Space, command: c.MuteSeat | c.UnmuteSeat, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    seat = _seat(space, command.seat)
    mute = isinstance(command, c.MuteSeat)
    if seat.muted == mute:
        return []
    return [e.SeatMuted(at_ms=at_ms, seat=seat.id) if mute else e.SeatUnmuted(at_ms=at_ms, seat=seat.id)]


def _turn(space: Space, command: c.TurnSeat, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    seat, volume = _seat(space, command.seat), checks.seat_volume(command.volume)
    return [] if seat.volume == volume else [e.SeatTurned(at_ms=at_ms, seat=seat.id, volume=volume)]


def _mute_speakers(space: Space, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    loud = (seat for seat in space.seats.values() if seat.role is Role.SPEAKER and not seat.muted)
    return [e.SeatMuted(at_ms=at_ms, seat=seat.id) for seat in loud]


def _ban(space: Space, seat: str, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    if seat in space.banned:
        return []
    there = _seat(space, seat)
    if len(space.banned) >= MOST_BANS:
        raise Conflict(f"{MOST_BANS} people are shut out already; lift a ban first.", code="too-many-bans")
    return [
        *_remove(space, seat, at_ms),
        e.SeatBanned(at_ms=at_ms, seat=there.id, name=there.name, account=there.account),
    ]


def _ban_person(space: Space, command: c.BanPerson, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    if space.shuts_out(command.account):
        return []
    if len(space.banned) >= MOST_BANS:
        raise Conflict(f"{MOST_BANS} people are shut out already; lift a ban first.", code="too-many-bans")
    return [e.SeatBanned(at_ms=at_ms, seat=command.seat, name=command.name, account=command.account)]


def _change_role(space: Space, command: c.ChangeRole | c.HandOver, at_ms: int) -> list[e.Event]:
    refuse_if_over(space)
    seat = _seat(space, command.seat)
    if isinstance(command, c.HandOver):
        if seat.role is Role.HOST:
            return []
        if space.state in TALKING and not seat.connected:
            raise Conflict(f"{seat.name} is not on the stage; hand over to somebody who is.", code="not-on-stage")
        return [e.HostChanged(at_ms=at_ms, seat=seat.id)]
    if seat.role is command.role:
        return []
    if Role.HOST in (seat.role, command.role):
        raise Conflict("A space has one host; hand over instead of changing the role.", code="hand-over")
    return [e.RoleChanged(at_ms=at_ms, seat=seat.id, role=command.role)]


def _seat(space: Space, seat: str) -> Seat:
    if seat not in space.seats:
        raise NotFound("There is no such seat in this space; it may have been removed.", code="seat-not-found")
    return space.seats[seat]


def _after(space: Space, event: e.Event) -> dict[str, Seat]:
    replace = msgspec.structs.replace
    seats = dict(space.seats)
    match event:
        case e.SeatGiven():
            seats[event.seat] = Seat(id=event.seat, name=event.name, role=event.role)
        case e.SeatClaimed():
            seats[event.seat] = replace(seats[event.seat], account=event.account)
        case e.SeatPictured():
            seats[event.seat] = replace(seats[event.seat], picture_ms=event.picture_ms)
        case e.RecordingAgreed():
            seats[event.seat] = setting.agreed(seats[event.seat], event)
        case e.LinkRenewed():
            seats[event.seat] = replace(seats[event.seat], generation=event.generation)
        case e.SeatRemoved():
            del seats[event.seat]
        case e.SeatConnected():
            joined_ms = seats[event.seat].joined_ms
            joined_ms = event.at_ms if joined_ms is None else joined_ms
            seats[event.seat] = replace(seats[event.seat], connected=True, joined_ms=joined_ms)
        case e.SeatLost():
            seats[event.seat] = replace(seats[event.seat], connected=False)
        case e.RoleChanged():
            seats[event.seat] = replace(seats[event.seat], role=event.role)
        case e.HostChanged():
            for seat in space.seats.values():
                if seat.role is Role.HOST:
                    seats[seat.id] = replace(seat, role=Role.CO_HOST)
            seats[event.seat] = replace(seats[event.seat], role=Role.HOST)
        case e.SeatMuted() | e.SeatUnmuted():
            seats[event.seat] = replace(seats[event.seat], muted=isinstance(event, e.SeatMuted))
        case e.SeatTurned():
            seats[event.seat] = replace(seats[event.seat], volume=event.volume)
        case _:
            raise TypeError(f"Not an event of a space: {event!r}")
    return seats

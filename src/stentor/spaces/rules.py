"""The rules of a space: ``decide`` turns a command into events, ``apply`` turns an event into the next state.

Both are pure. ``decide`` refuses with a sentence that says what to do; asking for what is already so gives no events
(a button pressed twice is no mistake). ``apply`` follows whatever ``decide`` has decided and never refuses, so that
stored events can always be read again.

Invariants (held by a state machine in ``tests/unit/spaces/test_rules_machine.py``): one host at any time; never more
seats than ``max_seats``; ``created <= doors_open <= live <= ended``; the doors open once, so the grid never moves.
"""

from __future__ import annotations

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.base.units import seat_id, space_id
from stentor.crowd.door import CLASSES
from stentor.crowd.rungs import TOP
from stentor.spaces import checks, comments, pins, sounds
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.events import Event
from stentor.spaces.model import OVER, TALKING, Role, Seat, Space, State

MOST_BANS = 100
"""Bans travel on the board with the space: so many are 12 kB at most."""

S = State
TRANSITIONS: dict[type[c.Command], dict[State, tuple[type[Event], ...]]] = {
    # command: {state: events}; () means it is so already; a state that is missing refuses
    c.OpenDoors: {S.SCHEDULED: (e.DoorsOpened,), S.DOORS_OPEN: (), S.LIVE: (), S.INTERRUPTED: ()},
    # A host who presses live early must not fail: the doors open in the same moment.
    c.GoLive: {
        S.SCHEDULED: (e.DoorsOpened, e.WentLive),
        S.DOORS_OPEN: (e.WentLive,),
        S.LIVE: (),
        S.INTERRUPTED: (),
    },
    # The stage goes away after the end, and with it may come a late word of it.
    c.Interrupt: {S.LIVE: (e.StageLost,), S.INTERRUPTED: (), S.ENDED: (), S.REPLAY: ()},
    c.Resume: {S.INTERRUPTED: (e.StageReturned,), S.LIVE: (), S.ENDED: (), S.REPLAY: ()},
    c.End: {
        S.DOORS_OPEN: (e.SpaceEnded,),
        S.LIVE: (e.SpaceEnded,),
        S.INTERRUPTED: (e.SpaceEnded,),
        S.ENDED: (),
        S.REPLAY: (),
    },
    c.Cancel: {S.SCHEDULED: (e.SpaceCancelled,), S.CANCELLED: ()},
    c.OpenReplay: {S.ENDED: (e.ReplayOpened,), S.REPLAY: ()},
}
NEXT: dict[type[Event], State] = {
    e.DoorsOpened: S.DOORS_OPEN,
    e.WentLive: S.LIVE,
    e.StageLost: S.INTERRUPTED,
    e.StageReturned: S.LIVE,
    e.SpaceEnded: S.ENDED,
    e.SpaceCancelled: S.CANCELLED,
    e.ReplayOpened: S.REPLAY,
}
_REFUSALS: dict[State, str] = {
    S.SCHEDULED: "The doors of this space are not open yet; open them first, or cancel the space.",
    S.DOORS_OPEN: "The doors of this space are open and people may be listening; go live, or end it.",
    S.LIVE: "This space is live; end it first.",
    S.INTERRUPTED: "This space is live (its stage is interrupted); end it first.",
    S.ENDED: "This space has ended; create a new one.",
    S.REPLAY: "This space has ended and can be replayed; create a new one.",
    S.CANCELLED: "This space is cancelled; create a new one.",
}


def decide(space: Space | None, command: c.Command, now: float) -> list[Event]:
    """The events that a command leads to; an empty list when what it asks for is so already.

    ``space`` is None for a space that does not exist, ``now`` the wall clock in seconds. Raises :class:`BadInput`,
    :class:`Conflict` or :class:`NotFound`. Whether the caller may ask at all is for ``spaces.rights`` to say.
    """
    if isinstance(command, c.CreateSpace):
        return _create(space, command, now)
    if space is None:
        raise NotFound("There is no such space.", code="space-not-found")
    at_ms = max(unix_ms(now), _newest_ms(space))
    if type(command) in TRANSITIONS:
        following = TRANSITIONS[type(command)].get(space.state)
        if following is None:
            raise _refusal(space)
        return [event(at_ms=at_ms) for event in following]  # type: ignore[call-arg]  # these have no other field
    match command:
        case c.Rename() | c.Reschedule() | c.SetHold() | c.SetAsking() | c.SetReactions() | c.SetOverflow():
            return _edit(space, command, now, at_ms)
        case c.SetComments():
            _refuse_if_over(space)
            return comments.decide(space, command, at_ms)
        case c.LimitAudience() | c.OpenAudience():
            return _limit(space, command, at_ms)
        case c.MoveDoor(p=p, listeners=listeners, places=places, waiting=waiting):
            _refuse_if_over(space)
            return (
                []
                if p == space.p
                else [e.DoorMoved(at_ms=at_ms, p=p, was=space.p, listeners=listeners, places=places, waiting=waiting)]
            )
        case c.NoteClock(by_ms=by_ms):
            return [e.ClockSet(at_ms=at_ms, by_ms=by_ms)] if space.on_air else []
        case c.PinRung() | c.ClimbRung():
            return _rung(space, command, at_ms)
        case c.GiveSeat():
            return _give_seat(space, command, at_ms)
        case c.ClaimSeat():
            return _claim_seat(space, command, at_ms)
        case c.PictureSeat(seat=seat, picture_ms=picture_ms):
            same = _seat(space, seat).picture_ms == picture_ms
            return [] if same else [e.SeatPictured(at_ms=at_ms, seat=seat, picture_ms=picture_ms)]
        case c.RenewLink(seat=seat):  # also when all is over: a link that went astray shows what was said backstage
            there = _seat(space, seat)
            return [e.LinkRenewed(at_ms=at_ms, seat=there.id, generation=there.generation + 1)]
        case c.RemoveSeat(seat=seat):
            return _remove_seat(space, seat, at_ms)
        case c.ConnectSeat() | c.LoseSeat():
            return _connect(space, command, at_ms)
        case c.MuteSeat() | c.UnmuteSeat():
            return _mute(space, command, at_ms)
        case c.MuteSpeakers():
            return _mute_speakers(space, at_ms)
        case c.BanSeat(seat=seat):
            return _ban(space, seat, at_ms)
        case c.LiftBan(seat=seat):
            return [e.BanLifted(at_ms=at_ms, seat=seat)] if seat in space.banned else []
        case c.ChangeRole() | c.HandOver():
            return _change_role(space, command, at_ms)
        case c.PinNote():
            _refuse_if_over(space)
            return pins.decide(space, command, at_ms)
        case c.Unpin():
            return pins.decide(space, command, at_ms)
        case c.AddSound() | c.DropSound() | c.PlaySound() | c.TurnSound() | c.StopSound():
            _refuse_if_over(space)
            return sounds.decide(space, command, at_ms)
    raise TypeError(f"Not a command: {command!r}")


def apply(space: Space | None, event: Event) -> Space:
    """The space after ``event``; its version counts the events that made it."""
    if isinstance(event, e.SpaceCreated):
        return _created(event)
    if space is None:
        raise TypeError(f"The first event of a space is SpaceCreated, not {e.kind(event)}.")
    replace = msgspec.structs.replace
    space = replace(space, version=space.version + 1)
    match event:
        case e.SpaceRenamed(title=title):
            return replace(space, title=title)
        case e.SpaceRescheduled(scheduled_ms=scheduled_ms):
            return replace(space, scheduled_ms=scheduled_ms)
        case e.HoldChanged(hold=hold):
            return replace(space, hold=hold)
        case e.AskingChanged(who=who):
            return replace(space, asking=who)
        case e.ReactionsChanged(on=on):
            return replace(space, reactions=on)
        case e.CommentsChanged(switch=switch, slow_s=slow_s, words=words):
            return replace(space, comments=switch, slow_s=slow_s, comment_words=words)
        case e.AudienceLimited(passes=passes):
            return replace(space, limited=True, passes=passes)
        case e.AudienceOpened():
            return replace(space, limited=False)
        case e.OverflowChanged(delay_s=delay_s):
            return replace(space, overflow_s=delay_s)
        case e.DoorMoved(p=p, waiting=waiting):
            return replace(space, p=p, waiting=waiting)
        case e.ClockSet():
            return space
        case e.RungPinned(rung=pinned):
            return replace(space, pinned_rung=pinned)
        case e.RungChanged(rung=rung, cause=cause, value=value):
            return replace(space, rung=rung, rung_cause=cause, rung_value=value)
        case e.SeatBanned(seat=seat, name=name, account=account):
            held = {**space.banned_accounts, seat: account} if account else space.banned_accounts
            return replace(space, banned={**space.banned, seat: name}, banned_accounts=held)
        case e.BanLifted(seat=seat):
            names, held = dict(space.banned), dict(space.banned_accounts)
            names.pop(seat, None)
            held.pop(seat, None)
            return replace(space, banned=names, banned_accounts=held)
        case e.NotePinned() | e.NoteUnpinned():
            return pins.apply(space, event)
        case e.SoundAdded() | e.SoundDropped() | e.SoundPlayed() | e.SoundTurned() | e.SoundStopped():
            return sounds.apply(space, event)
        case e.SeatGiven() | e.SeatClaimed() | e.SeatPictured() | e.LinkRenewed() | e.SeatRemoved():
            return replace(space, seats=_seats_after(space, event))
        case e.SeatConnected() | e.SeatLost():
            return replace(space, seats=_seats_after(space, event))
        case e.RoleChanged() | e.HostChanged() | e.SeatMuted() | e.SeatUnmuted():
            return replace(space, seats=_seats_after(space, event))
    times: dict[type[Event], str] = {e.DoorsOpened: "doors_open_ms", e.WentLive: "live_ms", e.SpaceEnded: "ended_ms"}
    happened = {times[type(event)]: event.at_ms} if type(event) in times else {}
    space = replace(space, state=NEXT[type(event)], **happened)
    return replace(space, sounds=[], playing=None) if space.state in OVER else space


# Deciding


def _create(space: Space | None, command: c.CreateSpace, now: float) -> list[Event]:
    if space is not None:
        raise Conflict(f"There is a space {command.id!r} already; choose another id.", code="space-exists")
    return [
        e.SpaceCreated(
            at_ms=unix_ms(now),
            id=space_id(command.id),
            title=checks.title(command.title),
            host_seat=seat_id(command.host_seat),
            host_name=checks.name(command.host_name, field="host_name"),
            scheduled_ms=checks.schedule(command.scheduled_ms, now),
            max_seats=checks.seats(command.max_seats),
            hold=checks.hold(command.hold),
            language=checks.language(command.language),
            host_account=command.host_account,
        )
    ]


def _edit(
    space: Space,
    command: c.Rename | c.Reschedule | c.SetHold | c.SetAsking | c.SetReactions | c.SetOverflow,
    now: float,
    at_ms: int,
) -> list[Event]:
    match command:
        case c.SetAsking(who=who):
            _refuse_if_over(space)
            return [] if who is space.asking else [e.AskingChanged(at_ms=at_ms, who=who)]
        case c.SetReactions(on=on):
            _refuse_if_over(space)
            return [] if on is space.reactions else [e.ReactionsChanged(at_ms=at_ms, on=on)]
        case c.SetOverflow():
            _refuse_if_over(space)
            delay_s = checks.overflow(command.delay_s)
            return [] if delay_s == space.overflow_s else [e.OverflowChanged(at_ms=at_ms, delay_s=delay_s)]
        case c.Rename():
            title = checks.title(command.title)
            return [] if title == space.title else [e.SpaceRenamed(at_ms=at_ms, title=title)]
        case c.Reschedule():
            if space.state is not State.SCHEDULED:
                raise _too_late(space, "its time")
            scheduled_ms = checks.schedule(command.scheduled_ms, now)
            same = scheduled_ms == space.scheduled_ms
            return [] if same else [e.SpaceRescheduled(at_ms=at_ms, scheduled_ms=scheduled_ms)]
        case c.SetHold():
            if space.state is not State.SCHEDULED:
                raise _too_late(space, "the hold music")
            hold = checks.hold(command.hold)
            return [] if hold == space.hold else [e.HoldChanged(at_ms=at_ms, hold=hold)]


def _limit(space: Space, command: c.LimitAudience | c.OpenAudience, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
    if isinstance(command, c.OpenAudience):
        return [e.AudienceOpened(at_ms=at_ms)] if space.limited else []
    unknown = set(command.passes) - CLASSES
    if unknown:
        raise BadInput(f"There are the classes {', '.join(sorted(CLASSES))}.", field="passes")
    passes = tuple(sorted(set(command.passes)))
    return [] if space.limited and passes == space.passes else [e.AudienceLimited(at_ms=at_ms, passes=passes)]


def _rung(space: Space, command: c.PinRung | c.ClimbRung, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
    if command.rung is not None and not 0 <= command.rung <= TOP:
        raise BadInput(f"The ladder has the rungs 0 to {TOP}.", field="rung")
    if isinstance(command, c.PinRung):
        return [] if command.rung == space.pinned_rung else [e.RungPinned(at_ms=at_ms, rung=command.rung)]
    if command.rung == space.rung:
        return []
    return [e.RungChanged(at_ms=at_ms, rung=command.rung, was=space.rung, cause=command.cause, value=command.value)]


def _give_seat(space: Space, command: c.GiveSeat, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
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
    if len(space.seats) >= space.max_seats:
        raise Conflict(
            f"All {space.max_seats} seats are given; remove one first.", code="stage-full", max_seats=space.max_seats
        )
    return [e.SeatGiven(at_ms=at_ms, seat=seat, name=name, role=command.role)]


def _claim_seat(space: Space, command: c.ClaimSeat, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
    seat = _seat(space, command.seat)
    if seat.account == command.account:
        return []
    if space.shuts_out(command.account):
        raise Conflict("You are shut out of this space; ask the host.", code="banned")
    if seat.account:
        raise Conflict(
            "This seat belongs to another account already; ask the host for one of your own.", code="seat-claimed"
        )
    return [e.SeatClaimed(at_ms=at_ms, seat=seat.id, account=command.account)]


def _remove_seat(space: Space, seat: str, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
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


def _connect(space: Space, command: c.ConnectSeat | c.LoseSeat, at_ms: int) -> list[Event]:
    if isinstance(command, c.LoseSeat):  # also after the end, and for a seat removed a moment ago
        seat = space.seats.get(command.seat)
        return [e.SeatLost(at_ms=at_ms, seat=seat.id)] if seat is not None and seat.connected else []
    _refuse_if_over(space)
    there = _seat(space, command.seat)
    return [] if there.connected else [e.SeatConnected(at_ms=at_ms, seat=there.id)]


def _mute(space: Space, command: c.MuteSeat | c.UnmuteSeat, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
    seat = _seat(space, command.seat)
    mute = isinstance(command, c.MuteSeat)
    if seat.muted == mute:
        return []
    return [e.SeatMuted(at_ms=at_ms, seat=seat.id) if mute else e.SeatUnmuted(at_ms=at_ms, seat=seat.id)]


def _mute_speakers(space: Space, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
    loud = (seat for seat in space.seats.values() if seat.role is Role.SPEAKER and not seat.muted)
    return [e.SeatMuted(at_ms=at_ms, seat=seat.id) for seat in loud]


def _ban(space: Space, seat: str, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
    if seat in space.banned:
        return []
    there = _seat(space, seat)
    if len(space.banned) >= MOST_BANS:
        raise Conflict(f"{MOST_BANS} people are shut out already; lift a ban first.", code="too-many-bans")
    return [
        *_remove_seat(space, seat, at_ms),
        e.SeatBanned(at_ms=at_ms, seat=there.id, name=there.name, account=there.account),
    ]


def _change_role(space: Space, command: c.ChangeRole | c.HandOver, at_ms: int) -> list[Event]:
    _refuse_if_over(space)
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


def _newest_ms(space: Space) -> int:
    """The latest time the space knows: a clock that was set back must not turn the order of events round."""
    joined = [seat.joined_ms or 0 for seat in space.seats.values()]
    played_ms = space.playing.at_ms if space.playing else 0
    return max(
        space.created_ms,
        space.doors_open_ms or 0,
        space.live_ms or 0,
        space.ended_ms or 0,
        space.pinned_ms,
        played_ms,
        *joined,
    )


def _refusal(space: Space) -> Conflict:
    return Conflict(_REFUSALS[space.state], state=space.state.value)


def _refuse_if_over(space: Space) -> None:
    if space.state in OVER:
        raise _refusal(space)


def _too_late(space: Space, what: str) -> Conflict:
    if space.state in OVER:
        return _refusal(space)
    return Conflict(f"The doors are open; {what} can be changed only before.", state=space.state.value)


def _seat(space: Space, seat: str) -> Seat:
    if seat not in space.seats:
        raise NotFound("There is no such seat in this space; it may have been removed.", code="seat-not-found")
    return space.seats[seat]


# Applying


def _created(event: e.SpaceCreated) -> Space:
    host = Seat(id=event.host_seat, name=event.host_name, role=Role.HOST, account=event.host_account)
    return Space(
        id=event.id,
        title=event.title,
        created_ms=event.at_ms,
        scheduled_ms=event.scheduled_ms,
        seats={host.id: host},
        max_seats=event.max_seats,
        hold=event.hold,
        language=event.language,
        version=1,
    )


_SeatEvent = (
    e.SeatGiven
    | e.SeatClaimed
    | e.SeatPictured
    | e.LinkRenewed
    | e.SeatRemoved
    | e.SeatConnected
    | e.SeatLost
    | e.RoleChanged
    | e.HostChanged
    | e.SeatMuted
    | e.SeatUnmuted
)


def _seats_after(space: Space, event: _SeatEvent) -> dict[str, Seat]:
    replace = msgspec.structs.replace
    seats = dict(space.seats)
    match event:
        case e.SeatGiven():
            seats[event.seat] = Seat(id=event.seat, name=event.name, role=event.role)
        case e.SeatClaimed():
            seats[event.seat] = replace(seats[event.seat], account=event.account)
        case e.SeatPictured():
            seats[event.seat] = replace(seats[event.seat], picture_ms=event.picture_ms)
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
    return seats

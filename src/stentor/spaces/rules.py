"""The rules of a space: ``decide`` turns a command into events, ``apply`` turns an event into the next state.

Both are pure. ``decide`` refuses with a sentence that says what to do; asking for what is already so gives no events
(a button pressed twice is no mistake). ``apply`` follows whatever ``decide`` has decided and never refuses, so that
stored events can always be read again.

Invariants (held by a state machine in ``tests/unit/spaces/test_rules_machine.py``): one host at any time; never more
people invited than ``seats.MOST_INVITED``; ``created <= doors_open <= live <= ended``; the grid begins
when the doors open first and never moves, also where they are closed again.
"""

from __future__ import annotations

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.base.units import seat_id, space_id
from stentor.crowd.door import CLASSES
from stentor.crowd.rungs import TOP
from stentor.spaces import (
    attendance,
    ballots,
    checks,
    comments,
    delay,
    pins,
    private,
    removal,
    retention,
    rundown,
    seats,
    setting,
    sounds,
)
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.announcing import Announcing
from stentor.spaces.ballot_events import PollClosed, PollOpened, QuestionAnswered, QuestionTaken
from stentor.spaces.delay_events import DelayChosen, SoundDumped
from stentor.spaces.events import Event
from stentor.spaces.model import OVER, Role, Seat, Space, State, Trim
from stentor.spaces.opening import before_ms
from stentor.spaces.refusals import refusal, refuse_if_over, too_late
from stentor.spaces.setting_events import (
    AboutChanged,
    AnnouncingChosen,
    ConsentWithdrawn,
    OwnersChanged,
    RecordingChosen,
)
from stentor.spaces.visibility import Visibility

S = State
TRANSITIONS: dict[type[c.Command], dict[State, tuple[type[Event], ...]]] = {
    # command: {state: events}; () means it is so already; a state that is missing refuses
    c.OpenDoors: {S.SCHEDULED: (e.DoorsOpened,), S.DOORS_OPEN: (), S.LIVE: (), S.INTERRUPTED: ()},
    c.CloseDoors: {S.SCHEDULED: (), S.DOORS_OPEN: (e.DoorsClosed,)},
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
    c.Abandon: {
        S.DOORS_OPEN: (e.HostMissed, e.SpaceEnded),
        S.LIVE: (e.HostMissed, e.SpaceEnded),
        S.INTERRUPTED: (e.HostMissed, e.SpaceEnded),
        S.ENDED: (),
        S.REPLAY: (),
    },
    c.Cancel: {S.SCHEDULED: (e.SpaceCancelled,), S.CANCELLED: ()},
    c.OpenReplay: {S.ENDED: (e.ReplayOpened,), S.REPLAY: ()},
}
NEXT: dict[type[Event], State] = {
    e.DoorsOpened: S.DOORS_OPEN,
    e.DoorsClosed: S.SCHEDULED,
    e.WentLive: S.LIVE,
    e.StageLost: S.INTERRUPTED,
    e.StageReturned: S.LIVE,
    e.SpaceEnded: S.ENDED,
    e.SpaceCancelled: S.CANCELLED,
    e.ReplayOpened: S.REPLAY,
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
    if isinstance(command, c.Abandon) and space.hosted:
        return []  # a host came in this very moment
    if (found := _by_subject(space, command, at_ms)) is not None:
        return found
    if isinstance(command, c.CloseDoors) and any(seat.connected for seat in _others(space)):
        raise Conflict("Somebody else is on the stage already; end it instead.", code="somebody-came")
    if type(command) in TRANSITIONS:
        following = TRANSITIONS[type(command)].get(space.state)
        if following is None:
            raise refusal(space)
        return [event(at_ms=at_ms) for event in following]  # type: ignore[call-arg]  # these have no other field
    match command:
        case c.Rename() | c.Describe() | c.SetLanguage() | c.Reschedule():
            return _edit(space, command, now, at_ms)
        case c.SetHold() | c.SetAsking() | c.SetReactions() | c.SetOverflow():
            return _set(space, command, at_ms)
        case c.SetSwitch(switch=switch, on=on):
            return [] if on is space.allows(switch) else [e.SwitchSet(at_ms=at_ms, switch=switch.value, on=on)]
        case c.SetComments():
            refuse_if_over(space)
            return comments.decide(space, command, at_ms)
        case c.LimitAudience() | c.OpenAudience():
            return _limit(space, command, at_ms)
        case c.MoveDoor(p=p, listeners=listeners, places=places, waiting=waiting):
            refuse_if_over(space)
            return (
                []
                if p == space.p
                else [e.DoorMoved(at_ms=at_ms, p=p, was=space.p, listeners=listeners, places=places, waiting=waiting)]
            )
        case c.NoteClock(by_ms=by_ms):
            return [e.ClockSet(at_ms=at_ms, by_ms=by_ms)] if space.on_air else []
        case c.PinRung() | c.ClimbRung():
            return _rung(space, command, at_ms)
        case c.PinNote():
            refuse_if_over(space)
            return pins.decide(space, command, at_ms)
        case c.Unpin():
            return pins.decide(space, command, at_ms)
        case c.SetRundown() | c.BeginItem():
            return rundown.decide(space, command, at_ms)
        case c.RemoveRecording() | c.RemoveSpace() | c.SetListed() | c.TrimReplay():
            return removal.decide(space, command, at_ms)
        case c.AddSound() | c.DropSound() | c.PlaySound() | c.TurnSound() | c.StopSound():
            refuse_if_over(space)
            return sounds.decide(space, command, at_ms)
        case c.SetKeep() | c.NoteRemoval():
            return retention.decide(space, command, at_ms)
    return seats.decide(space, command, at_ms)


def _others(space: Space) -> list[Seat]:
    return [seat for seat in space.seats.values() if seat.role is not Role.HOST] if space.state is S.DOORS_OPEN else []


def _by_subject(space: Space, command: c.Command, at_ms: int) -> list[Event] | None:
    """The events of what a module of its own decides; None for the rest."""
    if isinstance(command, private.PrivacyCommand):
        return private.decide(space, command, at_ms)
    if isinstance(command, delay.DelayCommand):
        return [*delay.decide(space, command, at_ms)]
    if isinstance(command, ballots.BallotCommand):
        return [*ballots.decide(space, command, at_ms)]
    return setting.decide(space, command, at_ms) if isinstance(command, setting.SettingCommand) else None


def apply(space: Space | None, event: Event) -> Space:
    """The space after ``event``; its version counts the events that made it."""
    return attendance.apply(_apply(space, event), event.at_ms)


def _apply(space: Space | None, event: Event) -> Space:
    if isinstance(event, e.SpaceCreated):
        return _created(event)
    if space is None:
        raise TypeError(f"The first event of a space is SpaceCreated, not {e.kind(event)}.")
    replace = msgspec.structs.replace
    space = replace(space, version=space.version + 1)
    match event:
        case e.SpaceRenamed() | e.SpaceDescribed() | e.LanguageChanged() | e.SpaceRescheduled():
            return _edited(space, event)
        case e.HoldChanged(hold=hold):
            return replace(space, hold=hold)
        case e.AskingChanged(who=who):
            return replace(space, asking=who)
        case e.ReactionsChanged(on=on):
            return replace(space, reactions=on)
        case e.SwitchSet(switch=switch, on=on):
            left = tuple(each for each in space.off if each != switch)
            return replace(space, off=left if on else (*left, switch))
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
        case e.ClockSet() | e.HostMissed():
            return space
        case e.RungPinned(rung=pinned):
            return replace(space, pinned_rung=pinned)
        case e.RungChanged(rung=rung, cause=cause, value=value):
            return replace(space, rung=rung, rung_cause=cause, rung_value=value)
        case e.NotePinned() | e.NoteUnpinned():
            return pins.apply(space, event)
        case e.RundownSet() | e.ItemBegun():
            return rundown.apply(space, event)
        case e.RecordingRemoved() | e.SpaceRemoved() | e.ListingChanged() | e.ReplayTrimmed():
            return removal.apply(space, event)
        case e.SoundAdded() | e.SoundDropped() | e.SoundPlayed() | e.SoundTurned() | e.SoundStopped():
            return sounds.apply(space, event)
        case e.KeepChanged() | e.LetGo():
            return retention.apply(space, event)
        case e.VisibilityChanged() | e.KeyTurned() | e.ListenerShutOut() | e.ListenerLetIn():
            return private.apply(space, event)
        case PollOpened() | PollClosed() | QuestionTaken() | QuestionAnswered():
            return ballots.apply(space, event)
        case DelayChosen() | SoundDumped():
            return delay.apply(space, event)
        case AboutChanged() | AnnouncingChosen() | OwnersChanged() | RecordingChosen() | ConsentWithdrawn():
            return setting.apply(space, event)
        case e.SeatBanned() if space.private:
            space = private.turned(space)
    return _moved(space, event) if type(event) in NEXT else seats.apply(space, event)


def _moved(space: Space, event: Event) -> Space:
    """In the next state of its life."""
    replace = msgspec.structs.replace
    if isinstance(event, e.DoorsClosed):
        opened_ms = space.doors_open_ms or 0
        return replace(space, state=NEXT[type(event)], doors_open_ms=None, origin_ms=opened_ms, trim=None)
    if isinstance(event, e.DoorsOpened):
        space = replace(space, seats=seats.as_doors_open(space))
        if space.origin_ms:
            return _reopened(space, event.at_ms)
    times: dict[type[Event], str] = {e.DoorsOpened: "doors_open_ms", e.WentLive: "live_ms", e.SpaceEnded: "ended_ms"}
    happened = {times[type(event)]: event.at_ms} if type(event) in times else {}
    space = replace(space, state=NEXT[type(event)], **happened)
    return replace(space, sounds=[], playing=None) if space.state in OVER else space


def _reopened(space: Space, at_ms: int) -> Space:
    """The grid goes on, so that no number of a chunk or segment is ever given twice; the replay begins here."""
    space = msgspec.structs.replace(space, state=S.DOORS_OPEN, doors_open_ms=space.origin_ms, opened_ms=at_ms)
    return msgspec.structs.replace(space, trim=Trim(before_ms(space), None) if before_ms(space) else None)


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
            description=checks.description(command.description),
            visibility=command.visibility,
            show=command.show,
            announcing=Announcing.of(command.announcing, command.announcing.by),
        )
    ]


def _edit(
    space: Space, command: c.Rename | c.Describe | c.SetLanguage | c.Reschedule, now: float, at_ms: int
) -> list[Event]:
    """What a space is called and is about stays open to change for ever; its time while it is to come."""
    match command:
        case c.Rename():
            title = checks.title(command.title)
            return [] if title == space.title else [e.SpaceRenamed(at_ms=at_ms, title=title)]
        case c.Describe():
            text = checks.description(command.text)
            return [] if text == space.description else [e.SpaceDescribed(at_ms=at_ms, text=text)]
        case c.SetLanguage():
            language = checks.language(command.language)
            return [] if language == space.language else [e.LanguageChanged(at_ms=at_ms, language=language)]
        case c.Reschedule():
            if space.state is not State.SCHEDULED:
                raise too_late(space, "its time")
            if command.scheduled_ms == space.scheduled_ms:
                return []
            scheduled_ms = checks.schedule(command.scheduled_ms, now)
            return [e.SpaceRescheduled(at_ms=at_ms, scheduled_ms=scheduled_ms)]


def _set(space: Space, command: c.SetHold | c.SetAsking | c.SetReactions | c.SetOverflow, at_ms: int) -> list[Event]:
    match command:
        case c.SetAsking(who=who):
            refuse_if_over(space)
            return [] if who is space.asking else [e.AskingChanged(at_ms=at_ms, who=who)]
        case c.SetReactions(on=on):
            refuse_if_over(space)
            return [] if on is space.reactions else [e.ReactionsChanged(at_ms=at_ms, on=on)]
        case c.SetOverflow():
            refuse_if_over(space)
            delay_s = checks.overflow(command.delay_s)
            return [] if delay_s == space.overflow_s else [e.OverflowChanged(at_ms=at_ms, delay_s=delay_s)]
        case c.SetHold():
            if space.state is not State.SCHEDULED:
                raise too_late(space, "the hold music")
            hold = checks.hold(command.hold)
            return [] if hold == space.hold else [e.HoldChanged(at_ms=at_ms, hold=hold)]


def _newest_ms(space: Space) -> int:
    """The latest time the space knows: a clock that was set back must not turn the order of events round."""
    joined = [seat.joined_ms or 0 for seat in space.seats.values()]
    removed = [removal.at_ms for removal in (*space.removals, space.removed) if removal is not None]
    return max(
        space.created_ms,
        space.doors_open_ms or space.origin_ms,
        space.opened_ms,
        space.live_ms or 0,
        space.ended_ms or 0,
        space.pinned_ms,
        space.playing.at_ms if space.playing else 0,
        *joined,
        *removed,
    )


def _limit(space: Space, command: c.LimitAudience | c.OpenAudience, at_ms: int) -> list[Event]:
    refuse_if_over(space)
    if isinstance(command, c.OpenAudience):
        return [e.AudienceOpened(at_ms=at_ms)] if space.limited else []
    unknown = set(command.passes) - CLASSES
    if unknown:
        raise BadInput(f"There are the classes {', '.join(sorted(CLASSES))}.", field="passes")
    passes = tuple(sorted(set(command.passes)))
    return [] if space.limited and passes == space.passes else [e.AudienceLimited(at_ms=at_ms, passes=passes)]


def _rung(space: Space, command: c.PinRung | c.ClimbRung, at_ms: int) -> list[Event]:
    refuse_if_over(space)
    if command.rung is not None and not 0 <= command.rung <= TOP:
        raise BadInput(f"The ladder has the rungs 0 to {TOP}.", field="rung")
    if isinstance(command, c.PinRung):
        return [] if command.rung == space.pinned_rung else [e.RungPinned(at_ms=at_ms, rung=command.rung)]
    if command.rung == space.rung:
        return []
    return [e.RungChanged(at_ms=at_ms, rung=command.rung, was=space.rung, cause=command.cause, value=command.value)]


# Applying


def _edited(space: Space, event: e.SpaceRenamed | e.SpaceDescribed | e.LanguageChanged | e.SpaceRescheduled) -> Space:
    replace = msgspec.structs.replace
    match event:
        case e.SpaceRenamed(title=title):
            return replace(space, title=title)
        case e.SpaceDescribed(text=text):
            return replace(space, description=text)
        case e.LanguageChanged(language=language):
            return replace(space, language=language)
        case e.SpaceRescheduled(scheduled_ms=scheduled_ms):
            return replace(space, scheduled_ms=scheduled_ms)


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
        description=event.description,
        visibility=event.visibility,
        listed=event.visibility is Visibility.PUBLIC,
        show=event.show,
        announcing=event.announcing,
        version=1,
    )

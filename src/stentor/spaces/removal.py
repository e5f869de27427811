"""What is deleted of a space that is over, and what of it is shown.

A deletion is for good and reaches all that is derived. What stays is in the record: which part, when, who and why.
"""

from __future__ import annotations

import msgspec

from stentor.base.errors import BadInput, Conflict
from stentor.spaces import checks
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.board import UNFINISHED_MS
from stentor.spaces.model import OVER, Removal, Role, Space, State, Trim
from stentor.spaces.opening import before_ms
from stentor.spaces.visibility import Visibility

MOST_REMOVALS = 100
"""Of one recording: they travel with the space."""
RemovalCommand = c.RemoveRecording | c.RemoveSpace | c.SetListed | c.TrimReplay
RemovalEvent = e.RecordingRemoved | e.SpaceRemoved | e.ListingChanged | e.ReplayTrimmed


def decide(space: Space, command: RemovalCommand, at_ms: int) -> list[e.Event]:
    """The events of a command, as ``rules.decide``; raises :class:`BadInput` and :class:`Conflict`."""
    if isinstance(command, c.SetListed):
        if command.on and space.private:
            raise Conflict("A private space stands in no list; make it public first.", code="private-space")
        return [] if command.on is space.listed else [e.ListingChanged(at_ms=at_ms, listed=command.on)]
    if isinstance(command, c.RemoveSpace) and space.removed is not None:
        return []
    require_finished(space, at_ms)
    if isinstance(command, c.RemoveSpace):
        return [e.SpaceRemoved(at_ms=at_ms, who=command.who, reason=checks.reason(command.reason))]
    if space.removed is not None:
        raise Conflict("This space was removed on request; nothing of it is left.", code="removed")
    if not space.length_ms:
        raise Conflict("Nothing of this space was recorded.", code="no-recording")
    from_ms, to_ms = _span(space, command.from_ms, command.to_ms)
    if isinstance(command, c.TrimReplay):
        from_ms = max(from_ms, before_ms(space))
        trim = None if (from_ms, to_ms) == (0, None) else Trim(from_ms, to_ms)
        return [] if trim == space.trim else [e.ReplayTrimmed(at_ms=at_ms, from_ms=from_ms, to_ms=to_ms)]
    if any(removal.holds(from_ms, to_ms) for removal in space.removals):
        return []
    if len(space.removals) >= MOST_REMOVALS and (from_ms, to_ms) != (0, None):
        raise Conflict(f"{MOST_REMOVALS} parts were removed already; remove the whole recording.", code="many-removals")
    reason = checks.reason(command.reason)
    return [e.RecordingRemoved(at_ms=at_ms, from_ms=from_ms, to_ms=to_ms, who=command.who, reason=reason)]


def apply(space: Space, event: RemovalEvent) -> Space:
    """The space after the event, as ``rules.apply``."""
    replace = msgspec.structs.replace
    match event:
        case e.ListingChanged(listed=listed):
            if space.private:
                return replace(space, listed=False)
            return replace(space, listed=listed, visibility=Visibility.PUBLIC if listed else Visibility.UNLISTED)
        case e.ReplayTrimmed(from_ms=from_ms, to_ms=to_ms):
            return replace(space, trim=None if (from_ms, to_ms) == (0, None) else Trim(from_ms, to_ms))
        case e.RecordingRemoved():
            removal = Removal(event.from_ms, event.to_ms, event.at_ms, event.who, event.reason)
            return replace(space, removals=[*space.removals, removal])
        case e.SpaceRemoved():
            removal = Removal(0, None, event.at_ms, event.who, event.reason)
            space = replace(without_speakers(space), banned={}, banned_accounts={}, comment_words=())
            return replace(space, removed=removal, title="", description="", pins=[], listed=False, trim=None)


def without_speakers(space: Space) -> Space:
    """Only hosts and co-hosts have a seat left: they answer for what is left, and may still remove it."""
    return msgspec.structs.replace(
        space, seats={name: seat for name, seat in space.seats.items() if seat.role is not Role.SPEAKER}
    )


def require_finished(space: Space, at_ms: int) -> None:
    """Raises :class:`Conflict` while somebody may still write what would have to go."""
    if space.state not in OVER:
        said = "This space is not over; end it, or cancel it, first."
        raise Conflict(said, state=space.state.value, reason="not-over")
    if space.state is State.ENDED and at_ms - space.when_ms < UNFINISHED_MS:
        detail = "The recording is still being finished; try again in a minute."
        raise Conflict(detail, code="recording-unfinished", state=space.state.value)


def _span(space: Space, from_ms: int, to_ms: int | None) -> tuple[int, int | None]:
    """The part that is meant; None for the end. Raises :class:`BadInput`."""
    end = space.length_ms if to_ms is None else min(to_ms, space.length_ms)
    if not 0 <= from_ms < end:
        raise BadInput(
            f"The recording has {space.length_ms / 1000:.2f} s; name a part of it, the beginning before the end.",
            field="from_ms",
        )
    return from_ms, None if end == space.length_ms else end

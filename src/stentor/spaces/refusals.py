"""What a space refuses in which state, in sentences that say what to do."""

from __future__ import annotations

from stentor.base.errors import Conflict
from stentor.spaces.model import OVER, Space, State

S = State
_REFUSALS: dict[State, str] = {
    S.SCHEDULED: "The doors of this space are not open yet; open them first, or cancel the space.",
    S.DOORS_OPEN: "The doors of this space are open and people may be listening; go live, or end it.",
    S.LIVE: "This space is live; end it first.",
    S.INTERRUPTED: "This space is live (its stage is interrupted); end it first.",
    S.ENDED: "This space has ended; create a new one.",
    S.REPLAY: "This space has ended and can be replayed; create a new one.",
    S.CANCELLED: "This space is cancelled; create a new one.",
}


def refusal(space: Space) -> Conflict:
    """Not in this state."""
    return Conflict(_REFUSALS[space.state], state=space.state.value)


def refuse_if_over(space: Space) -> None:
    """Raises :class:`Conflict` when the space has ended or is cancelled."""
    if space.state in OVER:
        raise refusal(space)


def too_late(space: Space, what: str) -> Conflict:
    """``what`` can be changed only while the doors are closed."""
    if space.state in OVER:
        return refusal(space)
    said = f"The doors are open; {what} can be changed only before."
    return Conflict(said, state=space.state.value, reason="too-late")

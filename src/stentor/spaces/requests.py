"""Requests to speak: people of the audience wait in a line until a host or co-host answers.

A request is no part of the :class:`Space` that travels to the edges: the line changes often and only the house and
the hosts look at it. Its id is the id of the seat that its person gets, so the token of a request, which is worth
nothing before, is the seat's token from then on; and a ban of the seat is a ban of its requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from stentor.base.errors import Conflict, NotAllowed, NotSignedIn, Overloaded
from stentor.base.units import SeatId
from stentor.spaces import checks
from stentor.spaces.model import OVER, Asking, Space

MOST_WAITING = 200
"""More than a host can look through; whoever comes later is told so at once."""
FULL_RETRY_S = 30.0


class SpeakRequest(msgspec.Struct, frozen=True):
    """One person who waits; ``asked_ms`` is wall clock (ms, UTC)."""

    id: SeatId
    name: str
    asked_ms: int


class RequestState(StrEnum):
    """What has become of a request."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """The person has the seat."""
    BANNED = "banned"
    OVER = "over"
    """The space is over."""
    CLOSED = "closed"
    """Not in the line: declined, withdrawn, or the seat was taken away again. It may be asked anew."""


class Standing(msgspec.Struct, frozen=True):
    """A request as its person sees it: ``place`` is 1 for the next one, 0 for whoever does not wait."""

    state: RequestState
    place: int = 0
    waiting: int = 0


def admit(
    space: Space,
    waiting: Sequence[SpeakRequest],
    request: SpeakRequest,
    account: str = "",
    *,
    device: str = "",
    near: bool = False,
) -> SpeakRequest:
    """The request that joins the line, with its name trimmed; whoever waits already keeps the place.

    ``account`` is that of whoever asks, if they are signed in: a ban holds it under every name and from every device.
    ``device`` is the account that signed in last in this browser, ``near`` whether somebody who was shut out asked from
    the same address: a guest there signs in first, for there may be many people behind it.

    Raises :class:`BadInput` for the name, :class:`Conflict` (``requests-closed``) while nobody may ask or for whoever
    is on the stage, :class:`NotSignedIn` (``sign-in-to-ask``), :class:`NotAllowed` (``banned``) and
    :class:`Overloaded` (429, ``requests-full``).
    """
    name = checks.name(request.name)
    known = request.id in space.banned or space.shuts_out(account) or (not account and space.shuts_out(device))
    if known or name.casefold() in {each.casefold() for each in space.banned.values()}:
        raise NotAllowed("The host has shut you out of this space.", code="banned")
    if near and not account:
        said = "Somebody at your address was shut out of this space; sign in to ask to speak."
        raise NotSignedIn(said, code="sign-in-to-ask")
    if request.id in space.seats:
        raise Conflict("You have a seat on the stage already.", code="seat-exists")
    if not space.hears_requests:
        raise Conflict("Nobody can ask to speak in this space now.", code="requests-closed")
    if space.asking is not Asking.ANYONE and not account:
        raise NotSignedIn("In this space people ask to speak who are signed in; sign in first.", code="sign-in-to-ask")
    before = next((each for each in waiting if each.id == request.id), None)
    if before is None and len(waiting) >= MOST_WAITING:
        raise Overloaded(
            f"{MOST_WAITING} people wait already; try again later.",
            retry_after_s=FULL_RETRY_S,
            status=429,
            code="requests-full",
        )
    return SpeakRequest(request.id, name, before.asked_ms if before else request.asked_ms)


def standing(space: Space, waiting: Sequence[SpeakRequest], request: str) -> Standing:
    """What has become of the request with this id; ``waiting`` is the line, the next one first."""
    if request in space.banned:
        return Standing(RequestState.BANNED)
    if space.state in OVER:
        return Standing(RequestState.OVER)
    if request in space.seats:
        return Standing(RequestState.ACCEPTED)
    ids = [each.id for each in waiting]
    if request not in ids:
        return Standing(RequestState.CLOSED)
    return Standing(RequestState.WAITING, ids.index(SeatId(request)) + 1, len(ids))

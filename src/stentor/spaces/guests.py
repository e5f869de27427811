"""Guests' comments: a name and a line of somebody without an account, held until whoever keeps order answers.

A guest is a device: the house gives it a pass when it first writes. What is kept of the pass is a digest that differs
from space to space, so that nobody follows a guest through the site.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum

import msgspec

from stentor.base import words
from stentor.base.errors import BadInput, Conflict, Overloaded
from stentor.base.words import Word
from stentor.spaces import checks, comments
from stentor.spaces.comments import ChatState, Writer
from stentor.spaces.model import Space

MOST_HELD = 200
"""In one space: more than a host can look through; whoever comes later is told so at once."""
MOST_HELD_EACH = 3
"""Of one guest."""
FULL_RETRY_S = 30.0
PASS_BYTES = 12
"""Of a pass's random name; it says nothing about the device."""
LONGEST_PASS = 100
"""Characters; ours have 65."""
_PURPOSE = b"stentor guest 1\0"
"""Stands before what is signed: the key signs other things too, and one must never pass for the other."""


class GuestVerdict(StrEnum):
    """What those who keep order say to a guest's comment, besides removing it."""

    APPROVE = "approve"
    """Everybody may read it."""
    TRUST = "trust"
    """That, and all that the same guest wrote and will write in this space."""
    SILENCE = "silence"
    """The guest writes here no more, and what they wrote goes."""


class GuestStanding(StrEnum):
    """What a guest is in a space after a verdict about them."""

    TRUSTED = "trusted"
    SILENCED = "silenced"


class GuestHistory(msgspec.Struct, frozen=True):
    """What is known of a guest in a space, and how many comments are held there."""

    standing: GuestStanding | None = None
    last_ms: int | None = None
    """When they wrote last, of what is still there."""
    held: int = 0
    """Of theirs."""
    held_by_all: int = 0


class GuestComment(msgspec.Struct, frozen=True):
    """A comment as it is kept; ``held`` until somebody approves it."""

    name: str
    text: str
    held: bool


def new_pass(random: bytes, key: bytes) -> str:
    """The pass of a new device: its random name, signed; ``random`` has :data:`PASS_BYTES`."""
    return f"{random.hex()}.{_mac(random.hex(), key)}"


def device(guest_pass: str, key: bytes) -> str | None:
    """The name of the device that a pass says; None for one that we have not signed."""
    name, _, mac = guest_pass.partition(".")
    if len(guest_pass) > LONGEST_PASS or not guest_pass.isascii() or not hmac.compare_digest(mac, _mac(name, key)):
        return None
    return name


def digest(device: str, space: str) -> str:
    """What is kept of a device in a space: 32 hex digits."""
    return hashlib.sha256(f"{space} {device}".encode()).hexdigest()[:32]


def admit(
    space: Space,
    now: ChatState,
    name: str,
    text: str,
    past: GuestHistory,
    *,
    forbidden: frozenset[Word],
    at_ms: int,
) -> GuestComment:
    """The comment as it is kept; raises what :func:`comments.admit` does, :class:`BadInput` for the name, and
    :class:`Conflict` (``guest-waits``) or :class:`Overloaded` (429, ``guests-full``) when enough is held."""
    shown = checks.name(name)
    writer = Writer(shown, silenced=past.standing is GuestStanding.SILENCED, last_ms=past.last_ms)
    line = comments.admit(space, now, writer, text, forbidden=forbidden, at_ms=at_ms)
    if words.found_in(shown, forbidden | words.parse(space.comment_words)):
        raise BadInput("A word in this name is not wanted here; take another.", code="comment-word", field="name")
    if words.tokens(shown) in {words.tokens(seat.name) for seat in space.seats.values()} - {()}:
        said = "Somebody on the stage has this name; take another, so that nobody takes you for them."
        raise BadInput(said, code="name-taken", field="name")
    trusted = past.standing is GuestStanding.TRUSTED
    if not trusted and past.held >= MOST_HELD_EACH:
        raise Conflict(f"{past.held} of your comments wait for the hosts; wait for their answer.", code="guest-waits")
    if not trusted and past.held_by_all >= MOST_HELD:
        raise Overloaded(
            f"{MOST_HELD} comments wait for the hosts already; try again later.",
            retry_after_s=FULL_RETRY_S,
            status=429,
            code="guests-full",
        )
    return GuestComment(shown, line, held=not trusted)


def _mac(name: str, key: bytes) -> str:
    return hmac.digest(key, _PURPOSE + name.encode("ascii"), hashlib.sha256).hex()[:40]

"""Private spaces: keys that change, passes that the house signs, and who was shut out. Pure.

Everything of a private space lies below ``/s/{space}/k/{key}``. The key follows from the site's secret, the space, its
*turn* (which rises whenever somebody is shut out) and the hour, so every edge knows it and asks nobody. A *pass* says
whose it is and until when; an edge checks it by one HMAC, about 5 µs with its cookie (``bench/private.py``).

A key may be kept by caches, and whoever has its address hears the space until it changes. A pass is one person's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

import msgspec

from stentor.base.errors import Conflict
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.model import Space
from stentor.spaces.visibility import PRIVATE, Visibility

HOUR_S = 3600
OVERLAP_S = 900
"""So long the key of the hour before is good without a pass: whoever loads a page just before the hour hears on. With a
pass an old key leads to the new one."""
PASS_S = 12 * 3600
"""Longer than a long evening; whoever comes back gets a new one."""
KEY_BYTES = 16
HOLDER_BYTES = 8
MAC_BYTES = 12
MOST_SHUT_OUT = 1000
"""Of one space: they travel with it through the house."""
COOKIE = "stentor-pass-"
"""The name of the cookie with a pass; the space's id follows."""
BELOW = "k"
LISTENER = "p"
"""Below the key of a space with tickets: what follows says whose HLS it is (:class:`ListenerKey`)."""
_BODY = struct.Struct(f">{HOLDER_BYTES}sQI")
_LISTENER_BODY = struct.Struct(f">{HOLDER_BYTES}sQIQ")
_PURPOSE = "stentor private "
PrivacyCommand = c.SetVisibility | c.ShutOut
PrivacyEvent = e.VisibilityChanged | e.KeyTurned | e.ListenerShutOut | e.ListenerLetIn


class Pass(msgspec.Struct, frozen=True):
    """Whose it is (8 bytes that say nothing to others), when it was given (ms), and until when it holds (s)."""

    holder: bytes
    issued_ms: int
    expires_s: int


class ListenerKey(msgspec.Struct, frozen=True):
    """One player of a space with tickets: its pass, and when it began (ms). It stands in the address of every file, for
    players ask for files and tell nobody who they are."""

    given: Pass
    begun_ms: int


def secret(doors: bytes) -> bytes:
    """What keys and passes are made with, of the key that house and edges share."""
    return hmac.digest(doors, f"{_PURPOSE}1".encode(), hashlib.sha256)


def keys(key: bytes, space: Space, now: float) -> tuple[str, ...]:
    """The keys that are good at ``now`` (wall clock, s) without a pass, the newest first: 32 hexadecimal digits."""
    hour, into_s = divmod(now, HOUR_S)
    hours = [int(hour), int(hour) - 1] if into_s < OVERLAP_S else [int(hour)]
    return tuple(_digest(key, f"key\0{space.id}\0{space.turn}\0{each}")[:KEY_BYTES].hex() for each in hours)


def below(key: str) -> str:
    """What stands behind the address of a space, before everything else."""
    return f"/{BELOW}/{key}"


def issue(key: bytes, space: str, given: Pass) -> str:
    """The pass as text, 43 characters of base64url."""
    body = _BODY.pack(given.holder, given.issued_ms, given.expires_s)
    return base64.urlsafe_b64encode(body + _mac(key, space, body)).rstrip(b"=").decode()


def check(key: bytes, space: str, text: str, *, now: float) -> Pass | None:
    """The pass in ``text``; None when it is not ours, of another space, or its time is over."""
    body = _signed(key, space, text, _BODY)
    found = Pass(*_BODY.unpack(body)) if body else None
    return found if found is not None and now < found.expires_s else None


def issue_listener(key: bytes, space: str, listener: ListenerKey) -> str:
    """As :func:`issue`, 54 characters."""
    given = listener.given
    body = _LISTENER_BODY.pack(given.holder, given.issued_ms, given.expires_s, listener.begun_ms)
    return base64.urlsafe_b64encode(body + _mac(key, space, body)).rstrip(b"=").decode()


def check_listener(key: bytes, space: str, text: str, *, now: float) -> ListenerKey | None:
    """As :func:`check`."""
    body = _signed(key, space, text, _LISTENER_BODY)
    if body is None:
        return None
    holder, issued_ms, expires_s, begun_ms = _LISTENER_BODY.unpack(body)
    return ListenerKey(Pass(holder, issued_ms, expires_s), begun_ms) if now < expires_s else None


def of_account(key: bytes, account: str) -> bytes:
    """The holder of passes of an account, the same in every space."""
    return _digest(key, f"account\0{account}")[:HOLDER_BYTES]


def of_ticket(key: bytes, space: str, number: int) -> bytes:
    """The holder of passes for a ticket."""
    return _digest(key, f"ticket\0{space}\0{number}")[:HOLDER_BYTES]


def decide(space: Space, command: PrivacyCommand, at_ms: int) -> list[e.Event]:
    """The events of a command, as ``rules.decide``; raises :class:`Conflict`."""
    match command:
        case c.SetVisibility(visibility=visibility, anew=anew):
            if visibility is not chosen(space):
                return [e.VisibilityChanged(at_ms=at_ms, visibility=visibility)]
            return [e.KeyTurned(at_ms=at_ms)] if anew and space.private else []
        case c.ShutOut(account=account, out=False):
            return [e.ListenerLetIn(at_ms=at_ms, account=account)] if account in space.shut_out else []
        case c.ShutOut(account=account):
            if account in space.shut_out:
                return []
            if not space.private:
                raise Conflict(
                    "Everybody may hear this space; only a private one shuts listeners out.", code="not-private"
                )
            if len(space.shut_out) >= MOST_SHUT_OUT:
                raise Conflict(f"{MOST_SHUT_OUT} are shut out already.", code="many-shut-out")
            return [e.ListenerShutOut(at_ms=at_ms, account=account)]


def apply(space: Space, event: PrivacyEvent) -> Space:
    """The space after the event, as ``rules.apply``."""
    replace = msgspec.structs.replace
    match event:
        case e.VisibilityChanged(visibility=visibility):
            return turned(replace(space, visibility=visibility, listed=visibility is Visibility.PUBLIC))
        case e.KeyTurned():
            return turned(space)
        case e.ListenerShutOut(account=account):
            return turned(replace(space, shut_out=(*space.shut_out, account)))
        case e.ListenerLetIn(account=account):
            return replace(space, shut_out=tuple(each for each in space.shut_out if each != account))


def turned(space: Space) -> Space:
    """With another key."""
    return msgspec.structs.replace(space, turn=space.turn + 1)


def chosen(space: Space) -> Visibility:
    """Who may hear it; also of a space that was taken off the lists by an older house."""
    if space.visibility not in PRIVATE:
        return Visibility.PUBLIC if space.listed else Visibility.UNLISTED
    return space.visibility


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, f"{_PURPOSE}{text}".encode(), hashlib.sha256)


def _signed(key: bytes, space: str, text: str, form: struct.Struct) -> bytes | None:
    """What was signed, of this length; a pass never passes for a listener, which is longer."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    body = data[: form.size]
    right = len(body) == form.size and hmac.compare_digest(data[form.size :], _mac(key, space, body))
    return body if right else None


def _mac(key: bytes, space: str, body: bytes) -> bytes:
    return hmac.digest(key, f"{_PURPOSE}pass\0{space}\0".encode() + body, hashlib.sha256)[:MAC_BYTES]

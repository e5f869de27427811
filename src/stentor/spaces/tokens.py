"""Invitations: signed tokens that give one person one seat, checked without a database.

A token is ``<space>.<seat>.<expiry>.<generation>.<mac>``: the expiry in seconds since 1970, hexadecimal; the first 96
bits of an HMAC-SHA256 in base64url (RFC 2104; RFC 4648 section 5 without padding). Name and role are the seat's.

Houses of the version before read only long ones, ``<base64url JSON>.<base64url HMAC-SHA256>``. They are still read, and
made while such a house runs. A token says which seat it is for, not what its person may do now: a removed seat is gone
though its token is still signed (``spaces.rights``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

from stentor.base.errors import NotSignedIn
from stentor.base.units import SeatId, SpaceId
from stentor.spaces.model import Role

PURPOSE = b"stentor invitation 1\0"
"""Stands before what is signed: the key signs other things too, and one must never pass for the other."""
MOST_CHARACTERS = 2000
"""A name of 80 characters takes at most 320 bytes of JSON; a longer token is not ours."""
SHORT_PURPOSE = b"stentor invitation 2\0"
MAC_BYTES = 12
"""2^96 tries; a house takes ten wrong ones a minute from an address (``house.who.access``)."""


class Invitation(msgspec.Struct, frozen=True):
    """A seat for one person. ``expires_ms`` is wall clock (ms, UTC)."""

    space: SpaceId
    seat: SeatId
    name: str = ""
    """As it was when a long token was signed; a short one says neither name nor role: they stand on the board."""
    role: Role = Role.SPEAKER
    expires_ms: int = 0
    generation: int = 0
    """The seat's when it was signed; of an older one than the seat's present it opens nothing (``spaces.rights``)."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Invitation)


def sign_short(invitation: Invitation, key: bytes) -> str:
    """The token of an invitation; safe in an address and in an ``Authorization: Bearer`` header (RFC 6750).

    It holds until the end of the second in which the invitation expires.
    """
    expires_s = -(-invitation.expires_ms // 1000)
    body = f"{invitation.space}.{invitation.seat}.{expires_s:x}.{invitation.generation}"
    return f"{body}.{_to_text(_short_mac(body, key))}"


def sign(invitation: Invitation, key: bytes) -> str:
    """The long token of an invitation, which every house reads."""
    body = _to_text(_encoder.encode(invitation))
    return f"{body}.{_to_text(_mac(body, key))}"


def verify(token: str, key: bytes, *, now: float) -> Invitation:
    """The invitation in a token; ``now`` is the wall clock in seconds. Constant time in the signature.

    Raises :class:`NotSignedIn` (code ``token-wrong`` or ``token-expired``), never another error.
    """
    wrong = NotSignedIn("This link is not valid; ask the host for a new one.", code="token-wrong")
    body, dot, signature = token.rpartition(".")
    if not dot or len(token) > MOST_CHARACTERS or not token.isascii():
        raise wrong
    read, mac = (_short, _short_mac) if "." in body else (_long, _mac)
    if not hmac.compare_digest(signature, _to_text(mac(body, key))):
        raise wrong
    try:
        invitation = read(body)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:  # signed by another version
        raise wrong from error
    if now * 1000 >= invitation.expires_ms:
        raise NotSignedIn("This link has expired; ask the host for a new one.", code="token-expired")
    return invitation


def _short(body: str) -> Invitation:
    space, seat, expires_s, generation = body.split(".")
    return Invitation(SpaceId(space), SeatId(seat), expires_ms=int(expires_s, 16) * 1000, generation=int(generation))


def _long(body: str) -> Invitation:
    return _decoder.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _short_mac(body: str, key: bytes) -> bytes:
    return hmac.digest(key, SHORT_PURPOSE + body.encode("ascii"), hashlib.sha256)[:MAC_BYTES]


def _mac(body: str, key: bytes) -> bytes:
    return hmac.digest(key, PURPOSE + body.encode("ascii"), hashlib.sha256)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

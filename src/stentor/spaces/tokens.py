"""Invitations: signed tokens that give one person one seat, checked without a database.

A token is ``<base64url JSON>.<base64url HMAC-SHA256>`` (RFC 4648 section 5 without padding, RFC 2104). It says who was
invited, not what they may do now: a removed seat is gone though its token is still signed (``spaces.rights``).
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


class Invitation(msgspec.Struct, frozen=True):
    """A seat for one person. ``expires_ms`` is wall clock (ms, UTC)."""

    space: SpaceId
    seat: SeatId
    name: str
    role: Role
    expires_ms: int
    generation: int = 0
    """The seat's when it was signed; of an older one than the seat's present it opens nothing (``spaces.rights``)."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Invitation)


def sign(invitation: Invitation, key: bytes) -> str:
    """The token of an invitation; safe in an address and in an ``Authorization: Bearer`` header (RFC 6750)."""
    body = _to_text(_encoder.encode(invitation))
    return f"{body}.{_to_text(_mac(body, key))}"


def verify(token: str, key: bytes, *, now: float) -> Invitation:
    """The invitation in a token; ``now`` is the wall clock in seconds. Constant time in the signature.

    Raises :class:`NotSignedIn` (code ``token-wrong`` or ``token-expired``), never another error.
    """
    wrong = NotSignedIn("This link is not valid; ask the host for a new one.", code="token-wrong")
    body, dot, signature = token.partition(".")
    if not dot or len(token) > MOST_CHARACTERS or not token.isascii():
        raise wrong
    if not hmac.compare_digest(signature, _to_text(_mac(body, key))):
        raise wrong
    try:
        invitation = _decoder.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, msgspec.DecodeError, RecursionError) as error:  # signed by another version
        raise wrong from error
    if now * 1000 >= invitation.expires_ms:
        raise NotSignedIn("This link has expired; ask the host for a new one.", code="token-expired")
    return invitation


def _mac(body: str, key: bytes) -> bytes:
    return hmac.digest(key, PURPOSE + body.encode("ascii"), hashlib.sha256)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

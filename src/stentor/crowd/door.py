"""The door: who is let in while a space is too small for all who want to hear it. Pure.

Admission is a threshold, not a queue. Each device has a place ``u`` in [0, 1) that follows from its name and the space
alone; it is let in when ``u < p``, and ``p`` is one public number that only rises while the door is narrow. Nobody is
counted, every edge decides alone and alike, and whoever asks again gets the same answer.

A *ticket* says which device this is and since when: whoever had one before the door became narrow was inside already
and may come back. Plain players have no ticket; their address is their device.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import struct
from enum import IntEnum

import msgspec

from stentor.crowd.orders import Orders

SLOTS = 64
"""Places that devices behind one address can have: enough for an office, and an address that asks for ticket after
ticket draws 64 times and no more."""
DEVICE_BYTES = 9
MAC_BYTES = 12
TICKET_S = 24 * 3600
_BODY = struct.Struct(f">{DEVICE_BYTES}sBQ")
_PLACE = b"stentor place 1\0"
_DEVICE = b"stentor device 1\0"
_TICKET = b"stentor ticket 1\0"
_PASS = b"stentor pass 1\0"
"""What stands before whatever is signed with the same key, so that one never passes for the other."""
_PASS_BODY = struct.Struct(">BI")


class Class(IntEnum):
    """Whom a pass is for; ``orders.passes`` says which classes need no place. Of two passes the higher one counts."""

    EVERYBODY = 0
    FOLLOWER = 1
    MEMBER = 2
    PRESS = 3
    INVITED = 4


CLASSES = frozenset(rank.name.lower() for rank in Class if rank)
"""Those that a pass gives."""


class Ticket(msgspec.Struct, frozen=True):
    """A device at the door of one space. ``issued_ms`` is wall clock."""

    device: bytes
    rank: Class
    issued_ms: int


def place(key: bytes, space: str, device: bytes) -> float:
    """``u``: where in [0, 1) a device stands at the door of a space, the same whenever and wherever it is asked."""
    digest = hmac.digest(key, _PLACE + space.encode() + b"\0" + device, hashlib.sha256)
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def device(key: bytes, address: str, slot: int = 0) -> bytes:
    """The name of a device by its address, an IPv6 one by its /64; ``slot`` (0 to 63) tells apart who shares it."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        text = address
    else:
        if isinstance(known, ipaddress.IPv6Address):
            known = known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False).network_address
        text = str(known)
    return hmac.digest(key, _DEVICE + f"{text} {slot % SLOTS}".encode(), hashlib.sha256)[:DEVICE_BYTES]


def issue(key: bytes, space: str, ticket: Ticket) -> str:
    """The ticket as text: 40 characters, for an address or a cookie."""
    body = _BODY.pack(ticket.device, ticket.rank, ticket.issued_ms)
    return base64.urlsafe_b64encode(body + _mac(key, _TICKET, space, body)).rstrip(b"=").decode()


def check(key: bytes, space: str, text: str, *, now: float) -> Ticket | None:
    """The ticket in ``text``; None when it is not ours, of another space, or older than a day."""
    body = _signed(key, _TICKET, space, text, _BODY.size)
    if body is None:
        return None
    name, rank, issued_ms = _BODY.unpack(body)
    if rank not in set(Class) or now * 1000 - issued_ms > TICKET_S * 1000:
        return None
    return Ticket(name, Class(rank), issued_ms)


def make_pass(key: bytes, space: str, rank: Class, *, expires_s: float) -> str:
    """What stands in a pass link: whoever brings it gets tickets of that class until ``expires_s`` (wall clock)."""
    body = _PASS_BODY.pack(rank, round(expires_s))
    return base64.urlsafe_b64encode(body + _mac(key, _PASS, space, body)).rstrip(b"=").decode()


def check_pass(key: bytes, space: str, text: str, *, now: float) -> Class:
    """The class that a pass gives; :attr:`Class.EVERYBODY` when it is none, or out of date."""
    body = _signed(key, _PASS, space, text, _PASS_BODY.size)
    if body is None:
        return Class.EVERYBODY
    rank, expires_s = _PASS_BODY.unpack(body)
    return Class(rank) if rank in set(Class) and now < expires_s else Class.EVERYBODY


def admits(orders: Orders, u: float, ticket: Ticket | None) -> bool:
    """Whether the door lets a device in that stands at ``u``."""
    if u < orders.p:
        return True
    if ticket is None:
        return False
    return (ticket.rank > 0 and ticket.rank.name.lower() in orders.passes) or ticket.issued_ms < orders.narrow_ms


def _mac(key: bytes, purpose: bytes, space: str, body: bytes) -> bytes:
    return hmac.digest(key, purpose + space.encode() + b"\0" + body, hashlib.sha256)[:MAC_BYTES]


def _signed(key: bytes, purpose: bytes, space: str, text: str, size: int) -> bytes | None:
    """The body of a signed text of that purpose and size; None when the signature is not ours."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    body, mac = data[:size], data[size:]
    return body if len(body) == size and hmac.compare_digest(mac, _mac(key, purpose, space, body)) else None

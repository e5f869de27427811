"""From where people asked to speak, so that who was shut out does not come back as a guest with another name.

No address is kept: a digest with a key that this process made, in memory only, and for a while. Behind one address may
stand a school, so a guest there is not shut out, but asked to sign in. Whoever comes from elsewhere, by a house that
was started since or by another one of several, is not recognised.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from ipaddress import ip_address

from stentor.base.units import SeatId, SpaceId
from stentor.crowd.addresses import source
from stentor.spaces.model import Space

MOST_KEPT = 20_000
"""Requests, those of all spaces; beyond it the oldest are forgotten. 2 MB."""


class AskingAddresses:
    """Of one house."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[tuple[SpaceId, SeatId], bytes] = OrderedDict()

    def keep(self, space: SpaceId, request: SeatId, address: str) -> None:
        """Somebody has asked. An address of a network of one's own is that of a proxy that nobody trusts: it says
        nothing of anybody."""
        if not _is_anybody(address):
            return
        self._kept[space, request] = self._digest(space, address)
        self._kept.move_to_end((space, request))
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def near(self, space: Space, address: str) -> bool:
        """Whether somebody who was shut out of a space has asked from this address."""
        here = self._digest(space.id, address)
        return any(self._kept.get((space.id, SeatId(seat))) == here for seat in space.banned)

    def _digest(self, space: SpaceId, address: str) -> bytes:
        return hashlib.blake2b(f"{space} {source(address)}".encode(), key=self._key, digest_size=16).digest()


def _is_anybody(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False

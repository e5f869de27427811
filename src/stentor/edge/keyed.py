"""What stands for somebody in the rows of an edge: 64 bits by a key of the space's opening or of the day.

All edges make the same key, of what they share and of a salt that the house gives and destroys (``bus.salts``). Until
an edge knows a salt it uses one of its own: who comes to two such edges is two.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import struct
from collections import defaultdict

from stentor.bus.salts import BYTES, Salt, of_day, of_space

WAIT_S = 0.3
"""So long the doors of an edge wait for the salt of a space: the house makes it when it opens them."""
_PLACE = struct.Struct("<d")


class Keyed:
    """``shared`` is a key that all edges of the site have."""

    def __init__(self, shared: bytes) -> None:
        self._shared = shared
        self._own = self._key(secrets.token_bytes(BYTES))
        self._keys: dict[str, bytes] = {}
        self._known: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def hear(self, salt: Salt) -> None:
        """The house has made it."""
        self._keys[salt.name] = self._key(salt.salt)
        self._known.pop(salt.name, asyncio.Event()).set()

    def forget(self, name: str) -> None:
        """The house has destroyed it."""
        self._keys.pop(name, None)

    async def wait(self, space: str) -> None:
        """Until the salt of a space is known, :data:`WAIT_S` at most."""
        name = of_space(space)
        if name not in self._keys:
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._known[name].wait()
            except TimeoutError:
                self._known.pop(name, None)

    def client(self, space: str, period: object, client: str) -> int:
        """Of those who are let in. A microsecond."""
        return _hashed(f"{space}\n{period}\n{client}", self._keys.get(of_space(space), self._own), b"evidence")

    def player(self, space: str, day: int, client: str) -> int:
        """Of those who play a recording."""
        return _hashed(f"play\n{space}\n{day}\n{client}", self._keys.get(of_day(day), self._own), b"evidence")

    def source(self, day: int, source: str) -> int:
        """Of an address, whatever it asks for."""
        return _hashed(source, self._keys.get(of_day(day), self._own), b"source")

    def outside(self, space: str, place: float) -> float:
        """Of a place at the door, as evenly spread in [0, 1): the place itself follows from an address and a key."""
        key = self._keys.get(of_space(space), self._own)
        hashed = hashlib.blake2b(_PLACE.pack(place), digest_size=8, key=key, person=b"outside")
        return float((int.from_bytes(hashed.digest(), "big") >> 11) / 2**53)

    def _key(self, salt: bytes) -> bytes:
        return hashlib.blake2b(salt, digest_size=32, key=self._shared, person=b"evidence key").digest()


def _hashed(text: str, key: bytes, person: bytes) -> int:
    hashed = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=key, person=person)
    return int.from_bytes(hashed.digest(), "big")

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
MOST_MADE = 256
"""Of spaces that are on at once; they are made anew after that."""
_PLACE = struct.Struct("<d")


class Keyed:
    """``shared`` is a key that all edges of the site have."""

    def __init__(self, shared: bytes) -> None:
        self._shared = shared
        self._own = self._key(secrets.token_bytes(BYTES))
        self._keys: dict[str, bytes] = {}
        self._made: dict[tuple[str, object, str], hashlib.blake2b] = {}
        """Hashes that have taken in their key, and what many texts begin with: a copy costs half of a new one."""
        self._known: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def hear(self, salt: Salt) -> None:
        """The house has made it."""
        self.forget(salt.name)
        self._keys[salt.name] = self._key(salt.salt)
        self._known.pop(salt.name, asyncio.Event()).set()

    def forget(self, name: str) -> None:
        """The house has destroyed it."""
        self._keys.pop(name, None)
        self._made.clear()

    async def wait(self, space: str) -> None:
        """Until the salt of a space is known, :data:`WAIT_S` at most."""
        name = of_space(space)
        if name not in self._keys:
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._known[name].wait()
            except TimeoutError:
                self._known.pop(name, None)

    def client(self, space: str, period: int | None, client: str) -> int:
        """Of those who are let in. Half a microsecond."""
        begun = self._made.get(("client", period, space))
        if begun is None:
            begun = self._begun(("client", period, space), of_space(space), b"evidence", f"{space}\n{period}\n")
        return _bits(begun, client)

    def player(self, space: str, day: int, client: str) -> int:
        """Of those who play a recording."""
        begun = self._made.get(("play", day, space))
        if begun is None:
            begun = self._begun(("play", day, space), of_day(day), b"evidence", f"play\n{space}\n{day}\n")
        return _bits(begun, client)

    def source(self, day: int, source: str) -> int:
        """Of an address, whatever it asks for."""
        begun = self._made.get(("source", day, ""))
        if begun is None:
            begun = self._begun(("source", day, ""), of_day(day), b"source", "")
        return _bits(begun, source)

    def outside(self, space: str, place: float) -> float:
        """Of a place at the door, as evenly spread in [0, 1): the place itself follows from an address and a key."""
        key = self._keys.get(of_space(space), self._own)
        hashed = hashlib.blake2b(_PLACE.pack(place), digest_size=8, key=key, person=b"outside")
        return float((int.from_bytes(hashed.digest(), "big") >> 11) / 2**53)

    def _key(self, salt: bytes) -> bytes:
        return hashlib.blake2b(salt, digest_size=32, key=self._shared, person=b"evidence key").digest()

    def _begun(self, of: tuple[str, object, str], name: str, person: bytes, begin: str) -> hashlib.blake2b:
        if len(self._made) >= MOST_MADE:
            self._made.clear()
        key = self._keys.get(name, self._own)
        begun = hashlib.blake2b(begin.encode("utf-8", "replace"), digest_size=8, key=key, person=person)
        self._made[of] = begun
        return begun


def _bits(begun: hashlib.blake2b, text: str) -> int:
    hashed = begun.copy()
    hashed.update(text.encode("utf-8", "replace"))
    return int.from_bytes(hashed.digest(), "big")

"""Public documents as this edge has them: read from the object store when somebody asks, and kept until the bus says
that they are others.

An edge that hears the bus may trust what it keeps. One that was cut off asks the store again after seconds; and where
the store does not answer either, nothing is given any more, for what is kept may have been deleted.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import aclosing
from typing import Final, TypeVar

import msgspec

from stentor.base.clock import Clock
from stentor.base.errors import NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.bus.connection import Bus
from stentor.bus.documents import Gone
from stentor.bus.public import PublicChanges
from stentor.social.public import Changed
from stentor.store.objects import Objects

KEPT: Final = 20_000
"""Documents of a kilobyte or two; those that nobody has asked for longest are read again."""
TRUSTED_S: Final = 300.0
"""How long a copy is good while everything that changes is heard."""
CUT_S: Final = 5.0
"""And while it is not."""
LOST_S: Final = 30.0
"""How long a copy is given that can be compared with nothing: a cache in front may keep it for 20 s more."""
MISSING_S: Final = 2.0
MISSING: Final = 10_000
LOOKS: Final = Bucket(burst=2000, refill_ms=1)
"""Into the store, of this edge: who guesses addresses costs no more than that."""

D = TypeVar("D")


class _Copy(msgspec.Struct):
    """``read_s`` is when the store was asked (monotonic)."""

    read_s: float
    document: object


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("Many ask for old posts just now; try again in a moment.", retry_after_s=max(1.0, wait_s))


class PublicFiles:
    """``hearing`` says whether what changes is heard just now."""

    def __init__(self, objects: Objects, monotonic: Clock) -> None:
        self._objects, self._monotonic = objects, monotonic
        self._copies: OrderedDict[str, _Copy] = OrderedDict()
        self._missing: OrderedDict[str, float] = OrderedDict()
        self._reading: dict[str, asyncio.Task[object]] = {}
        self._looks = RateLimit(LOOKS, _too_many)
        self._decoders: dict[type, msgspec.json.Decoder[object]] = {}
        self.hearing: Callable[[], bool] = lambda: False
        self.followers: list[Callable[[str], None]] = []
        """Called with the key of each document that has changed."""
        self._heard_since_s = float("inf")
        self._heard_last_s = float("-inf")

    async def run(self, bus: Bus) -> None:
        """Follows what the bus says; for ever."""
        changes = PublicChanges(bus)
        self.hearing = changes.hearing
        async with aclosing(changes.watch()) as following:
            async for told in following:
                if not isinstance(told, Gone):
                    self.hear(told)

    def hear(self, told: Changed) -> None:
        """A document is another one."""
        self._copies.pop(told.key, None)
        self._missing.pop(told.key, None)
        self._reading.pop(told.key, None)  # what is on its way is not kept
        for follower in self.followers:
            follower(told.key)

    @property
    def heard_since_s(self) -> float:
        """Since when (monotonic) everything that changes was heard; infinite while it is not."""
        hearing, now_s = self.hearing(), self._monotonic()
        if not hearing:
            self._heard_since_s = float("inf")
        elif self._heard_since_s > now_s:
            self._heard_since_s = now_s
        if hearing:
            self._heard_last_s = now_s
        return self._heard_since_s

    def good(self, read_s: float) -> bool:
        """Whether what was read then needs no other look."""
        age_s = self._monotonic() - read_s
        return 0 <= age_s < (TRUSTED_S if read_s >= self.heard_since_s else CUT_S)

    async def get(self, key: str, kind: type[D]) -> D:
        """A document; raises :class:`NotFound`, and :class:`Overloaded` when nobody can say what is so."""
        copy = self._copies.get(key)
        if copy is not None and isinstance(copy.document, kind) and self.good(copy.read_s):
            self._copies.move_to_end(key)
            return copy.document
        now_s = self._monotonic()
        if now_s - self._missing.get(key, float("-inf")) < MISSING_S:
            raise _missing()
        reading = self._reading.get(key)
        if reading is None:
            self._looks.spend("", now_s)
            reading = self._reading[key] = asyncio.create_task(self._read(key, kind), name=f"document {key}")
        try:
            found = await asyncio.shield(reading)
        except Overloaded:
            if copy is None or not isinstance(copy.document, kind) or not self._lately(copy.read_s):
                raise
            return copy.document
        if not isinstance(found, kind):
            raise _missing()
        return found

    def _lately(self, read_s: float) -> bool:
        """Whether a copy was known to be right so lately that it may be given without a look."""
        known_s = max(read_s, self._heard_last_s) if read_s >= self.heard_since_s else read_s
        return self._monotonic() - known_s < LOST_S

    async def _read(self, key: str, kind: type[D]) -> object:
        mine, now_s = asyncio.current_task(), self._monotonic()
        try:
            data = await self._objects.get(key)
            document = self._decoders.setdefault(kind, msgspec.json.Decoder(kind)).decode(data)
        except (NotFound, msgspec.DecodeError):
            self._copies.pop(key, None)
            self._missing[key] = now_s
            if len(self._missing) > MISSING:
                self._missing.popitem(last=False)
            raise _missing() from None
        finally:
            wanted = self._reading.get(key) is mine
            if wanted:
                del self._reading[key]
        if wanted:
            self._copies[key] = _Copy(now_s, document)
            self._copies.move_to_end(key)
            if len(self._copies) > KEPT:
                self._copies.popitem(last=False)
        return document


def _missing() -> NotFound:
    return NotFound("There is nothing under this address.", code="no-such-page")

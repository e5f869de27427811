"""Spaces that are not on the board: each is one document in the object store, read when somebody asks for it.

Few are kept, and none for long: what is deleted or changes is seen within :data:`KEPT_S` at the latest.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.errors import BadInput, NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.units import space_id
from stentor.edge.channel import Channel
from stentor.edge.reply import Reply
from stentor.spaces import board
from stentor.spaces.model import Space
from stentor.store.objects import Objects

KEPT = 500
"""Spaces that were asked for last; each has about 20 kB here."""
KEPT_S = 60.0
COMING_S = 5.0
"""One that has not begun may be changed, and comes on the board when its doors open."""
MISSING = 10_000
MISSING_S = 2.0
"""That there is no such space is remembered so long: a page may ask for one that is just being made."""
LOOKS = Bucket(burst=200, refill_ms=5)
"""Questions to the object store: more come only from those who try addresses."""


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("Many ask for old spaces at the moment; try again.", retry_after_s=max(2.0, wait_s))


class Past:
    """By id; ``make`` makes a channel of a space."""

    def __init__(self, objects: Objects, make: Callable[[Space], Channel], monotonic: Clock) -> None:
        self._objects, self._make, self._monotonic = objects, make, monotonic
        self._kept: OrderedDict[str, tuple[float, Channel]] = OrderedDict()
        self._missing: OrderedDict[str, float] = OrderedDict()
        self._denied: OrderedDict[str, float] = OrderedDict()
        """Private spaces that were asked for without a pass: known to be none, so long as one that is none."""
        self._reading: dict[str, asyncio.Task[Channel]] = {}
        self._looks = RateLimit(LOOKS, _too_many)
        self._decoder = msgspec.json.Decoder(Space)

    def get(self, space: str) -> Channel | None:
        """One that was read a moment ago; raises :class:`NotFound` for what is known to be none."""
        now = self._monotonic()
        read_s, channel = self._kept.get(space, (float("-inf"), None))
        if channel is not None and now - read_s < (KEPT_S if channel.space.state in board.DONE else COMING_S):
            self._kept.move_to_end(space)
            return channel
        if now - self._missing.get(space, float("-inf")) < MISSING_S or not _is_id(space):
            raise no_such_space()
        return None

    async def read(self, space: str) -> Channel:
        """The space as the store has it; raises :class:`NotFound` or :class:`Overloaded` (the store fails)."""
        reading = self._reading.get(space)
        if reading is None:
            self._looks.spend("", self._monotonic())
            reading = self._reading[space] = asyncio.create_task(self._read(space), name=f"space {space}")
            reading.add_done_callback(lambda _: self._reading.pop(space, None))
        return await asyncio.shield(reading)

    def require_doubt(self, space: str) -> None:
        """Raises :class:`NotFound` for a private space that was asked for lately without a pass: it is answered at
        once, as one that is known to be none."""
        if self._monotonic() - self._denied.get(space, float("-inf")) < MISSING_S:
            raise no_such_space()

    async def deny(self, space: str) -> Reply:
        """Takes as long as a look for a space that is none, and raises what that does."""
        self._looks.spend("", self._monotonic())
        try:
            await self._objects.get(board.key(f"{space}~"))
        except NotFound as error:
            self._deny(space)
            raise no_such_space() from error
        raise no_such_space()

    def _deny(self, space: str) -> None:
        self._denied.pop(space, None)
        self._denied[space] = self._monotonic()
        if len(self._denied) > MISSING:
            self._denied.popitem(last=False)

    def forget(self, space: str) -> None:
        """It is on the board now, or is not there any more."""
        self._kept.pop(space, None)
        self._missing.pop(space, None)

    async def _read(self, space: str) -> Channel:
        try:
            found = self._decoder.decode(await self._objects.get(board.key(space)))
        except (NotFound, msgspec.DecodeError) as error:
            self._kept.pop(space, None)
            self._missing.pop(space, None)
            self._missing[space] = self._monotonic()
            if len(self._missing) > MISSING:
                self._missing.popitem(last=False)
            raise no_such_space() from error
        except Overloaded:
            if space in self._kept:  # better an old one than none
                return self._kept[space][1]
            raise
        known = self._kept.pop(space, None)
        channel = known[1] if known is not None else self._make(found)
        channel.space = found
        self._kept[space] = self._monotonic(), channel
        if found.private:
            log.conceal(space)
            self._deny(space)  # who asked without a pass has waited for the store already
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return channel


def no_such_space() -> NotFound:
    return NotFound("There is no space at this address.", code="no-such-space")


def _is_id(text: str) -> bool:
    try:
        space_id(text)
    except BadInput:
        return False
    return True

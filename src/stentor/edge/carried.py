"""Spaces that posts carry, as this edge may tell of them: what it heard, or, cut off, what the object store says.

While the bus is heard the board is right within a second. Without it an edge that goes on remembering would say "live"
for hours: so it asks the store, and says nothing of a space that stands there in no way that is kept up to date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from stentor.base.clock import Clock
from stentor.base.errors import NotFound, Overloaded, Removed
from stentor.base.texts import Catalogue
from stentor.edge import told
from stentor.edge.channel import Channel
from stentor.edge.front import Card, FrontPages
from stentor.edge.past import Past
from stentor.edge.withdrawn import Withdrawn
from stentor.spaces import board
from stentor.spaces.model import Space

LATEST_S: Final = 30.0
"""So old may the front page's document be, where the bus is not heard."""


class CarriedCard(msgspec.Struct, frozen=True):
    """A space in a post: its ``card``, the word and the sentence of its phase. The sentence needs no clock."""

    card: Card
    chip: str
    said: str


class CarriedSpaces:
    """Finds them. ``hearing`` says whether the bus is heard just now."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        past: Past,
        front: FrontPages,
        withdrawn: Withdrawn,
        catalogue: Catalogue,
        *,
        clock: Clock,
    ) -> None:
        self._channels, self._past, self._front, self._withdrawn = channels, past, front, withdrawn
        self._catalogue, self._clock = catalogue, clock
        self.hearing: Callable[[], bool] = lambda: False

    async def card(self, name: str, language: str) -> CarriedCard | None:
        """A space as it is now; None for a private one, one that is gone, and one of which nobody can say how it is."""
        try:
            space = await (self._heard(name) if self.hearing() else self._stored(name))
        except (NotFound, Removed, Overloaded):
            return None
        if space.private or space.removed is not None or self._withdrawn.gone(name):
            return None
        now = self._clock()
        return CarriedCard(self._front.card(space, language, now), *told.card(space, self._catalogue, language, now))

    async def _heard(self, name: str) -> Space:
        channel = self._channels.get(name) or self._past.get(name) or await self._past.read(name)
        return channel.space

    async def _stored(self, name: str) -> Space:
        fresh = 0 <= self._clock() - self._front.read_s <= LATEST_S
        for space in self._front.known_front.spaces if fresh else ():
            if space.id == name:
                return space
        found = (self._past.get(name) or await self._past.read(name)).space
        if found.state not in board.DONE:
            raise NotFound("Nobody can say how this space is.", code="no-such-space")
        await self._withdrawn.get(name)
        return found

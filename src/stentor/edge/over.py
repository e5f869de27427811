"""Spaces that have left the board and are still played: ``/metrics`` names those that everybody may know of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from stentor.base.clock import Clock
from stentor.base.errors import NotFound, Overloaded
from stentor.spaces import board
from stentor.spaces.model import Space
from stentor.store.objects import Objects

MOST: Final = 200
"""Those whose numbers changed last."""
KEPT_S: Final = 60.0
"""What has become private is seen within this time, as everywhere at an edge."""
PATIENCE_S: Final = 3.0
"""Who asks for metrics waits at most so long for the store; what it has not said by then has no name."""


class PublicSpaces:
    """By what the object store says of each, read when somebody asks. ``gone`` says which were removed."""

    def __init__(self, objects: Objects, gone: Callable[[str], bool], monotonic: Clock) -> None:
        self._objects, self._gone, self._monotonic = objects, gone, monotonic
        self._known: Mapping[str, tuple[float, bool]] = {}
        """Until when it is known, and whether it is one."""
        self._decoder = msgspec.json.Decoder(Space)

    async def among(self, spaces: Sequence[str]) -> frozenset[str]:
        """Of these, the last of which count; without those of which nobody can say how they are."""
        now = self._monotonic()
        self._known = {name: known for name, known in self._known.items() if known[0] > now}
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = dict(zip(spaces[-MOST:], await asyncio.gather(*map(self._of, spaces[-MOST:])), strict=True))
        except TimeoutError:
            return frozenset()
        self._known = {name: known for name, known in found.items() if known is not None}
        return frozenset(name for name, (_, public) in self._known.items() if public and not self._gone(name))

    async def _of(self, name: str) -> tuple[float, bool] | None:
        if name in self._known:
            return self._known[name]
        try:
            space = self._decoder.decode(await self._objects.get(board.key(name)))
        except (NotFound, Overloaded, msgspec.DecodeError):
            return None
        return self._monotonic() + KEPT_S, not space.private and space.removed is None

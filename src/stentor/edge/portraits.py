"""Portraits of those on the stage, out of the object store and then out of this edge's memory."""

from __future__ import annotations

from collections import OrderedDict

from stentor.base.clock import Clock
from stentor.base.errors import NotFound
from stentor.edge.cache import Cache
from stentor.edge.reply import File, Reply
from stentor.spaces import portraits
from stentor.spaces.model import Space
from stentor.store.objects import Objects
from stentor.wire.http import Request

TYPE = "image/jpeg"
VERSION_CACHE = "public, max-age=86400, s-maxage=60"
"""A new picture has a new address. One that was taken away is out of every shared cache within a minute; a browser that
has shown it may keep it for a day."""
NEWEST_CACHE = "public, max-age=60"
MOST_KEPT = 2000
"""Each has about 3 kB."""


class Portraits:
    """Those of all spaces. Each is read once, and kept as a ready reply while others are not asked for more."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects = Cache(objects)
        self._clock = clock
        self._kept: OrderedDict[tuple[str, bool], File] = OrderedDict()

    def kept(self, space: Space, seat: str, request: Request) -> Reply | None:
        """The reply if it is in memory; raises :class:`NotFound` for a seat without a portrait."""
        key, versioned = _asked(space, seat, request)
        file = self._kept.get((key, versioned))
        if file is None:
            return None
        self._kept.move_to_end((key, versioned))
        return file.answer(request.headers, self._clock())

    async def read(self, space: Space, seat: str, request: Request) -> Reply:
        """The reply out of the object store; raises :class:`NotFound` or Overloaded (the store fails)."""
        key, versioned = _asked(space, seat, request)
        try:
            data = await self._objects.get(key, keep=False)
        except NotFound as error:  # changed or removed a moment ago, and the board does not say so yet
            raise _none() from error
        cache = VERSION_CACHE if versioned else NEWEST_CACHE
        file = File(data, TYPE, cache, now=self._clock(), X_Content_Type_Options="nosniff")
        self._kept[key, versioned] = file
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return file.answer(request.headers, self._clock())


def _asked(space: Space, seat: str, request: Request) -> tuple[str, bool]:
    """The object's key, and whether just this version was asked for."""
    found = space.seats.get(seat)
    if found is None or found.picture_ms is None:
        raise _none()
    return portraits.key(found.account, found.picture_ms), request.query.get("v") == str(found.picture_ms)


def _none() -> NotFound:
    return NotFound("There is no portrait of this seat.", code="no-portrait")

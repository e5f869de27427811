"""Portraits of those on the stage, and covers of spaces, out of the object store and then out of this edge's memory."""

from __future__ import annotations

from collections import OrderedDict

from stentor.base.clock import Clock
from stentor.base.errors import NotFound
from stentor.edge.cache import Cache
from stentor.edge.reply import File, Reply
from stentor.spaces import about, portraits
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
MOST_COVERS = 100
"""Large ones have 50 to 300 kB, small ones a fifth."""


class Portraits:
    """Those of all spaces. Each is read once, and kept as a ready reply while others are not asked for more."""

    most = MOST_KEPT

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects = Cache(objects)
        self._clock = clock
        self._kept: OrderedDict[tuple[str, bool], File] = OrderedDict()

    def kept(self, space: Space, name: str, request: Request) -> Reply | None:
        """The reply if it is in memory; raises :class:`NotFound` where there is none; ``name`` is a seat's."""
        key, versioned = self._asked(space, name, request)
        file = self._kept.get((key, versioned))
        if file is None:
            return None
        self._kept.move_to_end((key, versioned))
        return file.answer(request.headers, self._clock())

    async def read(self, space: Space, name: str, request: Request) -> Reply:
        """The reply out of the object store; raises :class:`NotFound` or Overloaded (the store fails)."""
        key, versioned = self._asked(space, name, request)
        try:
            data = await self._objects.get(key, keep=False)
        except NotFound as error:  # changed or removed a moment ago, and the board does not say so yet
            raise self._none() from error
        cache = VERSION_CACHE if versioned else NEWEST_CACHE
        file = File(data, TYPE, cache, now=self._clock(), X_Content_Type_Options="nosniff")
        self._kept[key, versioned] = file
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return file.answer(request.headers, self._clock())

    def _asked(self, space: Space, name: str, request: Request) -> tuple[str, bool]:
        """The object's key, and whether just this version was asked for."""
        found = space.seats.get(name)
        if found is None or found.picture_ms is None:
            raise self._none()
        return portraits.key(found.account, found.picture_ms), request.query.get("v") == str(found.picture_ms)

    def _none(self) -> NotFound:
        return NotFound("There is no portrait of this seat.", code="no-portrait")


class Covers(Portraits):
    """The same of the covers of spaces, by the name of the file."""

    most = MOST_COVERS

    def _asked(self, space: Space, name: str, request: Request) -> tuple[str, bool]:
        at_ms = space.about.cover_ms
        if at_ms is None:
            raise self._none()
        key = about.cover_key(space.id, at_ms, small=name == about.COVERS[True])
        return key, request.query.get("v") == str(at_ms)

    def _none(self) -> NotFound:
        return NotFound("This space has no cover.", code="no-cover")

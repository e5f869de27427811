"""Transcripts of recordings, from the object store."""

from __future__ import annotations

from collections import OrderedDict

from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.errors import Malformed, NotFound
from stentor.edge import subtitles
from stentor.edge.reply import Document
from stentor.edge.shown import begin_ms, words
from stentor.edge.withdrawn import Withdrawn, require
from stentor.spaces import withdrawal
from stentor.spaces.model import Space
from stentor.store.objects import Objects
from stentor.wire import cue as wire
from stentor.wire.cue import Cue

KEPT_S = 60.0
"""A transcript that was written later (``stentor transcribe``) or corrected is seen after so long."""
KEPT = 50
"""Of 200 kB an hour."""
CACHE = "public, max-age=60"


class Transcripts:
    """The newest :data:`KEPT`; that there is none is kept as long."""

    def __init__(self, objects: Objects, withdrawn: Withdrawn, *, clock: Clock, monotonic: Clock) -> None:
        self._withdrawn = withdrawn
        self._objects, self._clock, self._monotonic = objects, clock, monotonic
        self._kept: OrderedDict[str, tuple[float, list[Cue]]] = OrderedDict()
        self.log = log.get("edge")

    async def get(self, space: Space) -> list[Cue]:
        """The cues of what is shown, none when nobody wrote any; raises Overloaded (the store fails), Removed."""
        found = require(await self._withdrawn.get(space.id))
        return words(await self._get(space), space, found)

    async def whole(self, space: Space) -> list[Cue]:
        """All that is left of it, from the opening of the doors on, whatever is shown; as :meth:`get`."""
        found = require(await self._withdrawn.get(space.id))
        return withdrawal.words(await self._get(space), found)

    def forget(self, space: str) -> None:
        self._kept.pop(space, None)

    async def _get(self, space: Space) -> list[Cue]:
        known = self._kept.get(space.id)
        if known is not None and self._monotonic() - known[0] < KEPT_S:
            return known[1]
        cues: list[Cue] = []
        try:
            found = wire.decode_transcript(await self._objects.get(wire.object_key(space.id)))
            cues = found.cues if found.doors_open_ms == space.doors_open_ms else []
        except NotFound:
            pass
        except Malformed as error:
            self.log.warning("transcript-damaged", space=space.id, reason=error.detail)
        self._kept[space.id] = self._monotonic(), cues
        self._kept.move_to_end(space.id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return cues

    async def document(self, space: Space, name: str) -> Document:
        """One of ``subtitles.DOCUMENTS``; as JSON it may be empty, else raises :class:`NotFound` when there is none."""
        cues = await self.get(space)
        if not cues and not name.endswith(".json"):
            raise NotFound("There is no transcript of this recording.", code="no-captions")
        begin = begin_ms(space.trim) if space.trim else 0
        now = self._clock()
        text, kind = subtitles.render(name, space.id, space.title, cues, now=now, begin_ms=begin)
        return Document(text, kind, CACHE, now=now)

"""Corrections of captions. While a space is on, the house says them on the bus, edges show them, and the captions keep
them; once the captions are done with it, the house changes the stored transcript itself.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.errors import Conflict, Malformed, NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.bus.cues import CueLog
from stentor.house.spaces.service import Spaces
from stentor.spaces import checks, rights, withdrawal
from stentor.spaces.model import Space
from stentor.spaces.rights import Actor, Look
from stentor.store import withdrawals
from stentor.store.indexing import IndexingTable
from stentor.wire import cue as wire
from stentor.wire.cue import LINGER_S, Collection, Cue, Transcript

LIMIT: Final = Bucket(burst=20, refill_ms=1000)
"""In one space: faster than several people type."""
EARLY_MS: Final = 60_000
"""Clocks differ: so much before its sound a cue is looked for in the log."""
HEARD_S: Final = LINGER_S - 10
"""So long after the end the captions certainly still hear of a correction."""
DONE_S: Final = LINGER_S + 30
"""After it they have certainly written all they had."""
_NOT_FOUND = "There is no such line in the captions of this space."


def _too_fast(wait_s: float) -> Overloaded:
    said = "More is corrected in this space than anybody reads; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-corrections")


class Corrections:
    """Of the captions of all spaces."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces, self._objects = spaces, spaces.objects
        self._cues = CueLog(spaces.bus, clock=spaces.clock)
        self._limit = RateLimit(LIMIT, _too_fast)
        self._turn = asyncio.Lock()
        """One at a time: two that rewrite one transcript would lose a correction."""
        self._log = log.get("house")

    async def correct(self, space: str, place: str, text: str, actor: Actor) -> Cue:
        """Puts ``text`` in the place of a cue's words (``place`` as ``<start_ms>-<seat>``); returns the cue.

        Words that are there already change nothing. Raises :class:`NotFound` for a cue that is not there,
        :class:`Conflict` while the captions are being finished, and :class:`Overloaded` when corrections come too fast,
        or without the bus.
        """
        found = await self._spaces.load(space)
        rights.require(actor, Look.CAPTIONS, found)
        words, key = checks.caption(text), _key(place)
        now = self._spaces.clock()
        self._limit.spend(found.id, now)
        seat = rights.own_seat(actor, found)
        by = seat.id if seat else rights.rank(actor, found).value
        since_s = now - found.ended_ms / 1000 if found.ended_ms is not None else 0.0
        if HEARD_S < since_s < DONE_S:
            said = "The captions of this space are just being finished; try again in a minute."
            raise Conflict(said, code="captions-finishing")
        async with self._turn:
            change = self._say if since_s <= HEARD_S else self._store
            before, after = await change(found, key, words, by)
        if after != before:
            self._log.info("caption-corrected", space=found.id, start_ms=after.start_ms, by=by)
        return after

    async def _say(self, space: Space, key: tuple[int, str], words: str, by: str) -> tuple[Cue, Cue]:
        """On the bus: edges and captions hear it."""
        before = await self._said(space, key)
        after = wire.corrected(before, words, by=by, at_ms=unix_ms(self._spaces.clock()))
        if after != before:
            await self._cues.publish(after)
        return before, after

    async def _said(self, space: Space, key: tuple[int, str]) -> Cue:
        """As the log of the bus has it, or the transcript when the log does not go back so far."""
        since_ms, now_ms = max(0, key[0] - EARLY_MS), unix_ms(self._spaces.clock())
        if space.doors_open_ms is None or space.doors_open_ms + since_ms > now_ms:
            raise NotFound(_NOT_FOUND, code="no-such-cue")
        said = Collection(await self._cues.read(space.id, doors_open_ms=space.doors_open_ms, since_ms=since_ms))
        found = said.get(*key) or Collection((await self._transcript(space)).cues).get(*key)
        if found is None:
            raise NotFound(_NOT_FOUND, code="no-such-cue")
        return found

    async def _store(self, space: Space, key: tuple[int, str], words: str, by: str) -> tuple[Cue, Cue]:
        """In the object store. What was removed meanwhile does not come back: that is looked at afterwards, too."""
        transcript = await self._transcript(space)
        before = Collection(transcript.cues).get(*key)
        if before is None:
            raise NotFound(_NOT_FOUND, code="no-such-cue")
        after = wire.corrected(before, words, by=by, at_ms=unix_ms(self._spaces.clock()))
        if after != before:
            cues = [after if (cue.start_ms, cue.seat) == key else cue for cue in transcript.cues]
            await self._keep(space, msgspec.structs.replace(transcript, cues=cues))
            removed = await withdrawals.read(self._objects, space.id)
            if removed is not None and removed.whole:
                await self._objects.delete(wire.object_key(space.id))
            elif removed is not None and len(left := withdrawal.words(cues, removed)) != len(cues):
                await self._keep(space, msgspec.structs.replace(transcript, cues=left))
        return before, after

    async def _transcript(self, space: Space) -> Transcript:
        """Raises :class:`NotFound` when there is none of this run of the space."""
        try:
            found = wire.decode_transcript(await self._objects.get(wire.object_key(space.id)))
        except (NotFound, Malformed) as error:
            raise NotFound(_NOT_FOUND, code="no-such-cue") from error
        if found.doors_open_ms != space.doors_open_ms:
            raise NotFound(_NOT_FOUND, code="no-such-cue")
        return found

    async def _keep(self, space: Space, transcript: Transcript) -> None:
        await self._objects.put(wire.object_key(space.id), wire.encode_transcript(transcript))
        now_ms = unix_ms(self._spaces.clock())
        await IndexingTable(self._spaces.store.work).order_space(space.id, due_ms=now_ms)


def _key(place: str) -> tuple[int, str]:
    """Where a cue begins, and its seat; raises :class:`NotFound` for what is no such pair."""
    start, _, seat = place.partition("-")
    if not (start.isascii() and start.isdigit() and len(start) <= 10):
        raise NotFound(_NOT_FOUND, code="no-such-cue")
    return int(start), seat

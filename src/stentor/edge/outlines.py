"""Outlines of complete recordings: made once of the pulses in the segments, then kept as an object beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Protocol

from stentor.base import log
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.base.rendition import RENDITIONS
from stentor.edge.names import RecordedNames
from stentor.spaces import names, outline, pulse
from stentor.spaces.outline import Outline
from stentor.spaces.pulse import Pulse
from stentor.store.objects import Objects
from stentor.wire import emsg, manifest
from stentor.wire.manifest import Entry

SMALLEST = min(RENDITIONS, key=lambda rendition: rendition.bitrate_bps)
"""Every rendition carries the pulses; this one is read fastest: 16 MB for 90 minutes."""
READ_AT_ONCE = 8
DOCUMENTS = frozenset({"gaps.json", "chapters.json", "peaks.json", "counts.json", "speaking.json"})
"""Beside a recording."""


class SegmentReader(Protocol):
    """Where segments are read."""

    def get(self, key: str, *, keep: bool = True) -> Awaitable[bytes]: ...


class Outlines:
    """Each is made by one task, however many ask."""

    def __init__(self, objects: Objects, segments: SegmentReader, recorded: RecordedNames) -> None:
        self._objects, self._recorded = objects, recorded
        self._segments = segments
        self._making: dict[str, asyncio.Task[Outline]] = {}
        self._log = log.get("edge")

    async def get(self, space: str, entries: list[Entry], mark: str) -> Outline:
        """The outline of the complete recording ``entries``, kept under ``mark``; raises Overloaded."""
        making = self._making.get(mark)
        if making is None:
            making = asyncio.create_task(self._kept_or_made(space, entries, mark), name=f"outline {space}")
            self._making[mark] = making
            making.add_done_callback(lambda _: self._making.pop(mark, None))
        return await asyncio.shield(making)

    async def _kept_or_made(self, space: str, entries: list[Entry], mark: str) -> Outline:
        key = manifest.outline_key(space)
        with suppress(NotFound, Malformed):
            kept = outline.decode(await self._objects.get(key))
            if kept.last_hash == mark:
                return kept
        made = await self._make(space, entries, mark)
        try:
            await self._objects.put(key, outline.encode(made))
        except Overloaded as error:  # an edge that may only read makes it again after its next start
            self._log.warning("outline-not-kept", space=space, reason=error.detail)
        return made

    async def _make(self, space: str, entries: list[Entry], mark: str) -> Outline:
        objects = [entry.renditions[SMALLEST.name] for entry in entries if SMALLEST.name in entry.renditions]
        keys = [stored.key for stored in objects if stored.key]  # silence says nothing
        known = await self._recorded.get(space)
        found: list[Pulse] = []
        for at in range(0, len(keys), READ_AT_ONCE):
            for some in await asyncio.gather(*(self._pulses(key) for key in keys[at : at + READ_AT_ONCE])):
                found += [names.given(told, known) for told in some]
        chunks = entries[-1].first_chunk + entries[-1].chunks
        return outline.outline(found, chunks=chunks, last_hash=mark)

    async def _pulses(self, key: str) -> list[Pulse]:
        """Those of one segment; one that is lost or damaged has none."""
        try:
            return [pulse.read(message) for message in emsg.pulses(await self._segments.get(key, keep=False))]
        except (NotFound, Malformed) as error:
            self._log.warning("segment-without-pulses", key=key, reason=error.detail)
            return []

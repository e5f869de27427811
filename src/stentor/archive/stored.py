"""A recording in the object store: its objects, its manifest, and how to go on after a crash.

The order of writing is what makes a crash harmless: people's names, a segment's objects, then the page that lists
these. What was written and is in no page is written again, the same bytes under the same key.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import msgspec

from stentor.archive import recorder
from stentor.archive.recorder import SealedSegment
from stentor.base import log
from stentor.base.errors import Malformed, NotFound
from stentor.spaces import names, pulse
from stentor.spaces.names import Names
from stentor.store.objects import Objects
from stentor.wire import manifest
from stentor.wire.chunk import Chunk
from stentor.wire.manifest import PAGE_ENTRIES, Entry

MAX_PAGES: Final = 10_000
"""113 days of one space."""


class Loaded(NamedTuple):
    """The entries that prove themselves, from the first one on, and whether something behind them is damaged."""

    entries: list[Entry]
    damaged: bool


class RecordingStore:
    """One recording. Every method may raise :class:`~stentor.base.errors.Overloaded`: try again, it is safe."""

    def __init__(self, objects: Objects, space: str) -> None:
        self.space = space
        self._objects = objects
        self._page: list[Entry] = []
        """The entries of the page that is being written."""
        self._number = 0
        """Which page that is."""
        self._listed = True
        """Everything that was kept stands in the manifest."""
        self._inits_there = False
        self._names = self._kept_names = Names()

    async def load(self) -> Loaded:
        """Reads the manifest. A damaged page is used as far as its chain holds; the rest is recorded anew."""
        entries: list[Entry] = []
        damaged = False
        for page in range(MAX_PAGES):
            try:
                data = await self._objects.get(manifest.page_key(self.space, page))
            except NotFound:
                break
            found = salvage(data)
            whole = _proven(entries, found)
            entries += found[:whole]
            if whole < PAGE_ENTRIES:
                damaged = whole < len(found) or manifest.encode_page(found) != data
                if damaged:  # it will be written over: what it was stays for whoever wants to look at it
                    copy = f"{manifest.page_key(self.space, page)}.{hashlib.sha256(data).hexdigest()[:12]}.damaged"
                    await self._objects.put(copy, data)
                break
        self._names = self._kept_names = await self._load_names()
        self._number, rest = divmod(len(entries), PAGE_ENTRIES)
        self._page = entries[len(entries) - rest :]
        return Loaded(entries, damaged)

    async def _keep_names(self) -> None:
        """What is new, behind what stands there: the house may have erased a name."""
        if new := self._names.names[len(self._kept_names.names) :]:
            there = await self._load_names()
            self._names = Names(names=[*there.names, *new])
            await self._objects.put(names.key(self.space), names.encode(self._names))
            self._kept_names = self._names

    async def _load_names(self) -> Names:
        try:
            return names.decode(await self._objects.get(names.key(self.space)))
        except NotFound:
            return Names()
        except Malformed as error:
            log.get("archive").error("names-damaged", space=self.space, detail=error.detail)
            return Names()

    def unnamed(self, chunk: Chunk) -> Chunk:
        """The chunk without the names in its pulse, which are stored before the segment that is kept next."""
        try:
            told = pulse.read(chunk.pulse)
        except Malformed:
            return chunk
        self._names = self._names.heard(told)
        return msgspec.structs.replace(chunk, pulse=pulse.encode(names.without(told)))

    async def keep(self, segment: SealedSegment, *, listed: bool = True) -> None:
        """Stores a segment. When this returns, it is in the manifest; else with one that comes after it."""
        if not self._inits_there:
            for key, data in recorder.inits(self.space).items():
                await self._objects.put(key, data)
            self._inits_there = True
        await self._keep_names()
        for key, data in segment.objects.items():
            await self._objects.put(key, data)
        before = [entry for entry in self._page if entry.number < segment.entry.number]
        number = self._number
        if len(before) == PAGE_ENTRIES:
            before, number = [], number + 1
        self._page, self._number, self._listed = [*before, segment.entry], number, False
        if listed or len(self._page) == PAGE_ENTRIES:
            await self.list_kept()

    async def list_kept(self) -> None:
        """Writes what was kept into the manifest."""
        if not self._listed:
            await self._objects.put(manifest.page_key(self.space, self._number), manifest.encode_page(self._page))
            self._listed = True


def salvage(data: bytes) -> list[Entry]:
    """The entries of a page up to the first line that is none."""
    try:
        return manifest.decode_page(data)
    except Malformed:
        entries: list[Entry] = []
    for line in data[: manifest.MAX_PAGE_BYTES].splitlines()[:PAGE_ENTRIES]:
        try:
            entries += manifest.decode_page(line)
        except Malformed:
            break
    return entries


def _proven(before: list[Entry], found: list[Entry]) -> int:
    """How many of ``found`` continue the chain of ``before`` without a fault."""
    link = before[-1:]
    previous, number = (link[0].hash, link[0].following) if link else (manifest.FIRST_HASH, 0)
    for count, entry in enumerate(found):
        sound = manifest.chain(entry.previous, entry).hash == entry.hash
        if not sound or entry.previous != previous or entry.number != number:
            return count
        previous, number = entry.hash, entry.following
    return len(found)

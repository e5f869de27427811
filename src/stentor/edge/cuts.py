"""Listener cuts of recordings, from the object store: the file, its chapters and words, and the list that explains it.

Only the sound is stored. What stands before it in the file (title, names, chapters) is made here, as they are now: when
somebody's name is erased, or a host renames a space, nothing has to be written again.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from stentor.audio import edition
from stentor.audio.encoder import AAC_DELAY_SAMPLES
from stentor.base import grid
from stentor.base.clock import Clock
from stentor.base.errors import Malformed, NotFound
from stentor.edge import virtual
from stentor.edge.cache import Cache
from stentor.edge.protocol import Connection
from stentor.edge.reply import Document, Reply
from stentor.edge.shown import ShownRecording
from stentor.people.site import SiteLook
from stentor.spaces import outline
from stentor.spaces.model import Space
from stentor.spaces.outline import MUSIC_TITLE, Outline
from stentor.store import editions
from stentor.store.objects import Objects
from stentor.wire import cue, edits, movie, webvtt
from stentor.wire.cue import Cue
from stentor.wire.edits import EditList, Timeline
from stentor.wire.http import Request
from stentor.wire.movie import Chapter, Tags

READ_S: Final = 10.0
"""How soon a cut that was made anew is seen."""
KEPT: Final = 20
"""Cuts whose beginning is in memory: 1.4 MB for two hours."""
CACHE: Final = "public, max-age=60"
FILE: Final = "recording.m4a"
LIST: Final = "edits.json"
SIGNED: Final = {f"{LIST}{ending}": ending for ending in editions.SIGNATURES}
WORDS: Final = ("captions.vtt", "captions.srt", "transcript.txt", "transcript.json")
LEAST_HEARD_MS: Final = 1000
"""A chapter of which less is left is none."""
FIRST_MS: Final = 2000
"""A chapter that begins so soon begins at once: turns are told by the second."""
PIECE_SEGMENTS: Final = edition.PIECE_CHUNKS // grid.CHUNKS_PER_SEGMENT
"""Plays are counted by segments."""
SEGMENT_FRAMES: Final = grid.SEGMENT_SAMPLES // grid.AAC_FRAME_SAMPLES
BEGINNING: Final = 1
"""The beginning of the file is its piece 0, so piece ``n`` of the cut is ``n + 1``."""


class KnownCut(NamedTuple):
    """What is known here of a cut: its list as it is stored, and the sizes of its frames piece by piece."""

    edits: EditList
    text: bytes
    pieces: list[bytes]


class Cuts:
    """The newest :data:`KEPT`."""

    def __init__(
        self, objects: Objects, cache: Cache, look: Callable[[], SiteLook], *, clock: Clock, monotonic: Clock
    ) -> None:
        self._objects, self._cache, self._look = objects, cache, look
        self._clock, self._monotonic = clock, monotonic
        self._kept: OrderedDict[str, tuple[float, KnownCut]] = OrderedDict()
        self._outlines: OrderedDict[str, tuple[str, Outline]] = OrderedDict()
        self._heads: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        """By space: of what it is made, and the beginning of the file."""

    def forget(self, space: str) -> None:
        """Something of it was removed."""
        self._kept.pop(space, None)
        self._heads.pop(space, None)
        self._outlines.pop(space, None)

    async def there(self, space: Space, recording: ShownRecording) -> bool:
        """Whether there is a cut that can be heard."""
        try:
            return bool((await self._get(space, recording)).pieces)
        except NotFound:
            return False

    async def answer(
        self,
        space: Space,
        recording: ShownRecording,
        name: str,
        request: Request,
        connection: Connection,
        *,
        outlined: Callable[[], Awaitable[Outline]],
        words: Callable[[], Awaitable[Sequence[Cue]]],
        heard: Callable[[int], None],
    ) -> Reply | None:
        """What stands under ``cut/`` as ``name``; None when it has been written piece by piece.

        ``outlined`` gives the outline of the whole recording, ``words`` its cues from the opening of the doors on;
        ``heard`` is told each segment's length of sound that went out, by its number in the cut.
        Raises :class:`NotFound` while there is no cut, or only one of another state of the recording.
        """
        cut = await self._get(space, recording)
        now = self._clock()
        if name == LIST:
            return Document(cut.text, "application/json", CACHE, now=now).answer(request.headers)
        if name in SIGNED:
            key = f"{editions.edits_key(space.id, cut.edits.removals)}{SIGNED[name]}"
            return Document(await self._objects.get(key), webvtt.TEXT_TYPE, CACHE, now=now).answer(request.headers)
        if name in WORDS:
            text, kind = rendered(name, space, edits.cues(await words(), cut.edits), now)
            return Document(text, kind, CACHE, now=now).answer(request.headers)
        if name not in (FILE, "chapters.json"):
            raise NotFound("There is nothing under this address.", code="no-such-page")
        found = chapters(space, await self._outline(space, recording, outlined), cut.edits)
        if name == "chapters.json":
            body = msgspec.json.encode({"version": "1.2.0", "chapters": found})
            return Document(body, "application/json", CACHE, now=now).answer(request.headers)
        return await self._file(space, cut, found, request, connection, heard)

    async def _outline(
        self, space: Space, recording: ShownRecording, outlined: Callable[[], Awaitable[Outline]]
    ) -> Outline:
        """Players ask for many ranges of a file: the outline is read for the first."""
        known = self._outlines.get(space.id)
        if known is None or known[0] != recording.outline_mark:
            known = self._outlines[space.id] = recording.outline_mark, await outlined()
            if len(self._outlines) > KEPT:
                self._outlines.popitem(last=False)
        return known[1]

    async def _get(self, space: Space, recording: ShownRecording) -> KnownCut:
        read_s, cut = self._kept.get(space.id, (float("-inf"), None))
        if cut is None or self._monotonic() - read_s > READ_S:
            cut = await self._read(space.id, len(recording.found.removals), cut)
            self._kept[space.id] = self._monotonic(), cut
            self._kept.move_to_end(space.id)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        trim = (space.trim.from_ms, space.trim.to_ms) if space.trim else None
        fits = cut.edits.last_hash == recording.manifest.entries[-1].hash and cut.edits.trim_ms == trim
        if not recording.final or not fits or cut.edits.removals != len(recording.found.removals):
            raise no_cut()
        return cut

    async def _read(self, space: str, removals: int, known: KnownCut | None) -> KnownCut:
        try:
            text = await self._objects.get(editions.edits_key(space, removals))
            if known is not None and known.text == text:
                return known
            found = edits.decode(text)
            sizes = await self._objects.get(editions.sizes_key(space, removals, found.mark))
        except NotFound as error:
            self.forget(space)
            raise no_cut() from error
        except Malformed as error:
            raise NotFound(
                "The listener cut of this recording is damaged; it can be made again.", code="no-edition"
            ) from error
        pieces, at = [], 0
        for piece in found.pieces:
            pieces.append(sizes[2 * at : 2 * (at + piece.frames)])
            at += piece.frames
        if len(sizes) != 2 * at:
            raise no_cut()  # it is being written at this moment
        return KnownCut(found, text, pieces)

    async def _file(
        self,
        space: Space,
        cut: KnownCut,
        found: Sequence[dict[str, Any]],
        request: Request,
        connection: Connection,
        heard: Callable[[int], None],
    ) -> Reply | None:
        if not cut.pieces:
            raise NotFound("Nobody was heard in this recording: its listener cut is empty.", code="no-edition")
        tags = self._tags(space, found)
        made_of = hashlib.sha256(repr((cut.edits.mark, found, tags)).encode()).hexdigest()[:20]
        known = self._heads.get(space.id)
        if known is None or known[0] != made_of:
            head = await asyncio.to_thread(beginning, cut, found, tags)
            known = self._heads[space.id] = made_of, head
            if len(self._heads) > KEPT:
                self._heads.popitem(last=False)
        head = known[1]

        async def piece(number: int) -> bytes:
            if number == 0:
                return head
            key = editions.piece_key(space.id, cut.edits.removals, cut.edits.mark, number - BEGINNING)
            try:
                return edition.decode(await self._cache.get(key)).frames
            except (NotFound, Malformed):
                return b""  # a short reply is noticed

        sizes = [len(head), *(each.size for each in cut.edits.pieces)]

        def sent(number: int, size: int) -> None:
            if 2 * size >= sizes[number]:
                first = (number - BEGINNING) * PIECE_SEGMENTS
                for segment in range(cut.edits.pieces[number - BEGINNING].frames // SEGMENT_FRAMES):
                    heard(first + segment)

        return await virtual.send(
            request, connection, sizes, piece, sent=sent, now=self._clock(),
            etag=f'"{made_of}"', cache=CACHE,
            disposition=f'inline; filename="{space.id}-cut.m4a"',
        )  # fmt: skip

    def _tags(self, space: Space, found: Sequence[dict[str, Any]]) -> Tags:
        look, names = self._look(), [entry["title"] for entry in found if entry.get("seat")]
        at = datetime.datetime.fromtimestamp((space.doors_open_ms or 0) / 1000, datetime.UTC)
        return Tags(
            title=space.title,
            people=", ".join(dict.fromkeys(names)),
            date=at.strftime("%Y-%m-%d"),
            comment=space.description,
            site=look.name,
            cover=look.logo,
        )


def beginning(cut: KnownCut, found: Sequence[dict[str, Any]], tags: Tags) -> bytes:
    """The beginning of the file."""
    marks: dict[int, str] = {}
    for entry in found:
        start_ms = round(entry["startTime"] * 1000)
        marks[start_ms] = f"{marks[start_ms]} · {entry['title']}" if start_ms in marks else entry["title"]
    samples = cut.edits.cut_ms * grid.SAMPLE_RATE_HZ // 1000
    named = [Chapter(start_ms, title) for start_ms, title in sorted(marks.items())]
    return movie.head(edition.RENDITION, cut.pieces, samples=samples, skip=AAC_DELAY_SAMPLES, chapters=named, tags=tags)


def chapters(space: Space, whole: Outline, found: EditList) -> list[dict[str, Any]]:
    """Those of the recording of which something is in the cut, at its times, as ``outline.chapters`` has them."""
    named = outline.renamed(whole, space.erased)
    text = outline.chapters(named, space.pins, space.rundown, origin_ms=space.doors_open_ms or 0)
    moved = list(_moved(msgspec.json.decode(text)["chapters"], Timeline(found)))
    if moved and moved[0]["startTime"] * 1000 < FIRST_MS:
        moved[0]["startTime"] = 0.0
    return moved


def _moved(entries: Iterable[dict[str, Any]], timeline: Timeline) -> Iterable[dict[str, Any]]:
    before: dict[str, Any] = {}
    for entry in entries:
        start = timeline.at(entry["startTime"] * 1000)
        moved = {**entry, "startTime": round(start / 1000, 2)}
        if "endTime" in entry:
            end = timeline.at(entry["endTime"] * 1000)
            if end - start < LEAST_HEARD_MS or entry["title"] == MUSIC_TITLE:
                continue
            moved["endTime"] = round(end / 1000, 2)
            if entry.get("seat") and before.get("seat") == entry["seat"]:
                before["endTime"] = moved["endTime"]  # only music was between them
                continue
            before = moved
        elif start >= timeline.cut_ms:
            continue
        yield moved


def rendered(name: str, space: Space, found: list[Cue], now: float) -> tuple[bytes, str]:
    """One of :data:`WORDS`, and its content type. Raises :class:`NotFound` without a transcript."""
    if not found and not name.endswith(".json"):
        raise NotFound("There is no transcript of this recording.", code="no-captions")
    match name:
        case "captions.vtt":
            return webvtt.whole(found), webvtt.CONTENT_TYPE
        case "captions.srt":
            return webvtt.subrip(found), webvtt.SRT_TYPE
        case "transcript.txt":
            return webvtt.transcript(space.title, found), webvtt.TEXT_TYPE
    return cue.document(space.id, found, at_ms=round(now * 1000)), "application/json"


def no_cut() -> NotFound:
    return NotFound("There is no listener cut of this recording now; one may be on its way.", code="no-edition")

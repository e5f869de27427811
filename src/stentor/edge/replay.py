"""Replays: a recording from the object store, while it grows and afterwards.

Everything comes from the objects and the manifest that the archive wrote; an edge asks the store for each thing once
and keeps the newest 64 MB. What was removed comes first: nothing is served before it is known (``edge.withdrawn``).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from stentor.audio.excise import silent_segment
from stentor.base import grid
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.rendition import BY_NAME, RENDITIONS, Rendition
from stentor.edge import overflow, proofs, virtual, vod
from stentor.edge.cache import Cache
from stentor.edge.cuts import Cuts
from stentor.edge.names import RecordedNames
from stentor.edge.numbered import is_number
from stentor.edge.outlines import Outlines
from stentor.edge.played import Played
from stentor.edge.protocol import Connection
from stentor.edge.reply import MEDIA_CACHE, NO_STORE, Document, File, Reply
from stentor.edge.shown import ShownManifest, ShownRecording, read_again, recording, trim_of
from stentor.edge.transcripts import Transcripts
from stentor.edge.virtual import MEDIA_TYPE, VirtualFile, virtual_file
from stentor.edge.withdrawn import Withdrawn, require
from stentor.evidence import counts
from stentor.people.site import SiteLook
from stentor.spaces import outline
from stentor.spaces.model import Space, State
from stentor.spaces.outline import Outline
from stentor.spaces.switches import Switch
from stentor.store.objects import Objects
from stentor.wire import clip, manifest, mp4, playlist
from stentor.wire.http import Request
from stentor.wire.manifest import Entry
from stentor.wire.playlist import Subtitles

GROWING_S = 2.0
"""How old the manifest of a growing recording may be here."""
FINAL_S = 300.0
GROWING_CACHE = "public, max-age=2"
FINAL_CACHE = "public, max-age=60"


class Replays:
    """The replays of all spaces."""

    def __init__(
        self,
        objects: Objects,
        transcripts: Transcripts,
        withdrawn: Withdrawn,
        played: Played,
        look: Callable[[], SiteLook],
        *,
        clock: Clock,
        monotonic: Clock,
    ) -> None:
        self._cache = Cache(objects)
        self._transcripts, self._withdrawn, self._played = transcripts, withdrawn, played
        self._clock, self._monotonic = clock, monotonic
        self._media = vod.MediaPlaylists()
        self._manifests: OrderedDict[str, ShownManifest] = OrderedDict()
        self._reading: dict[str, asyncio.Task[ShownManifest]] = {}
        self._shown: OrderedDict[str, ShownRecording] = OrderedDict()
        self._documents: OrderedDict[tuple[str, str], tuple[ShownRecording, Document]] = OrderedDict()
        self._playlists: OrderedDict[tuple[str, str, bool], Document] = OrderedDict()
        """Of the overflow: by hash of the last entry, name, and whether the recording ends there."""
        self._names = RecordedNames(objects, monotonic=monotonic)
        self._outlines = Outlines(objects, self._cache, self._names)
        self._cuts = Cuts(objects, self._cache, look, clock=clock, monotonic=monotonic)
        self._clips: OrderedDict[tuple[str, str, str, clip.Cut], File] = OrderedDict()
        self._files: OrderedDict[tuple[str, str], tuple[ShownRecording, VirtualFile]] = OrderedDict()
        self._cut = RateLimit(CLIPS, _too_many)

    async def answer(self, space: Space, path: list[str], request: Request, connection: Connection) -> Reply | None:
        """What stands under ``/s/{space}/`` as ``path``; None when the reply has been written piece by piece.

        Raises :class:`NotFound`, :class:`stentor.wire.http.Unsatisfiable` or Overloaded (the store fails).
        """
        recording = await self._recording(space)
        match path:
            case ["gaps.json"]:
                return self._document(space, path, recording, "application/json", vod.gaps, request)
            case ["chapters.json"]:
                origin_ms = (space.doors_open_ms or 0) + recording.first_chunk * grid.CHUNK_MS
                origin_ms -= space.delay_ms  # what hosts did then is heard later
                pins = [pin for pin in space.pins if not recording.trim or pin.at_ms >= origin_ms]
                asked = space.ballots.questions
                render = partial(outline.chapters, pins=pins, items=space.rundown, questions=asked, origin_ms=origin_ms)
                # notes may be taken down when all is over, and names be erased
                state = [*path, str(space.pinned_ms), str(space.ballots.changed_ms), *map(str, sorted(space.erased))]
                return await self._outlined(space, state, recording, render, request)
            case ["peaks.json" | "speaking.json" as name]:
                draw = outline.speaking if name == "speaking.json" else outline.peaks
                return await self._outlined(space, [*path, *map(str, space.erased)], recording, draw, request)
            case ["counts.json"]:
                return (await self._counts(space)).answer(request.headers)
            case ["clip.m4a"]:
                return await self._clip(space, recording, request)
            case ["edition.m4a"] if not space.allows(Switch.UNEDITED) and await self._cuts.there(space, recording):
                return await self._cut_file(space, recording, "recording.m4a", request, connection)
            case ["recording.m4a" | "edition.m4a"]:
                rendition = _rendition(request.query.get("rendition", RENDITIONS[0].name))
                return await self._file(space, recording, rendition, request, connection)
            case ["cut", name]:
                return await self._cut_file(space, recording, name, request, connection)
            case ["replay", "index.m3u8"]:
                cues = await self._transcripts.get(space) if recording.final else []
                render = partial(vod.index, space.language if cues else "")
                return self._document(space, path, recording, playlist.CONTENT_TYPE, render, request)
            case ["replay", "captions.m3u8"] if await self._transcripts.get(space):
                return self._document(space, path, recording, playlist.CONTENT_TYPE, vod.text, request)
            case ["replay", name] if name.endswith(".m3u8"):
                render = partial(self._media.render, space.id, _rendition(name.removesuffix(".m3u8")))
                return self._document(space, path, recording, playlist.CONTENT_TYPE, render, request)
            case ["evidence", name]:
                return self._page(recording, name, request)
            case ["evidence", rendition, file]:
                data = await self._cache.get(proofs.segment_key(recording, rendition, file), keep=False)
                return File(data, MEDIA_TYPE, MEDIA_CACHE, now=self._clock()).answer(request.headers, self._clock())
            case ["replay", name, file]:
                reply = await self._segment(space, recording, _rendition(name), file, request)
                if reply.status in (200, 206) and (number := file.removesuffix(".m4s")).isdigit():
                    self._played.sent(space.id, int(number), request, connection)
                return reply
        raise NotFound("There is nothing under this address.", code="no-such-page")

    def _page(self, recording: ShownRecording, name: str, request: Request) -> Reply:
        """Of the manifest, for whoever checks it."""
        page = proofs.page(recording, name)
        if page is None:
            raise NotFound("There is nothing under this address.", code="no-such-page")
        cache = FINAL_CACHE if recording.final else GROWING_CACHE
        return Document(page, "application/jsonl", cache, now=self._clock()).answer(request.headers)

    async def _cut_file(
        self, space: Space, recording: ShownRecording, name: str, request: Request, connection: Connection
    ) -> Reply | None:
        """What belongs to the listener cut."""
        outlined = partial(self._outlines.get, space.id, recording.left, recording.outline_mark)
        words = partial(self._transcripts.whole, space)

        def heard(segment: int) -> None:
            self._played.sent(space.id, segment, request, connection)

        return await self._cuts.answer(
            space, recording, name, request, connection, outlined=outlined, words=words, heard=heard
        )

    async def _counts(self, space: Space) -> Document:
        """How many listened and played it, as houses keep it."""
        try:
            data = counts.public(await self._cache.get(counts.kept_key(space.id), keep=False))
        except NotFound:
            data = counts.public(b"")
        return Document(data, "application/json", FINAL_CACHE, now=self._clock())

    async def overflow(self, space: Space, name: str, captions: Subtitles | None, request: Request) -> Reply:
        """A playlist of the overflow; raises :class:`NotFound`, also while nothing is old enough."""
        recording = await self._recording(space)
        if name == "index.m3u8":
            index = overflow.index(captions).encode()
            return Document(index, playlist.CONTENT_TYPE, overflow.CACHE, now=self._clock()).answer(request.headers)
        rendition = None if captions and name == overflow.TEXT else _rendition(name.removesuffix(".m3u8"))
        entries = overflow.due(recording.entries, unix_ms(self._clock()) - space.overflow_s * 1000)
        if not entries:
            raise NotFound("Nothing of this space is old enough yet.", code="no-overflow")
        ended = recording.final and entries[-1] is recording.entries[-1]
        key = entries[-1].hash, name, ended
        known = self._playlists.get(key)
        if known is None:
            text = overflow.media(entries, rendition, ended=ended) if rendition else overflow.text(entries, ended=ended)
            known = self._playlists[key] = Document(
                text.encode(), playlist.CONTENT_TYPE, overflow.CACHE, now=self._clock()
            )
            if len(self._playlists) > DOCUMENTS_KEPT:
                self._playlists.popitem(last=False)
        return known.answer(request.headers)

    def forget(self, space: str) -> None:
        """Something of it was removed: no copy of it stays here."""
        self._manifests.pop(space, None)
        self._shown.pop(space, None)
        self._cache.forget(f"recordings/{space}/")
        for each in (self._names, self._cuts, self._media):
            each.forget(space)
        for kept in (self._documents, self._clips, self._files):
            _drop(kept, space)

    async def _recording(self, space: Space) -> ShownRecording:
        """As it is shown now. Raises :class:`NotFound`, :class:`Removed` or :class:`Overloaded`."""
        found = require(await self._withdrawn.get(space.id))
        manifest = await self._manifest(space)
        trim = trim_of(space, manifest.final)
        known = self._shown.get(space.id)
        if known is None or not known.is_of(manifest, found, trim):
            known = self._shown[space.id] = recording(manifest, found, trim)
            if len(self._shown) > RECORDINGS_KEPT:
                self._shown.popitem(last=False)
        return known

    async def _manifest(self, space: Space) -> ShownManifest:
        known = self._manifests.get(space.id)
        final = space.state is State.REPLAY
        patience = FINAL_S if final else GROWING_S
        if known is not None and known.final == final and self._monotonic() - known.read_s < patience:
            return known
        reading = self._reading.get(space.id)
        if reading is None:
            task = asyncio.create_task(self._read(space, final), name=f"manifest {space.id}")
            reading = self._reading[space.id] = task
        read = await asyncio.shield(reading)  # it may have begun before the space was over
        return read if read.final or not final else await self._manifest(space)

    async def _read(self, space: Space, final: bool) -> ShownManifest:
        try:
            entries: list[Entry] = []
            started = self._monotonic()
            while True:
                page, more = divmod(len(entries), manifest.PAGE_ENTRIES)
                if more:
                    break
                known = self._manifests.get(space.id)
                if known is not None and len(known.entries) >= (page + 1) * manifest.PAGE_ENTRIES:
                    entries += known.entries[len(entries) : len(entries) + manifest.PAGE_ENTRIES]  # full pages stay
                    continue
                try:
                    data = await self._cache.get(manifest.page_key(space.id, page), keep=False)
                except NotFound:
                    break
                found = manifest.decode_page(data)
                if not found:
                    break
                entries += found
        except Malformed as error:
            raise NotFound("The manifest of this recording is damaged.", code="recording-damaged") from error
        finally:
            del self._reading[space.id]
        if not entries:
            raise NotFound("There is no recording of this space yet.", code="no-recording")
        read = read_again(self._manifests.get(space.id), entries, final=final, read_s=started)
        self._manifests[space.id] = read
        self._manifests.move_to_end(space.id)
        if len(self._manifests) > RECORDINGS_KEPT:
            self._manifests.popitem(last=False)
        return read

    async def _bytes(self, entry: Entry, rendition: Rendition) -> bytes:
        """What is left of a segment."""
        stored = entry.renditions[rendition.name]
        if not stored.key:
            return silent_segment(rendition, entry.first_chunk, entry.chunks)
        return await self._cache.get(stored.key)

    async def _segment(
        self, space: Space, recording: ShownRecording, rendition: Rendition, file: str, request: Request
    ) -> Reply:
        number = file.removesuffix(".m4s")
        if file == "init.mp4":
            key = manifest.init_key(space.id, rendition.name)
        elif file.endswith(".m4s") and is_number(number):
            key = manifest.segment_key(space.id, rendition.name, int(number))
        else:
            raise NotFound("There is no such file.", code="no-such-file")
        changed = recording.changed(int(number)) if file != "init.mp4" else None
        data = await (self._cache.get(key) if changed is None else self._bytes(changed, rendition))
        data = await self._names.put_into(data, space)
        return File(data, MEDIA_TYPE, MEDIA_CACHE, now=self._clock()).answer(request.headers, self._clock())

    async def _file(
        self, space: Space, recording: ShownRecording, rendition: Rendition, request: Request, connection: Connection
    ) -> Reply | None:
        """``recording.m4a``: the range asked for, piece by piece."""
        head, entries, sizes = self._virtual(space, recording, rendition)

        async def piece(number: int) -> bytes:
            return head if number == 0 else await self._piece(recording, entries[number - 1], rendition)

        def sent(number: int, size: int) -> None:
            if 2 * size >= sizes[number]:
                self._played.sent(space.id, number, request, connection)

        return await virtual.send(
            request, connection, sizes, piece, sent=sent, now=self._clock(),
            etag=f'"{recording.tag}-{rendition.name}"',
            disposition=f'inline; filename="{space.id}.m4a"',
            cache=FINAL_CACHE if recording.final else NO_STORE,
        )  # fmt: skip

    async def _piece(self, recording: ShownRecording, entry: Entry, rendition: Rendition) -> bytes:
        """A segment of the file, which begins where the recording is shown."""
        data = await self._bytes(entry, rendition)
        if not recording.first_chunk:
            return data
        return mp4.retime(data, grid.decode_time(entry.first_chunk - recording.first_chunk))

    def _virtual(self, space: Space, recording: ShownRecording, rendition: Rendition) -> VirtualFile:
        """Made once for each reading of the manifest: for two hours it takes 3 ms, and players ask for many ranges."""
        key = space.id, rendition.name
        known = self._files.get(key)
        if known is None or known[0] is not recording:
            file = virtual_file(recording.entries, rendition, first_chunk=recording.first_chunk)
            known = self._files[key] = recording, file
            if len(self._files) > FILES_KEPT:
                self._files.popitem(last=False)
        return known[1]

    async def _outlined(
        self,
        space: Space,
        path: list[str],
        recording: ShownRecording,
        render: Callable[[Outline], bytes],
        request: Request,
    ) -> Reply:
        """A document made of the outline, which there is once the recording is complete."""
        if not recording.final:
            raise NotFound("Chapters and levels come when the recording is complete.", code="no-outline")
        known = self._documents.get((space.id, "/".join(path)))
        if known is not None and known[0] is recording:
            return known[1].answer(request.headers)
        whole = await self._outlines.get(space.id, recording.left, recording.outline_mark)
        text = render(outline.renamed(recording.outline(whole), space.erased))
        return self._document(space, path, recording, "application/json", lambda _: text, request)

    async def _clip(self, space: Space, recording: ShownRecording, request: Request) -> Reply:
        """``clip.m4a``: some seconds, cut out of the segments; the newest are kept."""
        cut = clip.asked(request.query.get("from"), request.query.get("to"))
        cut = clip.Cut(cut.start_s + recording.from_s, cut.end_s + recording.from_s)
        rendition = _rendition(request.query.get("rendition", RENDITIONS[0].name))
        key = space.id, recording.tag, rendition.name, cut
        file = self._clips.get(key)
        if file is None:
            self._cut.spend("", self._monotonic())
            entries = [entry for entry in recording.entries if rendition.name in entry.renditions]
            segments = [await self._bytes(entry, rendition) for entry in clip.touched(entries, cut)]
            body = clip.clip(segments, rendition, cut)
            cache = FINAL_CACHE if recording.final else GROWING_CACHE
            file = File(body, MEDIA_TYPE, cache, now=self._clock())
            if recording.final:  # while it grows, the end of the clip may not be there yet
                self._clips[key] = file
                if len(self._clips) > CLIPS_KEPT:
                    self._clips.popitem(last=False)
        return file.answer(request.headers, self._clock())

    def _document(
        self,
        space: Space,
        path: list[str],
        recording: ShownRecording,
        kind: str,
        render: Callable[[ShownRecording], bytes],
        request: Request,
    ) -> Reply:
        """Rendered once for each state of the manifest."""
        key = space.id, "/".join(path)
        known = self._documents.get(key)
        if known is None or known[0] is not recording:
            cache = FINAL_CACHE if recording.final else GROWING_CACHE
            known = self._documents[key] = recording, Document(render(recording), kind, cache, now=self._clock())
            if len(self._documents) > DOCUMENTS_KEPT:
                self._documents.popitem(last=False)
        return known[1].answer(request.headers)


def _drop(kept: OrderedDict[Any, Any], space: str) -> None:
    """What is kept of a space, whose id is the first of a key."""
    for key in [key for key in kept if key[0] == space]:
        del kept[key]


DOCUMENTS_KEPT = 300
CLIPS = Bucket(burst=10, refill_ms=100)
"""One of a minute takes 5 ms, in which nobody is sent anything."""
FILES_KEPT = 10
"""Their beginnings: 25 kB for two hours."""
CLIPS_KEPT = 20
"""Each is 0.5 MB at most."""
RECORDINGS_KEPT = 100
"""Manifests in memory; one of 90 minutes has 1,400 entries, about 1 MB."""


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("Many want clips at the moment; try again.", retry_after_s=max(2.0, wait_s))


def _rendition(name: str) -> Rendition:
    rendition = BY_NAME.get(name)
    if rendition is None:
        raise NotFound("There is no such rendition.", code="no-such-rendition")
    return rendition

"""HLS of one space, with parts and blocking reload (draft-pantos-hls-rfc8216bis; the rules are in ``wire.reload``).

Each playlist is made and gzipped once a part, each part and segment once. Who asks too early is parked, and answered
in one sweep when the part is there: a part that is hinted is held, never answered 404, because one wrong 404 would
stay in a cache for seconds.
"""

from __future__ import annotations

from typing import TypeVar

from stentor.base import grid
from stentor.base.clock import Clock
from stentor.base.errors import BadInput, NotFound, Overloaded
from stentor.base.rendition import Codec, Rendition
from stentor.base.static import IMMUTABLE
from stentor.crowd.players import Caller, Players
from stentor.edge import subtitles
from stentor.edge.numbered import is_number, parse_name, part_uri
from stentor.edge.players import Held, PlaylistAsk, Waiter, takes, turn
from stentor.edge.reply import EXPOSED, MEDIA_CACHE, Document, File, Reply, failure
from stentor.edge.subtitles import CaptionTrack
from stentor.edge.window import Window
from stentor.wire import mp4, playlist
from stentor.wire.http import Request
from stentor.wire.playlist import Decision, Directives

SEGMENTS_SHOWN = 8
"""30.7 s: a player that loses half a minute goes on where it was."""
MEDIA_TYPE = "audio/mp4"
ENDING = ".m3u8"
MOST_ASKED = 256
"""Addresses of playlists that are known while a part is the newest: a crowd asks by some ten."""


Parked = dict[Waiter, Held]
Key = TypeVar("Key")


class Hls:
    """Playlists, parts and segments of a window."""

    def __init__(
        self,
        window: Window,
        renditions: tuple[Rendition, ...],
        *,
        captions: CaptionTrack,
        clock: Clock,
        monotonic: Clock,
    ) -> None:
        self.parts = True
        """Whether playlists have parts; :meth:`give` changes it."""
        self.frugal = False
        """Whether the cheaper rendition is the only one that is listed."""
        self.parts_sent = 0
        """Parts that were asked for and there; a segment counts as its four."""
        self._window = window
        self._captions = captions
        self._renditions = {rendition.name: rendition for rendition in renditions}
        self._clock = clock
        self._monotonic = monotonic
        self._playlists: dict[tuple[str, bool], Document] = {}
        self._files: dict[tuple[str, int, int], File] = {}
        self._named: dict[tuple[str, str], tuple[File, int]] = {}
        """Files by the names they were asked for: what everybody asks for is found at once."""
        self._inits: dict[str, File] = {}
        self._asked: dict[bytes, PlaylistAsk] = {}
        """By path and query: a crowd asks the same."""
        self._reloads: dict[tuple[str, Directives], Parked] = {}
        self._hinted: dict[tuple[str, int], Parked] = {}
        self._newest = self._newest_part()
        self.players = Players()

    # Requests.

    def index(self) -> Document:
        """The multivariant playlist.

        Only AAC: Apple's player is not known to play Opus in HLS, and one codec keeps every player able to switch.
        ``opus-24.m3u8`` is there for those who ask for it by name.
        """
        text = playlist.multivariant(
            self._variants(), uri=lambda rendition: f"{rendition.name}.m3u8", subtitles=self._captions.track()
        )
        cache = f"public, max-age={playlist.CACHE_OK_S}"
        return Document(text.encode(), playlist.CONTENT_TYPE, cache, now=self._clock(), **PLAYLIST_FIELDS)

    def reload(self, file: str, request: Request, waiter: Waiter) -> Reply | None:
        """A media playlist, ``{rendition}.m3u8``; None when the request is held.

        Raises :class:`BadInput` for directives that break the rules, :class:`NotFound` for an unknown rendition.
        """
        asked = self._asked.get(request.target) or self._ask(file.removesuffix(ENDING), request)
        if asked.sound:
            waiter.asks = self
            agent = request.headers.get("user-agent", "")
            self.players.ask(waiter, request.session, agent, *asked.turn, asked.blocking, asked.name)
        if asked.document is not None:
            return asked.document.answer(request.headers)
        self._park(self._reloads, (asked.name, asked.directives), request, waiter)
        return None

    def file(self, name: str, file: str, request: Request, waiter: Waiter) -> Reply | None:
        """``init.mp4``, ``{n}.m4s`` or ``{n}.{k}.m4s``; None when the hinted part is held.

        Raises :class:`NotFound` for everything that is neither there nor hinted.
        """
        if self._is_text(name):
            return self._text(file).answer(request.headers)
        known = self._named.get((name, file))
        if known is not None:
            self.parts_sent += takes(waiter, known[1])
            return known[0].answer(request.headers, self._clock())
        rendition = self._rendition(name)
        if file == "init.mp4":
            return self._init(rendition).answer(request.headers, self._clock())
        segment, part = parse_name(file)
        if part is None:
            found, parts = self._segment(rendition, segment), grid.PARTS_PER_SEGMENT
        else:
            number = segment * grid.PARTS_PER_SEGMENT + part
            # B.1: the hinted part is held until all of it is there
            if number == self._newest + 1 and not self._window.finished:
                takes(waiter, 1)
                self._park(self._hinted, (name, number), request, waiter)
                return None
            found, parts = self._part(rendition, number), 1
        self._named[name, file] = found, parts
        self.parts_sent += takes(waiter, parts)
        return found.answer(request.headers, self._clock())

    def give(self, *, parts: bool, frugal: bool) -> None:
        """Follows the rung. Who waits for a part that no playlist will list any more is answered at once."""
        if (parts, frugal) != (self.parts, self.frugal):
            self.parts, self.frugal = parts, frugal
            self._forget()
            self._sweep()

    # The window moves on.

    def published(self) -> None:
        """Chunks were committed: when they complete a part, everybody who waits for it is answered."""
        newest = self._newest_part()
        if newest == self._newest and not self._window.finished:
            return
        self._newest = newest
        self._forget()
        if len(self._files) > FILES_KEPT:
            oldest = self._window.first // grid.CHUNKS_PER_SEGMENT
            self._files = {key: file for key, file in self._files.items() if key[1] >= oldest}
            self._named.clear()
        self._sweep()

    def expire(self) -> None:
        """6.2.5.2: a reload that was blocked for more than three target durations is answered 503."""
        before = self._monotonic() - playlist.MAX_HOLD_S
        for parked in (*self._reloads.values(), *self._hinted.values()):
            overdue = []
            for waiter, held in parked.items():
                if held.since > before:
                    break  # the others came later
                overdue.append(waiter)
            for waiter in overdue:
                del parked[waiter]
                self._give_up(waiter)

    def close(self) -> None:
        """Answers everybody who still waits."""
        for parked in (*self._reloads.values(), *self._hinted.values()):
            for waiter in list(parked):
                del parked[waiter]
                self._give_up(waiter)

    def gone(self, caller: Caller) -> None:
        """A connection that asked for playlists is closed."""
        self.players.gone(caller)

    def listeners(self) -> float:
        """How many listen, as players that ask (``crowd.players``). Behind a CDN only the CDN is seen."""
        return 0.0 if self._window.finished else self.players.count(self._newest)

    # Inside.

    def _forget(self) -> None:
        """Playlists say something else from now on."""
        self._playlists.clear()
        self._asked.clear()

    def _ask(self, name: str, request: Request) -> PlaylistAsk:
        text = self._is_text(name)
        if not text:
            self._rendition(name)
        directives = Directives.parse(request.query)
        decision = self._decide(directives)
        if decision is Decision.TOO_FAR:
            raise BadInput("_HLS_msn and _HLS_part are too far ahead of the playlist.", code="hls-directives")
        blocking = directives.msn is not None and not self._window.finished
        when = turn(self._newest, directives if blocking and self.parts else None)
        document = self._document(name, blocking=blocking) if decision is Decision.READY else None
        asked = PlaylistAsk(name, directives, document, not text, when, blocking)
        if document is not None and request.target and len(self._asked) < MOST_ASKED:
            self._asked[request.target] = asked
        return asked

    def _newest_part(self) -> int:
        """The newest part that is there whole, counted over the space; the last one of a space may be shorter."""
        if self._window.finished:
            return grid.part_of(self._window.head)
        return (self._window.head + 1) // grid.CHUNKS_PER_PART - 1

    def _complete_segment(self) -> int:
        """The newest segment that is there whole."""
        if self._window.finished:
            return grid.segment_of(self._window.head)
        return (self._newest + 1) // grid.PARTS_PER_SEGMENT - 1

    def _decide(self, directives: Directives) -> Decision:
        first = grid.segment_of(self._window.first)
        if self._complete_segment() < first and directives.msn is None:
            # In the first 4 s there is no segment yet, and a playlist without one makes players give up.
            return Decision.HOLD
        ended = self._window.finished
        if not self.parts:
            complete = self._complete_segment()
            if directives.part is not None and directives.msn is not None and directives.msn > complete:
                # it knows a playlist with parts: the one without, at once, tells it to go on by segments
                directives = Directives(directives.msn - 1)
            return playlist.blocks(directives, complete, 0, ended=ended, parts_per_segment=1)
        msn, part = divmod(self._newest, grid.PARTS_PER_SEGMENT)
        return playlist.blocks(directives, msn, part, ended=ended)

    def _park(self, table: dict[Key, Parked], key: Key, request: Request, waiter: Waiter) -> None:
        parked = table.setdefault(key, {})
        parked[waiter] = Held(request, self._monotonic())
        waiter.hold(request, lambda: parked.pop(waiter, None))

    def _sweep(self) -> None:
        for name, directives in list(self._reloads):
            if self._decide(directives) is not Decision.HOLD:
                document = self._document(name, blocking=directives.msn is not None and not self._window.finished)
                for waiter, held in self._reloads.pop((name, directives)).items():
                    waiter.release(document.answer(held.request.headers))
        for name, number in list(self._hinted):
            if grid.first_chunk_of_part(number) < self._window.first:  # this edge stood still for longer than a window
                self._miss(name, number, NotFound("That part is not there any more.", code="no-such-part"))
            elif number <= self._newest:
                file = self._part(self._renditions[name], number)
                self.parts_sent += len(self._hinted[name, number])
                for waiter, held in self._hinted.pop((name, number)).items():
                    waiter.release(file.answer(held.request.headers, self._clock()))
            elif self._window.finished:
                self._miss(name, number, NotFound("The space ended before this part."))

    def _miss(self, name: str, number: int, error: NotFound) -> None:
        missing = failure(error, now=self._clock())
        for waiter in self._hinted.pop((name, number)):
            waiter.release(missing)

    def _give_up(self, waiter: Waiter) -> None:
        error = Overloaded("What you wait for did not come in time.", retry_after_s=1.0)
        waiter.release(failure(error, now=self._clock()))

    def _document(self, name: str, *, blocking: bool) -> Document:
        document = self._playlists.get((name, blocking))
        if document is None:
            lifetime = playlist.CACHE_BLOCKING_OK_S if blocking else playlist.CACHE_OK_S
            document = self._playlists[name, blocking] = Document(
                (self._render_text() if self._is_text(name) else self._render(self._renditions[name])).encode(),
                playlist.CONTENT_TYPE,
                f"public, max-age={lifetime}",
                now=self._clock(),
                **PLAYLIST_FIELDS,
            )
        return document

    def _render(self, rendition: Rendition) -> str:
        complete = self._complete_segment()
        first = max(grid.segment_of(self._window.first), complete + 1 - SEGMENTS_SHOWN)
        ended = self._window.finished
        segments = [self._describe(rendition, number) for number in range(first, complete + 1)]
        opened = self._describe(rendition, complete + 1)
        msn, part = divmod(self._newest, grid.PARTS_PER_SEGMENT)
        msn = msn if self.parts else complete
        others = [other for other in self._variants() if other.name != rendition.name]
        return playlist.media(
            segments,
            map_uri=f"{rendition.name}/init.mp4",
            open_segment=opened if opened.parts and not ended else None,
            hint=None if ended else part_uri(rendition, self._newest + 1),
            reports=[playlist.RenditionReport(f"{other.name}.m3u8", msn, part) for other in others],
            parts=self.parts,
            ended=ended,
        )

    def _is_text(self, name: str) -> bool:
        return name == subtitles.NAME and bool(self._captions)

    def _render_text(self) -> str:
        """The captions' playlist: the same segments as those of the sound, and no parts."""
        complete = self._complete_segment()
        first = max(grid.segment_of(self._window.first), complete + 1 - SEGMENTS_SHOWN)
        segments = []
        for number in range(first, complete + 1):
            chunk = grid.first_chunk_of_segment(number)
            length = min(grid.CHUNKS_PER_SEGMENT, self._window.head + 1 - chunk) * grid.CHUNK_S
            start_ms = self._window.doors_open_ms + chunk * grid.CHUNK_MS
            segments.append(playlist.Segment(number, f"{subtitles.NAME}/{number}.vtt", start_ms, length))
        return playlist.media(segments, parts=False, ended=self._window.finished)

    def _text(self, file: str) -> Document:
        number = file.removesuffix(".vtt")
        if number == file or not is_number(number):
            raise NotFound("There is no such file.", code="no-such-file")
        if not grid.segment_of(self._window.first) <= int(number) <= self._complete_segment():
            raise NotFound("That segment is not there (any more).", code="no-such-segment")
        return self._captions.segment(int(number))

    def _describe(self, rendition: Rendition, number: int) -> playlist.Segment:
        chunk = grid.first_chunk_of_segment(number)
        chunks = min(grid.CHUNKS_PER_SEGMENT, self._window.head + 1 - chunk)
        parts = []
        for part in range(number * grid.PARTS_PER_SEGMENT, (number + 1) * grid.PARTS_PER_SEGMENT):
            if part <= self._newest:
                length = min(grid.CHUNKS_PER_PART, self._window.head + 1 - grid.first_chunk_of_part(part))
                parts.append(playlist.Part(part_uri(rendition, part), length * grid.CHUNK_S))
        return playlist.Segment(
            number,
            f"{rendition.name}/{number}.m4s",
            self._window.doors_open_ms + chunk * grid.CHUNK_MS,
            max(0, chunks) * grid.CHUNK_S,
            tuple(parts),
        )

    def _init(self, rendition: Rendition) -> File:
        file = self._inits.get(rendition.name)
        if file is None:
            file = self._inits[rendition.name] = File(mp4.init(rendition), MEDIA_TYPE, IMMUTABLE, now=self._clock())
        return file

    def _part(self, rendition: Rendition, number: int) -> File:
        first = grid.first_chunk_of_part(number)
        if not self._window.first <= first or number > self._newest:
            raise NotFound("That part is not there (any more).", code="no-such-part")
        key = rendition.name, *divmod(number, grid.PARTS_PER_SEGMENT)
        file = self._files.get(key)
        if file is None:
            last = min(first + grid.CHUNKS_PER_PART - 1, self._window.head)
            kept = self._window.span(first, last)
            start = grid.decode_time(first)
            pulse = kept[0].pulse
            data = mp4.fragment(
                rendition,
                sequence=number + 1,
                decode_time=start,
                frames=[frame for chunk in kept for frame in chunk.frames[rendition.name]],
                emsg=mp4.emsg(pulse, decode_time=start, duration=grid.PART_SAMPLES, id=first) if pulse else b"",
            )
            file = self._files[key] = File(data, MEDIA_TYPE, MEDIA_CACHE, now=self._clock())
        return file

    def _segment(self, rendition: Rendition, number: int) -> File:
        if not grid.segment_of(self._window.first) <= number <= self._complete_segment():
            raise NotFound("That segment is not there (any more).", code="no-such-segment")
        key = rendition.name, number, -1
        file = self._files.get(key)
        if file is None:
            first = number * grid.PARTS_PER_SEGMENT
            numbers = range(first, min(first + grid.PARTS_PER_SEGMENT, self._newest + 1))
            # A segment is its parts, one after the other: to a cache and to a player the same bytes.
            data = b"".join(self._part(rendition, part).body for part in numbers)
            file = self._files[key] = File(data, MEDIA_TYPE, MEDIA_CACHE, now=self._clock())
        return file

    def _variants(self) -> list[Rendition]:
        listed = [rendition for rendition in self._renditions.values() if rendition.codec is Codec.AAC]
        return [min(listed, key=lambda rendition: rendition.bitrate_bps)] if self.frugal else listed

    def _rendition(self, name: str) -> Rendition:
        rendition = self._renditions.get(name)
        if rendition is None:
            raise NotFound("There is no such rendition.", code="no-such-rendition")
        return rendition


PLAYLIST_FIELDS = {"Age": "0", "Access_Control_Expose_Headers": EXPOSED}
"""Made this moment; players that tune in through a cache read the age the cache puts there."""
FILES_KEPT = 1024
"""Files above which those that have left the window are looked for: all renditions of a window have 480."""

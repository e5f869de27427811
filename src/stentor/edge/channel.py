"""One space at this edge: its window, its streams, its HLS, and the documents about it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from stentor.audio.hold import HoldLoop
from stentor.base import grid
from stentor.base.clock import unix_ms
from stentor.base.errors import Malformed, NotFound
from stentor.base.rendition import RENDITIONS, Source
from stentor.bus.calm import Calm
from stentor.crowd import rungs
from stentor.crowd.orders import Orders
from stentor.crowd.waiting import WaitingDevices
from stentor.edge import forms
from stentor.edge.fanout import BURST_CHUNKS, LEAST_BURST, MOST_BURST, SoundSent, Stream
from stentor.edge.hls import Hls
from stentor.edge.protocol import CHUNK_MARK, Connection
from stentor.edge.reply import ANYBODY, EXPOSED, NO_STORE, Reply, failure
from stentor.edge.subtitles import CaptionTrack
from stentor.edge.window import KEEP_CHUNKS, Frames, Window, WindowChunk
from stentor.edge.worker import Worker
from stentor.evidence.delays import Delays
from stentor.evidence.outside import Outside
from stentor.evidence.sketch import Sketch
from stentor.spaces import pulse
from stentor.spaces.comments import Chat
from stentor.spaces.model import ON_AIR, Space, State
from stentor.wire import http
from stentor.wire.chunk import Chunk
from stentor.wire.http import Request

DEFAULT_HOLD = "default"
LINGER_S = 120.0
"""After the end the window stays so long, for HLS players that are still behind."""
DEFAULT_RENDITION = {"aac": "aac-64", "opus": "opus-24", "mp4": "aac-64"}


FORGOTTEN_LOOKS = 4
"""Of the door's window: a page that waits is counted at every third look."""
FORGOTTEN_S = 15.0


class Channel:
    """A space that the board knows. The window is there while the space is on air, and a little longer."""

    def __init__(self, space: Space, hold: HoldLoop, worker: Worker) -> None:
        self.space = space
        self.hold = hold
        """What fills in; :meth:`play` changes it."""
        self.hold_name = DEFAULT_HOLD
        self.reactions: dict[str, int] = {}
        """How often each was given here since this process started."""
        self.orders = Orders(space.id)
        """What the house orders; :meth:`heed` changes it."""
        self.chat = Chat(space.id)
        """The newest comments."""
        self.ways: dict[str, int] = {}
        """How often somebody came by each of the links that are sent, since this process started."""
        self.heard = SoundSent()
        self.clients = Sketch()
        """Who was let in, as keyed hashes."""
        self.first_sound = Delays()
        """From the connection on, of streams that were asked for first on theirs."""
        self.stayed = Sketch()
        """Who listened for a minute, as keyed hashes."""
        self.stayed_unnamed = 0
        self.unnamed = 0
        """Times that somebody was let in whose address nobody told."""
        self.turned_away = self.entered = 0
        """Times that somebody was told to wait, and let in."""
        self.told = Outside()
        """Who was told to wait, and who came in after that."""
        self.waiting = WaitingDevices()
        """Devices that were told to wait lately."""
        self.window: Window | None = None
        self.hls: Hls | None = None
        self.captions = CaptionTrack(space.id, language=space.language, clock=worker.clock)
        self.streams: dict[tuple[str, str], Stream] = {}
        self.calm = Calm(calm=space.waits)
        """Whether the log is looked at rarely."""
        self.bus_there: Callable[[], bool] = lambda: True
        """Without the bus nobody knows whether the space still waits."""
        self._said_hold = ""
        """The music that the programme says it plays."""
        self._forms = forms.of(space.id, space.title, RENDITIONS)
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._heads: dict[str, bytes] = {}
        """By form: what is said before the sound, made once."""
        self._joining: dict[Connection, tuple[Stream, int]] = {}

    def update(self, space: Space) -> None:
        """A newer version from the board. One that has become private goes on for those who come in anew."""
        if space.private and not self.space.private:
            for stream in self.streams.values():
                stream.abandon()
        self.space = space
        self.calm.set(space.waits)
        if self.window is not None and self.hls is not None and space.last_chunk is not None:
            self.window.end(space.last_chunk)
            if self.window.finished:  # the news came after the chunk: no other will close the playlists
                self.hls.published()

    def play(self, name: str, loop: HoldLoop) -> None:
        """The loop of that name is here."""
        self.hold_name, self.hold = name, loop

    @property
    def rung(self) -> int:
        """Of the ladder (``crowd.rungs``)."""
        return self.orders.rung

    @property
    def audience(self) -> int:
        """Listeners at all edges, as the newest pulse tells; 0 before there is one."""
        try:
            return pulse.read(self.window.pulse).listeners if self.window is not None else 0
        except Malformed:
            return 0

    def outside(self, now: float) -> WaitingDevices:
        """Who waits at the door at ``now`` (loop time): whoever has not asked for so long has gone."""
        self.waiting.forget(self.orders.p, now - FORGOTTEN_LOOKS * self.orders.retry_s[1] - FORGOTTEN_S)
        return self.waiting

    def heed(self, orders: Orders) -> None:
        """The door is as wide as ordered at once; the rung of the ladder counts from the next chunk on."""
        if orders.epoch != self.orders.epoch or not orders.narrow:
            self.waiting.clear()
        self.orders = orders
        rung = rungs.rung(orders.rung)
        if self.window is not None and self.hls is not None:
            self.window.rung = rung
            self.hls.give(parts=rung.parts, frugal=rung.frugal)
        for stream in self.streams.values():
            stream.least_chunks = rung.write_chunks

    def wants_window(self, now: float) -> bool:
        """Whether there is something to follow on the bus: on air, or over for less than :data:`LINGER_S`."""
        if self.space.doors_open_ms is None or self.space.removals or self.space.removed:
            return False
        ended = self.space.ended_ms
        return self.space.state in ON_AIR or (ended is not None and now < ended / 1000 + LINGER_S)

    def open(self, now: float) -> Window:
        """Makes the window, with as much of the past as it keeps."""
        newest = grid.chunk_at(now, self.space.doors_open_s)
        if self.space.last_chunk is not None:
            newest = min(newest, self.space.last_chunk)
        start = max(0, newest - KEEP_CHUNKS + grid.CHUNKS_PER_SEGMENT)
        doors = self.space.doors_open_ms or 0
        beat = pulse.build(
            self.space, chunk=start, at_ms=unix_ms(now), source=Source.HOLD, listeners=0, seats=(), reactions={}
        )
        self.window = Window(doors_open_ms=doors, start=start, now=now, fill=self._fill, rest=self._rest, pulse=beat)
        if self.space.last_chunk is not None:
            self.window.end(self.space.last_chunk)
        self.hls = Hls(
            self.window, RENDITIONS, captions=self.captions, clock=self._worker.clock, monotonic=self._loop.time
        )
        self.heed(self.orders)
        return self.window

    def close(self) -> None:
        """Forgets the window and everybody who listens; whoever waits is answered."""
        for stream in self.streams.values():
            stream.abandon()
        self.streams.clear()
        hls, joining = self.hls, self._joining
        self.window, self.hls, self._joining = None, None, {}  # first: with its answer a connection asks on
        if hls is not None:
            hls.close()
        if joining:
            absent = failure(self._absent(), now=self._worker.clock())
            for connection in list(joining):
                connection.release(absent)

    def add(self, chunk: Chunk, now: float) -> None:
        """A chunk from the bus."""
        self._said_hold = chunk.hold or self._said_hold
        if self.window is not None and self.window.add(chunk, now):
            self.advance(now)

    def advance(self, now: float) -> None:
        """Commits what is due and sends it on its way; called for each chunk and ten times a second."""
        window, hls = self.window, self.hls
        if window is None or hls is None:
            return
        if window.advance(now):
            # what went before the window was full has no listeners: they join when it is
            for stream in self.streams.values():
                stream.committed(self._loop)
            hls.published()
        if window.caught_up and self._joining:
            joining, self._joining = self._joining, {}
            for connection, (stream, burst) in joining.items():
                self._join(connection, stream, burst)
        if window.finished and self.streams:
            for stream in self.streams.values():
                stream.finish()
            self.streams.clear()
        hls.expire()

    def listen(self, request: Request, connection: Connection, ending: str) -> Reply | None:
        """``live.aac``, ``live.opus``, ``live.mp4``: the connection becomes a listener."""
        stream = self.stream(ending, request.query.get("rendition"))
        burst = burst_chunks(request.query.get("burst"))
        if request.method == "HEAD":
            return Reply.without_length(200, self._stream_fields(stream), now=self._worker.clock())
        if self.window is not None and self.window.caught_up:
            self._join(connection, stream, burst)
        else:
            self._joining[connection] = (stream, burst)
            connection.hold(request, lambda: self._joining.pop(connection, None))
        return None

    def stream(self, ending: str, rendition: str | None) -> Stream:
        """The stream of that form; raises :class:`NotFound` when there is none now."""
        key = ending, rendition or DEFAULT_RENDITION[ending]
        form = self._forms.get(key)
        if form is None:
            raise NotFound(f"There is no live.{ending} of that rendition.", code="no-such-rendition")
        window = self.on_air()
        stream = self.streams.get(key)
        if stream is None:
            stream = self.streams[key] = Stream(window, form, self._worker.pace, self._worker.counters)
            stream.least_chunks = rungs.rung(self.rung).write_chunks
            stream.heard = self.heard
        return stream

    def on_air(self) -> Window:
        """The window of a programme that runs; raises :class:`NotFound` with the reason there is none."""
        window = self.window
        if window is None or window.finished:
            raise self._absent()
        return window

    def playlists(self) -> Hls:
        """HLS, which goes on for a while after the end; raises :class:`NotFound` with the reason there is none."""
        if self.hls is None:
            raise self._absent()
        return self.hls

    def _absent(self) -> NotFound:
        return NotFound(ABSENT[self.space.state], code=f"not-on-air-{self.space.state.replace('_', '-')}")

    def newest(self) -> WindowChunk | None:
        """The newest committed chunk."""
        window = self.window
        return window.at(window.head) if window is not None and window.head >= window.first else None

    @property
    def players(self) -> float:
        """Listeners by HLS: who asks at other edges, too, is a part of one here (``crowd.players``)."""
        return self.hls.listeners() if self.hls else 0.0

    def counts(self) -> dict[str, int]:
        """Listeners by format; of HLS rounded."""
        counts = {"aac": 0, "opus": 0, "mp4": 0, "hls": round(self.players)}
        for (ending, _), stream in self.streams.items():
            counts[ending] += stream.count
        return counts

    def _fill(self, number: int) -> Frames:
        return self.hold.chunk_frames(number)  # looked up each time: a host's own loop may come later

    def _rest(self, number: int) -> Frames | None:
        """The loop's frames in a chunk before the seam, when this edge has the music that is played."""
        seam = self.space.seam
        plays = self.hold_name in (self.space.hold, self._said_hold)
        rests = plays and self.bus_there() and (seam is None or number < seam)
        return self._fill(number) if rests else None

    def _join(self, connection: Connection, stream: Stream, burst: int) -> None:
        head = self._heads.get(stream.form.name)
        if head is None:
            fields = self._stream_fields(stream) | {"X-Stentor-Chunk": CHUNK_MARK.decode()}
            head = self._heads[stream.form.name] = http.head(200, fields, keep_alive=False)
        self._worker.joined(connection)
        if connection.began:
            self.first_sound.add(self._loop.time() - connection.began)
        connection.stream(head, stream, burst)

    def _stream_fields(self, stream: Stream) -> dict[str, str]:
        return {
            "Content-Type": stream.form.content_type,
            "Cache-Control": NO_STORE,
            "X-Stentor-Origin": str(self.space.doors_open_ms),
            "Access-Control-Expose-Headers": EXPOSED,
            **ANYBODY,
        }


ABSENT = {
    State.SCHEDULED: "The doors of this space are not open yet.",
    State.DOORS_OPEN: "This space opens its doors this moment; try again.",
    State.LIVE: "This edge has just begun to carry this space; try again.",
    State.INTERRUPTED: "This edge has just begun to carry this space; try again.",
    State.ENDED: "This space is over; its recording is being finished.",
    State.REPLAY: "This space is over; hear its recording under replay/index.m3u8 or recording.m4a.",
    State.CANCELLED: "This space was cancelled.",
}


def burst_chunks(seconds: str | None) -> int:
    """``?burst=`` in chunks: as near as there is to what was asked for, the usual when that is no number."""
    try:
        wanted = float(seconds or "nan")
    except ValueError:
        wanted = math.nan
    if math.isnan(wanted):
        return BURST_CHUNKS
    return round(max(LEAST_BURST, min(MOST_BURST, wanted / grid.CHUNK_S)))

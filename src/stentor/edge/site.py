"""The address plan of the audience: which reply stands under which path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import msgspec

from stentor.audio.hold import HoldLoop
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, NotFound, Overloaded, Removed, StentorError
from stentor.base.paths import of_house, wants_page
from stentor.base.texts import LANGUAGES
from stentor.bus.status import Status
from stentor.crowd import rungs
from stentor.edge import embed, hls, meant, metrics, overflow, reports, subtitles, ways
from stentor.edge.carried import CarriedSpaces
from stentor.edge.channel import Channel
from stentor.edge.documents import JSON, LATE_CAPTIONS, PAGE, SpaceDocuments
from stentor.edge.episodes import Episodes
from stentor.edge.forward import Forwarder
from stentor.edge.front import FrontPages
from stentor.edge.gate import Gate
from stentor.edge.given import Given
from stentor.edge.holds import Holds
from stentor.edge.identity import SiteIdentity
from stentor.edge.outlines import DOCUMENTS
from stentor.edge.over import PublicSpaces
from stentor.edge.page import ListenerPages
from stentor.edge.past import Past, no_such_space
from stentor.edge.played import Played
from stentor.edge.podcasts import FEEDS, Podcasts
from stentor.edge.portraits import Covers, Portraits
from stentor.edge.posts import POSTS, PostPages
from stentor.edge.private import PrivateSpaces
from stentor.edge.protocol import Connection
from stentor.edge.replay import Replays
from stentor.edge.reply import BRIEF, NO_STORE, Document, Reply, failure, preflight
from stentor.edge.reports import Reports
from stentor.edge.shows import ShowPages
from stentor.edge.transcripts import Transcripts
from stentor.edge.waiting import WaitingReplies
from stentor.edge.withdrawn import Withdrawn
from stentor.edge.worker import Worker
from stentor.spaces.model import OVER, Space, State
from stentor.spaces.switches import Switch
from stentor.spaces.withdrawal import Withdrawal
from stentor.store.objects import Objects
from stentor.wire import clip
from stentor.wire.horizon import CLOCK_WRONG
from stentor.wire.http import Request

ENDINGS = {"live.aac": "aac", "live.opus": "opus", "live.mp4": "mp4"}
RECORDED = {*DOCUMENTS, "recording.m4a", "edition.m4a", "clip.m4a"}
METHODS = "GET, HEAD, OPTIONS"


class Site:
    """Answers every request of one worker."""

    def __init__(
        self,
        worker: Worker,
        gate: Gate,
        *,
        objects: Objects,
        address: str,
        house: str = "",
        forwarder: Forwarder | None = None,
        overflow: str = "",
        hub: str = "",
        metrics_token: str,
        music: HoldLoop,
        status: Callable[[], Status],
        edges: Callable[[Status], Iterable[Status]] = lambda own: [own],
        clock_wrong: Callable[[], bool] = lambda: False,
        told: metrics.ToldByHouses = metrics.ToldByHouses(),  # noqa: B008 (it is frozen)
    ) -> None:
        """``status`` is what this edge says of itself, ``edges`` adds what the others say, ``told`` the rest, as houses
        tell it; ``clock_wrong`` is whether most of what comes is far ahead of this process's clock.
        """
        self.channels: dict[str, Channel] = {}
        """What is on the board."""
        monotonic = asyncio.get_running_loop().time
        self.past = Past(objects, lambda space: Channel(space, music, worker), monotonic)
        self._withdrawn = Withdrawn(objects, monotonic)
        self._transcripts = Transcripts(objects, self._withdrawn, clock=worker.clock, monotonic=monotonic)
        self._pages = ListenerPages(address=address, house=house, overflow=overflow, now=worker.clock())
        self.played = Played(gate, worker.clock)
        kept = self._transcripts, self._withdrawn, self.played, lambda: self._pages.look
        self.replays = Replays(objects, *kept, clock=worker.clock, monotonic=monotonic)
        self._portraits, self._covers = Portraits(objects, worker.clock), Covers(objects, worker.clock)
        self.ready = False
        """What is on and who is let in has been read: /healthz says yes."""
        self._objects, self._worker, self.gate, self._metrics_token = objects, worker, gate, metrics_token.encode()
        self._address, self._house, self._overflow = address, house, overflow
        self._status, self._edges, self._clock_wrong = status, edges, clock_wrong
        self._render = partial(metrics.render, told=told, channels=self.channels)
        self._counted, self._public = told.counted, PublicSpaces(objects, self._withdrawn.gone, monotonic)
        self.front = FrontPages(
            objects, self._pages, self.channels, self._withdrawn.gone,
            address=address, site=gate.site, clock=worker.clock,
        )  # fmt: skip
        told_of = self.channels, self.past, self.front, self._withdrawn, self._pages.catalogue
        self.posts = PostPages(
            objects, self._pages, self.front, CarriedSpaces(*told_of, clock=worker.clock),
            address=address, site=gate.site, clock=worker.clock, monotonic=monotonic,
        )  # fmt: skip
        self._shows = ShowPages(objects, self._pages, self.front, address, worker.clock, monotonic)
        self._podcasts = self._podcasts_of(hub, monotonic)
        self.identity = SiteIdentity(objects, self._pages, worker.clock)
        self._reports = Reports(objects, self._pages, gate.evidence_key, worker.clock, monotonic)
        self._forwarder = forwarder
        self.private = PrivateSpaces(gate.doors, worker.clock)
        self.given = Given(worker, gate.doors, monotonic=asyncio.get_running_loop().time)
        self._documents = SpaceDocuments(
            gate, self._pages, address=address, house=house, overflow=overflow, clock=worker.clock
        )
        self._holds, self._music = Holds(objects, worker.clock), music
        self._waiting = WaitingReplies(self._missing, worker.clock)

    def _podcasts_of(self, hub: str, monotonic: Clock) -> Podcasts:
        address, site, clock = self._address, self.gate.site, self._worker.clock
        episodes = Episodes(
            self._objects, self._withdrawn, self.front.page_of, address=address, site=site, monotonic=monotonic
        )
        return Podcasts(
            episodes, self._pages, self.front, self._shows, address=address, hub=hub, clock=clock, monotonic=monotonic
        )

    def answer(self, request: Request, connection: Connection) -> Reply | None:
        """The reply, or None when the connection waits or streams; raises what becomes a problem document."""
        try:
            return self._answer(request, connection)
        except StentorError as error:
            if (page := self._missing(error, request)) is None:
                raise
            return page

    def _answer(self, request: Request, connection: Connection) -> Reply | None:
        if request.method not in ("GET", "HEAD"):
            return self._other_method(request, connection)
        path = request.parts
        if path[0] == "s" and any(path[1:2]):
            if (event := self.posts.event(path, request)) is not None:
                return event if isinstance(event, Reply) else self._job(event, request, connection)
            channel = self.channels.get(path[1])
            if channel is not None and path[-1] and meant.ends_well(path[-1]):
                return self._space(path[2:], request, connection, channel)
            if target := meant.address(path[1], path[2:], request.query):
                return Reply(308, {"Location": target, "Cache-Control": BRIEF}, now=self._now())
            return self._found(path[1], partial(self._space, path[2:], request, connection), request, connection)
        match path:
            case ["static", *rest] if len(rest) > 1:
                return self._pages.static(rest).answer(request.headers)
            case ["oembed"]:
                return self._oembed(request, connection)
            case ["hold.m4a"]:
                return self._holds.site(self._music, request)
            case [*_, file] if file in FEEDS and (feed := self._podcasts.answer(path, request)) is not None:
                return self._job(feed, request, connection)
            case ["shows", show, *rest] if show:
                return self._job(self._shows.answer(show, rest, request), request, connection)
            case [first, *_] if first[:1] == "@" or first in POSTS:
                if (found := self.posts.answer(path, request)) is not None:
                    return found if isinstance(found, Reply) else self._job(found, request, connection)
            case ["door.pub"]:
                return self.gate.public_key.answer(request.headers)
            case ["evidence.pub"] if self._reports.key is not None:
                return self._reports.key.answer(request.headers)
            case ["healthz"]:
                return self._health()
            case ["metrics"] if metrics.may_read(request, self._metrics_token):
                return self._job(self._metrics(request), request, connection)
        if self._forwarder is not None and (of_house(request.path) or (path == [""] and not self.front.known)):
            return self._forwarder.forward(request, connection, self._house_failed)
        if target := meant.whole(path, request.query):
            return Reply(308, {"Location": target, "Cache-Control": BRIEF}, now=self._now())
        if (reply := self.front.answer(path, request) or self.identity.answer(path, request)) is not None:
            return reply
        raise NotFound("There is nothing under this address.", code="no-such-page")

    async def _metrics(self, request: Request) -> Reply:
        over = await self._public.among([space for space in self._counted() if space not in self.channels])
        own = self._status()
        text = self._render([own] if request.query.get("of") == "this" else self._edges(own), over=over)
        return Reply(200, {"Content-Type": metrics.TYPE, "Cache-Control": NO_STORE}, text, now=self._now())

    def _found(
        self, space: str, answer: Callable[[Channel], Reply | None], request: Request, connection: Connection
    ) -> Reply | None:
        """On the board, or read from the object store a moment ago; else the reply waits until it is read."""
        try:
            channel = self.channels.get(space) or self.past.get(space)
        except NotFound:
            raise no_such_space() from None
        if channel is not None:
            return answer(channel)
        return self._job(self._read(space, answer, request), request, connection)

    async def _read(self, space: str, answer: Callable[[Channel], Reply | None], request: Request) -> Reply | None:
        try:
            channel = await self.past.read(space)
            if channel.space.state in OVER and not self.private.hides(channel.space, request):
                await self._withdrawn.get(space)
        except NotFound:
            raise no_such_space() from None
        return answer(self.channels.get(space, channel))

    async def stop(self) -> None:
        """Ends the replies that are still being written."""
        await self._waiting.stop()
        if self._forwarder is not None:
            await self._forwarder.stop()

    def withdraw(self, found: Withdrawal) -> None:
        """Something was removed: no copy of it stays here."""
        if self._withdrawn.hear(found):
            self.past.forget(found.space)
            self.replays.forget(found.space)
            self._transcripts.forget(found.space)
            self.front.forget()

    def _require_present(self, channel: Channel) -> None:
        if channel.space.removed is not None or self._withdrawn.gone(channel.space.id):
            raise Removed("This space was removed on request.")

    def _space(self, path: list[str], request: Request, connection: Connection, channel: Channel) -> Reply | None:
        if not channel.space.private:
            return self._of_space("", path, request, connection, channel)
        found = self.private.enter(channel.space, path, request, connection)
        if found is None:
            return self._deny(channel.space.id, request, connection)
        if isinstance(found, Reply):
            return found
        reply = self._of_space(found.below, found.path, request, connection, channel)
        if reply is None and found.holder is not None and found.path[-1] in ENDINGS:
            self.private.hears(channel.space, found.holder, request, connection)
        return reply

    def _deny(self, space: str, request: Request, connection: Connection) -> Reply | None:
        """As where there is no such space, in as much time; raises :class:`NotFound`."""
        self.past.require_doubt(space)
        return self._job(self.past.deny(space), request, connection)

    def _of_space(
        self, below: str, path: list[str], request: Request, connection: Connection, channel: Channel
    ) -> Reply | None:
        """What stands under ``path`` of a space; ``below`` is the key of a private one, for addresses."""
        self._require_present(channel)
        match path:
            case ["hls", rendition, file]:
                return channel.playlists().file(rendition, file, request, connection)
            case ["hls", name] if name != "index.m3u8" and name.endswith(hls.ENDING):
                return channel.playlists().reload(name, request, connection)
            case ["hls", "index.m3u8"]:
                self.gate.open(channel, request, connection)
                index = channel.playlists().index()
                return index.private(self._now()) if channel.orders.narrow else index.answer(request.headers)
            case [name] if name in ENDINGS:
                self.gate.open(channel, request, connection)
                return channel.listen(request, connection, ENDINGS[name])
            case [name] if name in subtitles.DOCUMENTS and channel.space.state is State.REPLAY:
                return self._job(self._transcript(channel.space, name, request), request, connection)
            case [] if "by" in request.query and (went := ways.counted(channel, request, now=self._now())):
                return went
            case []:
                asked = request.query.get("lang", "")
                page = f"?{asked}" if asked in LANGUAGES else PAGE
                return self._documents.get(channel, page, below).answer(request.headers)
            case [name] if name in self._documents:
                return self._documents.get(channel, name, below).answer(request.headers)
            case ["ticket"]:
                return self.gate.ticket(channel, request, connection)
            case ["hold.m4a"]:
                music = self._holds.kept(channel, request)
                if music is None:
                    self._job(self._holds.read(channel, request), request, connection)
                return music
            case ["clip" | "clip.m4a"] if not channel.space.allows(Switch.CLIPS):
                raise Conflict("The hosts have turned clips off.", code="clips-off")
            case ["clip"]:
                return self._clip_page(channel.space, request, below)
            case [name] if name in reports.NAMES:
                return self._job(self._reports.answer(channel.space, name, below, request), request, connection)
            case [name] if name in RECORDED:
                answer = self.replays.answer(channel.space, path, request, connection)
                return self._job(answer, request, connection)
            case ["replay" | "evidence" | "cut", *_]:
                answer = self.replays.answer(channel.space, path, request, connection)
                return self._job(answer, request, connection)
            case ["portraits", name] | [("cover.jpg" | "cover-small.jpg") as name]:
                pictures = self._portraits if len(path) > 1 else self._covers
                picture = pictures.kept(channel.space, name, request)
                if picture is None:
                    self._job(pictures.read(channel.space, name, request), request, connection)
                return picture
            case ["overflow", delay, *rest]:
                return self._follow(channel, delay, rest, request, connection)
        raise NotFound("There is nothing under this address.", code="no-such-page")

    def _follow(
        self, channel: Channel, delay: str, path: list[str], request: Request, connection: Connection
    ) -> Reply | None:
        """What those outside follow, some minutes behind."""
        space, captions = channel.space, channel.captions
        overflow.check(space, delay)
        if not (self._overflow or rungs.rung(channel.orders.rung).overflow):
            raise Overloaded(
                "Those inside need this machine's line.", retry_after_s=10.0, code="overflow-paused", status=429
            )
        match path:
            case [name] if name.endswith(".m3u8"):
                return self._job(self.replays.overflow(space, name, captions.track(), request), request, connection)
            case [subtitles.RECENT] if captions:
                return self._documents.get(channel, LATE_CAPTIONS).answer(request.headers)
            case [subtitles.NAME, file] if captions and space.doors_open_ms is not None:
                return captions.segment(overflow.segment(space, file, unix_ms(self._now())), past=True).answer(
                    request.headers
                )
        raise NotFound("There is nothing under this address.", code="no-such-page")

    async def _transcript(self, space: Space, name: str, request: Request) -> Reply:
        return (await self._transcripts.document(space, name)).answer(request.headers)

    def _clip_page(self, space: Space, request: Request, below: str) -> Reply:
        """The page of ``clip.m4a`` with the same ``from`` and ``to``."""
        if space.doors_open_ms is None:
            raise NotFound("There is no recording of this space yet.", code="no-recording")
        if not space.recorded or self._withdrawn.silenced(space.id):
            raise Removed("This recording was removed on request.")
        cut = clip.asked(request.query.get("from"), request.query.get("to"))
        return self._pages.clip(space, cut, self._now(), below).answer(request.headers)

    def _oembed(self, request: Request, connection: Connection) -> Reply | None:
        """What another site's editor asks when somebody pastes the address of a space."""
        space = embed.asked_space(request.query, self._address)
        return self._found(space, partial(self._oembed_of, request, connection), request, connection)

    def _oembed_of(self, request: Request, connection: Connection, channel: Channel) -> Reply | None:
        if channel.space.private:
            return self._deny(channel.space.id, request, connection)
        self._require_present(channel)
        text = embed.oembed(channel.space, request.query, self._pages, address=self._address)
        return Document(text, JSON, embed.OEMBED_CACHE, now=self._now()).answer(request.headers)

    def _job(self, answer: Coroutine[Any, Any, Reply | None], request: Request, connection: Connection) -> Reply | None:
        """The reply comes when it is made."""
        self._waiting.start(answer, request, connection)
        return None

    def _other_method(self, request: Request, connection: Connection) -> Reply | None:
        if self._forwarder is not None and of_house(request.path):
            return self._forwarder.forward(request, connection, self._house_failed)
        match request.method, request.parts:
            case "POST", ["s", space, *below, what, name] if space in self.channels and what in self.given.ways:
                if self.private.reacts(self.channels[space].space, below, request):
                    return self.given.ways[what](self.channels[space], name, request, connection)
        if request.method != "OPTIONS":
            error = StentorError("Listeners only ask: use GET or HEAD.", code="method-not-allowed", status=405)
            return failure(error, now=self._now(), Allow=METHODS)
        return preflight(METHODS, self._now())

    def _house_failed(self, error: StentorError, request: Request) -> Reply:
        """What the house would have answered: a page for people, a problem document for programs."""
        if wants_page(request.path, request.headers.get("accept", "")):
            retry_s = error.retry_after_s if isinstance(error, Overloaded) else 60.0
            extra = {"Cache_Control": NO_STORE, "Retry_After": f"{retry_s:.0f}"}
            if request.method == "GET":
                extra["Refresh"] = extra["Retry_After"]  # whoever waits need not press anything
            return self._pages.nowhere(request, self._now(), "away", error.status, **extra)
        return failure(error, now=self._now())

    def _missing(self, error: StentorError, request: Request) -> Reply | None:
        """The page of what is not there, or not any more, for people; None for programs and other errors."""
        if error.status not in (404, 410) or not wants_page(request.path, request.headers.get("accept", "")):
            return None
        state = "removed" if error.status == 410 else "unknown" if error.error_code == "no-such-space" else "nothing"
        return self._pages.nowhere(request, self._now(), state, error.status)

    def _health(self) -> Reply:
        """A wrong clock is said and not answered with 503: who listens keeps what this edge has."""
        ready = self.ready and not self._worker.leaving
        told: dict[str, object] = {"ready": ready}
        if self._worker.leaving:
            told["draining"] = True
        if self._clock_wrong():
            told["problem"] = CLOCK_WRONG
        fields = {"Content-Type": JSON, "Cache-Control": NO_STORE}
        return Reply(200 if ready else 503, fields, msgspec.json.encode(told), now=self._now())

    def _now(self) -> float:
        return self._worker.clock()

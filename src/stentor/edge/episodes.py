"""What a feed says of a recording: the file that people get, how long it is, its chapters and its transcript.

The object store says it, once in :data:`KEPT_S` for each recording and not for each feed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from stentor.audio import edition
from stentor.base.clock import Clock
from stentor.base.errors import Malformed, NotFound, Overloaded
from stentor.base.rendition import RENDITIONS, Codec, Rendition
from stentor.base.texts import UNSAID
from stentor.base.units import SpaceId
from stentor.edge.shown import download
from stentor.edge.virtual import MEDIA_TYPE
from stentor.edge.withdrawn import Withdrawn
from stentor.spaces import about, front, portraits
from stentor.spaces.model import Role, Space, State
from stentor.spaces.opening import shown_ms
from stentor.spaces.switches import Switch
from stentor.store import editions
from stentor.store.objects import Objects
from stentor.wire import cue, webvtt
from stentor.wire.podcast import Episode, LiveStatus, Medium, PodcastPerson, TranscriptLink

KEPT_S: Final = 600.0
"""A transcript or a cut that was made later is told of after so long."""
KEPT: Final = 4000
AT_ONCE: Final = 8
"""Questions to the object store for one feed."""
ASSUMED_MS: Final = 3_600_000
"""Nobody knows how long a talk will be; calendars are told the same."""
HLS_TYPE: Final = "application/x-mpegURL"


class RecordingFacts(NamedTuple):
    """Of the listener cut how long it is, None where there is none; and whether there is a transcript."""

    cut_ms: int | None = None
    transcript: bool = False


class Episodes:
    """``page_of`` gives the path of an account's page, ``address`` is that of the site."""

    def __init__(
        self,
        objects: Objects,
        withdrawn: Withdrawn,
        page_of: Callable[[str], str],
        *,
        address: str,
        site: str,
        monotonic: Clock,
    ) -> None:
        self._objects, self._withdrawn, self._page_of = objects, withdrawn, page_of
        self._address, self._site, self._monotonic = address, site, monotonic
        self._kept: OrderedDict[str, tuple[float, tuple[object, ...], RecordingFacts]] = OrderedDict()

    async def of(self, spaces: Iterable[Space]) -> list[Episode]:
        """The recordings among the spaces; raises :class:`Overloaded` when the store fails and nothing is known."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(space: Space) -> Episode | None:
            async with gate:
                if (await self._withdrawn.get(space.id)).whole is not None:
                    return None
                return self._recorded(space, await self._facts(space))

        shown = [space for space in spaces if space.state is State.REPLAY and space.recorded]
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(one(space), name=f"episode {space.id}") for space in shown]
        return [found for each in asked if (found := each.result()) is not None]

    def live(self, spaces: Iterable[Space], now_ms: int) -> list[Episode]:
        """What comes at a time, is on, or has just ended, among the spaces."""
        return [found for space in spaces if (found := self._live(space, now_ms)) is not None]

    async def _facts(self, space: Space) -> RecordingFacts:
        mark: tuple[object, ...] = (space.trim, len(space.removals), space.ended_ms)
        kept, now_s = self._kept.get(space.id), self._monotonic()
        if kept is not None and kept[1] == mark and now_s - kept[0] < KEPT_S:
            return kept[2]
        try:
            found = RecordingFacts(
                await self._cut_ms(space), await self._objects.size(cue.object_key(space.id)) is not None
            )
        except Overloaded:
            if kept is None:
                raise
            found = kept[2]
        self._kept[space.id] = now_s, mark, found
        self._kept.move_to_end(space.id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    async def _cut_ms(self, space: Space) -> int | None:
        """Of the cut that is handed out instead of the recording: one of the recording as it is now."""
        if space.allows(Switch.UNEDITED):
            return None
        removals = len((await self._withdrawn.get(space.id)).removals)
        try:
            found = await editions.read(self._objects, SpaceId(space.id), removals)
        except (NotFound, Malformed):
            return None
        trim = (space.trim.from_ms, space.trim.to_ms) if space.trim else None
        return found.cut_ms if found.removals == removals and found.trim_ms == trim and found.pieces else None

    def _recorded(self, space: Space, facts: RecordingFacts) -> Episode:
        base, cut = f"{self._address}/s/{space.id}", facts.cut_ms is not None
        length_ms = shown_ms(space) if facts.cut_ms is None else facts.cut_ms
        path = f"{base}/cut" if cut else base
        others = [] if cut else [_file(base, each, length_ms) for each in RENDITIONS[1:]]
        rendition = edition.RENDITION if cut else RENDITIONS[0]
        first = Medium(f"{base}/{download(space)}", MEDIA_TYPE, _bytes(rendition, length_ms), rendition.bitrate_bps)
        language = "" if space.language == UNSAID else space.language
        words = [TranscriptLink(f"{path}/captions.vtt", webvtt.CONTENT_TYPE.partition(";")[0], language)]
        words += [TranscriptLink(f"{path}/captions.srt", webvtt.SRT_TYPE.partition(";")[0], language)]
        return self._episode(
            space, space.ended_ms or space.created_ms, (first._replace(title=_title(rendition)), *others)
        )._replace(
            duration_s=length_ms // 1000,
            chapters=f"{path}/chapters.json",
            transcripts=tuple(words) if facts.transcript else (),
        )

    def _live(self, space: Space, now_ms: int) -> Episode | None:
        match space.state:
            case State.SCHEDULED | State.DOORS_OPEN:
                status = LiveStatus.PENDING
            case State.LIVE | State.INTERRUPTED:
                status = LiveStatus.LIVE
            case State.ENDED:
                status = LiveStatus.ENDED
            case _:
                return None
        begin_ms = space.scheduled_ms if status is LiveStatus.PENDING else space.live_ms
        begin_ms = begin_ms or space.live_ms or space.doors_open_ms
        if begin_ms is None:
            return None
        longer = max(0, now_ms - begin_ms) // ASSUMED_MS if status is LiveStatus.LIVE else 0
        base = f"{self._address}/s/{space.id}"
        media = (
            Medium(f"{base}/live.aac", "audio/aac", 0, RENDITIONS[0].bitrate_bps, "AAC"),
            Medium(f"{base}/hls/index.m3u8", HLS_TYPE, title="HLS"),
            Medium(f"{base}/live.opus", "audio/ogg", 0, RENDITIONS[-1].bitrate_bps, "Opus"),
        )
        return self._episode(space, begin_ms, media, "-on-air")._replace(
            status=status, end_ms=space.ended_ms or begin_ms + (1 + longer) * ASSUMED_MS
        )

    def _episode(self, space: Space, at_ms: int, media: tuple[Medium, ...], kind: str = "") -> Episode:
        base = f"/s/{space.id}"
        people = [
            PodcastPerson(
                seat.name,
                "guest" if seat.role is Role.SPEAKER else "host",
                self._whole(self._page_of(seat.account)),
                self._whole(portraits.address(seat, base) or ""),
            )
            for seat in front.people(space)
        ]
        return Episode(
            uid=f"{space.id}-{space.created_ms}{kind}@{self._site}.stentor",
            title=space.title,
            text=space.description,
            page=f"{self._address}{base}",
            at_ms=at_ms,
            media=media,
            people=tuple(people),
            topics=space.about.topics,
            image=about.cover_address(space.about, self._whole(base)),
        )

    def _whole(self, path: str) -> str:
        return f"{self._address}{path}" if path else ""


def _file(base: str, rendition: Rendition, length_ms: int) -> Medium:
    address = f"{base}/recording.m4a?rendition={rendition.name}"
    return Medium(address, MEDIA_TYPE, _bytes(rendition, length_ms), rendition.bitrate_bps, _title(rendition))


def _title(rendition: Rendition) -> str:
    codec = "AAC" if rendition.codec is Codec.AAC else "Opus"
    return f"{codec}, {rendition.bitrate_bps // 1000} kbit/s"


def _bytes(rendition: Rendition, length_ms: int) -> int:
    """About: to know it exactly the whole manifest would have to be read, and players show it only."""
    return rendition.bitrate_bps * length_ms // 8000

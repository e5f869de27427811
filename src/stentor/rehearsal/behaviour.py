"""What a listener's player does, as a generator: it yields what it wants and is sent the answers. No I/O, no clock.

One script for all ways to listen: page, door, then a stream or a playlist. Whoever runs it owns line, time and counts.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urljoin

import msgspec

from stentor.base.errors import Malformed
from stentor.client import m3u8
from stentor.rehearsal.order import Format

ON_AIR: Final = ("doors_open", "live", "interrupted")
RETRY_S: Final = (2.0, 6.0)
"""When nobody said when to come again."""
PLAYLISTS_KEPT: Final = 64
"""Parsed playlists that all listeners of a process share: each second a few different ones are under way."""


class Get(NamedTuple):
    """Wants the whole reply."""

    target: str


class StartStream(NamedTuple):
    """Wants a stream without end; an answer comes only when it is refused."""

    target: str


class GotSound(NamedTuple):
    """``seconds`` more of sound are there."""

    seconds: float


class Rest(NamedTuple):
    """Goes on after ``seconds``, on the same line."""

    seconds: float


class Leave(NamedTuple):
    """Hangs up and goes on after ``seconds``: told to wait at the door, or refused."""

    seconds: float
    told: bool
    """The door said so: that is waiting, no failure."""


class HttpAnswer(NamedTuple):
    status: int
    retry_after_s: float | None
    body: bytes


class DoorDocument(msgspec.Struct):
    """What a listener needs of ``door.json``."""

    state: str
    retry_s: tuple[float, float] = RETRY_S


Want = Get | StartStream | GotSound | Rest | Leave
Script = Generator[Want, HttpAnswer, None]
"""Endless; what it is sent after anything but ``Get`` and ``Play`` does not matter."""

_door = msgspec.json.Decoder(DoorDocument)


def listen(space: str, way: Format, chance: random.Random, *, page: bool, straight: bool = False) -> Script:
    """A listener of ``way``: opens the page unless he has it, asks the door unless he goes ``straight``, and plays.

    Raises :class:`Malformed` for a reply that makes no sense.
    """
    base = f"/s/{space}"
    if page and not straight:
        yield from _fetched(base, RETRY_S, chance)
    while True:
        retry_s = RETRY_S
        if not straight:
            retry_s = yield from _let_in(base, chance)
        if way in (Format.LOW_LATENCY, Format.HLS):
            yield from _playlist(f"{base}/hls/index.m3u8", retry_s, chance, parts=way is Format.LOW_LATENCY)
        else:
            answer = yield StartStream(f"{base}/{way.value}")
            yield _leave(answer, retry_s, chance)


def _let_in(base: str, chance: random.Random) -> Generator[Want, HttpAnswer, tuple[float, float]]:
    """Asks the door until the space is on the air; the window in which to come again."""
    while True:
        body = yield from _fetched(f"{base}/door.json", RETRY_S, chance)
        try:
            door = _door.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed("That is no door.json.") from error
        if door.state in ON_AIR:
            return door.retry_s
        yield Leave(chance.uniform(*door.retry_s), told=True)


def _playlist(
    index: str, retry_s: tuple[float, float], chance: random.Random, *, parts: bool
) -> Generator[Want, HttpAnswer, None]:
    """Plays HLS until something is not there any more (the listener then begins again at the door)."""
    variants = _variants((yield from _fetched(index, retry_s, chance)))
    if not variants:
        raise Malformed("A multivariant playlist without variants.")
    address = urljoin(index, variants[0])
    media = _media((yield from _fetched(address, retry_s, chance)))
    yield from _fetched(urljoin(address, media.map_uri), retry_s, chance)
    parts = parts and media.low_latency
    segment, part = m3u8.begin_at(media, parts=parts)
    while not media.ended:
        new = False
        for item in m3u8.items_from(media, segment, part, parts=parts):
            answer = yield Get(urljoin(address, item.uri))
            if answer.status != 200:
                yield _leave(answer, retry_s, chance)
                return
            yield GotSound(item.duration_s)
            new = True
            segment, part = (
                (item.segment + 1, 0) if item.part is None else m3u8.next_after(media, item.segment, item.part + 1)
            )
        query = ""
        if parts:
            segment, part = m3u8.next_after(media, segment, part)
            query = f"?_HLS_msn={segment}&_HLS_part={part}"
        else:
            # RFC 8216bis, 6.3.4: a target duration after a change, half of it when nothing had changed.
            yield Rest(media.target_s * (1.0 if new else 0.5))
        answer = yield Get(address + query)
        if answer.status != 200:
            yield _leave(answer, retry_s, chance)
            return
        media = _media(answer.body)


def _fetched(target: str, retry_s: tuple[float, float], chance: random.Random) -> Generator[Want, HttpAnswer, bytes]:
    """The body of a 200, however often it takes."""
    while (answer := (yield Get(target))).status != 200:
        yield _leave(answer, retry_s, chance)
    return answer.body


def _leave(answer: HttpAnswer, retry_s: tuple[float, float], chance: random.Random) -> Leave:
    """After a refusal: in the door's window, but never sooner than was said."""
    wait_s = max(answer.retry_after_s or 0.0, 0.0)
    # RFC 9110, 10.2.3 gives a least time; the window on top of it spreads those who were told the same.
    return Leave(wait_s + chance.uniform(0.0, retry_s[1] - retry_s[0]) if wait_s else chance.uniform(*retry_s),
                 told=answer.status == 429)  # fmt: skip


@lru_cache(maxsize=PLAYLISTS_KEPT)
def _media(text: bytes) -> m3u8.Media:
    return m3u8.media(text.decode("utf-8", "replace"))


@lru_cache(maxsize=PLAYLISTS_KEPT)
def _variants(text: bytes) -> list[str]:
    return [variant.uri for variant in m3u8.variants(text.decode("utf-8", "replace"))]

"""Listening over HLS: plain, or LL-HLS with blocking reloads and parts (RFC 8216bis); also whole replays."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final
from urllib.parse import urljoin

import httpx

from stentor.base.errors import BadInput, Malformed, NotFound, Overloaded, SetupError
from stentor.base.grid import SAMPLE_RATE_HZ
from stentor.client import m3u8
from stentor.client.measurement import Measurement
from stentor.client.readers import Mp4Reader
from stentor.client.refusal import refusal, unreachable

MAX_ITEM_BYTES: Final = 4 * 1024 * 1024
"""A segment has 32 kB."""
MAX_FAILURES: Final = 10
"""Failed requests in a row after which the stream is given up: with the backoff a minute."""
MAX_BACKOFF_S: Final = 6.0


class HlsListener:
    """Follows one playlist address until it ends (``measurement.ended``).

    ``rendition`` picks the variant whose URI has it in it (the first one otherwise). ``low_latency=False`` plays LL-HLS
    as an old player does. A failed request is made again after a jittered backoff when ``reconnect``.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        measurement: Measurement,
        *,
        reconnect: bool,
        chance: random.Random,
        rendition: str = "",
        low_latency: bool = True,
    ) -> None:
        self._client, self._measurement, self._reconnect, self._random = client, measurement, reconnect, chance
        self._rendition, self._low_latency = rendition, low_latency
        self._reader = Mp4Reader()
        self._map = ""
        self._parts = False
        self._segment, self._part = 0, 0

    async def run(self) -> None:
        """Returns when the playlist has ended and everything in it was fetched.

        Raises what a refusal means before the first sound, or when it may not try again.
        """
        url = await self._media_url()
        playlist = m3u8.media(await self._text(url))
        self._parts = self._low_latency and playlist.low_latency and not playlist.ended
        self._measurement.kind = "replay" if playlist.ended else "ll-hls" if self._parts else "hls"
        self._measurement.live = not playlist.ended
        self._segment, self._part = m3u8.begin_at(playlist, parts=self._parts)
        while True:
            fetched = await self._fetch_all(url, playlist)
            if playlist.ended:
                self._measurement.ended = True
                return
            self._measurement.caught_up = True
            playlist = await self._reload(url, playlist, changed=fetched > 0)

    async def _media_url(self) -> str:
        text = await self._text(self._measurement.url)
        variants = m3u8.variants(text)
        if not variants:
            return self._measurement.url
        fitting = [variant for variant in variants if self._rendition in variant.uri]
        if not fitting:
            names = ", ".join(variant.uri for variant in variants)
            raise BadInput(f"There is no rendition {self._rendition}; there are {names}.")
        return urljoin(self._measurement.url, fitting[0].uri)

    async def _reload(self, url: str, playlist: m3u8.Media, *, changed: bool) -> m3u8.Media:
        if not playlist.can_block:
            # RFC 8216bis, 6.3.4: wait a target duration after a change, half of it when nothing had changed.
            await asyncio.sleep(playlist.target_s * (1.0 if changed else 0.5))
            return m3u8.media(await self._text(url))
        segment, part = m3u8.next_after(playlist, self._segment, self._part)
        # 6.2.5.2: "_HLS_part ... MUST NOT" come without _HLS_msn; a segment alone waits for the whole of it.
        query = f"_HLS_msn={segment}" + (f"&_HLS_part={part}" if self._parts else "")
        return m3u8.media(await self._text(f"{url}{'&' if '?' in url else '?'}{query}"))

    async def _fetch_all(self, url: str, playlist: m3u8.Media) -> int:
        count = 0
        if playlist.map_uri and playlist.map_uri != self._map:
            self._reader = Mp4Reader()
            self._reader.feed(await self._get(urljoin(url, playlist.map_uri), media=True))
            self._map = playlist.map_uri
        for item in m3u8.items_from(playlist, self._segment, self._part, parts=self._parts):
            try:
                data = await self._get(urljoin(url, item.uri), media=True)
            except NotFound as error:
                if not self._measurement.sound_samples:
                    raise
                self._measurement.problem(error.detail)
            else:
                self._hear(data, item)
            self._segment, self._part = (
                (item.segment + 1, 0) if item.part is None else m3u8.next_after(playlist, item.segment, item.part + 1)
            )
            count += 1
        return count

    def _hear(self, data: bytes, item: m3u8.Item) -> None:
        now = time.time()
        # The playlist dates the item's beginning, the fragment says where that is since the doors opened.
        origin_s: float | None = None
        for run in self._reader.feed(data):
            if item.starts_at is not None and run.position is not None and origin_s is None:
                origin_s = item.starts_at - run.position / SAMPLE_RATE_HZ
            self._measurement.take(run, now, position=run.position, origin_s=origin_s)

    async def _text(self, url: str) -> str:
        return (await self._get(url, media=False)).decode("utf-8", "replace")

    async def _get(self, url: str, *, media: bool) -> bytes:
        """The body of a 200; asks again after a loss or a 503. Raises the refusal."""
        failures = 0
        while True:
            try:
                return await self._get_once(url, media=media)
            except (Overloaded, SetupError) as error:
                failures += 1
                if not self._reconnect or not self._measurement.sound_samples or failures > MAX_FAILURES:
                    raise
                self._measurement.problem(error.detail)
                self._measurement.resumed()
                wait_s = error.retry_after_s if isinstance(error, Overloaded) else 0.0
                backoff_s = self._random.uniform(0.05, min(MAX_BACKOFF_S, 0.25 * 2.0**failures))
                await asyncio.sleep(max(wait_s, backoff_s))

    async def _get_once(self, url: str, *, media: bool) -> bytes:
        self._measurement.requests += 1
        try:
            response = await self._client.get(url)
        except httpx.TransportError as error:
            raise unreachable(url, error) from error
        if response.status_code != 200:
            raise refusal(response)
        if len(response.content) > MAX_ITEM_BYTES:
            raise Malformed(f"{url} has {len(response.content)} bytes: no part, segment or playlist is so long.")
        if media:
            self._measurement.received(response.content, time.time())
            self._measurement.keep(response.content)
        return response.content

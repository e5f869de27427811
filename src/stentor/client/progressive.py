"""Listening to a progressive stream (``live.aac``, ``live.opus``, ``live.mp4``) or a whole recording (``….m4a``)."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final

import httpx

from stentor.base.errors import Conflict, Malformed, NotFound, Overloaded, SetupError
from stentor.base.grid import CHUNK_SAMPLES
from stentor.client.measurement import Measurement
from stentor.client.readers import AdtsReader, FrameReader, FrameRun, Mp4Reader, OggReader
from stentor.client.refusal import refusal, unreachable

BURST_S: Final = 0.5
"""What comes in the first half second is old sound for the buffer; its age is no delay."""
MAX_BACKOFF_S: Final = 6.0
"""The longest wait that a door asks for (``retry_s`` in ``door.json``)."""

READERS: Final[dict[str, type[AdtsReader] | type[OggReader] | type[Mp4Reader]]] = {
    "aac": AdtsReader,
    "opus": OggReader,
    "mp4": Mp4Reader,
    "recording": Mp4Reader,
}


class Placement:
    """Where the runs of one response are on the space's grid.

    ``X-Stentor-Chunk`` is the number of the first chunk sent, ``X-Stentor-Origin`` the doors in ms: the stream's own
    times, which begin near zero for every group of joiners, are moved there.
    """

    def __init__(self, headers: httpx.Headers) -> None:
        chunk, origin = headers.get("x-stentor-chunk", ""), headers.get("x-stentor-origin", "")
        self.chunk = int(chunk) if chunk.isdigit() else None
        self.origin_s = int(origin) / 1000 if origin.isdigit() else None
        self._shift: int | None = None
        self._next = 0

    def of(self, run: FrameRun) -> int | None:
        """The run's place in samples since the doors opened; None when the stream does not tell."""
        own = self._next if run.position is None else run.position
        if self._shift is None:
            self._shift = 0 if self.chunk is None else self.chunk * CHUNK_SAMPLES - own
        self._next = own + run.samples
        return own + self._shift if self.chunk is not None or run.position is not None else None


class Progressive:
    """Follows one address until it ends, connecting again after a loss (with jitter) when ``reconnect``."""

    def __init__(
        self, client: httpx.AsyncClient, measurement: Measurement, *, reconnect: bool, chance: random.Random
    ) -> None:
        self._client, self._measurement, self._reconnect, self._random = client, measurement, reconnect, chance
        self._first = True

    async def run(self) -> None:
        """Returns when the space or the file is over (``measurement.ended``), or lost when it may not connect again.

        Raises what a refusal means before the first sound: nothing was there to hear.
        """
        failures = 0
        while True:
            before = self._measurement.sound_samples
            wait_s = 0.0
            try:
                whole = await self._one_response()
                # A space ends its streams properly. So does an edge that shuts down: then the next one has newer sound.
                nothing_new = not self._first and self._measurement.sound_samples == before
                self._measurement.ended = whole and (not self._measurement.live or not self._reconnect or nothing_new)
            except (NotFound, Conflict):
                # Once it has played, an address that is gone means that the space is over.
                if not self._measurement.sound_samples:
                    raise
                self._measurement.ended = True
            except (Overloaded, SetupError, Malformed) as error:
                if not self._measurement.sound_samples:
                    raise
                self._measurement.problem(error.detail)
                wait_s = error.retry_after_s if isinstance(error, Overloaded) else 0.0
            if self._measurement.ended or not self._reconnect:
                return
            failures = 0 if self._measurement.sound_samples > before else failures + 1
            backoff_s = min(MAX_BACKOFF_S, 0.5 * 2.0 ** min(failures, 8))
            await asyncio.sleep(max(wait_s, self._random.uniform(0.1, backoff_s)))
            self._first = False
            self._measurement.resumed()

    async def _one_response(self) -> bool:
        """One connection from its request to its end; whether the server ended it, and did not lose it."""
        self._measurement.requests += 1
        try:
            async with self._client.stream("GET", self._measurement.url) as response:
                if response.status_code != 200:
                    await response.aread()
                    raise refusal(response)
                placement = Placement(response.headers)
                await self._hear(response, placement)
        except httpx.TransportError as error:
            if not self._measurement.sound_samples:
                raise unreachable(self._measurement.url, error) from error
            self._measurement.problem(f"The connection was lost: {type(error).__name__} {error}".rstrip())
            return False
        return True

    async def _hear(self, response: httpx.Response, placement: Placement) -> None:
        reader: FrameReader = READERS[self._measurement.kind]()
        began: float | None = None
        async for data in response.aiter_bytes():
            now = time.time()
            began = began or now
            self._measurement.received(data, now)
            self._measurement.caught_up = now - began > BURST_S
            before = self._measurement.sound_samples
            for run in reader.feed(data):
                self._measurement.take(run, now, position=placement.of(run), origin_s=placement.origin_s)
            # What another connection brings again is not saved again.
            if self._first or self._measurement.sound_samples > before:
                self._measurement.keep(data)

"""``stentor listen``: hears a programme as an audience does, plays nothing, measures everything.

It uses only the audience's addresses: the progressive streams, HLS and LL-HLS playlists, recordings.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx

from stentor.base.errors import BadInput
from stentor.base.grid import SAMPLE_RATE_HZ
from stentor.client.history import SoundHistory
from stentor.client.hls_listener import HlsListener
from stentor.client.measurement import KEEP_S, Measurement
from stentor.client.progressive import Progressive
from stentor.client.report import ListenerReport
from stentor.client.saving import Keepsake

READ_S: Final = 15.0
"""A blocked playlist may be held for three target durations (12 s); a stream that is silent for longer is lost."""
CONNECT_S: Final = 5.0
_LOOK_S: Final = 0.05

_KINDS: Final = {".aac": "aac", ".opus": "opus", ".mp4": "mp4", ".m4a": "recording", ".m3u8": "hls"}
_PAGE = re.compile(r"/s/[a-z0-9-]+/?")

OnReport = Callable[[ListenerReport], None]


async def listen(
    url: str,
    *,
    seconds: float | None = None,
    save: Path | None = None,
    on_report: OnReport | None = None,
    every_s: float = 1.0,
    reconnect: bool = True,
    rendition: str = "",
    low_latency: bool = True,
    seed: int | None = None,
) -> ListenerReport:
    """Listens to ``url`` for ``seconds`` (None: to the end) and reports.

    ``url`` ends in ``.aac``, ``.opus``, ``.mp4``, ``.m4a`` or ``.m3u8``; a listener's page (``/s/{space}``) stands for
    its ``live.aac``. For a recording ``seconds`` counts sound. ``save`` keeps the received bytes, or a WAV file when it
    ends in ``.wav``. ``on_report`` gets the report so far every ``every_s`` seconds. ``rendition`` and ``low_latency``
    are for playlists. Raises :class:`StentorError` with what to do when nothing can be heard.
    """
    report, _ = await probe(
        url,
        seconds=seconds,
        save=save,
        on_report=on_report,
        every_s=every_s,
        reconnect=reconnect,
        rendition=rendition,
        low_latency=low_latency,
        seed=seed,
    )
    return report


async def probe(
    url: str,
    *,
    seconds: float | None = None,
    save: Path | None = None,
    on_report: OnReport | None = None,
    every_s: float = 1.0,
    reconnect: bool = True,
    rendition: str = "",
    low_latency: bool = True,
    keep_s: float = KEEP_S,
    seed: int | None = None,
) -> tuple[ListenerReport, SoundHistory]:
    """As :func:`listen`, and gives the decoded sound too (the newest ``keep_s`` seconds, with arrival times)."""
    url, kind = _address(url)
    timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
    chance = random.Random(seed)
    with Keepsake(save) as keepsake:
        async with httpx.AsyncClient(timeout=timeout, follow_redirects=True, max_redirects=3) as client:
            # Time counts from here: making a client takes 50 ms for its certificates alone.
            measurement = Measurement(url, kind, now=time.time(), keepsake=keepsake, keep_s=keep_s)
            source: HlsListener | Progressive
            if kind == "hls":
                source = HlsListener(
                    client,
                    measurement,
                    reconnect=reconnect,
                    chance=chance,
                    rendition=rendition,
                    low_latency=low_latency,
                )
            else:
                source = Progressive(client, measurement, reconnect=reconnect, chance=chance)
            await _until(source.run, measurement, seconds, on_report, every_s)
        return measurement.report(time.time(), final=True), measurement.heard


async def _until(
    run: Callable[[], Coroutine[Any, Any, None]],
    measurement: Measurement,
    seconds: float | None,
    on_report: OnReport | None,
    every_s: float,
) -> None:
    """Runs the listener until it ends or ``seconds`` are over, and tells how it goes."""
    listening = asyncio.create_task(run(), name="listener")
    began, told = time.monotonic(), time.monotonic()
    try:
        while not listening.done():
            await asyncio.wait({listening}, timeout=_LOOK_S)
            passed_s = time.monotonic() - began if measurement.live else measurement.sound_samples / SAMPLE_RATE_HZ
            if seconds is not None and passed_s >= seconds:
                break
            if on_report is not None and time.monotonic() - told >= every_s:
                told = time.monotonic()
                on_report(measurement.report(time.time()))
    finally:
        if not listening.done():
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
    if not listening.cancelled():
        listening.result()


def _address(url: str) -> tuple[str, str]:
    """The address to listen to and its kind; raises :class:`BadInput`."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadInput(f"{url!r} is no address: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadInput(f"{url!r} is no web address: it begins with http:// or https://.")
    if _PAGE.fullmatch(parsed.path):
        parsed = parsed.copy_with(path=parsed.path.rstrip("/") + "/live.aac")
    kind = _KINDS.get(Path(parsed.path).suffix)
    if kind is None:
        raise BadInput(f"{url} is nothing to listen to: it ends in one of {', '.join(_KINDS)}, or is /s/ and a space.")
    return str(parsed), kind

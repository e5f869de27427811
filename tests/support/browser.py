"""Driving a real Chromium: one browser a voice, what a page complains of, and what it really plays."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import pytest
from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright, Response

from stentor.audio.pcm import Samples
from tests.support.chromium import FLAGS, MICROPHONE_FLAGS, executable, whole
from tests.support.wait import PATIENCE_S

RATE_HZ: Final = 48_000

_RECORD = """
async ([selector, seconds]) => {
  const audio = document.querySelector(selector);
  const stream = audio.srcObject ?? audio.captureStream();
  const recorder = new MediaRecorder(new MediaStream(stream.getAudioTracks()), { mimeType: "audio/webm;codecs=pcm" });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  recorder.start();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}
"""


def chromium(*, windows: bool = False) -> str:
    """The path of Chromium, of the whole one for who needs ``windows``; fails without it, and says what to do."""
    path = whole() if windows else executable()
    if path is None:
        pytest.fail("These tests drive a real Chromium and there is none: python -m tests.support.chromium --install")
    return path


def write_wav(path: Path, samples: Samples) -> Path:
    """16 bit mono at 48 kHz, as Chromium's pretended microphone reads it (it plays the file over and over)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return path


def decoded(recording: bytes) -> Samples:
    """What Chromium recorded (WebM with PCM inside) as mono at 48 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with av.open(io.BytesIO(recording), "r") as container:
        frames = [each for frame in container.decode(audio=0) for each in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


async def launch(
    playwright: Playwright,
    *,
    microphone: Path | None = None,
    ask: bool = False,
    flags: tuple[str, ...] = (),
    program: Path | None = None,
) -> Browser:
    """A Chromium that hears ``microphone`` (a WAV file, for all its pages) and allows it unless it would ``ask``.

    ``program`` starts it in a way of its own; ``flags`` are further ones.
    """
    all_flags = [*FLAGS, *flags]
    if microphone is not None:
        all_flags += [*MICROPHONE_FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
    if ask:
        all_flags.append(MICROPHONE_FLAGS[0])
    return await playwright.chromium.launch(executable_path=program or chromium(), args=all_flags)


@dataclass
class Watch:
    """What a page complained of, and what it loaded: address and compressed size of each response's body."""

    complaints: list[str] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    async def gzipped(self) -> dict[str, int]:
        """Bytes on the wire of each static file and document that was loaded, by path."""
        sizes: dict[str, int] = {}
        for response in self.responses:
            kind = response.headers.get("content-type", "")
            if response.ok and kind.startswith(("text/html", "text/css", "text/javascript", "image/svg")):
                sizes[response.url] = (await response.request.sizes())["responseBodySize"]
        return sizes


class Visit:
    """A page in a context of its own: nothing is shared with other visits."""

    def __init__(self, page: Page, watch: Watch) -> None:
        self.page, self.watch = page, watch

    async def until(self, expression: str, reason: str, *, within_s: float = PATIENCE_S) -> None:
        """Waits until a JavaScript expression is true (asked for from here: pages forbid ``eval`` to themselves)."""
        deadline = asyncio.get_running_loop().time() + within_s
        while not await self._true(expression):
            if asyncio.get_running_loop().time() > deadline:
                shown = await self.page.inner_text("body")
                raise AssertionError(f"waited in vain: {reason}; complaints: {self.watch.complaints}; it says: {shown}")
            await asyncio.sleep(0.1)

    async def _true(self, expression: str) -> bool:
        try:
            return bool(await self.page.evaluate(f"Boolean({expression})"))
        except Error as error:
            if "Execution context was destroyed" in error.message:  # another page is on its way
                return False
            raise

    async def says(self, selector: str, text: str, *, within_s: float = PATIENCE_S) -> None:
        """Waits until what a selector finds shows this text."""
        condition = f"document.querySelector({selector!r})?.textContent.includes({text!r})"
        await self.until(condition, f"{selector} says {text!r}", within_s=within_s)

    async def record(self, selector: str, seconds: float) -> Samples:
        """What an audio element plays from now on, sample by sample as it goes to the loudspeaker (48 kHz, mono)."""
        text = await self.page.evaluate(_RECORD, [selector, seconds])
        return decoded(base64.b64decode(text))

    async def advances(self, selector: str = "#audio", *, seconds: float = 2.0) -> float:
        """By how many seconds an audio element goes on while this many seconds pass on the page's own clock."""
        script = """async ([selector, ms]) => {
          const audio = document.querySelector(selector);
          const [begin, at] = [performance.now(), audio.currentTime];
          await new Promise((done) => setTimeout(done, ms));
          return (audio.currentTime - at) / (performance.now() - begin) * ms;
        }"""
        return float(await self.page.evaluate(script, [selector, seconds * 1000]))

    async def flows(self, selector: str = "#audio", *, tries: int = 10) -> None:
        """The element goes on at the speed of the clock, once its buffer is filled."""
        rates: list[float] = []
        while not rates or not 1.7 < rates[-1] < 2.3:
            assert len(rates) < tries, f"{selector} does not go on as the clock does: {rates} s in 2 s"
            rates.append(await self.advances(selector, seconds=2.0))

    async def sure(self, yes: bool = True) -> str:
        """Answers the page's question whether one is sure; gives the question."""
        asked = self.page.locator("dialog.sure")
        question = await asked.locator("p").inner_text()
        await asked.locator(f"button[value={'yes' if yes else 'no'}]").click()
        await asked.wait_for(state="detached")
        return question

    def calm(self, *, but: tuple[str, ...] = ()) -> None:
        """Fails when the page complained of anything (errors, refusals of the security policy) but this."""
        left = [text for text in self.watch.complaints if not any(known in text for known in but)]
        assert not left, f"the page complained: {left}"


@asynccontextmanager
async def visit(browser: Browser, address: str, **context: Any) -> AsyncIterator[Visit]:
    """Opens an address in a context of its own; ``context`` goes to Playwright (``locale``, ``color_scheme`` …).

    ``init_script`` runs before the page's own, ``without`` is a pattern of addresses that cannot be loaded.
    """
    script, without = context.pop("init_script", None), context.pop("without", None)
    made = await browser.new_context(**context)
    made.set_default_timeout(PATIENCE_S * 1000)
    try:
        yield await _open(made, address, script, without)
    finally:
        await made.close()


async def _open(context: BrowserContext, address: str, script: str | None, without: str | None) -> Visit:
    page = await context.new_page()
    watch = Watch()
    page.on(
        "console",
        lambda said: (
            watch.complaints.append(f"{said.text} ({said.location.get('url')})")
            if said.type in ("error", "warning")
            else None
        ),
    )
    page.on("pageerror", lambda error: watch.complaints.append(str(error)))
    page.on("response", lambda response: watch.responses.append(response))  # noqa: PLW0108 (no built-ins as handlers)

    if script:
        await page.add_init_script(script)
    if without:
        await page.route(without, lambda route: route.abort())
    await page.goto(address)
    return Visit(page, watch)

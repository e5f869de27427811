"""The twelve main screens, at 390 and at 1440 pixels, by day and by night, of made-up people.

``make pictures`` takes them anew, into ``tests/data/screens``: whoever changes how a page looks does, and looks at what
changed. ``tests/browser/test_screens.py`` compares all of them with the pages as they are now
(:mod:`tests.support.likeness`). The audience's pages stand still in time; those of hosts and administrators are of a
whole Stentor, whose clocks run: what no two evenings have alike says the same in all pictures (``Screen.still``).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import math
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import msgspec
import numpy as np
from av.video.codeccontext import VideoCodecContext
from playwright.async_api import Browser, StorageState, async_playwright

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.base.units import SeatId
from stentor.client.speaker import Speaker
from stentor.crowd.orders import Orders
from stentor.spaces import pulse
from stentor.spaces.model import Pin, Role, Seat, Space, State
from tests.browser.test_front import FULL, LIVE, told
from tests.support.browser import RATE_HZ, launch, visit
from tests.support.edge import DOORS_OPEN_MS, Rig, edge, live_space, programme
from tests.support.recorded import OnStage, record, recorded_space
from tests.support.screenshots import SPACE, Album, Evening, Look
from tests.support.sound import voice
from tests.support.whole import Whole, whole

FOLDER: Final = Path(__file__).parents[1] / "data/screens"
PHONE, NIGHT, DESK, LAMP = Look(390, "light", 844), Look(390, "dark", 844), Look(1440, "light"), Look(1440, "dark")
LOOKS: Final = (PHONE, NIGHT, DESK, LAMP)
SCREENS: Final = (
    "front", "person", "before", "live", "full", "replay",
    "studio", "home", "account", "admin", "moderation", "site",
)  # fmt: skip
TITLE: Final = "Election night: what the polls missed"
ABOUT: Final = "Two reporters and a statistician look at the night's numbers. Questions are welcome."
HOUR_MS: Final = 3_600_000
CHUNKS: Final = 60
LOADED: Final = "document.fonts.status === 'loaded' && [...document.images].every((image) => image.complete)"
STILL: Final = """
(said) => {
  const hold = () => {
    for (const [where, words] of Object.entries(said)) {
      for (const node of document.querySelectorAll(where)) if (node.textContent !== words) node.textContent = words;
    }
    for (const { dataset } of document.querySelectorAll(":is(#people, #waiting) .portrait")) { // of seats' ids
      const hue = String(dataset.initials.charCodeAt(0) % 12);
      if (dataset.hue !== hue) dataset.hue = hue;
    }
  };
  new MutationObserver(hold).observe(document, { subtree: true, childList: true, characterData: true });
  hold();
  scrollTo(0, 0);
}
"""


@dataclass(frozen=True)
class Screen:
    """A page in one state: where it is, what is true once it is drawn, the browser's time (ms; 0: the true one)."""

    name: str
    address: str
    drawn: str
    now_ms: float = 0
    person: StorageState | None = None
    press: str = ""
    """What is pressed before the picture."""
    still: Mapping[str, str] = field(default_factory=dict)
    """Selectors of what is never the same twice, and what it says in the picture, whatever scripts make of it."""

    async def take(self, browser: Browser, look: Look, *, style: str = "") -> bytes:
        """The picture, as PNG; ``style`` is a sheet that the page gets besides."""
        context: dict[str, Any] = {
            "viewport": look.size, "color_scheme": look.scheme, "reduced_motion": "reduce", "locale": "en-GB",
            "timezone_id": "Europe/Berlin", "storage_state": self.person, "bypass_csp": bool(style),
        }  # fmt: skip
        async with visit(browser, "about:blank", **context) as page:
            if self.now_ms:
                await page.page.clock.set_fixed_time(self.now_ms / 1000)
            await page.page.goto(self.address)
            if style:
                await page.page.add_style_tag(content=style)
            if self.press:
                await page.page.click(self.press)
            await page.until(LOADED, "all styles and pictures are loaded")
            await page.page.evaluate(STILL, dict(self.still))
            while True:
                await page.until(self.drawn, f"{self.name} is drawn")
                picture = await page.page.screenshot(animations="disabled", caret="hide")
                if await page.page.evaluate(f"Boolean({self.drawn})"):  # still
                    return picture

    async def takes(self, browser: Browser, *, style: str = "") -> list[bytes]:
        """The pictures in all looks, in the order of :data:`LOOKS`."""
        return await asyncio.gather(*(self.take(browser, look, style=style) for look in LOOKS))


def webp(png: bytes, quality: int = 80) -> bytes:
    """The same picture as a small WebP, whose squares of 8 pixels have nearly the colours they had."""
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="bgra")
    frame.pts = 0
    context = VideoCodecContext.create("libwebp", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, "bgra"
    context.time_base, context.options = Fraction(1, 1), {"quality": str(quality), "compression_level": "6"}
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def file(name: str, look: Look) -> Path:
    """Where the picture of a screen is kept."""
    return FOLDER / f"{name}-{look.width}-{look.scheme}.webp"


def seats(*more: tuple[str, str, Role]) -> dict[str, Seat]:
    """Ada, who hosts, and others; all are there."""
    everybody = (("ada", "Ada Lovelace", Role.HOST), *more)
    return {
        name: Seat(SeatId(name), called, role, account=name, connected=True, joined_ms=1)
        for name, called, role in everybody
    }


GUESTS: Final = (("grace", "Grace Hopper", Role.SPEAKER), ("samir", "Samir K.", Role.SPEAKER))
GUESTS_TALK: Final[dict[str, Any]] = {"title": TITLE, "description": ABOUT, "seats": seats(*GUESTS)}


def loudness(number: int) -> float:
    """How loud a chunk of the recording is, in dBFS: as people talk, in phrases, with breaths between them."""
    phrase = abs(math.sin(number / 7) * math.cos(number / 2.3)) + 0.35 * abs(math.sin(number * 1.7))
    return -46 + 26 * min(1.0, phrase)


def play(rig: Rig, count: int) -> None:
    """Chunks in which Ada talks and Samir is muted, for 1,234 listeners."""
    space, on_stage = (
        rig.channel.space,
        [OnStage("ada", True, -20), OnStage("grace", False, -60), OnStage("samir", False, -60, True)],
    )
    for _ in range(count):
        number = rig.window.head + 1
        rig.now = DOORS_OPEN_MS / 1000 + (number + 1) * grid.CHUNK_S
        beat = pulse.build(
            space, chunk=number, at_ms=round(rig.now * 1000), source=Source.STAGE, listeners=1234, seats=on_stage
        )
        rig.channel.add(msgspec.structs.replace(programme(number), pulse=beat), rig.now)


@asynccontextmanager
async def audience() -> AsyncIterator[list[Screen]]:
    """What everybody sees: front page, somebody's page, a space before, live, full and afterwards."""
    async with AsyncExitStack() as stack:

        async def rig(space: Space, chunks: int = 0) -> tuple[Rig, str]:
            made = await stack.enter_async_context(edge(space, chunks=chunks, address="https://talks.example"))
            return made, f"http://127.0.0.1:{made.port}"

        front, place = await rig(LIVE, 1)
        await told(front, FULL)
        planned = DOORS_OPEN_MS + 26 * HOUR_MS
        _, before = await rig(
            live_space(
                state=State.SCHEDULED,
                doors_open_ms=None,
                live_ms=None,
                scheduled_ms=planned,
                **GUESTS_TALK,
            )
        )
        pins = [Pin("a", "The numbers, district by district", "https://example.org/numbers", DOORS_OPEN_MS)]
        begun = DOORS_OPEN_MS - 12 * 60_000
        live, talk = await rig(live_space(pins=pins, pinned_ms=DOORS_OPEN_MS, live_ms=begun, **GUESTS_TALK))
        play(live, CHUNKS)
        outside, full = await rig(live_space(overflow_s=120, **GUESTS_TALK), 200)
        outside.channel.heed(Orders("friday", version=1, p=0.0, epoch=1, narrow_ms=1, retry_s=(60, 90), waiting=4000))
        over, replay = await rig(recorded_space(description=ABOUT, title=TITLE))
        await record(
            over.objects,
            384,
            {range(24, 120): "ada", range(120, 210): "bob", range(210, 300): "ada", range(300, 384): "bob"},
            loud_dbfs=loudness,
        )
        turns = "document.querySelectorAll('#chapters li').length > 3"
        names = (
            "document.querySelector('#seats .talking') && document.querySelector('#say').textContent.includes('Samir')"
        )
        waits = "document.querySelector('#sound').textContent.includes('music')"
        listed = "document.querySelectorAll('.space-card').length > 5"
        yield [
            Screen("front", f"{place}/?lang=en", listed, DOORS_OPEN_MS),
            Screen("person", f"{place}/@lena", "document.querySelector('h1')", DOORS_OPEN_MS),
            Screen("before", f"{before}/s/friday", "document.querySelector('#countdown').textContent", DOORS_OPEN_MS),
            Screen("live", f"{talk}/s/friday", names, live.now * 1000),
            Screen("full", f"{full}/s/friday", waits, outside.now * 1000, press="#play", still=WAITING),
            Screen("replay", f"{replay}/s/friday", turns, DOORS_OPEN_MS + HOUR_MS),
        ]


TALKS: Final = "document.querySelector('#people [data-talking=true]') && document.querySelector('#waiting li')"
WAITING: Final = {"#outside": "About 40% of those waiting are ahead of you."}
FAITH: Final = {"good_faith": True}
REPORTS: Final = (
    {"kind": "space", "id": "evening", "why": "rights", "text": "The translation is not hers to read.", **FAITH},
    {"kind": "space", "id": "news", "why": "spam", "text": "The same advertisement as yesterday.", **FAITH},
)
CLOCKS: Final[dict[str, dict[str, str]]] = {
    "studio": {
        "#countdown": "Live for 12:34",
        "#audience-count": "1,234 listening",
        "#waiting .quiet": "since 20:12",
        "#people [data-talking=true] .role": "Speaker · spoke 4:05, 62%",
        "#people [data-away=false][data-talking=false] > .quiet": "mic on",
    },
    "home": {
        "#spaces [data-id=evening] p.quiet": "Live since 20:00 · 1,234 listening",
        "#spaces [data-id=evening] p:not(.quiet)": "",
        "#spaces [data-id=news] p.quiet": "Starts 4 Dec 2026, 09:00",
    },
    "admin": {
        "#live time": "4 December 2026, 20:15",
        ".figures .card:nth-child(1) dd:nth-of-type(1)": "1,234",
        ".figures .card:nth-child(2) dd:nth-of-type(1)": "15 days",
        ".figures .card:nth-child(2) dd:nth-of-type(2)": "30 GB free",
        ".figures .card:nth-child(3) dd:nth-of-type(1)": "12%",
        ".figures .card:nth-child(3) dd:nth-of-type(2)": "of 2 cores",
        ".number:is(td)": "12",
        ".days text": "Fri 4",
    },
    "moderation": {"main time": "4 December 2026, 20:15"},
}


class Desk(Evening):
    """What hosts and administrators see, of an evening that is on: a guest talks, others are there, much came in."""

    def __init__(self, house: Whole, browser: Browser) -> None:
        super().__init__(house, Album(FOLDER, every_look=False, locale="en"), browser, browser)

    @asynccontextmanager
    async def on(self) -> AsyncIterator[list[Screen]]:
        ada = await self._account("ada", "Ada Lovelace", "admin")
        await self._announce()
        host, grace, charles, _ = [str(each["token"]) for each in await self._seats()]
        await self._claim(host, ada)
        silence = np.zeros(RATE_HZ, dtype=np.float32)
        await self.house.call("POST", "/spaces/evening/doors")
        async with (
            Speaker(self.house.whip(SPACE), charles, silence, name="charles"),
            Speaker(self.house.whip(SPACE), grace, voice("cards"), name="grace"),
        ):
            await self.house.call("POST", "/spaces/evening/live")
            await self._write()
            await self._report()
            yield [
                self._screen("studio", "/stage/evening", TALKS, ada),
                self._screen("home", "/mine", "document.querySelector('#spaces [data-verb]')", ada),
                self._screen("account", "/account", "document.querySelector('#sessions li')", ada),
                self._screen("admin", "/admin", "document.querySelector('.all-well')", ada),
                self._screen("moderation", "/admin/moderation", "document.querySelector('.cases li')", ada),
                self._screen("site", "/admin/site", "document.querySelector('[name=name]').value", ada),
            ]

    async def _report(self) -> None:
        """What readers tell the moderators of: somebody on the stage, the talk, and again the talk."""
        for wish in REPORTS:
            await self.house.call("POST", "/reports", wish)

    def _screen(self, name: str, path: str, drawn: str, person: StorageState) -> Screen:
        address = self.house.settings.house_address + path
        return Screen(name, address, drawn, person=person, still=CLOCKS.get(name, {}))


async def run(only: list[str]) -> None:
    """Takes them all, or those named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        browser = await launch(playwright)
        screens = await stack.enter_async_context(audience())
        if not only or set(only) - {screen.name for screen in screens}:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            house = await stack.enter_async_context(whole(folder / "data", edges=1))
            screens = screens + await stack.enter_async_context(Desk(house, browser).on())
        for screen in screens:
            if only and screen.name not in only:
                continue
            for look, picture in zip(LOOKS, await screen.takes(browser), strict=True):
                file(screen.name, look).write_bytes(webp(picture))
            print(screen.name, flush=True)


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.support.screens", description=__doc__)
    words.add_argument("only", nargs="*", help="screens by name; all when none is named")
    asyncio.run(run(words.parse_args().only))


if __name__ == "__main__":
    main()

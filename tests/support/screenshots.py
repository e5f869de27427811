"""Pictures of the main pages, of a real evening: a whole Stentor, two recorded voices, an audience that writes.

``python -m tests.support.screenshots docs/images`` takes those of the documents. With ``--every-look`` it takes all of
each page narrow, middling and wide, light and dark, to be looked at; ``--locale de`` takes them in German.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import httpx
import numpy as np
from av.video.codeccontext import VideoCodecContext
from playwright.async_api import Browser, StorageState, ViewportSize, async_playwright

from stentor.base.clock import unix_ms
from stentor.base.units import SeatId, SpaceId
from stentor.bus.cues import CueLog
from stentor.bus.identity import join
from stentor.client.speaker import Speaker
from stentor.store.objects import Objects
from stentor.wire import cue as wire
from stentor.wire.cue import Cue, Transcript
from tests.support.browser import RATE_HZ, Visit, launch, visit, write_wav
from tests.support.pictures import encoded, face
from tests.support.sound import voice
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

SPACE = SpaceId("evening")
PASSWORD = "several words together"
WORDS = (
    "And Mister John Dashwood had then leisure to consider",
    "how much there might be prudently in his power to do for them.",
    "He was not an ill-disposed young man.",
)
"""What the reader says, as tests/data/speech has it; the programs that recognise speech are an extra."""
COMMENTS = (
    ("lena", "Lena", "Good evening from Leipzig!"),
    ("tomas", "Tomás", "The music before was lovely, who plays it?"),
    ("ines", "Inês", "Could somebody say more about the second chapter?"),
)
OURS = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
HOUR_MS = 3_600_000
TURNS, TURN_S = 4, 9.0
"""After the pictures it goes on, so that the recording has chapters."""
DRAWN_MS = 300
TALKING = "document.querySelector('#people [data-talking=true]')"
HEARD = "document.querySelector('#seats .talking')"
PICTURED = "document.querySelector('.portrait img')?.complete"
GREEN = "document.querySelectorAll('#lights [data-light=green]').length === 3"
SCALE = 1.5
"""Dots of a picture for one pixel of the page: sharp on the screens that people read documents on."""


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int = 1440
    scheme: Literal["light", "dark"] = "light"
    height: int = 900

    @property
    def size(self) -> ViewportSize:
        return ViewportSize(width=self.width, height=self.height)


WIDE, PHONE, NIGHT = Look(), Look(360, height=1080), Look(360, "dark", height=1080)
EVERY = [Look(width, scheme) for width in (360, 768, 1440) for scheme in ("light", "dark")]


@dataclass(frozen=True)
class Album:
    """Where pictures go, and which language the people read."""

    folder: Path
    every_look: bool
    locale: str

    async def take(self, page: Visit, name: str, *looks: Look, when: str = "true") -> None:
        """Pictures of a page in these looks; in every look, if that is wished, of the whole length of the page.

        ``when`` is a JavaScript expression that is to be true in the picture.
        """
        for look in EVERY if self.every_look else looks:
            await page.page.set_viewport_size(look.size)
            await page.page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
            await page.page.wait_for_timeout(DRAWN_MS)
            await page.until(when, f"{when} for a picture")
            picture = await page.page.screenshot(full_page=self.every_look)
            if self.every_look:
                (self.folder / f"{name}-{look.width}-{look.scheme}.png").write_bytes(picture)
            else:
                dark = "-dark" if look.scheme == "dark" else ""
                (self.folder / f"{name}{dark}.webp").write_bytes(webp(picture))
        print(name, flush=True)

    @asynccontextmanager
    async def visit(self, browser: Browser, address: str, **context: Any) -> AsyncIterator[Visit]:
        """Opens a page for somebody who reads the album's language."""
        async with visit(browser, address, locale=self.locale, device_scale_factor=SCALE, **context) as page:
            yield page


def webp(png: bytes) -> bytes:
    """The same picture as WebP, every dot the same: a third of the bytes."""
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="bgra")
    frame.pts = 0
    context = VideoCodecContext.create("libwebp", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, "bgra"
    context.time_base, context.options = Fraction(1, 1), {"lossless": "1", "compression_level": "6"}
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


class Evening:
    """What happens: a space is announced, people come, talk and write, and it is over."""

    def __init__(self, house: Whole, album: Album, reader: Browser, audience: Browser) -> None:
        self.house, self.album, self._reader, self._audience = house, album, reader, audience
        self._host: dict[str, Any] = {}

    async def take_all(self) -> None:
        """Every picture, in the order in which things happen."""
        ada = await self._account("ada", "Ada Lovelace", "admin")
        await self._announce()
        async with self.album.visit(self._audience, self.house.audience(SPACE)) as waiting:
            await waiting.until("document.querySelector('#headline').textContent.includes(':')", "the countdown runs")
            await self.album.take(waiting, "waiting", Look(360, height=520))
        host, grace, charles, _ = [str(each["token"]) for each in await self._seats()]
        await self._claim(host, ada)
        async with (
            self.album.visit(self._reader, f"{self._address}/stage/{SPACE}", storage_state=ada) as stage,
            self.album.visit(self._audience, self.house.audience(SPACE)) as listener,
        ):
            await stage.until("document.querySelectorAll('#people li').length === 4", "the seats are shown")
            await self.album.take(stage, "green-room", WIDE)
            await self.house.call("POST", f"/spaces/{SPACE}/doors")
            await stage.page.click("#join")
            await stage.until("!document.querySelector('#mute').hidden", "the host is on the stage")
            await listener.until("!document.querySelector('#live').hidden", "the doors are open")
            await listener.page.click("#play")
            async with (
                Speaker(self.house.whip(SPACE), charles, np.zeros(RATE_HZ, dtype=np.float32), name="charles"),
                Speaker(self.house.whip(SPACE), grace, voice("cards"), name="grace") as guest,
            ):
                guest.muted = True
                await self._talk(stage, listener)
                for _ in range(TURNS):
                    await asyncio.sleep(TURN_S)
                    guest.muted = not guest.muted
                    await stage.page.click("#mute")
            async with self.album.visit(self._audience, self._address, storage_state=ada) as spaces:
                await spaces.until("document.querySelector('#spaces [data-verb]')", "the admin's buttons are there")
                await self.album.take(spaces, "spaces", WIDE)
                await spaces.page.goto(f"{self._address}/accounts")
                await spaces.until("document.querySelectorAll('#accounts li').length > 3", "the accounts are listed")
                await self.album.take(spaces, "accounts", WIDE)
            await self.house.call("POST", f"/spaces/{SPACE}/end")
        await self.house.until(SPACE, lambda view: view["state"] == "replay", "the recording is complete", 60)
        async with self.album.visit(self._audience, self.house.audience(SPACE)) as replay:
            await replay.until("document.querySelectorAll('#chapters li').length > 3", "all turns are there")
            await replay.page.locator("#wave path").first.wait_for()
            await self.album.take(replay, "replay", WIDE, when=PICTURED)

    async def _talk(self, stage: Visit, listener: Visit) -> None:
        """Live, with captions, comments, reactions, a pin and somebody who would like to speak."""
        await self.house.call("POST", f"/spaces/{SPACE}/live")
        await self._write()
        await self._caption()
        await listener.page.click("#captions-switch")
        await listener.page.locator("#reactions button").first.click()
        await listener.page.locator("#comments summary").click(timeout=60_000)
        await listener.says("#comments-read", COMMENTS[-1][2])
        await listener.page.locator("#comments summary").click()  # the page itself is to be seen
        await listener.until("document.querySelector('#captions b')", "captions are shown")
        await stage.says("#comments-log", COMMENTS[-1][2])
        await stage.page.evaluate("scrollTo(0, 0)")
        await self.album.take(stage, "stage", WIDE, when=f"{TALKING} && {GREEN} && {PICTURED}")
        await listener.page.evaluate("scrollTo(0, 0)")
        await self.album.take(
            listener, "live", PHONE, NIGHT, when=f"document.querySelector('#seats .talking') && {PICTURED}"
        )

    @property
    def _address(self) -> str:
        return self.house.settings.house_address

    async def _announce(self) -> None:
        """This evening's space, and others for the list."""
        now_ms = unix_ms(time.time())
        spaces: tuple[dict[str, Any], ...] = (
            {"id": "garden", "title": "A walk through the garden"},
            {"id": "news", "title": "Morning news, with questions", "scheduled_ms": now_ms + 40 * HOUR_MS},
            {"id": SPACE, "title": "Sense and Sensibility, read aloud", "scheduled_ms": now_ms + HOUR_MS // 5},
        )
        for space in spaces:
            made = await self.house.call("POST", "/spaces", {**space, "host_name": "Ada"})
        self._host = made["invitation"]
        await self.house.call("POST", "/spaces/garden/cancel")

    async def _seats(self) -> list[dict[str, Any]]:
        """The invitations of all who are to speak, the host's first."""
        guests = (("Grace", "speaker"), ("Charles", "co_host"), ("Mary", "speaker"))
        bodies = [{"name": name, "role": role} for name, role in guests]
        return [self._host, *[await self.house.call("POST", f"/spaces/{SPACE}/invitations", body) for body in bodies]]

    async def _account(self, handle: str, name: str, role: str = "member") -> StorageState:
        """Somebody with an account and a picture; the cookies of their browser."""
        invitation = (await self.house.call("POST", "/site/invitations", {"role": role}))["link"].partition("=")[2]
        wish = {"handle": handle, "name": name, "password": PASSWORD, "invitation": invitation}
        async with httpx.AsyncClient(
            base_url=f"{self._address}/api/v1", headers=OURS, trust_env=False, timeout=PATIENCE_S
        ) as person:
            (await person.post("/sign-up", json=wish)).raise_for_status()
            (await person.put("/account/picture", content=encoded(image=face()))).raise_for_status()
            for writer, _, text in COMMENTS:
                if writer == handle:
                    (await person.post(f"/spaces/{SPACE}/comments", json={"text": text})).raise_for_status()
            found = dict(person.cookies)
        return {"cookies": [{"name": key, "value": found[key], "domain": "localhost", "path": "/"} for key in found]}

    async def _claim(self, token: str, person: StorageState) -> None:
        """Makes a seat the account's of whoever is signed in there: so it has a picture."""
        cookies = {each["name"]: each["value"] for each in person["cookies"]}
        address = f"{self._address}/api/v1"
        async with httpx.AsyncClient(
            base_url=address, headers=OURS, cookies=cookies, trust_env=False, timeout=PATIENCE_S
        ) as client:
            (await client.post(f"/spaces/{SPACE}/claim", json={"token": token})).raise_for_status()

    async def _write(self) -> None:
        """What people of the audience write, what the hosts pin and say to each other, who asks to speak."""
        for handle, name, _ in COMMENTS:
            await self._account(handle, name)
        note = {"text": "The book, in the public domain", "url": "https://www.gutenberg.org/ebooks/161"}
        await self.house.call("POST", f"/spaces/{SPACE}/pins", note)
        await self.house.call("POST", f"/spaces/{SPACE}/requests", {"name": "Wanda"})
        await self.house.call("POST", f"/spaces/{SPACE}/backstage", {"text": "Grace has five more minutes."})

    async def _caption(self) -> None:
        """What the reader says, as those that recognise speech would have it: on the bus, and in the recording."""
        opened_ms = (await self.house.call("GET", f"/spaces/{SPACE}"))["doors_open_ms"]
        seat, at_ms = SeatId(self._host["seat"]), unix_ms(time.time()) - opened_ms
        cues = [
            Cue(SPACE, opened_ms, at_ms + 6000 * number, at_ms + 6000 * (number + 1), seat, "Ada", text, "en", at_ms)
            for number, text in enumerate(WORDS)
        ]
        async with join(self.house.settings, "captions", name="screenshots") as bus:
            log = CueLog(bus)
            for cue in cues:
                await log.publish(cue)
        transcript = wire.encode_transcript(Transcript(1, opened_ms, "by hand", cues))
        await Objects.open(self.house.settings.recordings_address).put(wire.object_key(SPACE), transcript)


async def run(album: Album) -> None:
    """Everything up, the evening, everything down."""
    album.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with async_playwright() as playwright, whole(folder / "data", edges=1) as house:
            reader = await launch(playwright, microphone=write_wav(folder / "reader.wav", voice("reader")))
            await Evening(house, album, reader, await launch(playwright)).take_all()


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.support.screenshots", description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--every-look", action="store_true", help="every page narrow and wide, light and dark")
    words.add_argument("--locale", default="en", help="whose language: en or de")
    asyncio.run(run(Album(**vars(words.parse_args()))))


if __name__ == "__main__":
    main()

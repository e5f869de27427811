"""A space's card in posts, with all of Stentor running: it follows the space, whoever is killed or cut off."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from html import unescape
from pathlib import Path
from typing import Any

import feedparser
import httpx
import msgspec
import pytest

from stentor.base.config import Settings
from stentor.house import role
from tests.integration.test_public_posts import Writer, writing
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S, patiently

HOUR_MS = 3_600_000
CUT_S = 60.0
"""At an edge that is cut off."""
RECORDED_S = 60.0
"""The archive finishes what it could follow, and the house opens the replay."""


class Host:
    """Somebody who hosts a space, and tries again while the house is killed beneath them."""

    def __init__(self, ada: Writer, browser: httpx.AsyncClient) -> None:
        self.ada, self.browser = ada, browser

    async def call(self, method: str, path: str, **body: Any) -> Any:
        async for _ in patiently():
            with suppress(httpx.TransportError):
                answer = await self.browser.request(method, f"/api/v1{path}", json=body or None)
                if answer.status_code < 500:
                    assert answer.is_success, answer.text
                    return answer.json()
        raise AssertionError("the house did not come back")

    async def posts(self, count: int) -> list[str]:
        """The ids of what they have posted, the newest first, once there are so many: there are never more."""
        async for _ in patiently():
            found = [each["id"] for each in (await self.call("GET", "/people/ada/posts"))["posts"]]
            assert len(found) <= count
            if len(found) == count:
                return found
        raise AssertionError(f"there are {len(found)} posts, not {count}")

    async def shows(self, path: str, *words: str, within_s: float = PATIENCE_S) -> None:
        """Waits until the card on a page says this, all of it; of words with ``|`` between them any."""
        deadline, page = asyncio.get_running_loop().time() + within_s, ""
        while not all(any(one in card(page) for one in each.split("|")) for each in words):
            assert asyncio.get_running_loop().time() < deadline, f"{path} says {card(page)!r}, not {words}"
            await asyncio.sleep(0.1)
            with suppress(httpx.TransportError):
                page = (await self.ada.public.get(path)).text


def card(page: str) -> str:
    """What the card in the newest post of a page says, as people read it."""
    found = re.search(r'<article class="post.*?<article class="space-card">(.*?)</article>', page, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split()) if found else ""


@asynccontextmanager
async def another_house(settings: Settings) -> AsyncIterator[None]:
    """A second house on the same database and bus."""
    other = msgspec.structs.replace(settings, port=free_port())
    task = asyncio.create_task(role.run(other, instance="house-1"), name="house-1")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def hosting(ada: Writer) -> AsyncIterator[Host]:
    ours = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
    house = f"http://127.0.0.1:{ada.site.settings.port}"
    async with httpx.AsyncClient(base_url=house, headers=ours, trust_env=False, timeout=PATIENCE_S) as browser:
        wish = {"handle": "ada", "password": "several words together"}
        assert (await browser.post("/api/v1/sign-in", json=wish)).is_success
        yield Host(ada, browser)


@pytest.mark.processes
async def test_the_card_follows_the_space(tmp_path: Path) -> None:
    """From its plan to its replay within five seconds, on the post's page, on the profile, on the front page and in the
    feed, while one of two houses is killed at each step; one post a moment. Where the bus stands still an edge says
    nothing old after a minute."""
    async with (
        writing(tmp_path, create_spaces="members") as ada,
        another_house(ada.site.settings),
        hosting(ada) as host,
    ):
        soon = round(time.time() * 1000) + HOUR_MS
        chosen = {"words": "Come along #radio", "again": ["live"]}
        await host.call("POST", "/spaces", id="evening", title="An <evening>", scheduled_ms=soon, announcing=chosen)
        await ada.site.kill("house-0")
        [first] = await host.posts(1)
        page = await ada.until(f"/@ada/{first}", 200, "An &lt;evening&gt;")
        assert 'content="Come along #radio\n\nAn &lt;evening&gt; – Starts ' in page.text
        assert "stale-if-error=30" in page.headers["cache-control"]
        for path in (f"/@ada/{first}", "/@ada", "/tags/radio", "/"):
            await host.shows(path, "Upcoming", "An <evening>")
        await host.shows("/@ada?lang=de", "Angekündigt")
        for doors in ("POST", "DELETE", "POST"):
            await host.call(doors, "/spaces/evening/doors")
        await ada.site.kill("house-0")
        await host.shows(f"/@ada/{first}", "Doors open", "Listen")
        await host.call("POST", "/spaces/evening/live")
        await ada.site.kill("house-0")
        await host.call("POST", "/spaces/evening/live")
        second, _ = await host.posts(2)
        for path in (f"/@ada/{second}", f"/@ada/{first}", "/@ada"):
            await host.shows(path, "Live", "Listen")
        [entry, _] = feedparser.parse((await ada.public.get("/@ada/feed.xml")).content).entries
        assert "– Live" in entry.description
        await host.call("POST", "/spaces/evening/end")
        await host.shows(f"/@ada/{first}", "Ended|Replay")  # the recording may be there by then
        await host.shows(f"/@ada/{first}", "Replay", "Play the replay", within_s=RECORDED_S)
        await host.shows(f"/@ada/{second}", "Replay")
        assert await host.posts(2) == [second, first]

        await host.call("POST", "/spaces", id="other", title="Another", announcing={"words": "Once more"})
        await host.call("POST", "/spaces/other/live")
        third = (await host.posts(3))[0]
        await host.shows(f"/@ada/{third}", "Live", "Another")
        bus = ada.site.worker("nats-server").pid
        assert bus is not None
        os.kill(bus, signal.SIGSTOP)
        try:
            ending = asyncio.create_task(host.call("POST", "/spaces/other/end"))
            deadline = asyncio.get_running_loop().time() + CUT_S
            while (await ada.public.get(f"/@ada/{third}")).status_code == 200:
                said = card((await ada.public.get(f"/@ada/{third}")).text)
                if "Live" not in said:
                    break
                assert asyncio.get_running_loop().time() < deadline, f"the card still says {said!r}"
                await asyncio.sleep(0.2)
        finally:
            os.kill(bus, signal.SIGCONT)
        await ending
        await host.shows(f"/@ada/{third}", "Replay", within_s=CUT_S)

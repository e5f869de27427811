"""Posts are text wherever they stand, also where nobody is signed in: each kind of page with them, in a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.browser.conftest import Browsers
from tests.browser.test_home import OURS, picture
from tests.browser.test_hostile import HOSTILE, INJECTED, QUOTED, Trap
from tests.browser.test_people import at, invitation, sign_up
from tests.support.browser import visit
from tests.support.wait import PATIENCE_S, patiently
from tests.support.whole import Whole

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
HANDLE = "eve-words"
OTHER = "eve-answers"


@asynccontextmanager
async def unkind(house: Whole, handle: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody whose name and bio are markup."""
    link = await invitation(house, "member")
    body = {"handle": handle, "name": HOSTILE[:60], "password": "several words together"}
    async with httpx.AsyncClient(
        base_url=at(house, "/api/v1"), headers=OURS, trust_env=False, timeout=PATIENCE_S
    ) as http:
        made = await http.post("/sign-up", json={**body, "invitation": link.partition("=")[2]})
        assert made.is_success, made.text
        assert (await http.patch("/account", json={"bio": HOSTILE})).is_success
        assert (await http.put("/search/own", json={"findable": True})).is_success
        yield http


async def post(http: httpx.AsyncClient, **more: Any) -> str:
    answer = await http.post("/posts", json={"text": f"Unkind {HOSTILE} #unkind", **more})
    assert answer.is_success, f"{more}: {answer.text}"
    found: str = answer.json()["id"]
    return found


async def written(house: Whole) -> dict[str, str]:
    """Posts with markup in all that posts have; their ids by their addresses. New accounts write four at once."""
    await house.call("POST", "/spaces", {"id": "hostile-card", "title": HOSTILE, "host_name": HOSTILE})
    async with unkind(house, HANDLE) as eve, unkind(house, OTHER) as other:
        media = (await eve.put("/media", content=picture())).json()["id"]
        assert (await eve.patch(f"/media/{media}", json={"alt": HOSTILE})).is_success
        mine = [
            await post(eve, media=[media]),
            await post(eve, warning=HOSTILE),
            await post(eve, poll={"answers": [HOSTILE[:70], "b"], "open_s": 3600}),
        ]
        answer = await post(other, reply_to=mine[0])
        theirs = [answer, await post(other, quote=answer), await post(other, space="hostile-card")]
        async for _ in patiently():
            answered = await eve.get("/search", params={"q": "unkind"})
            if answered.is_success and answered.json()["posts"]:
                break
            await asyncio.sleep(1)  # who searches more often is asked to wait
        else:
            raise AssertionError("they are not found")
    return {f"/@{HANDLE}/{each}": each for each in mine} | {f"/@{OTHER}/{each}": each for each in theirs}


async def test_posts_are_text_at_an_edge(house: Whole, browsers: Browsers) -> None:
    """For visitors: profile, each kind of post with its thread, tag, front page, search; and the feed, which is
    given as what no browser runs."""
    posts = await written(house)
    edge = house.settings.audience_address
    async with visit(browsers.plain, f"{edge}/") as page:
        trap = Trap(page)
        for path in (f"/@{HANDLE}", f"/@{OTHER}", "/tags/unkind", "/", *posts):
            for language in ("", "?lang=de"):
                async for _ in patiently():
                    answer = await page.page.goto(f"{edge}{path}{language}")
                    if answer is not None and answer.ok and "Unkind" in (await page.page.text_content("main") or ""):
                        break
                else:
                    raise AssertionError(f"{path} says nothing of it")
                await trap.shows("main")
        await page.page.goto(f"{edge}/@{HANDLE}")
        await trap.shows(".bio")
        await page.page.goto(f"{edge}{next(iter(posts))}")
        assert await page.page.get_attribute("article .pictures img", "alt") == HOSTILE
        told = await page.page.locator("meta[property='og:description']").get_attribute("content")
        assert HOSTILE in (told or "")
        await page.page.goto(f"{edge}/?q={QUOTED}")
        await trap.clean()
        feed = (await page.page.request.get(f"{edge}/@{HANDLE}/feed.xml")).headers["content-type"]
        assert feed.startswith("application/rss+xml"), "no browser runs what stands in it"


async def test_posts_are_text_at_the_house(house: Whole, browsers: Browsers) -> None:
    """For who is signed in: timelines, profile, threads, search, and what they are told of."""
    async with visit(browsers.plain, await invitation(house, "member")) as page:
        trap = Trap(page)
        await sign_up(page, "Reader", "reader-of-words")
        found = []
        for handle in (HANDLE, OTHER):
            answer = await page.page.context.request.get(at(house, f"/api/v1/people/{handle}/posts"))
            found += (await answer.json())["posts"]
        assert len(found) == 6
        for path in (
            "/home/local", f"/home/people/{HANDLE}", "/search?q=unkind", "/home/tags/unkind",
            *(f"/home/posts/{each['id']}" for each in found),
        ):  # fmt: skip
            shown = await page.page.goto(at(house, path))
            assert shown is not None, path
            assert shown.ok, path
            await trap.shows("main")
            assert await page.page.locator(INJECTED).count() == 0
        await page.page.goto(at(house, f"/search?q={QUOTED}"))
        await trap.clean()

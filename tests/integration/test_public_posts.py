"""Posts as public pages, with all of Stentor running: there soon, and gone soon.

How soon, and whoever is dead or cut off, shows ``test_withdrawn_posts``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest

from stentor.social import text
from stentor.social.ids import PostIds
from stentor.social.model import Audience
from stentor.store.actors import ActorsTable
from stentor.store.posts import Composed, PostsTable, Rewritten
from stentor.store.spaces import Store
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole


class Writer:
    """Somebody who posts, and everybody else, who looks at the edge."""

    def __init__(self, site: Whole, store: Store, public: httpx.AsyncClient) -> None:
        self.site, self.store, self.public = site, store, public
        self.posts, self._ids = PostsTable(store.work), PostIds(7)
        self.account = ""
        self.number = 0

    async def sign_up(self, handle: str = "ada", name: str = "Ada <b>") -> None:
        ours = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
        wish = {"handle": handle, "name": name, "password": "several words together"}
        house = f"http://127.0.0.1:{self.site.settings.port}/api/v1"
        async with httpx.AsyncClient(headers=ours, trust_env=False, timeout=PATIENCE_S) as browser:
            reply = await browser.post(f"{house}/sign-up", json=wish)
            assert reply.status_code == 201, reply.text
        found = await self.store.accounts.find(handle)
        assert found is not None
        self.account = found.id
        self.number = await ActorsTable(self.store.work).of_account(found.id)

    async def post(self, words: str, audience: Audience = Audience.PUBLIC, **more: object) -> int:
        now_ms = round(time.time() * 1000)
        made = self._ids.new(now_ms)
        what = Composed(
            text=words, html=lambda _: text.html(words, {}), tags=text.tags(words), visibility=audience,
            **more,  # type: ignore[arg-type]
        )  # fmt: skip
        await self.posts.add(made, self.number, what, now_ms=now_ms)
        return made

    async def older(self, path: str) -> tuple[httpx.Response, str]:
        """The first page of a long list, and where the next one is."""
        first = await self.until(path, 200, '<link rel="next"')
        return first, first.text.partition('<link rel="next" href="')[2].partition('"')[0]

    async def until(self, path: str, status: int, has: str = "") -> httpx.Response:
        """Waits until the edge answers so."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        reply = await self.public.get(path)
        while reply.status_code != status or has not in reply.text:
            assert asyncio.get_running_loop().time() < deadline, f"{path}: {reply.status_code}, {reply.text[:3000]}"
            await asyncio.sleep(0.1)
            reply = await self.public.get(path)
        return reply


@asynccontextmanager
async def writing(folder: Path, **settings: Any) -> AsyncIterator[Writer]:
    async with whole(folder, edges=1, sign_up="open", **settings) as site:
        store = await Store.open(site.settings.database_address)
        try:
            page = {"Accept": "text/html"}
            async with httpx.AsyncClient(
                base_url=site.settings.audience_address, headers=page, trust_env=False, timeout=PATIENCE_S
            ) as public:
                writer = Writer(site, store, public)
                await writer.sign_up()
                yield writer
        finally:
            await store.close()


@pytest.mark.processes
async def test_a_post_comes_and_goes(tmp_path: Path) -> None:
    """On its page, its author's, its tag's, the front page and in a feed; changed, renamed, suspended and deleted it is
    so everywhere at once. What is for followers never is a file."""
    async with writing(tmp_path) as ada:
        first = await ada.post("Hello <script> #Radio")
        quiet = await ada.post("Only for friends", Audience.FOLLOWERS)
        page = await ada.until(f"/@ada/{first}", 200, "Hello &lt;script&gt;")
        assert "Ada &lt;b&gt;" in page.text
        assert page.headers["cache-control"].startswith("public, max-age=0, s-maxage=10")
        assert page.headers["vary"] == "Accept-Encoding"
        assert page.headers["surrogate-key"] == f"p{first} a{ada.number}"
        for path in ("/@ada", "/@ada?lang=de", "/tags/radio", "/"):
            await ada.until(path, 200, "Hello &lt;script&gt;")
        [entry] = feedparser.parse((await ada.public.get("/@ada/feed.xml")).content).entries
        assert entry.link.endswith(f"/@ada/{first}")
        same = await ada.public.get(f"/@ada/{first}", headers={"If-None-Match": page.headers["etag"]})
        assert same.status_code == 304
        assert (await ada.public.get(f"/@ada/{quiet}")).status_code == 404
        answer = await ada.post("An answer", reply_to=first)
        await ada.until(f"/@ada/{first}", 200, "An answer")
        await ada.until(f"/@ada/{answer}", 200, "Hello &lt;script&gt;")

        rewritten = Rewritten(text="Good bye #Radio", html=lambda _: "<p>Good bye</p>", tags=["radio"])
        await ada.posts.change(first, ada.number, rewritten, now_ms=round(time.time() * 1000))
        for path in (f"/@ada/{first}", "/@ada", "/tags/radio", "/"):
            await ada.until(path, 200, "Good bye")
        await ada.store.accounts.change(ada.account, name="Countess")
        for path in (f"/@ada/{first}", "/@ada", "/tags/radio", "/"):
            assert "Ada &lt;b&gt;" not in (await ada.until(path, 200, "Countess")).text
        await ada.store.accounts.suspend(ada.account, 1)
        for path in (f"/@ada/{first}", f"/@ada/{answer}", "/@ada"):
            await ada.until(path, 410)
        await ada.until("/tags/radio", 404)
        assert "Good bye" not in (await ada.public.get("/")).text
        await ada.store.accounts.suspend(ada.account, None)
        await ada.until(f"/@ada/{first}", 200, "Good bye")
        await ada.posts.remove(first, ada.number, now_ms=1)
        await ada.until(f"/@ada/{first}", 410)
        for path in ("/@ada", "/"):
            assert "Good bye" not in (await ada.public.get(path)).text
        await ada.until("/@ada", 200, "An answer")
        older = await _look_at_older_posts(ada)
        await ada.store.accounts.deletions.delete(ada.account, by=None, digest="d" * 64, now_ms=1)
        for path in (f"/@ada/{answer}", "/@ada", older):
            await ada.until(path, 410)
        kept = [each for each in (tmp_path / "objects" / "public").rglob("*.json") if b"answer" in each.read_bytes()]
        assert not kept, "no text of a deleted account is left"


async def _look_at_older_posts(ada: Writer) -> str:
    """They stand on pages of their own, which lead to each other; what is deleted goes from there, too. The address of
    hers."""
    posts = [await ada.post(f"Old {number}. #many") for number in range(45)]
    found = []
    for path in ("/tags/many", "/@ada"):
        first, older = await ada.older(path)
        found.append(older)
        page = await ada.until(older, 200, "Old 3.")
        assert f'<link rel="prev" href="{path}">' in page.text
        assert f'rel="prev" href="{path}"' in page.text.partition("<main")[2]
        assert "Old 40." not in page.text
        assert "Old 3." not in first.text
        assert f"p{posts[3]}" in page.headers["surrogate-key"]
        assert (await ada.public.get(f"{path}/older/{posts[3] + 1}")).status_code == 404
    await ada.posts.remove(posts[3], ada.number, now_ms=1)
    await ada.until(f"/@ada/{posts[3]}", 410)
    for older in found:
        assert "Old 3." not in (await ada.until(older, 200, "Old 4.")).text
    return found[-1]

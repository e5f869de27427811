"""Ada, who has an account at a Stentor that runs as a whole, and what she and her site look like to other servers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from stentor.client import speak
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

Post = dict[str, Any]


@dataclass
class Ada:
    """Her site, her client of the API, and the number by which others know her."""

    site: Whole
    client: httpx.AsyncClient
    number: str = ""

    @property
    def actor(self) -> str:
        return f"{self.site.settings.audience_address}/ap/actors/{self.number}"

    def uri(self, post: Post) -> str:
        return f"{self.site.settings.audience_address}/ap/posts/{post['id']}"

    async def post(self, text: str, **fields: object) -> Post:
        reply = await self.client.post("/posts", json={"text": text, **fields})
        assert reply.status_code == 201, reply.text
        found: Post = reply.json()
        return found

    async def do(self, method: str, path: str, **fields: object) -> Any:
        reply = await self.client.request(method, path, json=fields or None)
        assert reply.is_success, f"{method} {path}: {reply.text}"
        return reply.json() if reply.content else None

    async def picture(self, alt: str) -> str:
        """The number of a picture of hers, to be posted."""
        out = io.BytesIO()
        Image.new("RGB", (800, 600), "red").save(out, "JPEG")
        kept = await self.client.put("/media", content=out.getvalue())
        assert kept.status_code == 201, kept.text
        found = str(kept.json()["id"])
        await self.do("PATCH", f"/media/{found}", alt=alt)
        return found

    async def follow(self, address: str) -> None:
        """Follows somebody elsewhere by their name, as the page does; and waits until they let her."""
        pages = self.client.base_url.copy_with(path="/home/elsewhere")
        asked = await self.client.post(pages, data={"address": address})
        assert (asked.status_code, asked.headers["location"]) == (303, "/home/people/ada/following?asked")

        async def follows() -> bool | None:
            reply = await self.client.get(f"/people/{address.removeprefix('@').lower()}")
            return True if reply.status_code == 200 and reply.json()["following"] else None

        await until(follows, f"Ada is let follow {address}")

    async def home(self, text: str) -> Post:
        """The post of her home timeline that says so, once it is there."""

        async def look() -> Post | None:
            page = await self.do("GET", "/timelines/home")
            return next((each for each in page["posts"] if text in each["text"]), None)

        found: Post = await until(look, f"{text!r} is on the home timeline")
        return found

    async def shown(self, post: str, fits: Callable[[Post], bool], reason: str) -> Post:
        """A post as she sees it, once it is so."""

        async def look() -> Post | None:
            found = await self.do("GET", f"/posts/{post}")
            return found if fits(found) else None

        seen: Post = await until(look, reason)
        return seen

    async def counts(self, post: str, name: str, count: int) -> None:
        """Waits until so many like, have boosted, or have answered a post."""
        await self.shown(post, lambda each: each["counts"][name] == count, f"{count} {name}")

    async def gone(self, post: str) -> None:
        """Waits until a post is there no more."""

        async def look() -> bool | None:
            return True if (await self.client.get(f"/posts/{post}")).status_code == 404 else None

        await until(look, "the post is gone here")

    async def followed_by(self, name: str, *, on: bool = True) -> None:
        """Waits until somebody follows her, or does no more."""

        async def look() -> bool | None:
            return True if (await self.do("GET", f"/people/{name}"))["followed_by"] == on else None

        await until(look, f"{name} follows her" if on else f"{name} follows her no more")


@asynccontextmanager
async def talking(site: Ada, space: str, token: str) -> AsyncIterator[None]:
    """A host talks meanwhile, from when she is connected."""
    base = f"http://127.0.0.1:{site.site.settings.port}"
    task = asyncio.create_task(speak.speak(base, space, ("reader",), name="Ada", token=token))
    try:
        await site.site.until(space, lambda view: view["seats"][0]["state"] == "connected", "the host is on the stage")
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(look: Callable[[], Awaitable[Any]], reason: str) -> Any:
    """What ``look`` gives, once it gives something."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while (found := await look()) is None:
        assert asyncio.get_running_loop().time() < deadline, f"waited in vain: {reason}"
        await asyncio.sleep(0.1)
    return found


@asynccontextmanager
async def ada(folder: Path, *, networks: str = "127.0.0.1,::1") -> AsyncIterator[Ada]:
    """A whole site that is part of the fediverse, once Ada's document is served. Couriers reach ``networks``."""
    more: dict[str, Any] = {"create_spaces": "members", "new_account_hours": 0, "address_requests": 0}
    async with (
        whole(folder, edges=1, sign_up="open", federation="on", courier_networks=networks, **more) as site,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{site.settings.port}/api/v1", trust_env=False, timeout=PATIENCE_S,
            headers={"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"},
        ) as client,
    ):  # fmt: skip
        wish = {"handle": "ada", "name": "Ada", "password": "several words together"}
        assert (await client.post("/sign-up", json=wish)).status_code == 201
        made = Ada(site, client, (await client.get("/people/ada")).json()["person"]["id"])

        async def known() -> bool | None:
            async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as anyone:
                return True if (await anyone.get(made.actor)).status_code == 200 else None

        await until(known, "Ada has a key, and her document is served")
        yield made

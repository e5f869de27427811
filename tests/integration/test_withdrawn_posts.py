"""What is withdrawn is gone wherever it stood: deleted, taken down, its author suspended or renamed.

The promise: at an edge that hears the bus within :data:`CONNECTED_S` of the answer to whoever withdrew it, also while
thousands of posts wait to be shown, and with the house dead as soon as it has written so; behind a cache that nobody
can tell, and at an edge that is cut off, within :data:`CUT_S`, whatever becomes of the house that gave the answer.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
from sqlalchemy import Connection, func, select

from stentor.social import public, text
from stentor.social.ids import PostIds
from stentor.social.model import Audience, Post
from stentor.store.objects import Objects
from stentor.store.outbox_tables import outbox
from stentor.store.posts import Composed, PostsTable, insert_post
from stentor.store.spaces import Store
from tests.integration.test_posts import put, upload
from tests.support import caches, debian
from tests.support.house import client
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S, patiently
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.realtime, pytest.mark.processes, pytest.mark.timeout(240)]  # what is promised are seconds
CONNECTED_S: Final = 5.0
CUT_S: Final = 60.0
WITHDRAWN: Final = ("deleted", "down", "suspended", "renamed")
"""What happens to each of four people: both their posts are deleted, or taken down by moderators, or they are
suspended, or have another name. Each has the word as handle."""
FIRST_PAGE: Final = 40
"""So many posts push those before them onto a page of older ones."""
WAITING: Final = 3000
"""Posts that wait to be shown: some ten seconds of a house."""
PLACES: Final = (
    "post", "older post", "profile", "profile in German", "older posts of them", "tag", "older posts of the tag",
    "front page", "thread", "carried on", "feed", "picture", "small picture", "note", "what they did", "person",
    "name",
)  # fmt: skip
OF_POSTS: Final = {"post", "older post", "note"}
OF_PICTURES: Final = {"picture", "small picture"}
OF_PEOPLE: Final = OF_POSTS | {
    "profile", "profile in German", "older posts of them", "feed", "what they did", "person", "name"
}  # fmt: skip
WITHOUT_WORDS: Final = {"person", "name"}
"""Say nothing of posts."""
GONE: Final[Mapping[str, Mapping[int, set[str]]]] = {
    "deleted": {410: OF_POSTS, 404: OF_PICTURES},
    "down": {410: OF_POSTS, 404: OF_PICTURES},
    "suspended": {410: OF_PEOPLE, 404: OF_PICTURES},
    "renamed": {},
}
"""Places that answer so afterwards. All others are still there, and say nothing of what was withdrawn."""
Row = tuple[str, str]
"""What was done, and a place."""


def word(handle: str) -> str:
    """In each post of somebody that is withdrawn, and in no other."""
    return f"Word{handle}"


def name(handle: str) -> str:
    return f"Name{handle}"


class Town:
    """Four people with two posts each, one of them on pages of older ones, somebody who answers and carries on, and
    somebody who posts much."""

    def __init__(self, site: Whole, store: Store) -> None:
        self.site, self.store = site, store
        self.posts, self.ids = PostsTable(store.work), PostIds(7)
        self.people: dict[str, httpx.AsyncClient] = {}
        self.number: dict[str, int] = {}
        self.made: dict[str, list[dict[str, Any]]] = {each: [] for each in WITHDRAWN}
        self.where: dict[Row, str] = {}
        self.answered_s: dict[str, float] = {}
        """When whoever withdrew it had the answer (monotonic)."""

    async def begin(self, stack: AsyncExitStack) -> None:
        house = f"http://127.0.0.1:{self.site.settings.port}"
        for each, handle in enumerate((*WITHDRAWN, "reader", "crowd")):
            headers = {"X-Forwarded-For": f"10.0.0.{each + 1}", "Sec-Fetch-Site": "same-origin"}
            http = self.people[handle] = await stack.enter_async_context(client(house, **headers))
            wish = {"handle": handle, "name": name(handle), "password": "several words together"}
            assert (await http.post("/api/v1/sign-up", json=wish)).status_code == 201
            self.number[handle] = int((await http.get(f"/api/v1/people/{handle}")).json()["person"]["id"])
        await self._write()
        reader = self.people["reader"]
        for handle in WITHDRAWN:
            post = self.made[handle][1]["id"]
            answer = await put(reader, "An answer", reply_to=post)
            self.where[handle, "thread"] = f"/@reader/{answer['id']}"
            assert (await reader.put(f"/api/v1/posts/{post}/boost")).is_success

    async def _write(self) -> None:
        for number in range(2):
            for handle in WITHDRAWN:
                media = [(await upload(self.people[handle]))["id"]]
                self.made[handle].append(await put(self.people[handle], f"{word(handle)} {number} #many", media=media))
            for each in range(FIRST_PAGE * (number == 0)):
                for handle in WITHDRAWN:
                    await self._fill(handle, f"Later {each}" + " #many" * (handle == WITHDRAWN[0]))

    async def _fill(self, handle: str, words: str) -> None:
        """A post past the limits of the house."""
        now_ms = round(time.time() * 1000)
        what = Composed(text=words, html=lambda _: text.html(words, {}), tags=text.tags(words))
        await self.posts.add(self.ids.new(now_ms), self.number[handle], what, now_ms=now_ms)

    async def flood(self) -> None:
        """Posts that wait to be shown, as after an import."""
        now_ms = round(time.time() * 1000)

        def work(connection: Connection) -> None:
            for each in range(WAITING):
                row = Post(
                    id=self.ids.new(now_ms), author=self.number["crowd"], visibility=Audience.UNLISTED,
                    created_ms=now_ms, text=f"{each}", html=f"<p>{each}</p>",
                )  # fmt: skip
                insert_post(connection, row)

        await self.store.work.write(work)

    async def waiting(self) -> int:
        query = select(func.count()).select_from(outbox)
        return await self.store.work.read(lambda connection: connection.execute(query).scalar_one())

    async def look(self, edge: httpx.AsyncClient) -> None:
        """Notes where everything stands, once it does."""
        with closing(sqlite3.connect(self.site.settings.folder / "stentor.db")) as database:
            query = "SELECT key FROM media WHERE id = ?"
            keys = {
                handle: database.execute(query, [int(self.made[handle][1]["media"][0]["id"])]).fetchone()[0]
                for handle in WITHDRAWN
            }
        host = httpx.URL(self.site.settings.audience_address).netloc.decode()
        for handle in WITHDRAWN:
            old, new = (each["id"] for each in self.made[handle])
            actor = f"/ap/actors/{self.number[handle]}"
            self.where |= {
                (handle, place): path
                for place, path in {
                    "post": f"/@{handle}/{new}", "older post": f"/@{handle}/{old}",
                    "profile": f"/@{handle}", "profile in German": f"/@{handle}?lang=de",
                    "older posts of them": await self._older(edge, f"/@{handle}", word(handle)),
                    "tag": "/tags/many", "older posts of the tag": await self._older(edge, "/tags/many", word(handle)),
                    "front page": "/", "carried on": "/@reader", "feed": f"/@{handle}/feed.xml",
                    "picture": f"/media/{keys[handle]}.webp", "small picture": f"/media/{keys[handle]}-small.webp",
                    "note": f"/ap/posts/{new}", "what they did": f"{actor}/outbox", "person": actor,
                    "name": f"/.well-known/webfinger?resource=acct:{handle}@{host}",
                }.items()
            }  # fmt: skip
        assert {place for _, place in self.where} == set(PLACES)
        for (handle, place), path in self.where.items():
            said = "" if place in OF_PICTURES | WITHOUT_WORDS else word(handle)
            await _until(edge, path, said)

    async def _older(self, edge: httpx.AsyncClient, path: str, said: str) -> str:
        """The page of older posts on which this stands."""
        page = await _until(edge, path, '<link rel="next"')
        while True:
            path = page.partition('<link rel="next" href="')[2].partition('"')[0]
            assert path, f"there is no page of older posts with {said}"
            page = await _until(edge, path, "")
            if said in page:
                return path

    async def withdraw(self) -> None:
        """All four, as people do it."""
        for each in self.made["deleted"]:
            answer = await self.people["deleted"].delete(f"/api/v1/posts/{each['id']}")
            assert answer.is_success, answer.text
        self.answered_s["deleted"] = time.monotonic()
        for each in self.made["down"]:
            report = {"kind": "post", "id": each["id"], "why": "spam"}
            assert (await self.people["reader"].post("/api/v1/reports", json=report)).is_success
            case = (await self.site.call("GET", "/moderation/cases"))["cases"][0]["number"]
            ruling = {"action": "hide", "reason": "Because."}
            await self.site.call("POST", f"/moderation/cases/{case}/decisions", ruling)
        self.answered_s["down"] = time.monotonic()
        await self.site.call("PATCH", "/accounts/suspended", {"suspended": True})
        self.answered_s["suspended"] = time.monotonic()
        answer = await self.people["renamed"].patch("/api/v1/account", json={"name": "Countess"})
        assert answer.is_success, answer.text
        self.answered_s["renamed"] = time.monotonic()

    async def written(self) -> None:
        """Waits until the house has written so."""
        kept = Objects.open(self.site.settings.recordings_address)
        posts = [each["id"] for each in self.made["deleted"] + self.made["down"]]
        wanted = [(public.key(public.POST, each), b"gone") for each in posts]
        wanted += [
            (public.key(public.CARD, self.number["suspended"]), b"suspended"),
            (public.key(public.CARD, self.number["renamed"]), b"Countess"),
        ]
        for key, has in wanted:
            async for _ in patiently():
                if has in await kept.get(key):
                    break
        async for _ in patiently():  # those pictures that the house takes away by itself
            if not await self._pictures():
                return
        raise AssertionError("pictures are left")

    async def _pictures(self) -> list[str]:
        kept = Objects.open(self.site.settings.recordings_address)
        paths = [path for (handle, place), path in self.where.items() if place == "picture" and handle != "renamed"]
        return [each for each in paths if await kept.size(each[1:]) is not None]

    def wrong(self, row: Row, answer: httpx.Response) -> str:
        """What is wrong with what stands in a place; empty where nothing is."""
        handle, place = row
        status = next((each for each, places in GONE[handle].items() if place in places), 200)
        if answer.status_code != status:
            return f"{answer.status_code}, not {status}"
        said = [name(handle)] if handle == "renamed" else [word(handle)]
        said += [name(handle)] if handle == "suspended" else []
        found = [] if place in OF_PICTURES else [each for each in said if each in answer.text]
        return f"says {found}" if found else ""

    async def gone(self, at: str, edge: httpx.AsyncClient, within_s: float) -> None:
        """Fails where something is there later than so long after the answer, or comes back."""
        late: dict[Row, str] = {}
        took: dict[Row, float] = dict.fromkeys(self.where, 0.0)
        until_s = max(self.answered_s.values()) + within_s
        right = 0
        while right < 5:
            wrong = {}
            for row, path in self.where.items():
                asked_s = time.monotonic()
                if found := self.wrong(row, await edge.get(path)):
                    wrong[row] = found
                    took[row] = asked_s - self.answered_s[row[0]]
                    if took[row] > within_s:
                        late[row] = f"{self.where[row]}: {found} after {took[row]:.1f} s"
            right = 0 if wrong else right + 1
            assert time.monotonic() < until_s + PATIENCE_S or not wrong, f"{at}: {wrong}"
            await asyncio.sleep(0.2)
        worst = max(took, key=lambda row: took[row])
        print(f"{at}: all gone {took[worst]:.1f} s after the answer at the latest ({', '.join(worst)})")
        assert not late, f"{at}, {within_s:.0f} s: {late}"

    def stop(self, worker: str, number: signal.Signals = signal.SIGSTOP) -> None:
        """A process stands still, as behind a cut cable, or goes on."""
        pid = self.site.worker(worker).pid
        assert pid is not None
        os.kill(pid, number)


async def _until(edge: httpx.AsyncClient, path: str, has: str) -> str:
    answer = await edge.get(path)
    async for _ in patiently():
        answer = await edge.get(path)
        if answer.status_code == 200 and (not has or has in answer.text):
            return answer.text
    raise AssertionError(f"{path}: {answer.status_code}, without {has}: {answer.text[:2000]}")


def _looking(address: str) -> httpx.AsyncClient:
    """Each request by a connection of its own: any of the edges may answer."""
    return httpx.AsyncClient(
        base_url=address, headers={"Accept": "text/html"}, trust_env=False, timeout=PATIENCE_S,
        limits=httpx.Limits(max_keepalive_connections=0),
    )  # fmt: skip


class Looking(msgspec.Struct):
    """A town, who looks at its edges, and who looks at Varnish before them. Both have seen everything."""

    town: Town
    edges: httpx.AsyncClient
    cached: httpx.AsyncClient

    async def gone(self, edges_s: float) -> None:
        await asyncio.gather(
            self.town.gone("edges", self.edges, edges_s), self.town.gone("Varnish", self.cached, CUT_S)
        )  # fmt: skip


@asynccontextmanager
async def looking(folder: Path) -> AsyncIterator[Looking]:
    free: dict[str, Any] = {"sign_up": "open", "new_account_hours": 0, "new_poster_days": 0}
    async with whole(folder, edges=2, federation="on", **free) as site, AsyncExitStack() as stack:
        store = await Store.open(site.settings.database_address)
        stack.push_async_callback(store.close)
        town = Town(site, store)
        await town.begin(stack)
        edges = await stack.enter_async_context(_looking(site.settings.audience_address))
        await town.look(edges)
        [port] = free_ports(1)
        command = caches.varnish(folder, port, site.settings.audience_port, site.settings.port)
        await stack.enter_async_context(debian.running(command, port, folder / "varnish.log"))
        cached = await stack.enter_async_context(_looking(f"http://127.0.0.1:{port}"))
        for path in town.where.values():
            assert (await cached.get(path)).status_code == 200, path
        yield Looking(town, edges, cached)


async def test_gone_where_all_is_well(tmp_path: Path) -> None:
    """At both edges, and behind Varnish, while thousands of posts wait to be shown."""
    async with looking(tmp_path) as at:
        await at.town.flood()
        await at.town.withdraw()
        assert await at.town.waiting() > WAITING / 4, "there is nothing that they could have waited for"
        await at.gone(CONNECTED_S)


async def test_gone_where_edges_are_cut_off(tmp_path: Path) -> None:
    """The bus stands still before anything is withdrawn: edges and the house hear nothing of each other."""
    async with looking(tmp_path) as at:
        at.town.stop("nats-server")
        try:
            await at.town.withdraw()
            await at.gone(CUT_S)
        finally:
            at.town.stop("nats-server", signal.SIGCONT)


async def test_gone_where_the_house_is_dead(tmp_path: Path) -> None:
    """It stands still as soon as it has written so; an edge that begins anew finds nothing either."""
    async with looking(tmp_path) as at:
        await at.town.withdraw()
        await at.town.written()
        at.town.stop("house-0")
        try:
            await at.gone(CONNECTED_S)
            await at.town.site.kill("edge-0")
            at.town.answered_s = dict.fromkeys(WITHDRAWN, time.monotonic())
            await at.town.gone("an edge that begins anew", at.edges, 0.0)
        finally:
            at.town.stop("house-0", signal.SIGCONT)


async def test_gone_where_the_house_dies_with_the_answer(tmp_path: Path) -> None:
    """It is killed before it has written anything: the one that is started in its place does."""
    async with looking(tmp_path) as at:
        await at.town.withdraw()
        await at.town.site.kill("house-0")
        await at.gone(CUT_S)

"""Private spaces with all of Stentor running: what each role learns of them, and who hears on."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from functools import partial

import httpx
import pytest
import pytest_asyncio

from stentor.base import config
from stentor.base.log import pseudonym
from stentor.bus.board import Board
from stentor.bus.documents import Gone
from stentor.bus.identity import join
from stentor.bus.permissions import may_subscribe
from stentor.people.digests import digest
from stentor.people.model import Account, Session, SiteRole
from stentor.spaces.model import Space
from stentor.store.spaces import Store
from tests.support.house import client
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

pytestmark = pytest.mark.asyncio(loop_scope="module")
TITLE = "Quiet plans"
SECRETS = (TITLE, "Nobody must know", "Whom we ask", "Opening words")
UNTITLED = ("archive", "captions", "programme", "stage", "operator")
"""Roles that need no title."""
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    async with whole(tmp_path_factory.mktemp("private"), edges=2) as running:
        yield running


async def made(site: Whole, visibility: str) -> str:
    """A private space with its doors open, and words of every kind."""
    wish = {"title": TITLE, "host_name": "Ada", "language": "en", "visibility": visibility, "description": SECRETS[1]}
    space = str((await site.call("POST", "/spaces", wish))["space"]["id"])
    await site.call("POST", f"/spaces/{space}/pins", {"text": SECRETS[2]})
    await site.call("PUT", f"/spaces/{space}/rundown", {"items": [{"title": SECRETS[3]}]})
    await site.call("POST", f"/spaces/{space}/doors")
    return space


async def sign_in(site: Whole, handle: str) -> dict[str, str]:
    """An account that is signed in: what its browser sends."""
    store = await Store.open(site.settings.database_address)
    token, now_ms = secrets.token_urlsafe(32), 2**41
    try:
        account = Account(id=f"a-{handle}", handle=handle, name=handle.title(), role=SiteRole.MEMBER, created_ms=1)
        await store.accounts.create(account, password=None, passkey=None, codes=[])
        await store.accounts.begin(Session(digest=digest(token), account=account.id, created_ms=now_ms, seen_ms=now_ms))
    finally:
        await store.close()
    return {"Cookie": f"stentor={token}", **OURS}


class Listener:
    """Somebody with a pass: a browser that keeps the cookie. Each request is a connection, to this edge or to that."""

    def __init__(self, site: Whole, space: str, given: dict[str, str]) -> None:
        self.space, self.base, self.text = space, given["base"], given["listener_pass"]
        self.address = f"http://{site.settings.host}:{site.settings.audience_port}"
        self.cookie = {"Cookie": f"stentor-pass-{space}={self.text}"}

    async def asks(self, path: str, *, follows: bool = False, **headers: str) -> httpx.Response:
        async with client(self.address, **self.cookie, **headers) as http:
            return await http.get(path, follow_redirects=follows)

    async def until(self, status: int, *paths: str, within_s: float = PATIENCE_S) -> None:
        """Waits until all of these are answered so, with redirects followed where something is wanted."""
        async with asyncio.timeout(within_s):
            for path in paths:
                while (await self.asks(path, follows=status == 200)).status_code != status:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)

    async def part(self, base: str) -> str:
        """The newest part that a playlist below ``base`` names; waits until the first one is there."""
        told = await self.asks(f"{base}/aac-64.m3u8", follows=True)
        assert told.status_code == 200, told.text
        found = re.findall(r'PART:.*URI="([^"]+)"', told.text)
        return f"{told.url.path.rpartition('/')[0]}/{found[-1]}"


async def entered(site: Whole, space: str, body: dict[str, str], headers: dict[str, str] | None = None) -> Listener:
    async with client(str(site.client.base_url), **(headers or {})) as browser:
        answer = await browser.post(f"/api/v1/spaces/{space}/entrance", json=body)
    assert answer.status_code == 200, answer.text
    return Listener(site, space, answer.json())


@contextlib.asynccontextmanager
async def stream(
    listener: Listener, base: str, player: str = "", http: httpx.AsyncClient | None = None
) -> AsyncIterator[asyncio.Task[int]]:
    """Hears the live stream; the task ends when the edge ends it, with how many bytes came."""

    async def hear() -> int:
        total = 0
        address = f"{base}/live.aac" + (f"?player={player}" if player else "")
        mine = await stack.enter_async_context(client(listener.address, **listener.cookie))
        async with (http or mine).stream("GET", address, timeout=60) as answer:
            assert answer.status_code == 200, address
            async for data in answer.aiter_bytes():
                total += len(data)
                begun.set()
        return total

    begun = asyncio.Event()
    async with AsyncExitStack() as stack:
        task = asyncio.create_task(hear(), name="stream")
        try:
            async with asyncio.timeout(PATIENCE_S):
                await begun.wait()
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_no_role_without_need_hears_what_it_is_called(site: Whole) -> None:
    """All that each role may hear on the bus, and read there, while a private space is on air; pages have the title."""
    heard: dict[str, list[bytes]] = {role: [] for role in UNTITLED}
    async with AsyncExitStack() as stack:
        for role, messages in heard.items():
            bus = await stack.enter_async_context(join(site.settings, role, name=f"{role} that looks"))
            for subject in may_subscribe(role):
                if not subject.startswith("_INBOX"):
                    await bus.subscribe(subject, partial(hears, messages))
        space = await made(site, "members")
        listener = await entered(site, space, {}, await sign_in(site, "eve"))
        await listener.until(200, f"{listener.base}/hls/aac-64.m3u8")
        assert TITLE in (await listener.asks(listener.base, Accept="text/html")).text
        for role in UNTITLED[:-1]:
            bus = await stack.enter_async_context(join(site.settings, role, name=f"{role} that reads"))
            assert await told_of(Board(bus), space)
            heard[role].append(repr(await told_of(Board(bus), space)).encode())
        for role, messages in heard.items():
            assert any(space.encode() in each for each in messages) or role == "operator", f"{role} hears nothing"
            found = {word for word in SECRETS for each in messages if word.encode() in each}
            assert not found, f"{role} hears {found}"


def hears(messages: list[bytes], _: str, data: bytes) -> None:
    messages.append(data)


async def told_of(board: Board, space: str) -> Space | None:
    async with asyncio.timeout(PATIENCE_S), aclosing(board.watch()) as spaces:
        async for found in spaces:
            if not isinstance(found, Gone) and found.id == space:
                return found
    return None


async def test_who_is_shut_out_hears_no_more_and_others_do(site: Whole) -> None:
    """By HLS, with key and pass, and by the stream, within ten seconds and at every edge; the other's stream runs on,
    and their player finds the next part by the address that it had."""
    space = await made(site, "members")
    bad, good = [await entered(site, space, {}, await sign_in(site, handle)) for handle in ("bert", "cleo")]
    hls = f"{bad.base}/hls"
    await bad.until(200, f"{hls}/aac-64.m3u8")
    async with stream(bad, bad.base) as ends, stream(good, good.base) as runs:
        part = await bad.part(hls)
        await site.call("PUT", f"/spaces/{space}/shut-out/bert")
        async with asyncio.timeout(PATIENCE_S):
            await bad.until(404, *[f"{hls}/aac-64.m3u8", part, f"{bad.base}/door.json"] * 5)
            await asyncio.wait([ends])
        led = await good.asks(part)
        assert led.status_code == 307
        assert led.headers["location"].rpartition("/")[2] == part.rpartition("/")[2]
        assert (await good.asks(part, follows=True)).status_code == 200
        assert await good.part(hls) != part
        assert not runs.done()


async def test_a_ticket_that_is_used_twice_is_heard_once(site: Whole) -> None:
    """The second device takes over: stream and HLS of the first end, and its pass opens nothing."""
    space = await made(site, "tickets")
    [ticket] = (await site.call("POST", f"/spaces/{space}/tickets", {"names": ["Grace"]}))["tickets"]
    first = await entered(site, space, {"word": ticket["code"]})
    led = await first.asks(f"{first.base}/hls/index.m3u8")
    assert led.status_code == 307
    hls = led.headers["location"].removesuffix("/index.m3u8")
    await first.until(200, f"{hls}/aac-64.m3u8")
    second = await entered(site, space, {"word": ticket["code"]})
    await first.until(404, *[f"{hls}/aac-64.m3u8", f"{first.base}/live.aac"] * 3)
    async with stream(second, second.base) as ends:
        third = await entered(site, space, {"word": ticket["code"]})
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([ends])
    async with stream(third, third.base) as runs:
        assert not runs.done()
        await site.call("DELETE", f"/spaces/{space}/tickets/{ticket['number']}")
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([runs])


async def test_a_copied_ticket_is_heard_once_over_all_edges(site: Whole) -> None:
    """The same pass at two edges: the newer is heard, by a stream and by HLS; the one before ends within ten seconds,
    at both edges, and reads why when it tries again."""
    space = await made(site, "tickets")
    [ticket] = (await site.call("POST", f"/spaces/{space}/tickets", {"names": ["Grace"]}))["tickets"]
    given = await entered(site, space, {"word": ticket["code"]})
    async with AsyncExitStack() as stack:
        one, other = await two_edges(site, given, stack)
        first = await stack.enter_async_context(stream(given, given.base, "one", one))
        second = await stack.enter_async_context(stream(given, given.base, "two", other))
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([first])
        for _ in range(4):
            refused = await given.asks(f"{given.base}/live.aac?player=one")
            assert (refused.status_code, refused.json()["code"]) == (409, "ticket-elsewhere")
            refused = await given.asks(f"{given.base}/ticket?player=one")
            assert (refused.status_code, refused.json()["code"]) == (409, "ticket-elsewhere")
        assert not second.done()
        led = await given.asks(f"{given.base}/hls/index.m3u8?player=three")
        assert led.status_code == 307
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([second])
        hls = led.headers["location"].removesuffix("/index.m3u8?player=three")
        await given.until(200, *[f"{hls}/aac-64.m3u8"] * 4)
        async with stream(given, given.base, "four") as last:
            await given.until(404, *[f"{hls}/aac-64.m3u8"] * 4)
            assert not last.done()


async def two_edges(site: Whole, given: Listener, stack: AsyncExitStack) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Two connections that are kept open, each at another edge."""
    found: dict[str, httpx.AsyncClient] = {}
    token = {"Authorization": f"Bearer {config.metrics_token(site.settings)}"}
    for _ in range(60):
        http = await stack.enter_async_context(client(given.address, **given.cookie))
        told = (await http.get("/metrics?of=this", headers=token)).text
        [edge] = set(re.findall(r'edge="([^"]+)"', told))
        found.setdefault(edge, http)
        if len(found) == 2:
            return found.popitem()[1], found.popitem()[1]
    raise AssertionError(f"60 connections came to {list(found)}")


async def test_no_log_and_no_number_says_that_there_is_one(site: Whole) -> None:
    """After all that: no process has written an id or a title, and who reads the metrics finds none."""
    space = await made(site, "members")
    told = await site.client.get(f"http://{site.settings.host}:{site.settings.audience_port}/metrics")
    lines = {path.name: path.read_text("utf-8") for path in (site.settings.folder / "logs").glob("*")}
    assert len(lines) > 5
    views = (await site.call("GET", "/spaces"))["spaces"]
    ids = {each["id"] for each in views} | {space}
    assert len(ids) > 1, "the administrator sees them"
    assert any(pseudonym(space) in text for text in lines.values())
    for name, text in {**lines, "metrics": told.text}.items():
        assert not [word for word in (*SECRETS, *ids) if word in text], name

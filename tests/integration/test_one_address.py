"""Everything of a site below one address: what `stentor up` serves on the audience's port."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest

from stentor import app
from stentor.base import config
from stentor.base.config import Settings
from stentor.base.paths import HOUSE
from stentor.client.speaker import Speaker
from stentor.house.who.access import WRONG
from stentor.supervisor import Supervisor
from tests.support import caches, debian, limits
from tests.support.ports import free_ports
from tests.support.speech import voice
from tests.support.streams import listening, token_for
from tests.support.wait import PATIENCE_S, eventually

ROWS = {
    "/account": 303,
    "/accounts": 303,
    "/admin": 200,
    "/api": 404,
    "/ask": 404,
    "/comments": 404,
    "/echo": 404,
    "/enter": 404,
    "/home": 303,
    "/inbox": 404,
    "/mine": 200,
    "/oauth": 404,
    "/report": 200,
    "/search": 303,
    "/sign-in": 200,
    "/sign-up": 200,
    "/stage": 404,
    "/studio": 404,
    "/whip": 404,
}
"""What the house says to somebody who is not signed in."""
PUBLIC = (
    "/",
    "/feed.xml",
    "/calendar.ics",
    "/s/talk",
    "/s/talk/door.json",
    "/s/talk/pulse.json",
    "/s/talk/hold.m4a",
    "/door.pub",
    "/evidence.pub",
    "/healthz",
    "/s/none",
)


@asynccontextmanager
async def site(folder: Path, **given: object) -> AsyncIterator[tuple[Settings, httpx.AsyncClient, Supervisor]]:
    """A whole site with a space that waits; the client knows the one address, and nothing else."""
    port, audience_port = free_ports(2)
    fields: dict[str, object] = {"data": str(folder / "data"), "host": "127.0.0.1", "edges": 1}
    settings = Settings(**(fields | {"port": port, "audience_port": audience_port} | given))  # type: ignore[arg-type]
    async with (
        app.running(settings, logs=folder / "logs") as supervisor,
        httpx.AsyncClient(base_url=settings.audience_address, trust_env=False, timeout=PATIENCE_S) as client,
    ):
        token = {"Authorization": f"Bearer {config.admin_token(settings)}"}
        made = await client.post("/api/v1/spaces", json={"id": "talk", "title": "Talk"}, headers=token)
        assert made.status_code == 201, made.text
        yield settings, client, supervisor


async def test_one_port_answers_every_path_and_the_old_ones_go_on(tmp_path: Path) -> None:
    """Each row of the table is the house's, at the one address as at its own; everything else is the edge's."""
    assert {row.path for row in HOUSE} == set(ROWS)
    async with (
        site(tmp_path) as (settings, client, _),
        httpx.AsyncClient(base_url=settings.house_upstream, trust_env=False, timeout=PATIENCE_S) as house,
    ):
        await eventually_there(client)
        for path, status in ROWS.items():
            for below in (path, f"{path}/"):
                one, own = await client.get(below), await house.get(below)
                assert one.status_code == own.status_code, below
                assert one.content == own.content, below
                assert one.headers.get("content-security-policy") == own.headers["content-security-policy"]
            assert (await client.get(path)).status_code == status, path
        for path in PUBLIC:
            if path == "/healthz":
                continue  # each answers its own
            assert "access-control-allow-origin" in (await client.get(path)).headers, f"{path} is an edge's"


@pytest.mark.parametrize("front", [caches.nginx, caches.caddy, caches.varnish], ids=["nginx", "caddy", "varnish"])
async def test_every_row_goes_through_the_recipes(
    front: Callable[[Path, int, int, int], list[str]], tmp_path: Path
) -> None:
    """A proxy with the recipe sends each path to whoever answers it; with a house that hangs all public ones go on."""
    [port] = free_ports(1)
    async with site(tmp_path, sign_up="open") as (settings, client, supervisor):
        await eventually_there(client)
        command = front(tmp_path, port, settings.audience_port, settings.port)
        async with (
            debian.running(command, port, tmp_path / "log"),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE_S) as through,
        ):
            asked = await edge_asked(settings)
            for path, status in ROWS.items():
                for below in (path, f"{path}/below", f"{path}?page=2&utm_term=x"):
                    there, own = await through.get(below), await client.get(below)
                    assert (there.status_code, there.content) == (own.status_code, own.content), below
                assert (await through.get(path)).status_code == status, path
            assert await edge_asked(settings) - asked <= 3 * len(ROWS) + 1, "none of them went to an edge"
            token = {"Authorization": f"Bearer {config.admin_token(settings)}"}
            listed = await through.get("/api/v1/spaces?utm_term=x", headers=token)
            assert [space["id"] for space in listed.json()["spaces"]] == ["talk"]
            for path in PUBLIC:
                assert (await through.get(path)).status_code == (await client.get(path)).status_code
            assert (await through.get("/metrics")).status_code == 404
            await told_as_it_happens(settings, through, front.__name__)
            house = next(worker for worker in supervisor.workers if worker.name == "house-0")
            assert house.pid is not None
            os.kill(house.pid, signal.SIGSTOP)
            try:
                for path in PUBLIC:
                    async with asyncio.timeout(PATIENCE_S):
                        assert (await through.get(f"{path}?v=2")).status_code in (200, 404), path
            finally:
                os.kill(house.pid, signal.SIGCONT)


async def told_as_it_happens(settings: Settings, client: httpx.AsyncClient, handle: str) -> None:
    """Somebody's app is told over WebSocket, both ways, and as events, through whatever stands before the house."""
    own = {"Sec-Fetch-Site": "same-origin"}
    wish = {"handle": handle, "name": handle, "password": "several words together"}
    assert (await client.post("/api/v1/sign-up", json=wish, headers=own)).status_code == 201
    token = token_for(settings, handle)
    async with (
        listening(f"{client.base_url}".rstrip("/"), token) as ear,
        client.stream("GET", f"/api/v1/streaming/public?access_token={token}") as events,
    ):
        came = events.aiter_lines()
        assert await anext(came) == ":thump"
        await ear.follow("public")
        await ear.follow("nothing")
        await eventually(lambda: any("error" in each for each in ear.events), "what the app says arrives")
        made = await client.post("/api/v1/posts", json={"text": "hello"}, headers=own)
        assert [each["id"] for each in await ear.has("update", 2)] == 2 * [made.json()["id"]]
        assert await anext(came) == "event: update"


async def edge_asked(settings: Settings) -> float:
    """How many requests the edge has answered."""
    token = {"Authorization": f"Bearer {config.metrics_token(settings)}"}
    async with httpx.AsyncClient(base_url=settings.audience_address, trust_env=False, timeout=PATIENCE_S) as client:
        text = (await client.get("/metrics?of=this", headers=token)).text
    line = next(line for line in text.splitlines() if line.startswith("stentor_edge_requests_total{"))
    return float(line.split()[-1])


async def eventually_there(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await client.get("/s/talk")).status_code != 200:  # noqa: ASYNC110 nobody tells a client
            await asyncio.sleep(0.05)
        while b"/s/talk" not in (await client.get("/feed.xml")).content:  # noqa: ASYNC110 the front page is there, too
            await asyncio.sleep(0.05)


async def at_every_edge(client: httpx.AsyncClient) -> None:
    """Of a new site the house shows the front page, until edges have read it; connections go to one or another edge."""
    async with asyncio.timeout(PATIENCE_S):
        known = 0
        while known < 20:
            reply = await client.get("/", headers={"Connection": "close"})
            known = known + 1 if "s-maxage" in reply.headers["cache-control"] else 0
            await asyncio.sleep(0.02)


async def test_without_a_house_every_public_path_works(tmp_path: Path) -> None:
    """What is the house's says so, to people and to programs, and when to come back; the rest goes on as it was."""
    async with site(tmp_path) as (_, client, supervisor):
        await eventually_there(client)
        await at_every_edge(client)
        before = {path: (await client.get(path)).status_code for path in PUBLIC}
        house = next(worker for worker in supervisor.workers if worker.name == "house-0")
        pid = house.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: house.pid != pid, "the house is gone")
        html = {"Accept": "text/html", "Accept-Language": "de"}
        page = await client.get("/sign-in", headers=html)
        told = await client.get("/api/v1/spaces", headers=html)
        assert page.status_code == told.status_code == 503
        assert "Nicht erreichbar" in page.text
        assert told.json()["code"] == "house-away"
        assert page.headers["retry-after"] == told.headers["retry-after"] == page.headers["refresh"] == "5"
        assert "no-store" in page.headers["cache-control"]
        assert {path: (await client.get(path)).status_code for path in PUBLIC} == before
        async with asyncio.timeout(PATIENCE_S):
            while (await client.get("/sign-in")).status_code != 200:  # noqa: ASYNC110 nobody tells a client
                await asyncio.sleep(0.1)


async def test_people_and_programs_do_all_of_it_there(tmp_path: Path) -> None:
    """Accounts with their cookie, events, uploads in chunks, and a voice by WHIP, with nothing but the one address."""
    async with site(tmp_path, sign_up="open", create_spaces="members", captions="off") as (settings, client, _):
        own = {"Sec-Fetch-Site": "same-origin"}
        wish = {"handle": "ada", "name": "Ada", "password": "several words together"}
        assert (await client.post("/api/v1/sign-up", json=wish, headers=own)).status_code == 201
        await told_as_it_happens(settings, client, "bea")
        await no_other_site_acts_for_her(client, settings)
        made = await client.post("/api/v1/spaces", json={"id": "hers", "title": "Hers"}, headers=own)
        assert made.status_code == 201, made.text
        invited = await client.post("/api/v1/spaces/hers/invitations", json={"name": "Guest"}, headers=own)
        assert invited.status_code == 201, invited.text
        invitation = invited.json()
        assert invitation["link"].startswith(f"{settings.audience_address}/stage/hers")
        assert invitation["whip"].startswith(f"{settings.audience_address}/whip/hers")
        uploaded = await client.put("/api/v1/spaces/hers/hold", content=in_pieces(music()), headers=own)
        assert uploaded.json()["hold"].startswith("hers-"), uploaded.text
        opened = await client.post("/api/v1/spaces/hers/doors", headers=own)
        assert opened.is_success, opened.text
        await events_come(client)
        async with Speaker(invitation["whip"], invitation["token"], voice("reader")):
            async with asyncio.timeout(PATIENCE_S):
                while "connected" not in str((await client.get("/api/v1/spaces/hers")).json()["seats"]):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            async with client.stream("GET", "/s/hers/live.aac") as heard, asyncio.timeout(PATIENCE_S):
                assert len(await anext(heard.aiter_bytes(8000))) == 8000
        await guesses_are_counted_by_who_asks(client)


async def no_other_site_acts_for_her(client: httpx.AsyncClient, settings: Settings) -> None:
    """Her cookie counts for pages of the one address (decision 0012), also in browsers that say only Origin."""
    for headers, status in (
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": settings.audience_address}, 200),
    ):
        answer = await client.patch("/api/v1/account", json={"name": "Ada L."}, headers=headers)
        assert answer.status_code == status, (headers, answer.text)


async def events_come(client: httpx.AsyncClient) -> None:
    """The first of them before the stream ends."""
    async with client.stream("GET", "/api/v1/spaces/hers/talk") as stream, asyncio.timeout(PATIENCE_S):
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert await anext(stream.aiter_lines())


async def guesses_are_counted_by_who_asks(client: httpx.AsyncClient) -> None:
    """Whoever guesses too often is shut out, and nobody else who comes by the same edge."""

    async def guess(whose: str) -> httpx.Response:
        headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": whose}
        return await client.get("/api/v1/spaces", headers=headers)

    await limits.refused(partial(guess, "192.0.2.9"), burst=WRONG.burst)
    assert (await guess("192.0.2.10")).status_code == 401


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    """Sent in chunks, since nobody knows the length."""
    for start in range(0, len(data), 50_000):
        yield data[start : start + 50_000]


def music() -> bytes:
    """70 s of a tone that swells, as a WAV file of 6.7 MB."""
    at = np.arange(70 * 48_000)
    samples = np.sin(at * 0.03) * (0.2 + 0.1 * np.sin(at * 1e-4)) * 32767
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()

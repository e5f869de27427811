"""Real caches with the recipes of ``deploy/``: a crowd behind one costs the edge what a few listeners do."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from stentor.base import grid
from stentor.base.signing import doors_key
from stentor.base.units import SeatId
from stentor.cli import outside
from stentor.cli.findings import Verdict
from stentor.crowd.door import SLOTS
from stentor.spaces import portraits, private
from stentor.spaces.model import Role, Seat
from stentor.spaces.private import Pass
from stentor.spaces.visibility import Visibility
from tests.support import caches, debian
from tests.support.edge import SECRET, Rig, edge, live_space, request
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S
from tests.unit.edge.test_private import PATHS

LISTENERS = 1000
PARTS = 5
FEW = 10
Command = Callable[[Path, int, int], list[str]]
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]
both = pytest.mark.parametrize("cache", [caches.nginx, caches.varnish], ids=["nginx", "varnish"])


async def ask(client: Client, target: str, *lines: str) -> tuple[bytes, bytes]:
    """One reply on a connection that stays: head and body."""
    reader, writer = client
    writer.write(request(target, *lines))
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    if length:
        return head, await reader.readexactly(int(length[0].split(b":")[1]))
    body = b""
    while size := int(await reader.readline(), 16):  # chunked
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return head, body


@both
async def test_a_thousand_hls_listeners_cost_the_edge_no_more_than_ten(cache: Command, tmp_path: Path) -> None:
    """Blocking reloads and parts are asked for once each, whoever waits for them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * LISTENERS)), hard))
    [port] = free_ports(1)
    async with edge() as rig, debian.running(cache(tmp_path, port, rig.port), port, tmp_path / "log"):
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(LISTENERS)]
        try:
            before = await metric(rig, "requests")
            for _ in range(PARTS):
                await hear_a_part(rig, crowd)
            spent = await metric(rig, "requests") - before
        finally:
            for _, writer in crowd:
                writer.close()
    assert spent <= FEW * 2 * PARTS, f"{LISTENERS} listeners cost {spent:.0f} requests"


async def hear_a_part(rig: Rig, crowd: list[Client]) -> None:
    """Everybody waits for the next part's playlist, then takes the part."""
    part = (rig.window.head + 1) // grid.CHUNKS_PER_PART
    segment, index = divmod(part, grid.PARTS_PER_SEGMENT)
    held = rig.worker.requests
    target = f"/s/friday/hls/aac-64.m3u8?_HLS_msn={segment}&_HLS_part={index}"
    waiting = asyncio.gather(*(ask(client, target) for client in crowd))
    async with asyncio.timeout(PATIENCE_S):
        while rig.worker.requests == held:  # noqa: ASYNC110 the edge tells nobody
            await asyncio.sleep(0.01)
        rig.publish(grid.CHUNKS_PER_PART)
        name = f"{segment}.{index}.m4s"
        assert all(name.encode() in body for _, body in await waiting)
        found = await asyncio.gather(*(ask(client, f"/s/friday/hls/aac-64/{name}") for client in crowd))
    assert len({body for _, body in found}) == 1
    assert b"moof" in found[0][1]


async def metric(rig: Rig, name: str) -> float:
    """A counter of the edge, as an operator reads it."""
    text = await rig.metrics()
    line = next(line for line in text.splitlines() if line.startswith(f"stentor_edge_{name}_total{{"))
    return float(line.split()[-1])


@both
async def test_what_may_not_be_kept_is_not(cache: Command, tmp_path: Path) -> None:
    """``no-store`` is asked for again each time, what has another query is another reply, and metrics stay inside."""
    [port] = free_ports(1)
    seat = Seat(SeatId("ada"), "Ada", Role.HOST, account="a1", picture_ms=7)
    running = edge(live_space(seats={"ada": seat}))
    async with running as rig, debian.running(cache(tmp_path, port, rig.port), port, tmp_path / "log"):
        await rig.objects.put(portraits.key("a1", 7), b"jpeg")
        client = await asyncio.open_connection("127.0.0.1", port)
        for target, asked in (
            ("/healthz", 3),
            ("/s/friday/hls/aac-64/2.1.m4s", 1),
            ("/s/friday/door.json", 1),
            ("/s/friday/hls/aac-64.m3u8", 1),
            ("/s/friday/hls/aac-64.m3u8?_HLS_msn=4", 1),
            ("/s/friday/hls/aac-64.m3u8?_HLS_msn=4&_HLS_part=0", 1),
            ("/s/friday/portraits/ada?v=7", 1),
            ("/s/friday/portraits/ada?utm_term=50%&v=7&fbclid=x", 0),
            ("/s/friday/door.json?utm_source=feed", 0),
            ("/s/friday/portraits/ada?v=6", 1),
            ("/metrics", 0),
        ):
            before = rig.worker.requests
            heads = [(await ask(client, target))[0] for _ in range(3)]
            assert rig.worker.requests - before == asked, target
            assert (b" 404 " in heads[0]) == (target == "/metrics")
        client[1].close()


@both
async def test_the_door_knows_who_asks(cache: Command, tmp_path: Path) -> None:
    """Behind a cache each address has places of its own, nobody waits for another's ticket, and what a client invents
    about addresses gives no more places than the 64 of its own.
    """
    [port] = free_ports(1)
    async with edge() as rig, debian.running(cache(tmp_path, port, rig.port), port, tmp_path / "log"):
        crowd = [await asyncio.open_connection("127.0.0.1", port, local_addr=(f"127.0.1.{n}", 0)) for n in range(200)]
        async with asyncio.timeout(PATIENCE_S):
            places = await asyncio.gather(*(place(client) for client in crowd))
        assert len(set(places)) == len(crowd)
        invented = [f"198.51.100.{n}" for n in range(SLOTS * 2)]
        forged = [await place(crowd[0], f"X-Forwarded-For: {one}", f"Forwarded: for={one}") for one in invented]
        assert len(set(forged)) <= SLOTS
        for _, writer in crowd:
            writer.close()


async def place(client: Client, *lines: str) -> float:
    """Where a new device stands at the door."""
    _, body = await ask(client, "/s/friday/ticket?ticket=&pass=", *lines)
    return float(json.loads(body)["u"])


@both
async def test_streams_pass_through_at_once(cache: Command, tmp_path: Path) -> None:
    """A progressive listener behind a cache hears each chunk when it is written."""
    [port] = free_ports(1)
    async with edge() as rig, debian.running(cache(tmp_path, port, rig.port), port, tmp_path / "log"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("/s/friday/live.aac"))
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(20_000)
            while rig.worker.listeners:
                rig.publish()
                if len(await reader.read(65536)) and rig.window.head > 70:
                    break
        writer.close()


@both
async def test_a_playlist_is_one_copy_for_clients_with_and_without_gzip(cache: Command, tmp_path: Path) -> None:
    """Who takes no gzip gets it unpacked by the cache."""
    [port] = free_ports(1)
    async with edge() as rig, debian.running(cache(tmp_path, port, rig.port), port, tmp_path / "log"):
        client = await asyncio.open_connection("127.0.0.1", port)
        target = "/s/friday/hls/aac-64.m3u8?_HLS_msn=3"
        before = rig.worker.requests
        zipped, _ = await ask(client, target, "Accept-Encoding: gzip, deflate, br")
        plain, body = await ask(client, target)
        assert b"content-encoding: gzip" in zipped.lower()
        assert b"content-encoding" not in plain.lower()
        assert body.startswith(b"#EXTM3U")
        assert rig.worker.requests - before == 1
        client[1].close()


@pytest.mark.parametrize(("key", "bad"), [("$host$request_uri", set()), ("$host$uri", {"reload"})])
async def test_the_preflight_sees_what_a_cache_makes_of_hls(tmp_path: Path, key: str, bad: set[str]) -> None:
    """From outside, through nginx: with the recipe all is well; a key without the query gives old playlists."""
    [port] = free_ports(1)
    async with edge() as rig:
        command = caches.nginx(tmp_path, port, rig.port)
        recipe = tmp_path / "nginx.conf"
        recipe.write_text(recipe.read_text().replace("$host$uri?$args", key))
        async with debian.running(command, port, tmp_path / "log"):
            page = f"http://127.0.0.1:{port}/s/friday"
            audience = {"page": page, "hls": f"{page}/hls/index.m3u8", "aac": f"{page}/live.aac"}
            looking = asyncio.create_task(asyncio.to_thread(lambda: list(outside.examine(audience))))
            while not looking.done():
                rig.publish()
                await asyncio.sleep(0.1)
            found = {finding.what: finding for finding in await looking}
    assert {"page", "page's parts", "hls", "aac", "ticket", "playlist", "reload", "part"} == found.keys()
    assert {what for what, finding in found.items() if finding.verdict is not Verdict.OK} == bad


async def once(port: int, target: str, *lines: str) -> tuple[bytes, bytes]:
    """One reply on a connection of its own."""
    client = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await ask(client, target, *lines)
    finally:
        client[1].close()
        await client[1].wait_closed()


@both
async def test_a_private_space_lies_in_a_cache_below_its_key_only(cache: Command, tmp_path: Path) -> None:
    """Through the recipes: what the key opens is kept once for all, streams need a pass, and who has neither is told
    what is told where there is no space; an old key leads who has a pass to the new one."""
    space = live_space(visibility=Visibility.MEMBERS, listed=False)
    key, [port] = private.secret(doors_key(SECRET)), free_ports(1)
    async with edge(space) as rig, debian.running(cache(tmp_path, port, rig.port), port, tmp_path / "log"):
        at = f"/s/friday{private.below(private.keys(key, space, rig.now)[0])}"
        text = private.issue(key, "friday", Pass(b"somebody", round(rig.now * 1000), round(rig.now) + 9000))
        cookie = f"Cookie: stentor-pass-friday={text}"
        before = await metric(rig, "requests")
        for _ in range(FEW):
            head, _ = await once(port, f"{at}/hls/aac-64/init.mp4")
            assert b" 200 " in head.split(b"\r\n")[0]
        assert await metric(rig, "requests") - before <= 3
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(f"{at}/live.aac", cookie))
        async with asyncio.timeout(PATIENCE_S):
            assert b" 200 " in await reader.readline()
        writer.close()
        for path in PATHS:
            ours, theirs = [await once(port, f"/s/{name}{path}") for name in ("friday", "sunday")]
            assert ours[0].split(b"\r\n")[0] == theirs[0].split(b"\r\n")[0], path
            assert b" 404 " in ours[0] or b" 308 " in ours[0], path
            assert ours[1] == theirs[1].replace(b"sunday", b"friday"), path
            assert b"Friday talk" not in ours[1]
        rig.now += private.HOUR_S + private.OVERLAP_S
        head, _ = await once(port, f"{at}/hls/aac-64.m3u8")
        assert b" 404 " in head.split(b"\r\n")[0]
        head, _ = await once(port, f"{at}/hls/aac-64.m3u8", cookie)  # who has no pass keeps nobody out who has one
        assert b" 307 " in head.split(b"\r\n")[0]
        assert b"no-store" in head
        if (tmp_path / "access.log").exists():
            told = (tmp_path / "access.log").read_text()
            assert "/s/sunday/door.json" in told
            assert f"{at}/" not in told


@both
async def test_a_ticket_hears_hls_through_a_cache_alone(cache: Command, tmp_path: Path) -> None:
    """Of what one listener gets nothing is kept for another; the address of one who began earlier is dead."""
    space = live_space(visibility=Visibility.TICKETS, listed=False)
    key, [port] = private.secret(doors_key(SECRET)), free_ports(1)
    async with edge(space) as rig, debian.running(cache(tmp_path, port, rig.port), port, tmp_path / "log"):
        at = f"/s/friday{private.below(private.keys(key, space, rig.now)[0])}/hls/index.m3u8"
        text = private.issue(key, "friday", Pass(b"somebody", round(rig.now * 1000), round(rig.now) + 9000))
        assert b" 404 " in (await once(port, at))[0].split(b"\r\n")[0]
        own = []
        for _ in range(2):
            rig.now += 1
            head, _ = await once(port, at, f"Cookie: stentor-pass-friday={text}")
            own.append(head.split(b"ocation: ")[1].split(b"\r\n")[0].decode())
            head, _ = await once(port, own[-1])
            assert b" 200 " in head.split(b"\r\n")[0]
        for each, status in zip(own, (b" 404 ", b" 200 "), strict=True):
            assert status in (await once(port, each))[0].split(b"\r\n")[0]

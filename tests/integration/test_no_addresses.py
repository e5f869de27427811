"""Who listens leaves no address: all of Stentor runs, people listen in every way, and then everything that it keeps or
says is read."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from ipaddress import ip_address
from pathlib import Path

import httpx

from stentor import app
from stentor.base.config import Settings
from stentor.bus.identity import join
from stentor.bus.salts import Salts, of_day, of_space
from stentor.cli.house import House
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

DIRECT, PROXY = "127.9.8.7", "127.0.0.9"
BEHIND = ("198.51.100.77", "fd00::c0ff:ee77", "2001:db8:77::1")
"""Whom a trusted proxy names."""
LISTENED = (
    *("", "/door.json", "/ticket", "/pulse.json", "/comments.json", "/captions.json", "/recording.m4a", "/live.aac"),
    *("/hls/index.m3u8", "/hls/aac-64.m3u8", "/hls/aac-64/0.m4s", "/hls/aac-64/x.m4s", "/live.mp4", "/nothing"),
)
LOOKED = ("/", "/ask/talk", "/sign-in", "/nothing", "/api/v1/spaces", "/api/v1/spaces/talk/requests/own")
"""What those who listen find at the house."""
REACTIONS = 45
"""More than an address may send: it is refused, which is counted."""


async def test_who_listens_leaves_no_address(tmp_path: Path) -> None:
    """Not in the database, the objects, the bus's folder, logs, metrics or numbers, be it plain, packed or hashed; nor
    does what would be needed to find one again."""
    port, audience_port = free_ports(2)
    settings = Settings(
        data=str(tmp_path / "data"), host="127.0.0.1", port=port, audience_port=audience_port, edges=1,
        trusted_proxies=PROXY,
    )  # fmt: skip
    async with app.running(settings, logs=tmp_path / "logs"):
        with House(settings, timeout_s=PATIENCE_S) as house:
            await asyncio.to_thread(house.post, "/spaces", {"id": "talk", "title": "Talk"})
            await asyncio.to_thread(house.post, "/spaces/talk/live")
            await on_air(audience_port)
            async with asyncio.TaskGroup() as tasks:
                for client in ("", *BEHIND):
                    tasks.create_task(listen(port, audience_port, client))
            said = str(await asyncio.to_thread(house.get, "/processes"))
            salts = await salts_of(settings)
        said += await metrics(audience_port, settings)
    assert "stentor_edge_refused_total" in said
    found = {"what is said": said.encode()} | await asyncio.to_thread(kept, tmp_path)
    assert any("jetstream" in name for name in found)
    assert any("edge" in name for name in found)
    traces = {trace for address in (DIRECT, *BEHIND) for trace in spellings(address)}
    traces |= {trace for salt in salts for trace in (salt, base64.b64encode(salt))}
    assert [(name, trace) for name, data in found.items() for trace in traces if trace in data] == []


def kept(folder: Path) -> dict[str, bytes]:
    """Every file: of database, objects, bus and logs."""
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def spellings(address: str) -> set[bytes]:
    """An address as text, as bytes where they are long enough to be no accident, and hashed without a key."""
    parsed = ip_address(address)
    digest = hashlib.sha256(address.encode())
    texts = {address.encode(), parsed.exploded.encode(), digest.hexdigest().encode(), digest.digest()}
    return texts | ({parsed.packed} if parsed.version == 6 else set())


async def salts_of(settings: Settings) -> list[bytes]:
    """The salts that there are: of the space, of today and of tomorrow."""
    async with join(settings, "house", name="look") as bus:
        salts = [await Salts(bus).get(name) for name in (of_space("talk"), *(of_day(today() + n) for n in (0, 1)))]
    assert all(salts)
    return [salt.salt for salt in salts if salt]


def today() -> int:
    return int(time.time()) // 86_400


async def on_air(port: int) -> None:
    """Waits until the edge has sound."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client, asyncio.timeout(PATIENCE_S):
        found = ""
        while found.count(".m4s") < 2:
            found = (await client.get(f"http://127.0.0.1:{port}/s/talk/hls/aac-64.m3u8")).text
            await asyncio.sleep(0.2)


async def listen(port: int, audience_port: int, client: str) -> None:
    """Does what a listener does; without ``client`` straight from :data:`DIRECT`, else by a proxy that names it."""
    source = PROXY if client else DIRECT
    headers = {"X-Forwarded-For": client} if client else {}
    transport = httpx.AsyncHTTPTransport(local_address=source)
    async with httpx.AsyncClient(transport=transport, trust_env=False, headers=headers, timeout=PATIENCE_S) as http:
        for path in LISTENED:
            async with http.stream("GET", f"http://127.0.0.1:{audience_port}/s/talk{path}") as answer:
                assert answer.status_code < 500, path
                async for _ in answer.aiter_bytes():
                    break
        for _ in range(REACTIONS):
            await http.post(f"http://127.0.0.1:{audience_port}/s/talk/react/heart")
        for path in LOOKED:
            assert (await http.get(f"http://127.0.0.1:{port}{path}")).status_code < 500, path
    await broken(audience_port, source, client)


async def broken(port: int, source: str, client: str) -> None:
    """A request that is none, and a connection that is cut in the middle of the stream."""
    forwarded = f"X-Forwarded-For: {client}\r\n".encode() if client else b""
    for head in (b"GET /s/talk HTTP/1.1\r\nHost: x\r\nHost: y\r\n", b"GET /s/talk/live.aac HTTP/1.1\r\nHost: x\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(head + forwarded + b"\r\n")
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read(100)
        writer.transport.abort()


async def metrics(port: int, settings: Settings) -> str:
    token = (settings.folder / "metrics-token").read_text("ascii").strip()
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return answer.text

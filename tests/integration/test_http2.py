"""HTTP/2, which the proxy speaks: the recipe of ``deploy/nginx.conf`` with TLS, asked by nghttp2's h2load."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support import caches, debian
from tests.support.certificates import Authority
from tests.support.edge import PATIENCE_S, Rig, edge
from tests.support.ports import free_ports
from tests.support.wait import eventually

MEDIA = "/s/friday/hls/aac-64.m3u8"
PART = "/s/friday/hls/aac-64/2.1.m4s"
OTHERS = (PART, MEDIA, "/s/friday/door.json", "/s/friday/hls/index.m3u8")


@asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[tuple[Rig, str]]:
    """An edge behind the recipe, and the proxy's address."""
    [port] = free_ports(1)
    authority = Authority(folder)
    authority.issue()
    async with edge(chunks=36) as rig:
        command = caches.nginx(folder, port, rig.port, certificate=(authority.chain, authority.key))
        async with debian.running(command, port, folder / "log"):
            yield rig, f"https://127.0.0.1:{port}"


async def load(*arguments: str) -> str:
    """What h2load says at its end."""
    started = await asyncio.create_subprocess_exec(
        caches.program("nghttp2-client"), "-H", "accept-encoding: gzip", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await started.communicate()
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
    return said.decode()


async def test_one_connection_carries_a_held_reload_and_everything_else(tmp_path: Path) -> None:
    """Apple's rules for low latency (draft-pantos-hls-rfc8216bis, B.1): a player has one connection, on which a
    reload that waits for its part holds nothing else up; what it gets then is the playlist with that part, compressed.
    """
    async with proxied(tmp_path) as (rig, address):
        held = f"{MEDIA}?_HLS_msn=3&_HLS_part=0"
        count = len(OTHERS) + 1
        targets = [f"{address}{each}" for each in (held, *OTHERS)]
        asked = asyncio.create_task(load("-n", f"{count}", "-c", "1", "-m", f"{count}", *targets))
        log = tmp_path / "access.log"
        await eventually(lambda: len(lines(log)) == len(OTHERS), "all but the reload were answered")
        assert not any("_HLS_msn" in line for line in lines(log))
        assert not asked.done()
        rig.publish(3)
        said = await asked
        assert "Application protocol: h2" in said
        assert re.search(r"TLS Protocol: TLSv1\.3", said)
        assert f"status codes: {count} 2xx, 0 3xx, 0 4xx, 0 5xx" in said
        await eventually(lambda: len(lines(log)) == count, "the reload was answered")
        assert all('HTTP/2.0" 200' in line for line in lines(log))
        reload = next(line for line in lines(log) if "_HLS_msn" in line)
        _, _, plain = await rig.get(MEDIA)
        assert int(reload.split('" 200 ')[1].split()[0]) < len(plain) / 2, "it went compressed"


@pytest.mark.parametrize("target", [PART, MEDIA], ids=["part", "playlist"])
async def test_a_crowd_over_http_2_costs_the_edge_one_request(target: str, tmp_path: Path) -> None:
    """Fifty connections with ten requests each at once: nobody is refused, and the edge is asked once."""
    async with proxied(tmp_path) as (rig, address):
        before = rig.worker.requests
        said = await load("-n", "1500", "-c", "50", "-m", "10", f"{address}{target}")
        assert "1500 succeeded, 0 failed, 0 errored, 0 timeout" in said
        assert "status codes: 1500 2xx, 0 3xx, 0 4xx, 0 5xx" in said
        assert rig.worker.requests - before == 1


def lines(log: Path) -> list[str]:
    """What nginx has answered."""
    return log.read_text("utf-8").splitlines() if log.exists() else []

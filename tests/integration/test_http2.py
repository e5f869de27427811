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
from tests.support.edge import Rig, edge
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S, eventually

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


async def said(program: str, *arguments: str) -> bytes:
    """What a program of nghttp2 prints until its end."""
    started = await asyncio.create_subprocess_exec(
        program, "-H", "accept-encoding: gzip", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            return (await started.communicate())[0]
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def load(*arguments: str) -> str:
    """What h2load says at its end."""
    return (await said(caches.program("nghttp2-client"), *arguments)).decode()


async def playlist(address: str) -> str:
    """A playlist over HTTP/2."""
    nghttp = Path(caches.program("nghttp2-client")).with_name("nghttp")
    return (await said(str(nghttp), "--no-verify-peer", address)).decode()


def hint_by_the_rules(text: str) -> str:
    """Checks what Apple asks of a low-latency playlist (4.4.3, B.1), and returns the hinted part."""
    control = dict(re.findall(r"([A-Z-]+)=([^,\n]+)", text[text.index("#EXT-X-SERVER-CONTROL:") :].splitlines()[0]))
    [part_s] = map(float, re.findall(r"#EXT-X-PART-INF:PART-TARGET=([\d.]+)", text))
    [target_s] = map(float, re.findall(r"#EXT-X-TARGETDURATION:(\d+)", text))
    assert control["CAN-BLOCK-RELOAD"] == "YES"
    assert float(control["PART-HOLD-BACK"]) >= 3 * part_s
    assert float(control["HOLD-BACK"]) >= 3 * target_s
    # Delta updates begin six target durations from the end: a window of half a minute has next to nothing to skip.
    assert "CAN-SKIP-UNTIL" not in control
    parts = re.findall(r'#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"', text)
    assert all(0.85 * part_s <= float(length) <= part_s for length, _ in parts)
    assert "#EXT-X-PROGRAM-DATE-TIME:" in text
    assert re.findall(r'#EXT-X-RENDITION-REPORT:URI="([^"]+)",LAST-MSN=\d+,LAST-PART=\d+', text) == ["aac-32.m3u8"]
    [hint] = re.findall(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', text)
    assert hint not in [uri for _, uri in parts]
    return str(hint)


async def test_one_connection_carries_what_is_held_and_everything_else(tmp_path: Path) -> None:
    """Apple's rules for low latency (draft-pantos-hls-rfc8216bis, B.1): a player has one connection, with TLS, on which
    a reload and a hinted part that wait hold nothing else up; what it gets then is the playlist with that part,
    compressed. Who asks for a delta update all the same gets the whole playlist.
    """
    async with proxied(tmp_path) as (rig, address):
        hint = hint_by_the_rules(await playlist(f"{address}{MEDIA}"))
        assert hint_by_the_rules(await playlist(f"{address}{MEDIA}?_HLS_skip=YES")) == hint
        held = (f"{MEDIA}?_HLS_msn=3&_HLS_part=0", f"/s/friday/hls/{hint}")
        count = len(OTHERS) + len(held)
        targets = [f"{address}{each}" for each in (*held, *OTHERS)]
        log = tmp_path / "access.log"
        await eventually(lambda: len(lines(log)) == 2, "nginx has written of both playlists")
        before = len(lines(log))
        asked = asyncio.create_task(load("-n", f"{count}", "-c", "1", "-m", f"{count}", *targets))
        await eventually(lambda: len(lines(log)) == before + len(OTHERS), "all but what waits were answered")
        assert not any("_HLS_msn" in line or hint in line for line in lines(log))
        assert not asked.done()
        rig.publish(3)
        told = await asked
        assert "Application protocol: h2" in told
        assert re.search(r"TLS Protocol: TLSv1\.3", told)
        assert f"status codes: {count} 2xx, 0 3xx, 0 4xx, 0 5xx" in told
        await eventually(lambda: len(lines(log)) == before + count, "what waited was answered")
        assert all('HTTP/2.0" 200' in line for line in lines(log))
        reload = next(line for line in lines(log) if "_HLS_msn" in line)
        _, _, plain = await rig.get(MEDIA)
        assert int(reload.split('" 200 ')[1].split()[0]) < len(plain) / 2, "it went compressed"


@pytest.mark.parametrize("target", [PART, MEDIA], ids=["part", "playlist"])
async def test_a_crowd_over_http_2_costs_the_edge_one_request(target: str, tmp_path: Path) -> None:
    """Fifty connections with ten requests each at once: nobody is refused, and the edge is asked once."""
    async with proxied(tmp_path) as (rig, address):
        before = rig.worker.requests
        told = await load("-n", "1500", "-c", "50", "-m", "10", f"{address}{target}")
        assert "1500 succeeded, 0 failed, 0 errored, 0 timeout" in told
        assert "status codes: 1500 2xx, 0 3xx, 0 4xx, 0 5xx" in told
        assert rig.worker.requests - before == 1


def lines(log: Path) -> list[str]:
    """What nginx has answered."""
    return log.read_text("utf-8").splitlines() if log.exists() else []

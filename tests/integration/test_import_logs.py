"""A crowd behind Debian's nginx and Varnish, told by their access logs: the numbers and the verdict that it had."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from stentor.base import grid
from stentor.edge.seconds import Seconds
from stentor.evidence.counts import Counts, count
from stentor.evidence.load import FEWEST
from stentor.evidence.row import EdgeRoom, EdgeSecond, read_line
from stentor.evidence.verdict import Outcome, judge
from tests.support import caches, debian
from tests.support.edge import Rig, edge, request
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "import-logs.md"
STREAMS, PLAYERS = 20, 20
SECONDS = 7.0
STAYED, STAYED_S = 3, 7.5
"""So many streams hear on beside the flood: whoever counts, the flood has far more than they, on a slow machine too."""


def told(name: str) -> str:
    """The format that the page tells to set."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


class Crowd:
    """Who is there, each with an address of its own, and the ledger."""

    def __init__(self, rig: Rig, port: int) -> None:
        self.rig, self.port = rig, port
        self.minutes = 0.0
        self.streams = self.parts = self.floods = 0

    async def open(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = (f"127.0.{1 + number // 200}.{1 + number % 200}", 0)
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=where)

    async def stream(self, number: int, seconds: float) -> None:
        await asyncio.sleep(number / STREAMS)
        reader, writer = await self.open(number)
        writer.write(request("/s/friday/live.aac", "User-Agent: VLC"))
        await reader.readuntil(b"\r\n\r\n")
        began = time.monotonic()
        self.streams += 1
        try:
            async with asyncio.timeout(seconds):
                while await reader.read(65536):
                    pass
        except TimeoutError:
            pass
        writer.close()
        self.minutes += (time.monotonic() - began) / 60

    async def play(self, number: int, seconds: float) -> None:
        client = await self.open(STREAMS + number)
        agent = "User-Agent: hls.js"
        for name in ("index", "aac-64"):
            assert b" 200 " in (await ask(client, f"/s/friday/hls/{name}.m3u8", agent))[0]
        until, part = time.monotonic() + seconds, (self.rig.window.head + 1) // grid.CHUNKS_PER_PART
        while time.monotonic() < until:
            segment, index = divmod(part, grid.PARTS_PER_SEGMENT)
            await ask(client, f"/s/friday/hls/aac-64.m3u8?_HLS_msn={segment}&_HLS_part={index}", agent)
            head, _ = await ask(client, f"/s/friday/hls/aac-64/{segment}.{index}.m4s", agent)
            assert b" 200 " in head
            self.parts += 1
            part += 1
        client[1].close()

    async def flood(self, seconds: float) -> None:
        client = await self.open(STREAMS + PLAYERS)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await ask(client, "/s/friday/ticket")
            self.floods += 1
        client[1].close()


async def ask(
    client: tuple[asyncio.StreamReader, asyncio.StreamWriter], target: str, *lines: str
) -> tuple[bytes, bytes]:
    """One reply of known length on a connection that stays."""
    reader, writer = client
    writer.write(request(target, *lines))
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if length:
            return head, await reader.readexactly(int(length[1]))
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return head, body


@asynccontextmanager
async def on_air(rig: Rig) -> AsyncIterator[list[EdgeSecond]]:
    """Chunks at the pace of real time, and the edge's own rows while anybody hears it."""
    rows, own = [], Seconds(rig.worker, rig.site, "edge-0")
    own.row()

    async def go_on() -> None:
        due = time.monotonic()
        for number in range(1, 10_000):
            due += grid.CHUNK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            rig.publish()
            if number % 3 == 0 and (row := own.row()) is not None and row.spaces["friday"].hearing:
                rows.append(row)

    going = asyncio.create_task(go_on())
    try:
        yield rows
    finally:
        going.cancel()


def imported(log: Path, into: Path, *options: str) -> list[EdgeSecond]:
    """What the command makes of it."""
    command = [sys.executable, "-m", "stentor", "evidence", "import", "friday", str(log), *options]
    with into.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    for problem in (b"could not be read", b"no connection"):
        assert problem not in done.stderr, done.stderr
    return [read_line(each) for each in into.read_bytes().splitlines()]


def counts(rows: list[EdgeSecond]) -> Counts:
    found = count("friday", rows)
    assert found is not None
    return found


def holds(found: Counts, crowd: Crowd) -> None:
    """What the crowd knows of itself, within one in a hundred."""
    assert found.joins.value == crowd.streams == STREAMS
    assert found.minutes.value == pytest.approx(crowd.minutes + 0.96 * crowd.parts / 60, rel=0.01)
    assert found.peak.value == pytest.approx(STREAMS + PLAYERS, rel=0.01)
    assert found.unique.low <= STREAMS + PLAYERS <= found.unique.high


def finding(rows: list[EdgeSecond], room: EdgeRoom) -> Outcome:
    judged = judge("friday", [msgspec.structs.replace(row, room=room) for row in rows])
    assert judged is not None
    return judged.finding


def late(rows: list[EdgeSecond]) -> list[EdgeSecond]:
    """The last seconds in which the few are there that stayed."""
    found = [row for row in rows if 0 < row.spaces["friday"].hearing <= STAYED][-FEWEST:]
    assert len(found) == FEWEST
    return found


@pytest.mark.realtime
async def test_behind_nginx_with_somebody_who_floods(tmp_path: Path) -> None:
    """The log has the crowd's numbers, and names what filled the line as the edge does."""
    [port] = free_ports(1)
    command, log = caches.nginx(tmp_path, port, 0), tmp_path / "stentor.log"
    async with edge() as rig:
        caches.nginx(tmp_path, port, rig.port)
        file = tmp_path / "nginx.conf"
        format_, _, rest = told("nginx").replace("/var/log/nginx/stentor.log", str(log)).partition("access_log")
        text = file.read_text().replace("access_log off;", format_)
        file.write_text(text.replace("    keepalive_timeout", f"    access_log{rest}    keepalive_timeout", 1))
        async with debian.running(command, port, tmp_path / "log"), on_air(rig) as own:
            crowd = Crowd(rig, port)
            await asyncio.gather(
                *(crowd.stream(each, SECONDS + (STAYED_S if each < STAYED else 0.0)) for each in range(STREAMS)),
                *(crowd.play(each, SECONDS) for each in range(PLAYERS)),
                *(crowd.flood(SECONDS + STAYED_S) for _ in range(4)),
            )
            await asyncio.sleep(1.5)
    rows = imported(log, tmp_path / "rows.jsonl")
    holds(counts(rows), crowd)
    assert crowd.floods > 500
    half = EdgeRoom(line_bps=4 * min(row.sent_bytes for row in late(rows) + late(own)))
    assert finding(late(rows), half) == finding(late(own), half) == Outcome.ATTACK
    assert finding(rows, EdgeRoom(line_bps=10**9)) == finding(own, EdgeRoom(line_bps=10**9)) == Outcome.NOTHING_WAS_FULL


async def test_behind_varnish_with_a_crowd_alone(tmp_path: Path) -> None:
    """The edge sees one listener of HLS in twenty, the log all of them."""
    [port] = free_ports(1)
    log = tmp_path / "access.log"
    async with edge() as rig, debian.running(caches.varnish(tmp_path, port, rig.port), port, tmp_path / "log"):
        words = told("varnish").strip().replace("/var/log/varnish/stentor.log", str(log)).split("-F ")
        told_to = ["varnishncsa", "-n", str(tmp_path / "state"), *words[0].split()[1:], "-F", words[1].strip("'")]
        writing = await asyncio.create_subprocess_exec(*told_to)
        await asyncio.sleep(0.5)
        async with on_air(rig) as own:
            crowd = Crowd(rig, port)
            await asyncio.gather(
                *(crowd.stream(each, SECONDS) for each in range(STREAMS)),
                *(crowd.play(each, SECONDS) for each in range(PLAYERS)),
            )
            await asyncio.sleep(1.5)
        writing.terminate()
        await writing.wait()
    rows = imported(log, tmp_path / "rows.jsonl", "--places", "1000")
    holds(counts(rows), crowd)
    assert finding(rows, EdgeRoom(places=1000)) == finding(own, EdgeRoom(places=1000)) == Outcome.NOTHING_WAS_FULL

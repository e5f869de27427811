"""A whole evening, watched from outside as operators and strangers do: one Stentor, one crowd, the real Prometheus."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from stentor.base import config
from stentor.cli.top_sight import InstallationNow
from stentor.evidence.report import Report
from tests.support import prometheus
from tests.support.debian import running
from tests.support.ports import free_ports
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole
from tests.unit.test_watching import exported, wire_name

STENTOR = Path(sys.executable).with_name("stentor")


async def stentor(site: Whole, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    """What the command prints; it must end with one of these codes."""
    process = await asyncio.create_subprocess_exec(
        STENTOR, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"STENTOR_DATA": str(site.settings.folder), "COLUMNS": "80"},
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, wrong = await process.communicate()
    assert process.returncode in codes, (words, said.decode(), wrong.decode())
    return said.decode()


@asynccontextmanager
async def listening(site: Whole, count: int) -> AsyncIterator[None]:
    """So many hear it, until the stream ends or they are done."""

    async def listen(client: httpx.AsyncClient) -> None:
        with suppress(httpx.HTTPError):
            async with client.stream("GET", site.audience("friday", "/live.aac")) as reply:
                async for _ in reply.aiter_raw():
                    pass

    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        tasks = [asyncio.create_task(listen(client)) for _ in range(count)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def scraping(site: Whole, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Debian's Prometheus with the configuration and the rules of ``deploy/``, every second."""
    (port,) = free_ports(1)
    configured = prometheus.CONFIG.read_text("utf-8")
    for was, now in (
        ("/var/lib/stentor/metrics-token", str(site.settings.folder / "metrics-token")),
        ("127.0.0.1:8081", f"127.0.0.1:{site.settings.audience_port}"),
        ("scrape_interval: 5s", "scrape_interval: 1s"),
        ("evaluation_interval: 5s", "evaluation_interval: 1s"),
    ):
        assert was in configured
        configured = configured.replace(was, now)
    await asyncio.to_thread(folder.mkdir)
    (folder / "prometheus.yml").write_text(configured)
    shutil.copy(prometheus.RULES, folder)
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    async with (
        running(command, port, folder / "log"),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE_S) as client,
    ):
        yield client


async def series(client: httpx.AsyncClient, expression: str) -> list[dict[str, Any]]:
    reply = (await client.get("/api/v1/query", params={"query": expression})).json()
    assert reply["status"] == "success", (expression, reply)
    found: list[dict[str, Any]] = reply["data"]["result"]
    return found


async def unanswered(client: httpx.AsyncClient) -> set[str]:
    """Panels of the dashboard that show nothing."""
    return {name for name, each in prometheus.expressions().items() if not await series(client, each)}


async def final(site: Whole) -> Report | None:
    """The report, once it is complete."""
    reply = await site.client.get(site.audience("friday", "/report.json"))
    found = msgspec.json.decode(reply.content, type=Report) if reply.status_code == 200 else None
    return found if found is not None and found.final else None


@pytest.mark.skipif(not shutil.which("prometheus"), reason="Debian's package prometheus is not installed")
async def test_an_evening_is_watched_and_proven(tmp_path: Path) -> None:
    """Metrics as documented, every panel with data, no alert but what is so; then a report that is complete by what
    edges said, a story, and a proof from outside.
    """
    async with whole(tmp_path / "data") as site, scraping(site, tmp_path / "prometheus") as client:
        await site.space("friday")
        await site.call("POST", "/spaces/friday/live")
        async with listening(site, 5):
            token = config.metrics_token(site.settings)
            address = f"http://{site.settings.host}:{site.settings.audience_port}/metrics"
            text = (await client.get(address, headers={"Authorization": f"Bearer {token}"})).text
            assert {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")} == {
                wire_name(family) for family in exported()
            }
            missing = {"all"}
            async with asyncio.timeout(60):
                while missing:
                    await asyncio.sleep(1)
                    missing = await unanswered(client)
            assert await series(client, "stentor:space_listeners:sum") != []
            firing = await series(client, 'ALERTS{alertstate="firing"}')
            assert {one["metric"]["alertname"] for one in firing} <= {
                "StentorLightRed",
                "StentorInterrupted",
            }  # no host
            seen = msgspec.json.decode(await stentor(site, "top", "--json", codes=(0, 1)), type=InstallationNow)
            assert [space.listeners for space in seen.spaces] == [5]
            assert {one.role for one in seen.processes} >= {"edge", "house", "stage", "programme", "archive"}
            screen = await stentor(site, "top", "--once", codes=(0, 1))
            assert "friday" in screen
            assert "5 listen" in screen
        await site.call("POST", "/spaces/friday/end")
        found = None
        async with asyncio.timeout(90):
            while (found := await final(site)) is None:  # noqa: ASYNC110 (it is asked by HTTP)
                await asyncio.sleep(1)
        assert found.silent == []
        assert found.recording is not None
        assert found.recording.complete
        assert found.figures["peak"].value == 5
        story = await stentor(site, "log", "friday")
        for part in (
            "the doors opened",
            "live:",
            "most listeners: 5",
            "the recording is complete",
            "the report is complete",
        ):
            assert part in story
        assert len(story.splitlines()) <= 22
        witnessed = found.recording.last_hash
        proof = await stentor(site, "verify", site.audience("friday"), "--witnessed", witnessed)
        assert "The report is the one that was signed." in proof
        assert "The witnessed hash is that of segment" in proof
        assert "of aac-64 are what was stored" in proof
        assert "friday: signed" in await stentor(site, "verify", site.settings.audience_address)

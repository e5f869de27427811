"""The previous release and this one together in a live talk: roles are replaced one by one, up and down again.

With captions where their recogniser is installed, which is an extra. What the rule is stands in
docs/reference/bus.md ("Versions").
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from stentor import end_with_parent
from stentor.base import config
from stentor.base.config import Settings
from stentor.base.rendition import Source
from stentor.bus import server
from stentor.client.listener import probe
from stentor.client.report import ListenerReport
from stentor.client.speaker import Speaker
from stentor.environment import command_environment
from stentor.wire import manifest
from tests.support import previous
from tests.support.ports import free_ports
from tests.support.sound import voice
from tests.support.wait import PATIENCE_S, eventually

RATE = 48_000
OLD, NEW = "old", "new"
CAPTIONS = ("captions",) if find_spec("faster_whisper") else ()
ROLES = ("house", "archive", "edge", *CAPTIONS, "stage", "programme")
"""In the order of an upgrade: who reads what another role writes is replaced before it."""
BACK = ROLES[1:]
"""A house stays: its database is the newer version's."""
CAPTIONED = {("captions", NEW), ("stage", NEW), ("edge", OLD), ("captions", OLD)}
"""After these new words must be read by a listener: captions between a stage and an edge of either version."""
OLD_CAPTIONS = re.compile(r"captions-\d+-old")
ITS_OWN = re.compile(r'captions-\d+-old.*Violation - Subject "\$JS\.API\.DIRECT\.GET\.CUES"')
"""The previous release did not let its captions read what was said before they came; since then they may."""
BURST_S = 3.5
END_S = 10.0
READY_S = 60.0
PLAYERS = ("live.aac", "live.mp4", "live.opus", "hls/index.m3u8")

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]


class Site:
    """Single roles of two versions on one bus, as on many machines."""

    def __init__(self, folder: Path, old: Path) -> None:
        port, audience_port = free_ports(2)
        settings = Settings(
            data=str(folder / "data"), host="127.0.0.1", port=port, audience_port=audience_port,
            edges=1, captions="off", drain_s=3.0,
            public_url=f"http://localhost:{port}", audience_url=f"http://127.0.0.1:{audience_port}",
        )  # fmt: skip
        self.settings = config.load({}, **{**_fields(settings), "nats_url": server.address(settings)})
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.paths = {OLD: old, NEW: previous.ROOT / "src"}
        self.running: dict[str, tuple[str, asyncio.subprocess.Process]] = {}
        """By role: the instance that does its work now, and its process."""
        self.started = 0
        self.seen: list[str] = []
        """What should not have been: problems of processes, refusals of the bus."""
        self.client: httpx.AsyncClient

    async def spawn(self, name: str, *command: str, version: str = NEW) -> asyncio.subprocess.Process:
        """A process that ends with this one; what it says goes to a file."""
        environment = command_environment(self.settings) | {"PYTHONPATH": str(self.paths[version])}
        with (self.logs / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", end_with_parent.__file__, str(os.getpid()), *command,
                stdout=log, stderr=log, env=environment,
            )  # fmt: skip

    async def stentor(self, version: str, *arguments: str) -> None:
        process = await self.spawn("commands", sys.executable, "-P", "-m", "stentor", *arguments, version=version)
        assert await process.wait() == 0, (self.logs / "commands.log").read_text()

    async def check(self, version: str) -> None:
        """That a process of this version runs this version's code."""
        name = f"code-{version}"
        process = await self.spawn(
            name, sys.executable, "-P", "-c", "import stentor; print(stentor.__file__)", version=version
        )
        await process.wait()
        assert (self.logs / f"{name}.log").read_text().startswith(f"{self.paths[version]}/")

    async def prepare(self, version: str) -> None:
        """What an upgrade does before the first role: who may do what on the bus, then streams, tables, hold music."""
        await self.stentor(version, "bus", str(self.settings.folder / "nats" / "accounts.conf"))
        if (bus := self.running.get("bus")) is None:
            self.running["bus"] = "bus", await self.spawn("bus", server.program(), "-c", str(self._configuration()))
            await server.wait_ready(self.settings.nats_url)
        else:
            bus[1].send_signal(signal.SIGHUP)
            await eventually(lambda: "Reloaded" in (self.logs / "bus.log").read_text(), "the bus takes the accounts")
        await self.stentor(version, "prepare")

    def _configuration(self) -> Path:
        folder = self.settings.folder / "nats"
        port = self.settings.nats_url.rpartition(":")[2]
        file = folder / server.CONFIGURATION
        file.write_text(
            f'server_name: "stentor"\nlisten: "127.0.0.1:{port}"\njetstream {{ store_dir: "{folder}" }}\n'
            'max_payload: 1MB\ninclude "accounts.conf"\n'
        )
        return file

    async def start(self, role: str, version: str) -> None:
        """A further process of a role; returns at once."""
        self.started += 1
        instance = f"{role}-{self.started}-{version}"
        command = (sys.executable, "-P", "-m", "stentor", "role", role, "--instance", instance)
        self.running[role] = instance, await self.spawn(instance, *command, version=version)

    async def replace(self, role: str, version: str) -> None:
        """The new one comes, then the old one goes; but a house has its port for itself."""
        _, old = self.running[role]
        if role == "house":
            await self.end(old)
        await self.start(role, version)
        await self.until(self._there(role), f"{self.running[role][0]} is at work")
        if role != "house":
            await self.end(old)

    async def end(self, process: asyncio.subprocess.Process) -> None:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), END_S)

    def _there(self, role: str) -> Any:
        """Whether the role's newest process tells of itself, and of the talk where all of its kind do."""
        instance = self.running[role][0]
        alike = role in ("edge", "programme")

        def look(view: dict[str, Any], processes: list[dict[str, Any]]) -> bool:
            return any(each["instance"] == instance and (not alike or each["spaces"]) for each in processes)

        return look

    async def until(self, condition: Any, reason: str) -> None:
        """Waits for the house to show it; notes what no process should say."""
        deadline = asyncio.get_running_loop().time() + READY_S
        while asyncio.get_running_loop().time() < deadline:
            with suppress(httpx.TransportError):
                view = await self.client.get("/api/v1/spaces/talk")
                processes = await self.client.get("/api/v1/processes")
                if view.is_success and processes.is_success:
                    found = processes.json()["processes"]
                    refused = {p["instance"] for p in found if p["numbers"].get("bus_refused")}
                    self.seen += [f"{name} refused" for name in refused if not OLD_CAPTIONS.fullmatch(name)]
                    if condition(view.json(), found):
                        return
            await asyncio.sleep(0.1)
        raise AssertionError(f"waited in vain: {reason}; see {self.logs}")

    async def state(self, space: str) -> str:
        return str((await self.call("GET", f"/spaces/{space}"))["state"])

    async def becomes(self, space: str, state: str) -> None:
        for _ in range(round(READY_S / 0.1)):
            if (found := await self.state(space)) == state:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{space} is {found} and should become {state}; see {self.logs}")

    def entries(self, space: str) -> list[manifest.Entry]:
        """The manifest of its recording."""
        pages = sorted((self.settings.folder / "objects" / "recordings" / space / "manifest").glob("*.jsonl"))
        return [entry for page in pages for entry in manifest.decode_page(page.read_bytes())]

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        reply = await self.client.request(method, f"/api/v1{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    async def captioned(self) -> None:
        """Returns when a listener can read what was said from now on."""
        since = time.time()
        for _ in range(round(READY_S / 0.2)):
            reply = await self.client.get(f"http://127.0.0.1:{self.settings.audience_port}/s/talk/captions.json")
            found = reply.json() if reply.is_success else {}
            cues = found.get("cues")
            if cues and found["doors_open_ms"] + cues[-1]["start_ms"] > since * 1000:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"what is said has no captions; see {self.logs}")

    def whip(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}/whip/talk"


def _fields(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    """A site of the previous release, up and answering; all processes are gone afterwards."""
    made = Site(folder, previous.sources(folder / "previous"))
    try:
        await made.check(OLD)
        await made.check(NEW)
        await made.stentor(OLD, "keys", str(made.settings.folder / "keys"))
        await made.prepare(OLD)
        for role in ROLES:
            await made.start(role, OLD)
        address = f"http://127.0.0.1:{made.settings.port}"
        audience = f"http://127.0.0.1:{made.settings.audience_port}"
        headers = {"Authorization": f"Bearer {config.admin_token(made.settings)}"}
        async with httpx.AsyncClient(
            base_url=address, headers=headers, trust_env=False, timeout=PATIENCE_S
        ) as made.client:
            for url in (f"{address}/healthz", f"{audience}/healthz"):
                await _answers(made.client, url)
            yield made
    finally:
        for _, process in made.running.values():
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
        await asyncio.gather(*(process.wait() for _, process in made.running.values()))


async def _answers(client: httpx.AsyncClient, url: str) -> None:
    for _ in range(round(READY_S / 0.1)):
        with suppress(httpx.TransportError):
            if (await client.get(url)).is_success:
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{url} does not become ready")


@dataclass
class Story:
    reports: list[ListenerReport]
    entries: list[manifest.Entry]
    waiting: list[manifest.Entry]
    """Of a space that waited with music while each role was replaced by the newer one."""
    faults: list[str]
    joined: int
    """How often somebody came onto the stage, in each mixture of versions."""
    logs: dict[str, str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The talk; every test looks at another side of it."""
    return asyncio.run(_talk(tmp_path_factory.mktemp("versions")))


async def _talk(folder: Path) -> Story:
    joined = 0
    async with site(folder) as made, AsyncExitStack() as stack:
        new = await made.call("POST", "/spaces", {"id": "talk", "title": "The talk", "host_name": "host"})
        guest = (await made.call("POST", "/spaces/talk/invitations", {"name": "guest"}))["token"]
        await made.call("POST", "/spaces/talk/doors")
        await made.call("POST", "/spaces", {"id": "wait", "title": "The wait", "host_name": "host"})
        await made.call("POST", "/spaces/wait/doors")
        await asyncio.sleep(BURST_S)
        reports: list[list[ListenerReport]] = [[] for _ in PLAYERS]
        audience = f"http://127.0.0.1:{made.settings.audience_port}/s/talk/"
        players = [
            asyncio.create_task(probe(audience + name, on_report=told.append, every_s=0.5, keep_s=1.0), name=name)
            for name, told in zip(PLAYERS, reports, strict=True)
        ]
        said = voice("reader")[: 8 * RATE]
        host = await stack.enter_async_context(Speaker(made.whip(), new["invitation"]["token"], said, seed=1))
        await made.call("POST", "/spaces/talk/live")
        await eventually(lambda: all(told and told[-1].sound_s > 1 for told in reports), "all hear it")
        await made.prepare(NEW)
        for role, version in [*((role, NEW) for role in ROLES), *((role, OLD) for role in BACK)]:
            if version == OLD and await made.state("wait") == "doors_open":
                await made.call("POST", "/spaces/wait/end")  # see "One exception" there
                await made.becomes("wait", "replay")
            await made.replace(role, version)
            await made.until(
                lambda view, _: view["state"] == "live" and host.state == "connected", f"all is well after {role}"
            )
            async with Speaker(made.whip(), guest, said, name="guest", seed=2):
                joined += 1
            if CAPTIONS and (role, version) in CAPTIONED:
                await made.captioned()
        await made.call("POST", "/spaces/talk/end")
        heard = [report for report, _ in await asyncio.wait_for(asyncio.gather(*players), PATIENCE_S)]
        await made.becomes("talk", "replay")
        logs = {path.stem: path.read_text() for path in made.logs.glob("*.log")}
        return Story(heard, made.entries("talk"), made.entries("wait"), made.seen, joined, logs)


def _runs(entries: list[manifest.Entry]) -> Iterator[manifest.Run]:
    for entry in entries:
        yield from entry.runs


def test_no_player_runs_empty(story: Story) -> None:
    """Whatever mixture of the two versions carries the talk."""
    assert [report.stalled_s for report in story.reports] == [0.0] * len(PLAYERS)


def test_the_recording_has_every_chunk_once(story: Story) -> None:
    """The hash chain goes through archives of both versions; nothing is a gap."""
    assert manifest.verify(story.entries) == []
    chunks = [chunk for run in _runs(story.entries) for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert Source.GAP not in {run.source for run in _runs(story.entries)}


def test_a_space_that_waits_is_upgraded_too(story: Story) -> None:
    """In the order of an upgrade nothing but its music is in the recording, every chunk once."""
    assert manifest.verify(story.waiting) == []
    chunks = [chunk for run in _runs(story.waiting) for chunk in range(run.first, run.last)]
    assert chunks == list(range(len(chunks)))
    assert {run.source for run in _runs(story.waiting)} == {Source.HOLD}


def test_people_come_onto_the_stage_in_every_mixture(story: Story) -> None:
    """House and stage understand each other, whichever is the older one."""
    assert story.joined == len(ROLES) + len(BACK)


def test_nothing_is_refused(story: Story) -> None:
    """No role tried what the bus forbids, none failed, none got what it cannot read."""
    assert story.faults == []
    assert [line for line in story.logs["bus"].splitlines() if "Violation" in line and not ITS_OWN.search(line)] == []
    assert [name for name, text in story.logs.items() if "Traceback" in text] == []

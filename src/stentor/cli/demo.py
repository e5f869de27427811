"""``stentor demo``: everything up, two recorded voices on a stage over real WebRTC, and a live view of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import nullcontext, suppress
from typing import Any

import click
import httpx
import msgspec
from rich.console import Console
from rich.live import Live
from rich.progress import Progress, SpinnerColumn, TextColumn

from stentor import app
from stentor.base import log
from stentor.base.config import Settings
from stentor.base.errors import Conflict, StentorError
from stentor.cli import options, tables, view
from stentor.cli.house import House
from stentor.client.listener import listen
from stentor.client.report import ListenerReport
from stentor.environment import command_environment
from stentor.supervisor import ChildProcess, Supervisor

VOICES = {"Jane, who reads": "reader", "Carl, who plays cards": "cards"}
HOLD_S = 6.0
"""So long does the audience hear hold music before the talk."""
BURST_S = 0.96
"""What the measuring listener asks for at once: a player that holds little hears a word soon."""
LOOK_S = 0.5
LINE_S = 5.0
COMPLETE_S = 20.0
"""The archive needs one segment's time and a moment."""
ELSEWHERE = (
    "house_url", "nats_url", "database_url", "recordings_url", "removals_url", "public_url", "audience_url",
    "overflow_url", "tls_cert", "tls_key", "domain",
)  # fmt: skip
"""Settings that lead away from this machine and its data folder."""


@click.command()
@options.data
@click.option("--port", type=int, help="Port of the house.  [default: 8080]")
@click.option("--audience-port", type=int, help="Port of the edges.  [default: 8081]")
@click.option("--edges", type=int, help="Edge processes.  [default: one per processor]")
@click.option("--for", "seconds", type=click.FloatRange(min=1), metavar="SECONDS", help="End by itself after so long.")
def demo(seconds: float | None, **given: Any) -> None:
    """Show everything working: two recorded voices on a stage, live, until Ctrl-C."""
    settings = alone(options.settings(remembering=False, domain="", **given))
    log.configure(level="ERROR")
    asyncio.run(_until_told(settings, seconds))


def alone(settings: Settings) -> Settings:
    """Those of a demonstration, which is this machine's alone: nothing leads to another house, bus or store, and all
    links that are shown open here. The environment forgets what names another house.
    """
    for name in ("STENTOR_HOUSE_URL", "STENTOR_ADMIN_TOKEN"):
        os.environ.pop(name, None)
    return msgspec.structs.replace(settings, host="127.0.0.1", **dict.fromkeys(ELSEWHERE, ""))


async def _until_told(settings: Settings, seconds: float | None) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    console = Console(highlight=False)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True) as progress:
        task = progress.add_task("starting")
        running = app.running(
            settings,
            on_step=lambda step: progress.update(task, description=step),
            logs=settings.folder / "logs",
        )
        starting = asyncio.create_task(running.__aenter__(), name="start")
        waiting = asyncio.create_task(told.wait(), name="told")
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            return
        supervisor = starting.result()
    try:
        with House(settings) as house:
            await _show(Demo(settings, house, console), supervisor, told, seconds)
    finally:
        with console.status("ending all processes"):
            await running.__aexit__(None, None, None)
        waiting.cancel()


class Demo:
    """One demonstration: a space of its own, led by the house's API, seen through public addresses."""

    def __init__(self, settings: Settings, house: House, console: Console) -> None:
        self.settings = settings
        self.house = house
        self.console = console
        self.report: ListenerReport | None = None
        self.space: dict[str, Any] = {}
        self.step = ""

    async def call(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call to the house, off the loop."""
        if verb == "GET":
            return await asyncio.to_thread(self.house.get, path)
        return await asyncio.to_thread(self.house.post, path, body)

    async def create(self) -> str:
        """A new space called demo, demo-2, …"""
        number = 1
        while True:
            name = "demo" if number == 1 else f"demo-{number}"
            try:
                body = {"id": name, "title": "Two voices", "host_name": next(iter(VOICES)), "language": "en"}
                made = await self.call("POST", "/spaces", body)
            except Conflict:
                number += 1
            else:
                return str(made["space"]["id"])

    def speakers(self, name: str) -> list[ChildProcess]:
        """The voices, each a process of its own, as people's browsers would be."""
        environment = command_environment(self.settings)
        return [
            ChildProcess(
                f"speaker-{index}",
                [sys.executable, "-P", "-m", "stentor", "speak", name, voice, "--as", person],
                environment,
                output=self.settings.folder / "logs" / f"speaker-{index}.log",
            )
            for index, (person, voice) in enumerate(VOICES.items())
        ]

    async def look(self, name: str) -> None:
        """Keeps ``space`` as the house shows it; what it does not answer is looked at again."""
        while True:
            with suppress(StentorError):
                self.space = await self.call("GET", f"/spaces/{name}")
            await asyncio.sleep(LOOK_S)

    async def measure(self, url: str) -> None:
        """A listener that plays nothing, for the delay."""

        def keep(report: ListenerReport) -> None:
            self.report = report

        await listen(f"{url}?burst={BURST_S}", on_report=keep, every_s=LOOK_S)

    async def lead(self, name: str) -> None:
        """Goes live when both voices are on the stage and the music was heard for a while."""
        self.step = "hold music, waiting for the voices"
        began = asyncio.get_running_loop().time()
        while True:
            on = [seat for seat in self.space.get("seats", []) if seat["state"] == "connected"]
            if len(on) >= len(VOICES) and asyncio.get_running_loop().time() - began > HOLD_S:
                break
            await asyncio.sleep(0.1)
        await self.call("POST", f"/spaces/{name}/live")
        self.step = ""


async def _show(demo: Demo, supervisor: Supervisor, told: asyncio.Event, seconds: float | None) -> None:
    """Runs the demonstration until told, then ends the space and prints what is left of it."""
    await _earlier(demo)
    name = await demo.create()
    await demo.call("POST", f"/spaces/{name}/doors")
    demo.space = await demo.call("GET", f"/spaces/{name}")
    supervisor.start(demo.speakers(name))
    tasks = [
        asyncio.create_task(demo.look(name), name="look"),
        asyncio.create_task(demo.measure(demo.space["audience"]["mp4"]), name="measure"),
        asyncio.create_task(demo.lead(name), name="lead"),
    ]
    try:
        await _draw(demo, tasks, told, seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _finish(demo, name)


async def _draw(demo: Demo, tasks: list[asyncio.Task[None]], told: asyncio.Event, seconds: float | None) -> None:
    """Draws until told, until the time is over, or until something failed (which is raised)."""
    loop = asyncio.get_running_loop()
    began = said = loop.time()
    live = Live(console=demo.console, auto_refresh=False, screen=True) if demo.console.is_terminal else None
    for what, typed in view.addresses(demo.space).items() if not live else ():
        demo.console.print(f"{what:11} {typed}", soft_wrap=True)
    with live or nullcontext():
        while not told.is_set() and (seconds is None or loop.time() - began < seconds):
            for task in tasks:
                if task.done():
                    task.result()
            if live:
                live.update(view.draw(demo.space, demo.report, demo.step), refresh=True)
            elif loop.time() - said > LINE_S:
                said = loop.time()
                demo.console.print(view.line(demo.space, demo.report), soft_wrap=True)
            await asyncio.sleep(0.25)


async def _finish(demo: Demo, name: str) -> None:
    """Ends the space, waits for its recording, prints its address and its gap report."""
    say = demo.console.print
    with demo.console.status("ending the space; the archive writes the last segment"):
        space = await demo.call("POST", f"/spaces/{name}/end")
        deadline = asyncio.get_running_loop().time() + COMPLETE_S
        while space["state"] != "replay" and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(LOOK_S)
            space = await demo.call("GET", f"/spaces/{name}")
    if space["state"] != "replay":
        say(f"The recording of {name} is not complete yet: the archive goes on with it at the next start.")
        return
    again = f"stentor up --data {demo.settings.data}"
    say(f"\nreplay      kept as {name}: `{again}` shows it among the recordings", soft_wrap=True)
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        report = (await client.get(f"{space['audience']['page']}/gaps.json")).json()
    sources = ", ".join(f"{seconds:.1f} s {source}" for source, seconds in report["seconds"].items())
    say(
        f"gap report  {sources}; {len(report['spans'])} gaps or fillers, "
        f"{len(report['faults'])} faults in the hash chain",
        soft_wrap=True,
    )
    for span in report["spans"]:
        say(f"            {tables.local(span['start_ms'])} {span['source']} for {span['duration_s']:.2f} s")
    if demo.report and demo.report.arrival_ms:
        say(f"listener    {demo.report.sound_s:.0f} s heard, {len(demo.report.stalls)} stalls")


async def _earlier(demo: Demo) -> None:
    """The recordings of earlier starts."""
    found = (await demo.call("GET", "/recordings"))["recordings"]
    for recording in found[:5]:
        at = tables.local(recording["started_ms"])
        demo.console.print(f"earlier recording: {recording['space']}  ({at}, {recording['duration_s']:.0f} s)")

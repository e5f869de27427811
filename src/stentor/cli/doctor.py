"""``stentor doctor``: looks at the machine before the night does, and says what to do about each finding."""

from __future__ import annotations

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import click
import numpy as np

from stentor import app
from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.opus import OpusDecoder, OpusEncoder
from stentor.audio.pcm import SILENCE
from stentor.base import disk, grid, private
from stentor.base.config import Settings
from stentor.base.errors import Overloaded, SetupError
from stentor.base.rendition import RENDITIONS
from stentor.bus import server
from stentor.bus.identity import join
from stentor.bus.permissions import OPERATOR
from stentor.cli import options, reach
from stentor.cli.findings import Finding, Verdict, of_disk, tell
from stentor.spaces import forecast
from stentor.store.objects import Objects

WANTED_DESCRIPTORS = 20_000
MORE_DESCRIPTORS = (
    f"Raise the limit: LimitNOFILE={WANTED_DESCRIPTORS} in the unit file, or `ulimit -n {WANTED_DESCRIPTORS}`."
)
CLOCK_STEP_S = 0.2
BUS_WITHIN_S = 2.0
"""A bus that does not answer somebody who looks by hand within this is away; roles that start are more patient."""


@click.command()
@options.data
@options.as_json
def doctor(data: str | None, as_json: bool) -> None:
    """Look at limits, ports, https, TURN, captions, disk, clock, codecs and the bus, and say what to do."""
    settings = options.settings(data=data)
    findings = list(examine(settings))
    tell(findings, as_json=as_json)


def examine(settings: Settings) -> Iterator[Finding]:
    """Looks at everything; changes nothing but the data folder's existence."""
    yield _descriptors(settings)
    yield from reach.examine(settings)
    yield from _disk(settings)
    yield secrets(settings)
    yield _clock()
    yield _codecs()
    yield asyncio.run(bus(settings))
    yield asyncio.run(database(settings))
    yield asyncio.run(recordings(settings))


def _descriptors(settings: Settings) -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"{soft} per process (hard limit {hard}): about {max(0, soft - 200) * settings.edge_count:,} listeners"
    if hard >= WANTED_DESCRIPTORS:
        return Finding("open files", Verdict.OK, found)
    return Finding("open files", Verdict.WARNING, found, MORE_DESCRIPTORS)


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            started = time.perf_counter()
            file.write(os.urandom(1 << 20))
            file.flush()
            os.fsync(file.fileno())
            seconds = time.perf_counter() - started
    except OSError as error:
        yield Finding("data folder", Verdict.BAD, f"{folder}: {error.strerror}", "Choose another with --data.")
        return
    slow = Verdict.WARNING if seconds > 0.5 else Verdict.OK
    advice = "Recordings want a disk that writes a megabyte in half a second." if slow is not Verdict.OK else ""
    yield Finding("data folder", slow, f"{folder}: 1 MB on disk in {seconds * 1000:.0f} ms", advice)
    for each in disk.look(disk.places(settings)):
        yield of_disk(each, forecast.LOW_H, forecast.ENDS_H, settings.bus_hours)


def secrets(settings: Settings) -> Finding:
    try:
        files = list(private.secret_files(settings))
        open_to_all = [path for path in files if private.exposed(path)]
    except OSError as error:
        return Finding("secret files", Verdict.BAD, f"{error.filename}: {error.strerror}", private.MEND)
    if open_to_all:
        return Finding(
            "secret files", Verdict.BAD, f"everybody can read {', '.join(map(str, open_to_all))}", private.MEND
        )
    return Finding("secret files", Verdict.OK, f"{len(files)}, none of which everybody can read")


def _clock() -> Finding:
    wall, steady = time.time(), time.monotonic()
    time.sleep(0.2)
    step = abs((time.time() - wall) - (time.monotonic() - steady))
    synchronised = any(
        Path(f"/run/{name}").exists() for name in ("systemd/timesync/synchronized", "chrony", "ntpd.pid")
    )
    if step > CLOCK_STEP_S:
        return Finding(
            "clock", Verdict.BAD, f"stepped by {step:.2f} s while we looked", "Stop whatever sets the clock by hand."
        )
    if synchronised:
        return Finding("clock", Verdict.OK, "steady and synchronised")
    advice = "On one machine all is well; with several, run chrony or systemd-timesyncd on each."
    return Finding("clock", Verdict.WARNING, "steady, no time service seen", advice)


def _codecs() -> Finding:
    try:
        silence = np.zeros(grid.CHUNK_SAMPLES, dtype=np.float32)
        for rendition in RENDITIONS:
            ProgrammeEncoder(rendition).encode(silence)
        OpusDecoder().decode(OpusEncoder().encode(SILENCE))
    except (SetupError, OSError, ValueError) as error:
        return Finding(
            "codecs", Verdict.BAD, str(error), "Install Stentor again from wheels: pip install --force-reinstall av."
        )
    return Finding("codecs", Verdict.OK, ", ".join(rendition.name for rendition in RENDITIONS) + ", Opus for the stage")


async def bus(settings: Settings) -> Finding:
    """Whether the bus answers; the embedded one may rest."""
    try:
        url = settings.nats_url or server.address(settings)
        if not settings.nats_url and not await server.answers(url):
            return Finding("bus", Verdict.OK, f"embedded: {server.program(settings.nats_server)}, not running now")
        async with join(settings, OPERATOR, name="doctor", within_s=BUS_WITHIN_S) as found:
            started = time.perf_counter()
            await found.client.flush(timeout=2)
            milliseconds = (time.perf_counter() - started) * 1000
    except SetupError as error:
        return Finding("bus", Verdict.BAD, error.detail, "Start the NATS server, or correct STENTOR_NATS_URL.")
    return Finding("bus", Verdict.OK, f"{url.rpartition('@')[2]} answers in {milliseconds:.1f} ms")


async def database(settings: Settings) -> Finding:
    """Whether the database can be opened and its tables are those of this version."""
    address = settings.database_address.rpartition("@")[2]
    try:
        unsafe = await app.check_store(settings)
    except SetupError as error:
        return Finding("database", Verdict.BAD, error.detail, "Start it, or correct STENTOR_DATABASE_URL.")
    if unsafe:
        said = f"{address}: {', '.join(f'{each}=off' for each in unsafe)}; a power cut may lose or damage everything"
        return Finding("database", Verdict.WARNING, said, "Set it to on in postgresql.conf and reload the server.")
    return Finding("database", Verdict.OK, address)


async def recordings(settings: Settings) -> Finding:
    """Whether an object can be stored where recordings go, and taken away again."""
    address, probe = settings.recordings_address, f"probe/{uuid4().hex}"
    started = time.perf_counter()
    try:
        objects = Objects.open(address)
        await objects.put(probe, b"stentor")
        await objects.delete(probe)
    except (SetupError, Overloaded) as error:
        advice = "Correct STENTOR_RECORDINGS_URL and the AWS_… variables: recordings would wait on the bus."
        return Finding("recordings", Verdict.BAD, f"{address}: {error.detail}", advice)
    return Finding("recordings", Verdict.OK, f"{address}: stored in {(time.perf_counter() - started) * 1000:.0f} ms")

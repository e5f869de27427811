"""What a listener cut costs: processor and wall time an hour, memory, and what a live talk beside it notices.

``python -m bench.editions [--hours 2] [--talkers 3] [--seconds 30] [--no-live]``.

The recording is real voices with 15 minutes of lobby, pauses, and an outage each half an hour, in a folder. It is cut
by the process that the archive starts, at the same priority: once from nothing, once with all measured while recording,
and once killed in the middle and begun again. Then a whole Stentor with a live talk, for ``--seconds`` without and with
cuts being made all the time beside it, on every processor: what the stage takes, and ticks that it left out. Wall time
depends on what else the machine does, processor time little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import psutil

from stentor.archive.recorder import Recorder
from stentor.archive.stored import RecordingStore
from stentor.archive.worker import CuttingTask
from stentor.audio.encoder import ProgrammeEncoder
from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.units import SpaceId
from stentor.client.speaker import Speaker
from stentor.store import editions
from stentor.store.editions import CutOrder
from stentor.store.objects import Objects
from stentor.wire.chunk import Chunk
from tests.support.speech import voice
from tests.support.whole import Whole, whole

RESULTS = Path(__file__).parent / "results"
SPACE = SpaceId("evening")
ORIGIN_MS = 1_900_000_000_000
LOBBY_S, OUTAGE_S, PAUSE_S = 900, 20, 8
LOOP_CHUNKS = 360
"""The voices repeat after so many chunks, two minutes."""
POLL_S = 0.05


class Made(NamedTuple):
    """Seconds of the clock and of the processor, and the most memory (MB)."""

    wall_s: float
    processor_s: float
    memory_mb: float


async def record(objects: Objects, hours: float) -> int:
    """Stores a recording, returns its chunks."""
    voices = np.concatenate([voice("reader"), voice("cards")])
    loop = np.resize(voices, LOOP_CHUNKS * grid.CHUNK_SAMPLES).astype(np.float32)
    quiet = (np.random.default_rng(1).standard_normal(grid.CHUNK_SAMPLES) * 1e-4).astype(np.float32)
    encoders = [ProgrammeEncoder(rendition) for rendition in RENDITIONS]
    talk = [{each.rendition.name: each.encode(block) for each in encoders} for block in loop.reshape(LOOP_CHUNKS, -1)]
    silence = {each.rendition.name: each.encode(quiet) for each in encoders}
    recorder, shelf = Recorder(SPACE, ORIGIN_MS), RecordingStore(objects, SPACE)
    count = round(hours * 3600 / grid.CHUNK_S)
    for number in range(count):
        at_s = number * grid.CHUNK_S
        source = Source.HOLD if at_s < LOBBY_S * min(1.0, hours / 2) else Source.STAGE
        if source is Source.STAGE and at_s % 1800 < OUTAGE_S:
            source = Source.FILLER
        frames = silence if at_s % 300 > 300 - PAUSE_S else talk[number % LOOP_CHUNKS]
        chunk = Chunk(SPACE, number, ORIGIN_MS, source, ORIGIN_MS + (number + 1) * grid.CHUNK_MS, 0, b"", frames)
        for segment in recorder.add(chunk):
            await shelf.keep(segment, listed=segment.entry.number % 64 == 63)
    for segment in recorder.finish(count - 1):
        await shelf.keep(segment)
    return count


def start(address: str, order: CutOrder | None) -> subprocess.Popen[bytes]:
    """The archive's process."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "stentor.archive.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(CuttingTask(address, SPACE, order)))
    process.stdin.close()
    return process


def followed(process: subprocess.Popen[bytes], *, kill_after_s: float = float("inf")) -> Made:
    """To its end, or until it is killed."""
    began, seen, memory, spent = time.monotonic(), psutil.Process(process.pid), 0.0, 0.0
    while process.poll() is None:
        try:
            memory = max(memory, seen.memory_info().rss / 1e6)
            spent = sum(seen.cpu_times()[:2])
        except psutil.Error:
            break
        if time.monotonic() - began > kill_after_s:
            process.send_signal(signal.SIGKILL)
            kill_after_s = float("inf")
        time.sleep(POLL_S)
    process.wait()
    return Made(time.monotonic() - began, spent, memory)


def order() -> CutOrder:
    return CutOrder(space=SPACE, asked_ms=1, doors_open_ms=ORIGIN_MS)


async def forget(objects: Objects, *folders: str) -> None:
    for folder in folders:
        for key, _ in await objects.list(folder):
            await objects.delete(key)


async def cuts(folder: Path, hours: float) -> dict[str, Any]:
    """The three ways to make one."""
    address = f"file://{folder}"
    objects = Objects.open(address)
    chunks = await record(objects, hours)
    length_s, cut, measured = chunks * grid.CHUNK_S, editions.cut_folder(SPACE), editions.measured_folder(SPACE)
    await editions.put(objects, order())
    whole_made = followed(start(address, order()))
    found = await editions.read(objects, SPACE, 0)
    await forget(objects, cut)
    after_recording = followed(start(address, order()))
    await forget(objects, cut, measured)
    broken = followed(start(address, order()), kill_after_s=whole_made.wall_s / 2)
    rest = followed(start(address, order()))
    again = await editions.read(objects, SPACE, 0)
    assert again.pieces == found.pieces, "begun again, it is the same"
    assert found.loudness is not None
    return {
        "recording_s": length_s,
        "cut_s": found.cut_ms / 1000,
        "pieces": len(found.pieces),
        "before_lufs": found.loudness.before_lufs,
        "after_lufs": found.loudness.after_lufs,
        "gain_db": found.loudness.gain_db,
        "from nothing": whole_made._asdict(),
        "measured while recording": after_recording._asdict(),
        "killed": broken._asdict(),
        "begun again": rest._asdict(),
    }


async def stage(house: Whole) -> dict[str, float]:
    """Processor seconds of the stage so far, and ticks it left out."""
    pid = house.worker("stage-0").pid
    found = (await house.call("GET", "/processes"))["processes"]
    numbers = next(each for each in found if each["role"] == "stage")["numbers"]
    return {"processor_s": sum(psutil.Process(pid).cpu_times()[:2]), "skipped": numbers.get("skipped_ticks", 0.0)}


async def live(recording: Path, talkers: int, seconds: float) -> dict[str, Any]:
    """A live talk for a while without, and for a while with cuts being made."""
    address = f"file://{recording}"
    objects = Objects.open(address)
    with tempfile.TemporaryDirectory() as folder:
        async with whole(Path(folder), edges=1) as house, AsyncExitStack() as there:
            guests = [f"guest{number}" for number in range(1, talkers)]
            tokens = await house.space("talk", *guests)
            for name, token in tokens.items():
                await there.enter_async_context(Speaker(house.whip("talk"), token, voice("reader"), name=name))
            await house.call("POST", "/spaces/talk/live")
            await asyncio.sleep(5)
            alone = await _measured(house, seconds)
            await forget(objects, editions.cut_folder(SPACE), editions.measured_folder(SPACE))
            made: list[float] = []
            making = asyncio.create_task(_make(objects, address, made))
            await asyncio.sleep(2)
            beside = await _measured(house, seconds)
            making.cancel()
            await asyncio.wait([making])
            return {"alone": alone, "beside": beside, "cutters_processor_s": round(sum(made), 1), "cutters": len(made)}


async def _measured(house: Whole, seconds: float) -> dict[str, float]:
    before, began = await stage(house), time.monotonic()
    await asyncio.sleep(seconds)
    after, lasted = await stage(house), time.monotonic() - began
    skipped = (after["skipped"] - before["skipped"]) / (lasted / grid.TICK_S)
    return {"stage_share": (after["processor_s"] - before["processor_s"]) / lasted, "skipped_share": skipped}


async def _make(objects: Objects, address: str, made: list[float]) -> None:
    """Cuts, one after the other, until cancelled, in as many processes as there are processors; ``made`` gets what each
    took of a processor."""

    async def one() -> None:
        while True:
            process = start(address, order())
            seen = psutil.Process(process.pid)
            made.append(0.0)
            place = len(made) - 1
            try:
                while process.poll() is None:
                    with suppress(psutil.Error):
                        made[place] = sum(seen.cpu_times()[:2])
                    await asyncio.sleep(POLL_S)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            await forget(objects, editions.cut_folder(SPACE), editions.measured_folder(SPACE))

    async with asyncio.TaskGroup() as group:
        for _ in range(os.cpu_count() or 1):
            group.create_task(one())


def told(found: dict[str, Any]) -> Sequence[str]:
    """For people."""
    hours = found["cuts"]["recording_s"] / 3600
    lines = [f"{hours:.2f} h recorded, {found['cuts']['cut_s'] / 3600:.2f} h kept, {found['cuts']['after_lufs']} LUFS"]
    for name in ("from nothing", "measured while recording", "killed", "begun again"):
        made = Made(**found["cuts"][name])
        share = made.wall_s / found["cuts"]["recording_s"]
        lines.append(
            f"{name:>26}: {made.processor_s / hours:6.1f} s of a processor an hour, {made.wall_s / hours:6.1f} s of "
            f"the clock ({share:.4f} of its length), {made.memory_mb:.0f} MB"
        )
    for name in ("alone", "beside"):
        if seen := found.get("live", {}).get(name):
            lines.append(
                f"live talk {name:>6}: stage {seen['stage_share']:.1%}, ticks left out {seen['skipped_share']:.2%}"
            )
    if "live" in found:
        live = found["live"]
        lines.append(f"  the cuts beside it took {live['cutters_processor_s']:.0f} s of the processors")
    return lines


async def main(arguments: argparse.Namespace) -> None:
    found: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version()}
    with tempfile.TemporaryDirectory() as folder:
        found["cuts"] = await cuts(Path(folder), arguments.hours)
        if not arguments.no_live:
            found["live"] = await live(Path(folder), arguments.talkers, arguments.seconds)
    for line in told(found):
        print(line)
    if arguments.keep:
        name = f"editions-{datetime.now(UTC):%Y%m%d-%H%M}.json"
        (RESULTS / name).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--talkers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--no-live", action="store_true", help="only the cuts")
    parser.add_argument("--keep", action="store_true", help="write bench/results/editions-….json")
    asyncio.run(main(parser.parse_args()))

"""The archive on a real bus with real objects; it is killed, the store fails, a page is damaged."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from moto.server import ThreadedMotoServer

from stentor.archive import recording, role
from stentor.archive.recorder import Recorder, inits
from stentor.audio.encoder import ProgrammeEncoder
from stentor.base import grid
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.units import SeatId, SpaceId
from stentor.bus.board import Board
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus, connect
from stentor.bus.status import BEATING, READS_NAMES, SeatStatus, SpaceStatus, Status, Statuses
from stentor.spaces import names, pulse
from stentor.spaces.model import Role, Seat, Space, State
from stentor.store.objects import Objects
from stentor.wire import manifest
from stentor.wire.chunk import Chunk
from stentor.wire.horizon import CLOCK_WRONG
from stentor.wire.manifest import Entry
from tests.support.air import opened, processes
from tests.support.encoded import probe
from tests.support.nats import NatsServer, nats_server
from tests.support.sound import assert_heard
from tests.support.speech import voice
from tests.support.wait import PATIENCE_S, eventually

COUNT = 56
"""Chunks of the talk: four segments and a rest."""
LAST = COUNT - 1


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    async with connect(nats.url, name="test") as bus:
        yield bus


@pytest.fixture
def settings(tmp_path: Path, nats: NatsServer) -> Settings:
    return Settings(data=str(tmp_path), nats_url=nats.url, log_level="WARNING")


@pytest.fixture
async def statuses(bus: Bus) -> Statuses:
    statuses = Statuses(time.time)
    await statuses.start(bus, *BEATING)
    return statuses


@pytest.fixture(scope="module")
def talk() -> list[dict[str, list[bytes]]]:
    """18 s of the reader, encoded for every rendition."""
    encoders = [ProgrammeEncoder(rendition) for rendition in RENDITIONS]
    blocks = voice("reader")[: COUNT * grid.CHUNK_SAMPLES].reshape(COUNT, -1)
    return [{encoder.rendition.name: encoder.encode(block) for encoder in encoders} for block in blocks]


def chunks_of(space: Space, talk: list[dict[str, list[bytes]]]) -> list[Chunk]:
    return [
        Chunk(space.id, number, space.doors_open_ms or 0, Source.STAGE, 0, 0, b'{"v":1}', frames)
        for number, frames in enumerate(talk)
    ]


def began(ago_s: float) -> Space:
    """A live space whose doors opened ``ago_s`` seconds ago."""
    origin_ms = unix_ms(time.time() - ago_s)
    return msgspec.structs.replace(opened(), state=State.LIVE, doors_open_ms=origin_ms, live_ms=origin_ms)


def over(space: Space) -> Space:
    """It ended in chunk :data:`LAST`."""
    ended_ms = (space.doors_open_ms or 0) + LAST * grid.CHUNK_MS + 100
    return msgspec.structs.replace(space, state=State.ENDED, ended_ms=ended_ms, version=space.version + 1)


async def publish(bus: Bus, chunks: list[Chunk]) -> None:
    log = ChunkLog(bus)
    for chunk in chunks:
        await log.publish(chunk)


def seen(statuses: Statuses) -> SpaceStatus:
    """What the archive says of the space."""
    for status in statuses.fresh(time.time(), "archive"):
        if "talk" in status.spaces:
            return status.spaces["talk"]
    return SpaceStatus()


async def complete(statuses: Statuses) -> None:
    await eventually(lambda: seen(statuses).complete, "the recording is complete")


async def written(statuses: Statuses, number: int) -> None:
    await eventually(lambda: seen(statuses).chunk >= number, f"chunk {number} is in the manifest")


async def stored(objects: Objects) -> tuple[list[Entry], dict[str, bytes]]:
    """The manifest and all objects of the recording."""
    keys = [key for key, _ in await objects.list("recordings/talk")]
    everything = {key: await objects.get(key) for key in keys if not key.endswith(".damaged")}
    pages = [everything.pop(key) for key in keys if key.endswith(".jsonl")]
    return [entry for page in pages for entry in manifest.decode_page(page)], everything


def expected(space: Space, chunks: list[Chunk], last: int = LAST) -> tuple[list[Entry], dict[str, bytes]]:
    """What a recorder makes of the chunks that nobody ever disturbed."""
    recorder = Recorder(space.id, space.doors_open_ms or 0)
    segments = [segment for chunk in chunks for segment in recorder.add(chunk)] + list(recorder.finish(last))
    objects = dict(inits(space.id))
    for segment in segments:
        objects |= segment.objects
    return [segment.entry for segment in segments], objects


@asynccontextmanager
async def archive(settings: Settings) -> AsyncIterator[None]:
    """The role in this process."""
    task = asyncio.create_task(role.run(settings, instance="archive-0"), name="archive")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_talk_is_recorded_while_it_is_live(
    bus: Bus, settings: Settings, statuses: Statuses, talk: list[dict[str, list[bytes]]]
) -> None:
    """Every whole segment is there at once; the rest after the end; it plays, and the voice is in it."""
    space = began(COUNT * grid.CHUNK_S)
    chunks = chunks_of(space, talk)
    await Board(bus).put(space)
    objects = Objects.open(settings.recordings_address)
    async with archive(settings):
        await publish(bus, chunks[:30])
        await eventually(lambda: seen(statuses).chunk == 23, "two segments are in the manifest")
        assert len((await stored(objects))[0]) == 2
        await publish(bus, chunks[30:])
        await Board(bus).put(over(space))
        await complete(statuses)
    entries, everything = await stored(objects)
    assert (entries, everything) == expected(space, chunks)
    assert manifest.verify(entries) == []
    file = everything[manifest.init_key("talk", "aac-64")]
    file += b"".join(everything[entry.renditions["aac-64"].key] for entry in entries)
    heard = probe(file)
    assert heard.warnings == []
    assert_heard(voice("reader")[: 10 * grid.SAMPLE_RATE_HZ], heard.samples)


async def test_nothing_is_kept_of_a_space_that_is_not_recorded(
    bus: Bus, settings: Settings, statuses: Statuses, talk: list[dict[str, list[bytes]]]
) -> None:
    """Beside one that is, which shows that the archive has heard of both."""
    kept = began(COUNT * grid.CHUNK_S)
    quiet = msgspec.structs.replace(kept, id=SpaceId("quiet"), records=False)
    for space in (quiet, kept):
        await Board(bus).put(space)
    objects = Objects.open(settings.recordings_address)
    async with archive(settings):
        await publish(bus, chunks_of(quiet, talk))
        await publish(bus, chunks_of(kept, talk))
        await Board(bus).put(over(quiet))
        await Board(bus).put(over(kept))
        await complete(statuses)
        assert all("quiet" not in status.spaces for status in statuses.fresh(time.time(), "archive"))
    assert [key async for key in _keys(objects, "recordings/")] != []
    assert [key async for key in _keys(objects, "recordings/quiet")] == []


async def _keys(objects: Objects, folder: str) -> AsyncIterator[str]:
    for key, _ in await objects.list(folder):
        yield key


@pytest.mark.parametrize("newer", [True, False])
async def test_names_are_not_in_the_sound(
    bus: Bus, settings: Settings, statuses: Statuses, talk: list[dict[str, list[bytes]]], newer: bool
) -> None:
    """They stand beside it, while no older edge is there that would not find them."""
    space = began(COUNT * grid.CHUNK_S)
    space = msgspec.structs.replace(space, seats={"host": Seat(SeatId("host"), "Hedda", Role.HOST)})
    edge = Status("edge", "edge-0", 0, 1, numbers={READS_NAMES: 1.0} if newer else {})
    objects = Objects.open(settings.recordings_address)
    async with archive(settings):
        await eventually(lambda: bool(statuses.fresh(time.time(), "archive")), "the archive is there")
        await bus.publish("status.edge.edge-0", msgspec.json.encode(edge))
        await Board(bus).put(space)
        chunks = chunks_of(space, talk)
        for number, chunk in enumerate(chunks[:24]):
            told = pulse.build(
                space, chunk=number, at_ms=1, source="stage", listeners=1, seats=[SeatStatus("host", "", "host")]
            )
            chunks[number] = msgspec.structs.replace(chunk, pulse=told)
        await publish(bus, chunks[:24])
        await written(statuses, 23)
    entries, everything = await stored(objects)
    assert manifest.verify(entries) == []
    sound = b"".join(everything[each.key] for entry in entries for each in entry.renditions.values())
    assert (b"Hedda" in sound) is not newer
    assert (b"Hedda" in everything.get(names.key("talk"), b"")) is newer


async def test_killed_at_any_moment_it_goes_on(
    bus: Bus, settings: Settings, statuses: Statuses, talk: list[dict[str, list[bytes]]]
) -> None:
    """Kill -9 in the middle of a segment, three times: to the byte what an undisturbed one writes."""
    space = began(COUNT * grid.CHUNK_S)
    chunks = chunks_of(space, talk)
    await Board(bus).put(space)
    async with processes("archive", 1, settings) as [running]:
        for first, end in ((0, 17), (17, 31), (31, 44)):
            await publish(bus, chunks[first:end])
            await written(statuses, end // 12 * 12 - 1)
            await running.end()
            await running.start()
        await publish(bus, chunks[44:])
        await Board(bus).put(over(space))
        await complete(statuses)
    assert await stored(Objects.open(settings.recordings_address)) == expected(space, chunks)


async def test_a_failing_store_loses_nothing(
    bus: Bus, settings: Settings, statuses: Statuses, tmp_path: Path, talk: list[dict[str, list[bytes]]]
) -> None:
    """The store refuses every write for a while: the light is red, and afterwards everything is there."""
    space = began(COUNT * grid.CHUNK_S)
    chunks = chunks_of(space, talk)
    await Board(bus).put(space)
    folder = tmp_path / "objects" / "recordings"
    async with archive(settings):
        await publish(bus, chunks[:14])
        await eventually(lambda: seen(statuses).chunk == 11, "the first segment")
        aside = folder.rename(tmp_path / "aside")
        folder.write_bytes(b"")  # a file where the folder was: no object can be put
        await publish(bus, chunks[14:])
        await eventually(lambda: seen(statuses).problem != "", "the problem is told")
        assert seen(statuses).chunk == 11
        folder.unlink()
        aside.rename(folder)
        await Board(bus).put(over(space))
        await complete(statuses)
        assert seen(statuses).problem == ""
    assert await stored(Objects.open(settings.recordings_address)) == expected(space, chunks)


async def test_a_damaged_page_is_written_again_from_the_bus(
    bus: Bus, settings: Settings, statuses: Statuses, talk: list[dict[str, list[bytes]]]
) -> None:
    """What the manifest cannot prove any more is recorded anew, the same to the byte."""
    space = began(COUNT * grid.CHUNK_S)
    chunks = chunks_of(space, talk)
    await Board(bus).put(space)
    await publish(bus, chunks[:40])
    objects = Objects.open(settings.recordings_address)
    async with archive(settings):
        await eventually(lambda: seen(statuses).chunk == 35, "three segments")
    page = await objects.get(manifest.page_key("talk", 0))
    await objects.put(manifest.page_key("talk", 0), page[: len(page) // 2])
    await publish(bus, chunks[40:])
    await Board(bus).put(over(space))
    async with archive(settings):
        await complete(statuses)
    assert await stored(objects) == expected(space, chunks)
    assert [key for key, _ in await objects.list("recordings/talk/manifest") if key.endswith(".damaged")]


async def test_what_was_never_published_is_a_gap(
    bus: Bus,
    settings: Settings,
    statuses: Statuses,
    talk: list[dict[str, list[bytes]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Numbers that nobody published, at the end too, are marked silence; the recording is complete all the same."""
    monkeypatch.setattr(recording, "GRACE_S", 3.0)
    space = began(COUNT * grid.CHUNK_S + 20)
    chunks = [chunk for chunk in chunks_of(space, talk) if chunk.number not in range(20, 27) and chunk.number < 50]
    await Board(bus).put(over(space))
    await publish(bus, chunks)
    async with archive(settings):
        await complete(statuses)
    entries, everything = await stored(Objects.open(settings.recordings_address))
    assert (entries, everything) == expected(space, chunks)
    report = manifest.gap_report(entries)
    assert report.seconds["gap"] == pytest.approx((7 + 6) * grid.CHUNK_S)
    assert [(span.source, round(span.duration_s / grid.CHUNK_S)) for span in report.spans] == [
        (Source.GAP, 7),
        (Source.GAP, 6),
    ]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An S3 server on this machine with a bucket; gives the address for the recordings."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    httpx.put(f"http://127.0.0.1:{port}/talks", trust_env=False, timeout=PATIENCE_S).raise_for_status()
    yield "s3://talks/here"
    server.stop()


async def test_a_recording_in_an_s3_store(
    bus: Bus, settings: Settings, statuses: Statuses, s3: str, talk: list[dict[str, list[bytes]]]
) -> None:
    """The same objects under the same keys in any S3-compatible store."""
    settings = msgspec.structs.replace(settings, recordings_url=s3)
    space = began(COUNT * grid.CHUNK_S)
    chunks = chunks_of(space, talk)
    await Board(bus).put(over(space))
    await publish(bus, chunks)
    async with archive(settings):
        await complete(statuses)
    assert await stored(Objects.open(s3)) == expected(space, chunks)


async def test_a_number_from_far_ahead_ends_nothing(
    settings: Settings, bus: Bus, statuses: Statuses, talk: list[dict[str, list[bytes]]]
) -> None:
    """One chunk numbered 2^40, announced and logged among the others: the recording is what it would be without it."""
    space = began(20.0)
    await Board(bus).put(space)
    chunks = chunks_of(space, talk)
    false = msgspec.structs.replace(chunks[0], number=2**40)
    async with archive(settings):
        await publish(bus, [*chunks[:20], false, *chunks[20:]])
        await written(statuses, 47)
        [status] = statuses.fresh(time.time(), "archive")
        assert (status.numbers["ahead"], status.problem) == (1.0, "")
        await Board(bus).put(over(space))
        await complete(statuses)
    assert await stored(Objects.open(settings.recordings_address)) == expected(space, chunks)


async def test_an_archive_whose_clock_is_wrong_says_so_and_loses_nothing(
    settings: Settings, bus: Bus, statuses: Statuses, talk: list[dict[str, list[bytes]]]
) -> None:
    """An hour behind all is far ahead: it keeps what it has, and records all of it once the clock is right."""
    space = began(20.0)
    await Board(bus).put(space)
    chunks = chunks_of(space, talk)
    wrong = [-3600.0]
    run = role.run(settings, instance="archive-0", clock=lambda: time.time() + wrong[0])
    task = asyncio.create_task(run, name="archive")

    def problem() -> str:
        found = statuses.fresh(time.time(), "archive") or statuses.fresh(time.time() - 3600, "archive")
        return found[0].problem if found else ""

    try:
        await publish(bus, chunks[:40])
        await eventually(lambda: problem() == CLOCK_WRONG, "it says that its clock is wrong")
        wrong[0] = 0.0
        await publish(bus, chunks[40:])
        await eventually(lambda: seen(statuses).chunk >= 47, "all is recorded")
        assert problem() == ""
        await Board(bus).put(over(space))
        await complete(statuses)
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert await stored(Objects.open(settings.recordings_address)) == expected(space, chunks)

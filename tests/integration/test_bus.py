"""The bus on a real nats-server, which is also killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.kv import KeyValue

from stentor.base.errors import Overloaded, SetupError
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.units import SpaceId
from stentor.bus import lease as leases
from stentor.bus import streams
from stentor.bus.board import Board
from stentor.bus.calm import Calm
from stentor.bus.chunks import ChunkLog
from stentor.bus.connection import Bus, connect
from stentor.bus.documents import Gone
from stentor.bus.lease import Lease
from stentor.bus.status import BEATING, URGENT_S, SeatStatus, SpaceStatus, Status, Statuses, beat
from stentor.bus.stored import ANSWER_S, bucket
from stentor.bus.streams import LEASES
from stentor.spaces.model import Space
from stentor.wire import chunk as wire
from stentor.wire.chunk import Chunk
from tests.support.nats import NatsServer, nats_server
from tests.support.wait import PATIENCE_S, eventually, patiently

ORIGIN_MS = round(time.time() * 1000)


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[NatsServer]:
    async with nats_server(tmp_path) as server:
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[Bus]:
    async with connect(nats.url, name="test") as bus:
        yield bus


def chunk(number: int, *, mark: bytes = b"x") -> Chunk:
    frames = {rendition.name: [mark] * rendition.frames_per_chunk for rendition in RENDITIONS}
    return Chunk("talk", number, ORIGIN_MS, Source.STAGE, ORIGIN_MS, 0, b"{}", frames)


async def read(log: ChunkLog, count: int, *, start: int = 0) -> list[Chunk]:
    found: list[Chunk] = []
    async for item in log.follow("talk", doors_open_ms=ORIGIN_MS, start=start):
        found.append(item)
        if len(found) == count:
            break
    return found


async def test_a_late_reader_gets_every_chunk_once_and_in_order(bus: Bus) -> None:
    """Whoever comes late reads from the number it names."""
    log = ChunkLog(bus)
    for number in range(6):
        await log.publish(chunk(number))
    assert [item.number for item in await read(log, 4, start=2)] == [2, 3, 4, 5]
    assert await log.last("talk") == 5
    assert await log.last("silence") == -1


async def test_a_twins_copy_is_dropped(bus: Bus) -> None:
    """Two programmes publish the same number: the first one counts."""
    log = ChunkLog(bus)
    await log.publish(chunk(0, mark=b"first"))
    await log.publish(chunk(0, mark=b"twin"))
    await log.publish(chunk(1))
    first, second = await read(log, 2)
    assert (first.number, first.frames["aac-64"][0], second.number) == (0, b"first", 1)


async def test_what_is_no_chunk_is_skipped_and_counted(bus: Bus) -> None:
    """Garbage on the bus does not stop a reader."""
    log = ChunkLog(bus)
    for garbage in (b"", b"\xff" * 100, b"\x93\x01\x02\x03"):
        await bus.js.publish("chunk.talk", garbage)
    await log.publish(chunk(0))
    assert [item.number for item in await read(log, 1)] == [0]
    assert log.malformed == 3


async def test_a_reader_survives_the_death_of_the_server(bus: Bus, nats: NatsServer) -> None:
    """Killed and restarted, the server has lost nothing that it had taken, and readers go on."""
    log = ChunkLog(bus)
    reading = asyncio.create_task(read(log, 4))
    await log.publish(chunk(0))
    await log.publish(chunk(1))
    await nats.kill()
    await eventually(lambda: not bus.connected, "the client notices")
    with pytest.raises(Overloaded):
        await log.publish(chunk(2))
    await nats.start()
    await eventually(lambda: bus.connected, "the client is back")
    await publish_until_taken(log, chunk(2))
    await publish_until_taken(log, chunk(3))
    async with asyncio.timeout(PATIENCE_S):
        assert [item.number for item in await reading] == [0, 1, 2, 3]


async def publish_until_taken(log: ChunkLog, item: Chunk) -> None:
    while True:
        try:
            return await log.publish(item)
        except Overloaded:
            await asyncio.sleep(0.05)


async def test_what_was_lost_on_the_way_is_read_again(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server sends several chunks at once; a client that drops one of them asks for it again."""
    log = ChunkLog(bus)
    for number in range(4):
        await log.publish(chunk(number))
    hear, lost = Subscription.next_msg, 0

    async def lose_the_second(self: Subscription, timeout: float) -> Msg:  # noqa: ASYNC109
        nonlocal lost
        message = await hear(self, timeout)
        if not lost and (message.headers or {}).get("Nats-Sequence") == "2":
            lost += 1
            return await hear(self, timeout)
        return message

    monkeypatch.setattr(Subscription, "next_msg", lose_the_second)
    assert [item.number for item in await read(log, 4)] == [0, 1, 2, 3]
    assert lost == 1


async def test_an_answer_that_is_lost_is_asked_for_again(bus: Bus, nats: NatsServer) -> None:
    """A bus that stands still answers late or never: the reader waits, asks again, and misses nothing."""
    log = ChunkLog(bus)
    await log.publish(chunk(0))
    reading = asyncio.create_task(read(log, 2))
    with nats.paused():
        await asyncio.sleep(2 * ANSWER_S)
    await publish_until_taken(log, chunk(1))
    async with asyncio.timeout(PATIENCE_S):
        assert [item.number for item in await reading] == [0, 1]


async def test_chunks_of_another_space_are_none_of_this(bus: Bus) -> None:
    """What is said on a space's subjects and names another space, or is no chunk, reaches no reader."""
    log, heard = ChunkLog(bus), list[Chunk]()
    foreign = msgspec.structs.replace(chunk(0), space="other")
    await log.hear("talk", heard.append)
    for payload in (wire.encode(foreign), b'{"type":"io.nats.jetstream.api.v1.stream_info_response"}', b""):
        await bus.js.publish("chunk.talk", payload)
        await bus.publish("live.talk", payload)
    await log.publish(chunk(1))
    await log.announce(chunk(1))
    assert [item.number for item in await read(log, 1)] == [1]
    await eventually(lambda: [item.number for item in heard] == [1], "the true one is heard")
    assert log.malformed == 6


async def test_the_board_tells_what_there_is_and_what_changes(bus: Bus, nats: NatsServer) -> None:
    """A watcher gets the spaces there are, then each change, never an older version, over a restart of the bus."""
    board = Board(bus)
    space = Space(SpaceId("talk"), "A talk", version=3)
    await board.put(space)
    await board.put(Space(SpaceId("talk"), "An older one", version=2))
    seen: list[Space] = []
    gone: list[str] = []

    async def watch() -> None:
        async for item in board.watch():
            if isinstance(item, Gone):
                gone.append(item.key)
            else:
                seen.append(item)

    watching = asyncio.create_task(watch())
    await eventually(lambda: [item.version for item in seen] == [3], "the space there is")
    await board.put(Space(SpaceId("talk"), "Renamed", version=4))
    await eventually(lambda: [item.version for item in seen] == [3, 4], "the change")
    await nats.kill()
    await nats.start()
    await eventually(lambda: bus.connected and bus.epoch > 1, "the client is back")
    await board.put(Space(SpaceId("other"), "Another", version=1))
    await eventually(lambda: {item.id for item in seen} == {"talk", "other"}, "a change after the restart")
    assert await board.get("none") is None
    watching.cancel()


async def test_what_leaves_the_board_is_told_also_to_who_was_away(bus: Bus, nats: NatsServer) -> None:
    """A watcher learns that a document went at once or with its next connection; a newer one is not taken away."""
    gone: list[str] = []
    told: list[str] = []
    async with connect(nats.url, name="edge") as edge:
        board = Board(edge)

        async def watch() -> None:
            async for item in board.watch():
                (gone if isinstance(item, Gone) else told).append(item.key if isinstance(item, Gone) else item.id)

        for name in ("first", "second", "third"):
            await Board(bus).put(Space(SpaceId(name), "A talk", version=2))
        watching = asyncio.create_task(watch())
        await asyncio.wait_for(board.read.wait(), PATIENCE_S)
        assert sorted(told) == ["first", "second", "third"]
        await Board(bus).drop("third", version=1)
        await Board(bus).drop("first", version=2)
        await eventually(lambda: gone == ["first"], "the first goes, the third is newer than what was to go")
        await bus.js.purge_stream("KV_board", subject="$KV.board.second")  # as when the mark's time is over
        await nats.kill()
        await nats.start()
        await eventually(lambda: gone == ["first", "second"], "what went meanwhile")
        await eventually(lambda: bus.connected and bus.epoch > 1, "the house is back")
        await Board(bus).put(Space(SpaceId("first"), "Again", version=3))
        await eventually(lambda: told[3:] == ["first"], "one that comes again")
        watching.cancel()


async def test_a_watcher_takes_more_than_fits_at_once(bus: Bus) -> None:
    """However many documents there are, each is told once, and then it is known that all were read."""
    kv = bucket(bus, "board")
    names = [f"talk-{number}" for number in range(1500)]
    for name in names:
        space = msgspec.json.encode(Space(SpaceId(name), "A talk", version=1))
        await bus.client.publish(f"$KV.board.{name}", space)
    await kv.put("talk-0", msgspec.json.encode(Space(SpaceId("talk-0"), "A talk", version=2)))
    board, told = Board(bus), []

    async def watch() -> None:
        async for item in board.watch():
            assert isinstance(item, Space)
            told.append(item.id)

    watching = asyncio.create_task(watch())
    await asyncio.wait_for(board.read.wait(), PATIENCE_S)
    assert sorted(told) == sorted(names)
    watching.cancel()


async def test_one_holds_the_lease_and_another_takes_over(bus: Bus, nats: NatsServer) -> None:
    """A holder that stops renewing without a word is followed by the other; one that leaves, at once."""
    async with connect(nats.url, name="second") as other_bus:
        first, second = (Lease(b, "programme.talk", holder=b.name, ttl_s=0.6) for b in (bus, other_bus))
        running = asyncio.create_task(first.run())
        await eventually(lambda: first.held, "the first takes it")
        waiting = asyncio.create_task(second.run())
        await asyncio.sleep(1.5)  # well over the time to live: the first keeps renewing
        assert first.held
        assert not second.held
        running.cancel()
        await eventually(lambda: second.held, "the second follows")
        assert not first.held
        waiting.cancel()


class SlowAnswer:
    """A bucket that writes at once and answers when ``answers`` is set."""

    def __init__(self, real: KeyValue) -> None:
        self.real, self.written, self.answers = real, asyncio.Event(), asyncio.Event()

    async def update(self, key: str, value: bytes, last: int) -> int:
        revision = await self.real.update(key, value, last=last)
        self.written.set()
        await self.answers.wait()
        return revision


async def test_an_answer_after_the_end_gives_nothing_back(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal that was under way when its lease was given up makes nobody believe that they hold it."""
    lease = Lease(bus, "stage.talk", holder="stage-0", ttl_s=40.0)
    running = asyncio.create_task(lease.run())
    await eventually(lambda: lease.held, "the lease is taken")
    slow = SlowAnswer(bucket(bus, LEASES))
    with monkeypatch.context() as patch:
        patch.setattr(leases, "bucket", lambda *_: slow)
        late = asyncio.create_task(lease._step(time.monotonic()))
        await slow.written.wait()
    running.cancel()
    await asyncio.wait([running])
    slow.answers.set()
    await late
    assert (lease.held, lease.kept) == (False, False)
    assert not (await bucket(bus, LEASES).get("stage.talk")).value


async def test_a_calm_lease_is_renewed_rarely_and_stays_when_it_gets_lively(
    bus: Bus, nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other counts anew from then on: it takes the lease of a holder that is dead, and of no other."""
    monkeypatch.setattr(leases, "LIVELY_ROUNDS", 0)
    async with connect(nats.url, name="second") as other_bus:
        calms = Calm(calm=True), Calm(calm=True)
        first, second = (
            Lease(b, "programme.talk", holder=b.name, ttl_s=0.6, calm=calm)
            for b, calm in zip((bus, other_bus), calms, strict=True)
        )
        running = asyncio.create_task(first.run())
        await eventually(lambda: first.held, "the first takes it")
        waiting = asyncio.create_task(second.run())
        kv = bucket(bus, "leases")
        written = (await kv.get("programme.talk")).revision or 0
        await asyncio.sleep(2.0)  # well over the lively time to live
        assert ((await kv.get("programme.talk")).revision or 0) - written <= 1
        for calm in calms:
            calm.set(False)
        await asyncio.sleep(1.0)
        assert (first.held, second.held) == (True, False)
        running.cancel()
        await eventually(lambda: second.held, "the second follows")
        waiting.cancel()


async def test_a_dead_holder_is_replaced_and_a_restarted_one_is_not_kept_waiting(bus: Bus, nats: NatsServer) -> None:
    """Without a release the lease passes on after its time to live; its own holder's name gets it back at once."""
    lease = Lease(bus, "stage.talk", holder="stage-0", ttl_s=30)
    running = asyncio.create_task(lease.run())
    await eventually(lambda: lease.held, "taken")
    again = Lease(bus, "stage.talk", holder="stage-0", ttl_s=30)  # the process was killed and came back
    retaken = asyncio.create_task(again.run())
    await eventually(lambda: again.held, "taken again")
    running.cancel()
    retaken.cancel()


async def test_who_saw_the_holder_renew_goes_first(bus: Bus, nats: NatsServer) -> None:
    """A programme that was killed is back sooner than its lease ends, without its chunks: its twin has them."""
    kept = bucket(bus, streams.LEASES)
    await kept.put("programme.talk", b"programme-0 of before")
    async with connect(nats.url, name="second") as other_bus:
        twin = Lease(other_bus, "programme.talk", holder="programme-1", ttl_s=0.8, newcomer_s=30.0)
        standing_by = asyncio.create_task(twin.run())
        await eventually(lambda: twin._seen[0] > 0, "the twin has looked")
        await kept.put("programme.talk", b"programme-0 of before")
        newcomer = Lease(bus, "programme.talk", holder="programme-0", ttl_s=0.4, newcomer_s=2.0)
        begun = asyncio.create_task(newcomer.run())
        await eventually(lambda: newcomer.held or twin.held, "one of them follows")
        assert twin.held
        standing_by.cancel()
        await eventually(lambda: newcomer.held, "the newcomer follows who has gone")
        begun.cancel()


async def test_a_slow_bus_does_not_end_a_term(bus: Bus, nats: NatsServer) -> None:
    """A lease that nobody could confirm for a while is not held, and is the same one when it is confirmed again."""
    lease = Lease(bus, "archive.talk", holder="archive-0", ttl_s=0.4)
    running = asyncio.create_task(lease.run())
    await eventually(lambda: lease.held, "taken")
    term = lease.term
    with nats.paused():
        await eventually(lambda: not lease.held, "nobody confirms it")
        others = asyncio.create_task(asyncio.sleep(0))
        await lease.until_kept(60)
        assert others.done(), "who waits for it lets others work"
    await eventually(lambda: lease.held, "confirmed again")
    assert lease.term == term
    kv = bucket(bus, "leases")
    await kv.put("archive.talk", b"archive-1")
    await eventually(lambda: not lease.held, "another has it")
    await eventually(lambda: lease.held, "and has left it")
    assert lease.term > term
    running.cancel()


async def test_a_lease_is_given_back_though_a_renewal_was_under_way(bus: Bus) -> None:
    """Its answer is never heard by who is told to go; the next one need not wait until it runs out."""
    lease = Lease(bus, "stage.talk", holder="stage-0", ttl_s=30)
    running = asyncio.create_task(lease.run())
    await eventually(lambda: lease.held, "the lease is taken")
    await bucket(bus, LEASES).put("stage.talk", b"stage-0")
    running.cancel()
    await asyncio.wait([running])
    assert not (await bucket(bus, LEASES).get("stage.talk")).value


async def test_a_bus_that_is_away_gives_nobodys_lease_to_another(bus: Bus, nats: NatsServer) -> None:
    """Time in which the bus answers nobody is not the holder's fault: it keeps the lease when the bus is back."""
    async with connect(nats.url, name="second") as other_bus:
        first, second = (Lease(b, "stage.talk", holder=b.name, ttl_s=0.6) for b in (bus, other_bus))
        running = asyncio.create_task(first.run())
        await eventually(lambda: first.held, "the first takes it")
        waiting = asyncio.create_task(second.run())
        await asyncio.sleep(0.3)  # the second has seen whose it is
        with nats.paused():
            await eventually(lambda: not first.held, "nobody confirms it")
            assert first.kept
        await eventually(lambda: first.held, "confirmed again")
        await asyncio.sleep(1.0)
        assert (first.term, second.term) == (1, 0)
        running.cancel()
        waiting.cancel()


async def test_a_chunk_is_heard_without_the_log(bus: Bus, nats: NatsServer) -> None:
    """What is announced reaches those who listen now though no log was ever made; what is no chunk is counted."""
    async with connect(nats.url, name="edge") as edge_bus:
        heard: list[Chunk] = []
        log = ChunkLog(edge_bus)
        deaf = await log.hear("talk", heard.append)
        await edge_bus.client.flush()
        await bus.publish("live.talk", b"noise")
        async for _ in patiently():  # at most once: a connection that is made anew in this moment loses one
            await ChunkLog(bus).announce(chunk(7))
            await asyncio.sleep(0.1)
            if heard:
                break
        assert ([item.number for item in heard], log.malformed) == ([7], 1)
        await deaf()
        await ChunkLog(bus).announce(chunk(8))
        await asyncio.sleep(0.2)
        assert len(heard) == 1


async def test_requests_are_answered_or_refused(bus: Bus) -> None:
    """Nobody there is an answer too: come back later."""
    with pytest.raises(Overloaded):
        await bus.request("nobody", b"?", timeout_s=0.5)

    async def double(payload: bytes) -> bytes:
        return payload * 2

    stop = await bus.serve("double", double)
    assert await bus.request("double", b"ab") == b"abab"
    await stop()
    with pytest.raises(Overloaded):
        await bus.request("double", b"ab", timeout_s=0.5)


async def test_heartbeats_are_collected_and_forgotten(bus: Bus) -> None:
    """Listeners are summed over the edges, seats come from the stage, and what is silent is gone."""
    now = 1000.0
    statuses = Statuses(lambda: now)
    await statuses.start(bus, *BEATING)
    seat = SeatStatus("ada", "Ada", "host", talking=True)

    def edge(name: str, listeners: int) -> Status:
        return Status("edge", name, 0, 1, {"talk": SpaceStatus(listeners=listeners)})

    stage = Status("stage", "stage-0", 0, 1, {"talk": SpaceStatus(seats=[seat])})
    beats = [asyncio.create_task(beat(bus, lambda s=s: s)) for s in (edge("a", 3), edge("b", 4), stage)]  # type: ignore[misc]
    await bus.publish("status.edge.broken", b"{")
    await eventually(lambda: statuses.listeners("talk", now) == 7, "both edges")
    await eventually(lambda: statuses.seats("talk", now) == [seat], "the stage")
    assert len(statuses.fresh(now)) == 3
    assert statuses.listeners("talk", now + 10) == 0
    assert statuses.seats("talk", now + 10) == []
    for task in beats:
        task.cancel()


async def test_a_heartbeat_does_not_wait_with_what_is_urgent(bus: Bus) -> None:
    """Who begins to talk is told at once and not with the next heartbeat; nothing more is said until then."""
    talking: set[str] = set()
    told: list[bytes] = []
    await bus.subscribe("status.stage.>", lambda _, payload: told.append(payload))
    stage = Status("stage", "stage-0", 0, 1)
    beating = asyncio.create_task(beat(bus, lambda: stage, every_s=60.0, urgent=lambda: set(talking)))
    await eventually(lambda: len(told) == 1, "the first")
    talking.add("ada")
    await eventually(lambda: len(told) == 2, "what has changed")
    await asyncio.sleep(4 * URGENT_S)
    assert len(told) == 2
    beating.cancel()


async def test_no_server_is_one_clear_sentence() -> None:
    """A wrong address says which setting to check."""
    with pytest.raises(SetupError, match="STENTOR_NATS_URL"):
        async with connect("nats://127.0.0.1:1", name="test", within_s=0.2):
            pass


async def test_the_log_keeps_the_newest_bytes(bus: Bus) -> None:
    """With a limit the oldest chunks go; without one again, none does. What is there is not made anew."""
    log = ChunkLog(bus, clock=time.time)
    await streams.prepare(bus, most_bytes=20_000)
    for number in range(40):
        await log.publish(chunk(number, mark=b"x" * 20))
    state = (await bus.js.stream_info(streams.CHUNKS)).state
    assert 10_000 < state.bytes <= 20_000
    assert state.last_seq == 40
    await streams.prepare(bus)
    for number in range(40, 80):
        await log.publish(chunk(number, mark=b"x" * 20))
    assert (await bus.js.stream_info(streams.CHUNKS)).state.messages == state.messages + 40

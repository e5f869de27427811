"""The courier on a real bus with a real database, and real servers of strangers to which it sends."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from stentor.base import tls
from stentor.base.clock import unix_ms, wall
from stentor.base.keys import BusSecret
from stentor.bus.connection import connect
from stentor.bus.jobs import JobQueue, OutgoingJob
from stentor.bus.streams import JOBS
from stentor.courier.addresses import networks
from stentor.courier.attempt import Attempt, of_answer, of_silence
from stentor.courier.client import NoAnswer, OutsideClient, outside
from stentor.courier.dispatch import MOST_HELD, Dispatcher
from stentor.courier.schedule import GIVE_UP_S
from stentor.store.deliveries import Deliveries, DeliveryRow, DeliveryState
from stentor.store.spaces import Store
from tests.support.certificates import Authority
from tests.support.nats import nats_server
from tests.support.receiver import Received, Receiver, receiver
from tests.support.wait import PATIENCE_S, eventually

SECRET = BusSecret(b"0" * 32)


def login(role: str) -> Callable[[], tuple[str, str]]:
    found = next((user, word) for user, (theirs, word) in SECRET.users().items() if theirs == role)
    return lambda: found


@dataclass
class Site:
    """A house's end of the queue, and a courier that posts the path of a job's payload to its host."""

    queue: JobQueue
    courier: Dispatcher
    deliveries: Deliveries
    client: OutsideClient
    left: Callable[[], object]
    given_up: list[tuple[str, str]]
    """What its handler was told that nobody tries any more: key and trouble."""

    async def put(self, key: str, host: str, path: str = "/hook", *, old_s: float = 0.0) -> bool:
        now_ms = unix_ms(wall() - old_s)
        return await self.queue.put("post", key, {"path": path}, host=host, now_ms=now_ms, subject="test", what="a")

    async def rows(self) -> dict[str, DeliveryRow]:
        return {row.key: row for row in await self.deliveries.of("test")}

    async def becomes(self, key: str, state: DeliveryState, attempts: int = 1) -> DeliveryRow:
        """Waits for the note of an attempt."""
        found: DeliveryRow | None = None

        async def look() -> None:
            nonlocal found
            while found is None or (found.state, found.attempts) != (state, attempts):
                found = (await self.rows()).get(key)
                await asyncio.sleep(0.02)

        task = asyncio.create_task(look(), name="look")
        try:
            await eventually(task.done, f"{key} becomes {state}")
        finally:
            task.cancel()
        assert found is not None
        return found


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(nats_server(tmp_path / "bus", SECRET.users()))
        house, bus = [
            await stack.enter_async_context(connect(server.url, name=role, role=role, login=login(role)))
            for role in ("house", "courier")
        ]
        operator = await stack.enter_async_context(
            connect(server.url, name="operator", role="operator", login=login("operator"))
        )
        store = await Store.open(f"sqlite:///{tmp_path / 'stentor.db'}")
        stack.push_async_callback(store.close)
        client = await stack.enter_async_context(outside(networks("127.0.0.1")))

        async def post(job: OutgoingJob) -> Attempt:
            try:
                return of_answer(await client.post(f"http://{job.host}{job.payload['path']}", b"{}", {}))
            except NoAnswer as error:
                return of_silence(error)

        deliveries = Deliveries(store.work)
        hanging = asyncio.Event()

        async def hang(_: OutgoingJob) -> Attempt:
            await hanging.wait()
            return Attempt()

        told: list[tuple[str, str]] = []

        async def given_up(job: OutgoingJob, trouble: str) -> None:
            told.append((job.key, trouble))

        courier = Dispatcher(
            JobQueue(bus), deliveries, {"post": post, "hang": hang}, wall, given_up={"post": given_up},
            chance=lambda: 0.0,
        )  # fmt: skip
        task = asyncio.create_task(courier.run(), name="courier")

        async def left() -> int:
            return (await operator.js.stream_info(JOBS)).state.messages

        yield Site(JobQueue(house), courier, deliveries, client, left, told)
        task.cancel()
        await asyncio.wait([task])
        assert house.refused == bus.refused == 0


@pytest_asyncio.fixture
async def stranger() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def test_a_job_is_done_once_and_written_down(site: Site, stranger: Receiver) -> None:
    """A second order under the same key is none; the queue forgets what is settled."""
    host = f"127.0.0.1:{stranger.port}"
    assert await site.put("one", host)
    assert not await site.put("one", host)
    row = await site.becomes("one", DeliveryState.DONE)
    assert (row.status, row.attempts, row.trouble, row.host) == (200, 1, "", host)
    assert len(stranger.received) == 1
    await site.put("two", host)
    await site.becomes("two", DeliveryState.DONE)
    assert not site.given_up
    await site.put("old", host, old_s=GIVE_UP_S + 60)
    assert (await site.becomes("old", DeliveryState.GIVEN_UP)).trouble == "too-old"
    assert site.given_up == [("old", "too-old")], "its kind is told before it is forgotten"
    assert len(stranger.received) == 2
    assert await site.left() == 0  # type: ignore[misc]


async def test_what_fails_is_tried_again(site: Site, stranger: Receiver) -> None:
    """After some seconds, with the same job; each attempt is counted. The others of its message are done once."""
    answers, now_ms = iter((503, 200)), unix_ms(wall())
    stranger.answering = lambda found: (next(answers) if found.path == "/one" else 200, {})
    jobs = [
        OutgoingJob(
            kind="post", key=key, host=f"127.0.0.1:{stranger.port}", payload={"path": f"/{key}"}, subject="test",
            what="a", made_ms=now_ms,
        )
        for key in ("one", "two", "three")
    ]  # fmt: skip
    await site.queue.put_together(jobs)
    await site.queue.put_together(jobs)
    row = await site.becomes("one", DeliveryState.WAITING)
    assert (row.status, row.trouble) == (503, "try-later")
    assert 3500 < row.due_ms - row.at_ms < 6500
    assert await site.left() == 1  # type: ignore[misc]
    assert (await site.becomes("one", DeliveryState.DONE, attempts=2)).status == 200
    for key in ("two", "three"):
        await site.becomes(key, DeliveryState.DONE)
    assert sorted(each.path for each in stranger.received) == ["/one", "/one", "/three", "/two"]
    stranger.answering = lambda _: (503, {})
    many = msgspec.structs.replace(jobs[0], key="many", once=True)
    await site.queue.put_together([many])
    row = await site.becomes("many", DeliveryState.WAITING)
    assert 45_000 < row.due_ms - row.at_ms < 75_000, "one of thousands comes back when the others have been told"


async def test_a_host_that_asks_for_time_gets_it(site: Site, stranger: Receiver) -> None:
    """Retry-After holds for all of its jobs; those of another host do not wait."""
    async with receiver() as other:
        stranger.answering = lambda _: (429, {"Retry-After": "3600"})
        host = f"127.0.0.1:{stranger.port}"
        await site.put("one", host)
        row = await site.becomes("one", DeliveryState.WAITING)
        assert row.due_ms - row.at_ms >= 3_600_000
        await site.put("two", host)
        await site.put("elsewhere", f"127.0.0.1:{other.port}")
        await site.becomes("elsewhere", DeliveryState.DONE)
        assert [each.path for each in stranger.received] == ["/hook"]
        assert "two" not in await site.rows()
        assert site.courier.numbers()["hosts_left_alone"] == 1


async def test_those_who_wait_for_the_dead_keep_no_place(site: Site, stranger: Receiver) -> None:
    """More of them than a courier works on at once: what comes after them is done all the same."""
    now_ms = unix_ms(wall())
    await asyncio.gather(
        *(
            site.queue.put("hang", f"{each}", {}, host=f"dead-{each}.example", now_ms=now_ms, subject="dead")
            for each in range(MOST_HELD + 20)
        )
    )
    await site.put("one", f"127.0.0.1:{stranger.port}")
    await site.becomes("one", DeliveryState.DONE)
    await eventually(lambda: site.courier.numbers()["jobs_held"] == MOST_HELD + 20, "all of them are in hand")


async def test_what_is_not_due_is_not_begun(site: Site, stranger: Receiver) -> None:
    """It comes again at its time; until then nothing of it is written down."""
    host, now_ms = f"127.0.0.1:{stranger.port}", unix_ms(wall())
    await site.queue.put(
        "post", "later", {"path": "/later"}, host=host, now_ms=now_ms, due_ms=now_ms + 1500, subject="test"
    )
    await site.put("one", host)
    await site.becomes("one", DeliveryState.DONE)
    assert "later" not in await site.rows()
    assert (await site.becomes("later", DeliveryState.DONE)).at_ms >= now_ms + 1500


async def test_many_expected_and_many_done(site: Site) -> None:
    """What is expected stays as it is when it is expected again; of what is done the newest row counts."""

    def row(key: str, state: DeliveryState, attempts: int) -> DeliveryRow:
        return DeliveryRow(
            kind="post", key=key, subject="many", what="a", host="h", state=state, attempts=attempts, status=0,
            trouble="", duration_ms=0, made_ms=1, at_ms=attempts, due_ms=1,
        )  # fmt: skip

    keys = [f"{each}" for each in range(1200)]
    await site.deliveries.expect([row(key, DeliveryState.WAITING, 0) for key in keys])
    done = [row(key, DeliveryState.DONE, 1) for key in [*keys[:700], "new"]]
    await site.deliveries.write([row(keys[0], DeliveryState.WAITING, 1), *done])
    await site.deliveries.expect([row(key, DeliveryState.WAITING, 0) for key in keys])
    assert await site.deliveries.counts("many") == {DeliveryState.DONE: 701, DeliveryState.WAITING: 500}


async def test_redirects_are_not_followed(site: Site, stranger: Receiver) -> None:
    """Wherever they lead: the receiver is the one that was named."""

    def answer(found: Received) -> tuple[int, dict[str, str]]:
        return (302, {"Location": "/elsewhere"}) if found.path == "/hook" else (200, {})

    stranger.answering = answer
    await site.put("one", f"127.0.0.1:{stranger.port}")
    assert (await site.becomes("one", DeliveryState.WAITING)).trouble == "redirected"
    assert [each.path for each in stranger.received] == ["/hook"]


@pytest.mark.parametrize(
    "name",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "0"],
)
async def test_our_own_machine_is_not_reached(stranger: Receiver, name: str) -> None:
    """However its address is written; the receiver hears of no connection."""
    async with outside(()) as client:
        for post in (client.post, client.post_once):
            with pytest.raises(NoAnswer) as met:
                await post(f"http://{name}:{stranger.port}/hook", b"{}", {})
            assert met.value.error_code in ("refused-address", "no-such-host")
    assert stranger.connections == 0


async def test_an_answer_without_an_end_is_not_read_to_it(stranger: Receiver) -> None:
    """So much is read and no more; what the status says counts."""
    stranger.answering = lambda _: (200, {"Content-Length": str(1 << 40), "Connection": "close"})
    async with outside(networks("127.0.0.1")) as client:
        for post in (client.post, client.post_once):
            assert (await asyncio.wait_for(post(stranger.url(), b"{}", {}), PATIENCE_S)).status == 200


async def test_what_goes_to_many_is_posted_once(stranger: Receiver) -> None:
    """As other requests are, and no connection is kept; what is no answer, or nobody, is said to be so."""
    stranger.answering = lambda _: (429, {"Retry-After": "70", "Location": "/elsewhere"})
    async with outside(networks("127.0.0.1")) as client:
        for _ in range(2):
            answer = await client.post_once(stranger.url("/a?b=c"), b"body", {"date": "now"})
            assert (answer.status, answer.retry_after_s) == (429, 70.0)
        assert (stranger.connections, [each.path for each in stranger.received]) == (2, ["/a?b=c"] * 2)
        sent = stranger.received[0]
        assert (sent.body, sent.headers["host"], sent.headers["date"]) == (b"body", f"127.0.0.1:{stranger.port}", "now")
        assert sent.headers["user-agent"].startswith("Stentor/")

        async def strange(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            writer.close()

        server = await asyncio.start_server(strange, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for said in (b"", b"hello\r\n\r\n", b"HTTP/1.1 103 Early\r\n\r\n", b"HTTP/1.1 200 So\r\nx: " + bytes(100_000)):
            with pytest.raises(NoAnswer) as met:
                await client.post_once(f"http://127.0.0.1:{port}/", b"", {})
            assert met.value.error_code == "broken-answer", said[:20]
        server.close()
        await server.wait_closed()
        made: list[str] = []

        def headers() -> dict[str, str]:
            made.append("made")
            return {"date": "then"}

        for url, code in ((f"http://127.0.0.1:{port}/", "not-reached"), ("ftp://127.0.0.1/", "refused-address")):
            with pytest.raises(NoAnswer) as met:
                await client.post_once(url, b"", headers)
            assert met.value.error_code == code
        assert made == [], "nobody signs for who is not reached"
        await client.post_once(stranger.url("/"), b"", headers)
        assert (made, stranger.received[-1].headers["date"]) == (["made"], "then")


async def test_what_goes_to_many_goes_whole(tmp_path: Path) -> None:
    """Also where the other side takes it slowly, with TLS and without."""
    authority, body = Authority(tmp_path), bytes(8_000_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)
        came.append(len(await reader.readexactly(len(body))))
        writer.write(b"HTTP/1.1 202 So\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    came: list[int] = []
    for context in (None, tls.read(authority.chain, authority.key)[0]):
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        url = f"http{'s' if context else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with outside(networks("127.0.0.1"), tls=authority.trust()) as client:
            assert (await client.post_once(url, body, {})).status == 202
        server.close()
        await server.wait_closed()
    assert came == [len(body)] * 2


async def test_what_goes_to_many_checks_certificates(tmp_path: Path) -> None:
    """Name, time, and who says so; as everything does that leaves the site."""
    authority, other = Authority(tmp_path), Authority(tmp_path, ("other.example",))
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer.get_extra_info("ssl_object") is None:
            writer.write(b"220 who are you?\r\n\r\n")
        with suppress(asyncio.IncompleteReadError, OSError):
            came.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 202 So\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async def met(by: Authority, trust: ssl.SSLContext | None) -> str:
        """What came of a post to a server with the certificate that ``by`` has made last."""
        context = tls.read(by.chain, by.key)[0] if trust is not None else None
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        came.clear()
        try:
            async with outside(networks("127.0.0.1"), tls=trust or by.trust()) as client:
                answer = await client.post_once(f"https://127.0.0.1:{port}/a", b"b", {})
            return f"{answer.status} {len(came)}"
        except NoAnswer as error:
            return error.error_code
        finally:
            server.close()
            await server.wait_closed()

    trust, others = authority.issue(), other.trust()
    assert await met(authority, trust) == "202 1"
    assert await met(authority, others) == "tls", "nobody says so whom we trust"
    assert await met(authority, authority.issue(days=-1, begun_days=30)) == "tls", "its time is over"
    assert await met(other, other.issue()) == "tls", "it is another's"
    assert await met(authority, None) == "tls", "this is no TLS"

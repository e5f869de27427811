"""The house and the roles it watches, which are played here over the real bus: WHIP carried, losses seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from stentor.base import keys
from stentor.base.errors import Malformed, problem
from stentor.base.rendition import Source
from stentor.bus.connection import Bus, connect
from stentor.bus.status import SeatStatus, SpaceStatus, Status, beat
from stentor.spaces import claims
from stentor.spaces.claims import Checker
from stentor.store.objects import Objects
from stentor.wire import manifest
from stentor.wire.whip import WhipReply, WhipRequest, decode_request, encode
from tests.support.house import House, running_house
from tests.support.wait import eventually


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as house:
        yield house


@pytest.fixture
async def bus(house: House) -> AsyncIterator[Bus]:
    async with connect(house.nats.url, name="test") as bus:
        yield bus


@asynccontextmanager
async def beating(bus: Bus, role: str, status: SpaceStatus) -> AsyncIterator[None]:
    """A process of ``role`` that says this of the space ``talk``."""
    heartbeat = Status(role=role, instance=f"{role}-0", at_ms=0, pid=1, spaces={"talk": status})
    task = asyncio.create_task(beat(bus, lambda: heartbeat, every_s=0.2), name=f"beat {role}")
    try:
        yield
    finally:
        task.cancel()


OFFER = b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"


async def test_whip_is_carried_whole(house: House, bus: Bus) -> None:
    """What came over HTTP reaches the stage, and the stage's status, headers and body come back as they are."""
    asked: list[WhipRequest] = []

    async def stage(message: bytes) -> bytes:
        request = decode_request(message)
        asked.append(request)
        if request.method == "POST":
            headers = {
                "Location": "/whip/talk/abc",
                "ETag": '"1"',
                "Content-Type": "application/sdp",
                "Connection": "x",
            }
            return encode(WhipReply(201, headers, b"answer"))
        if request.method == "PATCH":
            return encode(WhipReply(412, {"Content-Type": "application/problem+json"}, b'{"status":412}'))
        return encode(WhipReply(200, {}, b""))

    await bus.serve("stage.whip.talk", stage)
    await bus.client.flush()
    invitation = await house.create()
    headers = {"Authorization": f"Bearer {invitation['token']}", "Content-Type": "application/sdp", "Seat-Agreed": "1"}
    entered = await house.anyone.post("/whip/talk", content=OFFER, headers=headers)
    assert (entered.status_code, entered.content) == (201, b"answer")
    assert (entered.headers["location"], entered.headers["etag"]) == ("/whip/talk/abc", '"1"')
    assert entered.headers["content-type"] == "application/sdp"
    assert "connection" not in entered.headers
    assert entered.headers["access-control-allow-origin"] == "*"
    assert entered.headers["seat-recorded"] == "yes"
    wrong = await house.anyone.post("/whip/talk", content=OFFER, headers=headers | {"Seat-Taken": "soon"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad-input")
    patched = await house.anyone.patch("/whip/talk/abc", content=b"a=x", headers={**headers, "If-Match": '"2"'})
    assert (patched.status_code, patched.content) == (412, b'{"status":412}')
    left = await house.anyone.delete("/whip/talk/abc", headers=headers)
    assert left.status_code == 200
    assert (await house.anyone.options("/whip/talk")).headers["seat-recorded"] == "yes"  # whoever sends can know before
    again = await house.anyone.post("/whip/talk", content=OFFER, headers=headers)
    assert again.status_code == 201
    agreed = [event for event in (await house.http.get("/api/v1/spaces/talk/events")).json()["events"]
              if event["kind"] == "RecordingAgreed"]  # fmt: skip
    assert [event["seat"] for event in agreed] == [invitation["seat"]]
    post, patch, delete, _ = asked
    assert (post.space, post.session, post.content_type) == ("talk", None, "application/sdp")
    assert post.body == OFFER
    assert (patch.session, patch.if_match) == ("abc", '"2"')
    assert (delete.method, delete.session, delete.body) == ("DELETE", "abc", b"")
    checker = Checker(keys.own(house.settings, "stage").claims_public)
    for each, purpose in zip(asked[:3], claims.PURPOSES.values(), strict=True):
        found = checker.check(each.claim, purposes=(purpose,), space="talk", now=time.time(), about=each.signed())
        assert found.seat == invitation["seat"]  # the stage reads on the board whose it is
        assert invitation["token"] not in encode(each).decode("latin-1")


async def test_the_stage_learns_when_a_device_took_its_seat(house: House, bus: Bus) -> None:
    """As the POST says, and no time to come: nobody keeps a seat from the device that takes it next."""
    checker, taken = Checker(keys.own(house.settings, "stage").claims_public), list[int]()

    async def stage(message: bytes) -> bytes:
        request, now = decode_request(message), time.time()
        found = checker.check(request.claim, purposes=("join",), space="talk", now=now, about=request.signed())
        taken.append(found.taken_ms)
        return encode(WhipReply(201, {}, b""))

    await bus.serve("stage.whip.talk", stage)
    await bus.client.flush()
    token = (await house.create())["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp", "Seat-Agreed": "1"}
    for said in ({}, {"Seat-Taken": "1764000000000"}, {"Seat-Taken": "9007199254740993"}):
        assert (await house.anyone.post("/whip/talk", content=OFFER, headers=headers | said)).status_code == 201
    assert taken[:2] == [0, 1764000000000]
    assert abs(taken[2] / 1000 - time.time()) < 60


async def test_nobody_is_heard_without_having_agreed(house: House) -> None:
    """To a text of another version is not enough; once agreed on the page any sender is let in; taken back, none is.
    Where nothing is recorded nobody is asked."""
    invitation = await house.create()
    headers = {"Authorization": f"Bearer {invitation['token']}"}

    async def offered(**more: str) -> str:
        answer = await house.anyone.post("/whip/talk", content=OFFER, headers=headers | more)
        return str(answer.json()["code"])

    assert await offered() == "consent-needed"
    assert await offered(**{"Seat-Agreed": "7"}) == "consent-needed"
    seat = f"/api/v1/spaces/talk/seats/{invitation['seat']}"
    assert (await house.anyone.patch(seat, json={"agreed": True}, headers=headers)).status_code == 200
    assert await offered() == "no-stage", "and no stage runs here"
    assert (await house.http.delete(f"{seat}/agreement")).status_code == 403, "nobody can for somebody else"
    back = await house.anyone.delete(f"{seat}/agreement", headers=headers)
    assert back.json()["seats"][0]["withdrawn_ms"]
    assert await offered() == "consent-needed"
    await house.http.put("/api/v1/spaces/talk/recording", json={"on": False})
    assert await offered() == "no-stage"


async def test_whip_checks_who_asks(house: House, bus: Bus) -> None:
    """Nobody, a wrong link and one to another space are refused here, and pages of other origins may read why."""
    invitation = await house.create()
    other = await house.create("other")
    for headers, status, code in (
        ({}, 401, "token-missing"),
        ({"Authorization": "Bearer t.t"}, 401, "token-wrong"),
        ({"Authorization": f"Bearer {other['token']}"}, 403, "other-space"),
        ({"Authorization": f"Bearer {invitation['token']}"}, 403, "consent-needed"),
        ({"Authorization": f"Bearer {invitation['token']}", "Seat-Agreed": "1"}, 503, "no-stage"),
    ):
        answer = await house.anyone.post("/whip/talk", content=OFFER, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        if status < 500:
            assert answer.headers["access-control-allow-origin"] == "*"
        if status == 401:
            assert "www-authenticate" in answer.headers


async def test_an_echo_is_for_those_of_the_stage(house: House, bus: Bus) -> None:
    """Any stage answers the check of one's sound, also before the doors open; only who may join may ask for it."""
    asked: list[WhipRequest] = []

    async def stage(message: bytes) -> bytes:
        asked.append(decode_request(message))
        return encode(WhipReply(201, {"Content-Type": "application/sdp"}, b"answer"))

    invitation = await house.create()
    headers = {"Content-Type": "application/sdp"}
    assert (await house.anyone.post("/echo/talk", content=OFFER, headers=headers)).status_code == 401
    headers["Authorization"] = f"Bearer {invitation['token']}"
    assert (await house.anyone.post("/echo/talk", content=OFFER, headers=headers)).status_code == 503
    for _ in range(2):  # of several stages one gets it
        await bus.serve("stage.echo", stage, queue="stage")
    await bus.client.flush()
    answer = await house.anyone.post("/echo/talk", content=OFFER, headers=headers)
    assert (answer.status_code, answer.content) == (201, b"answer")
    assert [(each.method, each.body) for each in asked] == [("POST", OFFER)]
    assert (await house.anyone.post("/echo/elsewhere", content=OFFER, headers=headers)).status_code == 403


async def test_whip_without_a_stage(house: House) -> None:
    """No stage: 503 with the time to come again, as a problem document."""
    headers = {"Authorization": f"Bearer {(await house.create())['token']}", "Seat-Agreed": "1"}
    answer = await house.anyone.post("/whip/talk", content=OFFER, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "no-stage")
    assert answer.headers["retry-after"] == "1"


async def test_whip_and_a_stage_that_talks_nonsense(house: House, bus: Bus) -> None:
    """What a stage of another version says is not passed on: a speaker's page would give up, and comes again so."""
    refusal = encode(WhipReply(400, {}, msgspec.json.encode(problem(Malformed("Not a WHIP request.")))))
    replies = [b"nonsense", refusal]

    async def stage(_: bytes) -> bytes:
        return replies.pop()

    await bus.serve("stage.whip.talk", stage)
    await bus.client.flush()
    headers = {"Authorization": f"Bearer {(await house.create())['token']}", "Seat-Agreed": "1"}
    while replies:
        answer = await house.anyone.post("/whip/talk", content=OFFER, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "no-stage")


async def test_whip_refusals_of_http(house: House) -> None:
    """Methods, sizes and ids are judged at the door (RFC 9725, 4.1 to 4.3)."""
    options = await house.anyone.options("/whip/talk")
    assert options.status_code == 200
    assert options.headers["accept-post"] == "application/sdp"
    assert options.headers["allow"] == "POST, OPTIONS"
    assert (await house.anyone.options("/whip/talk/x")).headers["allow"] == "PATCH, DELETE, OPTIONS"
    for method, path in (
        ("GET", "/whip/talk"),
        ("PUT", "/whip/talk"),
        ("POST", "/whip/talk/x"),
        ("GET", "/whip/talk/x"),
    ):
        answer = await house.anyone.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert "OPTIONS" in answer.headers["allow"]
    large = b"x" * 65_537
    assert (await house.anyone.post("/whip/talk", content=large)).status_code == 401  # nobody's is read
    headers = {"Authorization": f"Bearer {(await house.create())['token']}", "Seat-Agreed": "1"}
    assert (await house.anyone.post("/whip/talk", content=large, headers=headers)).status_code == 413
    assert (await house.anyone.post("/whip/No.Id", content=OFFER)).status_code == 400
    basic = {"Authorization": "Basic abc"}
    assert (await house.anyone.post("/whip/talk", content=OFFER, headers=basic)).status_code == 401


async def test_a_lost_stage_interrupts_and_resumes(house: House, bus: Bus) -> None:
    """A live space whose stage is silent is interrupted; when the stage is back it goes on; both are evidence."""
    host = await house.create()
    await house.http.post("/api/v1/spaces/talk/live")
    there = SpaceStatus(seats=[SeatStatus(host["seat"], "Host", "host", talking=True, level_dbfs=-20.0)])
    async with beating(bus, "stage", there):
        await house.becomes("live")
        shown: dict[str, object] = {}
        while not shown.get("talking"):
            shown = (await house.http.get("/api/v1/spaces/talk")).json()["seats"][0]
            await asyncio.sleep(0.02)
        assert (shown["state"], shown["level_dbfs"]) == ("connected", -20.0)
    await house.becomes("interrupted")
    async with beating(bus, "stage", there):
        await house.becomes("live")
    kinds = [event["kind"] for event in (await house.http.get("/api/v1/spaces/talk/events")).json()["events"]]
    assert [kind for kind in kinds if kind.startswith("Stage")] == ["StageLost", "StageReturned"]
    assert kinds.count("SeatConnected") == 1


async def test_a_lost_bus_is_not_a_lost_stage(house: House) -> None:
    """A house that hears nothing because the bus is gone says nothing of the stage."""
    await house.create()
    async with connect(house.nats.url, name="stage") as bus, beating(bus, "stage", SpaceStatus()):
        await house.http.post("/api/v1/spaces/talk/live")
        await house.nats.kill()
        for _ in range(30):  # three times as long as a stage may be silent
            assert await house.state() == "live"
            await asyncio.sleep(0.2)
        await house.nats.start()
        await eventually(lambda: bus.connected, "the bus is back")
        assert await house.state() == "live"


async def test_a_complete_recording_opens_the_replay(house: House, bus: Bus) -> None:
    """When the archive has everything, the replay opens and the recording is listed with what its manifest says."""
    await house.create()
    for verb in ("live", "end"):
        await house.http.post(f"/api/v1/spaces/talk/{verb}")
    objects = Objects.open(house.settings.recordings_address)
    stored = {"aac-64": manifest.StoredObject("recordings/talk/aac-64/0.m4s", 700, "0" * 64)}
    runs = [manifest.Run(Source.STAGE, 0, 5), manifest.Run(Source.GAP, 5, 7)]
    entry = manifest.chain(manifest.FIRST_HASH, manifest.Entry(number=0, start_ms=1, runs=runs, renditions=stored))
    await objects.put(manifest.page_key("talk", 0), manifest.encode_page([entry]))
    async with beating(bus, "archive", SpaceStatus(complete=True)):
        await house.becomes("replay")
    listed = (await house.anyone.get("/api/v1/recordings")).json()["recordings"][0]
    assert (listed["complete"], listed["duration_s"]) == (True, 2.24)
    assert (listed["size_bytes"], listed["gap_chunks"]) == (700, 2)
    view = (await house.http.get("/api/v1/spaces/talk")).json()
    assert view["recording"].endswith("/s/talk/recording.m4a")
    assert view["lights"]["recording"] == {"color": "green", "reason": "complete"}

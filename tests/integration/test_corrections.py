"""Somebody corrects the captions: by a real house over a real bus to the edge and into the stored transcript."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from stentor.audio import hold
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.units import SeatId, SpaceId
from stentor.bus.connection import Bus, connect
from stentor.bus.cues import CueLog
from stentor.captions import seat as captions_seat
from stentor.edge import role as edge_role
from stentor.house.captions import service
from stentor.spaces.model import Removal
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals
from stentor.store.objects import Objects
from stentor.wire import cue as wire
from stentor.wire.cue import Cue, Transcript
from tests.integration.test_captions import Counter, captions
from tests.support import limits
from tests.support.edge import silent_hold
from tests.support.house import House, client, problem, running_house
from tests.support.ports import free_port
from tests.support.wait import eventually, patiently


class Talk:
    """A live space, the bus that its captions are on, and where its words are kept."""

    def __init__(self, house: House, bus: Bus, doors_ms: int, host: httpx.AsyncClient, seat: str) -> None:
        self.house, self.bus, self.doors_ms, self.host, self.seat = house, bus, doors_ms, host, seat
        self.objects = Objects.open(house.settings.recordings_address)

    def said(self, start_ms: int, text: str) -> Cue:
        made_ms = self.doors_ms + start_ms + 2000
        return Cue(SpaceId("talk"), self.doors_ms, start_ms, start_ms + 1000, SeatId("ada"), "Ada", text, "en", made_ms)

    async def correct(self, start_ms: int, text: str) -> httpx.Response:
        return await self.host.patch(f"/api/v1/spaces/talk/captions/{start_ms}-ada", json={"text": text})

    async def kept(self) -> list[Cue]:
        return wire.decode_transcript(await self.objects.get(wire.object_key("talk"))).cues


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(running_house(tmp_path))
        bus = await stack.enter_async_context(connect(house.nats.url, name="test"))
        invitation = await house.create(host_name="Hans")
        await house.http.post("/api/v1/spaces/talk/doors")
        view = (await house.http.post("/api/v1/spaces/talk/live")).json()
        authorization = f"Bearer {invitation['token']}"
        host = await stack.enter_async_context(client(str(house.http.base_url), Authorization=authorization))
        yield Talk(house, bus, view["doors_open_ms"], host, invitation["seat"])


async def edge(talk: Talk, stack: AsyncExitStack) -> httpx.AsyncClient:
    """An edge beside the house; ends with the stack."""
    settings = Settings(
        data=talk.house.settings.data, host="127.0.0.1", audience_port=free_port(), nats_url=talk.house.nats.url
    )
    await talk.objects.put("hold/default", hold.encode(silent_hold()))
    running = asyncio.create_task(edge_role.run(settings, instance="edge-0"), name="edge")

    async def end() -> None:
        running.cancel()
        await asyncio.wait([running])

    stack.push_async_callback(end)
    return await stack.enter_async_context(client(f"http://127.0.0.1:{settings.audience_port}"))


async def shown(audience: httpx.AsyncClient, name: str) -> list[dict[str, Any]]:
    try:
        reply = await audience.get(f"/s/talk/{name}")
    except httpx.TransportError:
        return []
    return list(reply.json()["cues"]) if reply.status_code == 200 else []


async def shows(audience: httpx.AsyncClient, name: str, *texts: str) -> None:
    found: list[str] = []
    async for _ in patiently():
        found = [cue["text"] for cue in await shown(audience, name)]
        if found == list(texts):
            return
    raise AssertionError(f"{name} has {found}, not {texts}")


async def test_a_correction_is_shown_and_kept(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the edge, for who comes later, too, and in the transcript with what was there; what was recognised does not
    win when it comes once more."""
    monkeypatch.setattr(captions_seat, "WRITE_EVERY_S", 0.2)
    log = CueLog(talk.bus)
    async with AsyncExitStack() as stack:
        await log.publish(talk.said(0, "Good evening, Will."))
        await log.publish(talk.said(1500, "How are you?"))
        running = await stack.enter_async_context(captions(talk.bus, talk.objects, Counter()))
        await eventually(lambda: any(each.listening for each in running.seat_captions.values()), "the captions listen")
        audience = await edge(talk, stack)
        await shows(audience, "captions.json", "Good evening, Will.", "How are you?")
        answer = await talk.correct(0, "  Good evening, Bill. ")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["text"], answer.json()["was"]) == ("Good evening, Bill.", "Good evening, Will.")
        await shows(audience, "captions.json", "Good evening, Bill.", "How are you?")
        assert [cue.get("corrected") for cue in await shown(audience, "captions.json")] == [True, None]
        assert (await talk.correct(0, "Good evening, Phil.")).json()["was"] == "Good evening, Will."
        await talk.bus.publish(wire.subject("talk"), wire.encode(talk.said(0, "Good evening, Will.")))
        await log.publish(talk.said(3000, "Well?"))
        await shows(audience, "transcript.json", "Good evening, Phil.", "How are you?", "Well?")
        await eventually(lambda: running.seat_captions["talk"].written, "it is kept")
        for cue in (await talk.kept())[:1]:
            assert cue.corrected is not None
            assert (cue.text, cue.corrected.was, cue.corrected.by) == (
                "Good evening, Phil.",
                "Good evening, Will.",
                talk.seat,
            )
        before = await log.read("talk", doors_open_ms=talk.doors_ms)
        assert (await talk.correct(1500, "How are you?")).json()["corrected_ms"] is None
        assert await log.read("talk", doors_open_ms=talk.doors_ms) == before, "the same words are no correction"
        late = await edge(talk, stack)
        await shows(late, "captions.json", "Good evening, Phil.", "How are you?", "Well?")


async def test_what_is_refused(talk: Talk) -> None:
    """No line, no words, too many words, too often; each with its reason."""
    await CueLog(talk.bus).publish(talk.said(0, "Good evening."))
    for place in ("1-ada", "0-bob", "0", "x-ada", "-ada", f"{10**9}-ada", f"{10**11}-ada"):
        answer = await talk.host.patch(f"/api/v1/spaces/talk/captions/{place}", json={"text": "No."})
        problem(answer, 404, "no-such-cue")
    for text in ("", "   ", "x" * 401, "one\ntwo"):
        assert (await talk.correct(0, text)).status_code == 400
    again = partial(talk.correct, 0, "Good evening.")
    with limits.without_refill():
        problem(await limits.refused(again, burst=service.LIMIT.burst - 7), 429, "too-many-corrections")


async def test_after_the_end_the_stored_transcript_is_corrected(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while the captions finish it; and what was removed meanwhile does not come back."""
    cues = [talk.said(0, "Good evening, Will."), talk.said(1500, "A secret."), talk.said(4000, "Good night.")]
    stored = Transcript(1, talk.doors_ms, "a test", cues)
    await talk.objects.put(wire.object_key("talk"), wire.encode_transcript(stored))
    assert (await talk.host.post("/api/v1/spaces/talk/end")).status_code == 200
    monkeypatch.setattr(service, "HEARD_S", -60.0)
    problem(await talk.correct(0, "Good evening, Bill."), 409, "captions-finishing")
    monkeypatch.setattr(service, "DONE_S", -60.0)
    answer = await talk.correct(0, "Good evening, Bill.")
    assert answer.status_code == 200, answer.text
    assert [cue.text for cue in await talk.kept()] == ["Good evening, Bill.", "A secret.", "Good night."]
    assert (await talk.kept())[0].corrected is not None
    removal = Removal(1400, 2600, unix_ms(time.time()), "host", "asked")
    await withdrawals.withdraw(talk.objects, Withdrawal(SpaceId("talk"), removals=[removal]))  # and not yet carried out
    assert (await talk.correct(4000, "Good night, all.")).status_code == 200
    assert [cue.text for cue in await talk.kept()] == ["Good evening, Bill.", "Good night, all."]
    problem(await talk.correct(1500, "No secret."), 404, "no-such-cue")
    other = msgspec.structs.replace(stored, doors_open_ms=1)
    await talk.objects.put(wire.object_key("talk"), wire.encode_transcript(other))
    problem(await talk.correct(0, "Another run."), 404, "no-such-cue")

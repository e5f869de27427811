"""A real house lets go what was kept for its time, and says how much room there is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from stentor.archive.recorder import Recorder, SealedSegment
from stentor.archive.stored import RecordingStore
from stentor.base.errors import SetupError
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.units import SpaceId
from stentor.house.duty import retention
from stentor.house.spaces.recording import summarise
from stentor.spaces import commands as c
from stentor.spaces.model import Keep, State
from stentor.spaces.rules import decide
from stentor.store.back_channel import BackChannelTable
from stentor.store.objects import Objects
from stentor.store.recordings import Recording
from stentor.store.spaces import Store
from stentor.wire import manifest
from stentor.wire.chunk import Chunk
from tests.support.house import House, problem, running_house
from tests.support.spaces import BEN, CREATE, WAYS
from tests.support.wait import PATIENCE_S

DAY_S = 86_400
KEPT = {"keep_comments": "30d", "keep_events": "30d", "keep_sounds": "30d"}


@asynccontextmanager
async def store_of(house: House) -> AsyncIterator[Store]:
    store = await Store.open(house.settings.database_address)
    try:
        yield store
    finally:
        await store.close()


async def ended(store: Store, name: str, days: float, *before: c.Command) -> None:
    """A space that was over so many days ago."""
    then = time.time() - days * DAY_S
    await store.create(decide(None, msgspec.structs.replace(CREATE, id=SpaceId(name)), then - 1))
    for command in (*before, *WAYS[State.REPLAY]):
        await store.change(name, partial(decide, command=command, now=then))
    await BackChannelTable(store.work).add(SpaceId(name), name="Ada", text="Now!", at_ms=1)


def segments(space: str) -> list[SealedSegment]:
    """Two short ones of a recording."""
    recorder = Recorder(space, 1000)
    frames = {each.name: [b"x" * 9] * each.frames_per_chunk for each in RENDITIONS}
    made = [Chunk(space, number, 1000, Source.STAGE, 1000, 0, b"{}", frames) for number in range(18)]
    return [segment for chunk in made for segment in recorder.add(chunk)] + list(recorder.finish(17))


async def parts(house: House) -> list[tuple[str, str, int]]:
    """What would go now."""
    due = (await house.http.get("/api/v1/retention")).json()["due"]
    return [(each["space"], each["part"], each["count"]) for each in due]


async def kinds(house: House, space: str) -> list[str]:
    events = (await house.http.get(f"/api/v1/spaces/{space}/events")).json()["events"]
    return [event["kind"] for event in events]


async def test_what_is_due_goes_and_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run says it before; afterwards the record does, evidence stays, and a younger space has everything."""
    async with running_house(tmp_path, **KEPT) as house:
        objects = Objects.open(house.settings.recordings_address)
        async with store_of(house) as store:
            there = (c.SetHold("old-1"), c.GiveSeat(BEN, "Ben"), c.ConnectSeat(BEN))
            await ended(store, "old", 31, *there)
            await ended(store, "young", 29, *there)
        await objects.put("hold/old-1", b"music")
        await objects.put("hold/default", b"music")
        wanted = [("old", "comments", 1), ("old", "sounds", 1), ("old", "events", 1)]
        assert await parts(house) == wanted
        assert await parts(house) == wanted  # nothing was changed
        monkeypatch.setattr(retention, "FIRST_S", 0.0)
        await house.stop()
        await house.start()
        await eventually_nothing_due(house)
        assert await objects.size("hold/old-1") is None
        assert await objects.size("hold/default") == 5
        assert (await kinds(house, "old"))[-3:] == ["LetGo"] * 3
        assert "SeatConnected" not in await kinds(house, "old")
        assert {"SeatGiven", "WentLive", "SpaceEnded"} <= set(await kinds(house, "old"))  # the recording is there
        assert "SeatConnected" in await kinds(house, "young")
        async with store_of(house) as store:
            assert (await store.retention.written("old"), await store.retention.written("young")) == (0, 1)
        [process] = (await house.http.get("/api/v1/processes")).json()["processes"]
        gone = {name: value for name, value in process["numbers"].items() if name.startswith("let_go")}
        assert gone == {"let_go_comments": 1, "let_go_sounds": 1, "let_go_events": 1}


async def test_a_recording_goes_and_the_record_says_by_whose_wish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the way of every removal: its objects go, its manifest still verifies. A talk after it is untouched."""
    async with running_house(tmp_path, keep_recordings="30d") as house:
        objects = Objects.open(house.settings.recordings_address)
        async with store_of(house) as store:
            for name, days in (("old", 31), ("young", 29), ("hosts", 8)):
                await ended(store, name, days, c.SetKeep(Keep(recording=7 if name == "hosts" else 0)))
                shelf = RecordingStore(objects, name)
                for segment in segments(name):
                    await shelf.keep(segment)
                await store.record(await summarise(objects, SpaceId(name), ready_ms=1))
        removed = {"old": ("the site's rule", "kept for 30 days"), "hosts": ("the host's choice", "kept for 7 days")}
        monkeypatch.setattr(retention, "FIRST_S", 0.0)
        await house.stop()
        await house.start()
        async with asyncio.timeout(60):
            for name in removed:
                while await objects.list(f"recordings/{name}/aac-64"):  # noqa: ASYNC110 nobody tells when it is done
                    await asyncio.sleep(0.05)
        for name, (who, reason) in removed.items():
            [removal] = (await house.http.get(f"/api/v1/spaces/{name}")).json()["removals"]
            assert (removal["who"], removal["reason"]) == (who, reason)
            entries = manifest.decode_page(await objects.get(manifest.page_key(name, 0)))
            assert manifest.verify(entries) == []
        assert len(await objects.list("recordings/young/aac-64")) == 3
        assert await parts(house) == []


async def eventually_nothing_due(house: House) -> None:
    """Waits until the walk is done and the heartbeat of after it was heard."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            processes = (await house.http.get("/api/v1/processes")).json()["processes"]
            if not await parts(house) and any("let_go_events" in each["numbers"] for each in processes):
                return
            await asyncio.sleep(0.05)


async def test_a_host_keeps_things_shorter_and_never_longer(tmp_path: Path) -> None:
    """By the site's rule, which the answer names; the page says until when."""
    async with running_house(tmp_path, keep_recordings="90d") as house:
        token = (await house.create())["token"]
        host = {"Authorization": f"Bearer {token}"}
        path = "/api/v1/spaces/talk/keep"
        refused = problem(await house.anyone.put(path, json={"recording": 91}, headers=host), 400, "bad-input")
        assert "90 days" in str(refused["detail"])
        problem(await house.anyone.put(path, json={"recording": 7}), 401, "not-signed-in")
        view = (await house.anyone.put(path, json={"recording": 7, "comments": 1}, headers=host)).json()
        assert view["keep"] == {"recording": 7, "comments": 1, "sounds": 0, "events": 0}
        assert (view["site_keep"]["recording"], view["recording_until_ms"]) == (90, None)
        assert "keep" in view["you"]["may"]
        async with store_of(house) as store:
            await ended(store, "over", 0)
        over = (await house.http.get("/api/v1/spaces/over")).json()
        assert over["recording_until_ms"] == over["ended_ms"] + 90 * DAY_S * 1000
        [row] = (await house.anyone.get("/api/v1/recordings")).json()["recordings"]
        assert row["until_ms"] == over["recording_until_ms"]


async def test_a_full_site_opens_nothing_new_and_cuts_nobody(tmp_path: Path) -> None:
    """Making and opening are refused with what to do; what is live goes on to its end. Both see how much it is."""
    async with running_house(tmp_path, quota_gb=1.0, create_spaces="members", sign_up="open") as house:
        await house.create("live")
        assert (await house.http.post("/api/v1/spaces/live/live")).status_code == 200
        await house.create("next")
        async with store_of(house) as store:
            await ended(store, "big", 1)
            await store.record(
                Recording(space=SpaceId("big"), ready_ms=1, duration_ms=1, size_bytes=10**9, prefix="recordings/big")
            )
        refused = problem(
            await house.http.post("/api/v1/spaces", json={"title": "Talk", "id": "more"}), 409, "recordings-full"
        )
        assert "1.0 of 1 GB" in str(refused["detail"])
        for verb in ("doors", "live"):
            problem(await house.http.post(f"/api/v1/spaces/next/{verb}"), 409, "recordings-full")
            assert (await house.anyone.post(f"/api/v1/spaces/next/{verb}")).status_code == 401
        assert (await house.http.patch("/api/v1/site", json={"quota_gb": 2})).is_success
        more = await house.http.post("/api/v1/spaces", json={"title": "Talk", "id": "more", "language": "en"})
        assert more.status_code == 201, "an administrator gives more room without a restart"
        assert (await house.http.patch("/api/v1/site", json={"quota_gb": None})).is_success
        assert (await house.http.post("/api/v1/spaces/live/live")).json()["state"] == "live"
        assert (await house.http.post("/api/v1/spaces/live/end")).json()["state"] == "ended"
        storage = (await house.http.get("/api/v1/storage")).json()
        assert storage["own"] is None
        assert storage["site"]["most_bytes"] == 10**9 <= storage["site"]["used_bytes"] < 1.001 * 10**9
        problem(await house.anyone.get("/api/v1/storage"), 401, "not-signed-in")
        problem(await house.anyone.get("/api/v1/retention"), 401, "not-signed-in")


async def test_a_setting_that_is_no_time_stops_the_start(tmp_path: Path) -> None:
    """With a sentence that names it."""
    with pytest.raises(SetupError, match="STENTOR_KEEP_EVENTS"):
        async with running_house(tmp_path, keep_events="a while"):
            pass

"""Deleting an account: what is left is a number, whatever dies meanwhile; and what can be taken along before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from stentor.archive.recorder import Recorder
from stentor.archive.stored import RecordingStore
from stentor.audio import hold
from stentor.base.rendition import Source
from stentor.base.units import SeatId, SpaceId
from stentor.spaces import outline, pulse
from stentor.spaces.model import Role, State
from stentor.spaces.outline import Outline, Turn
from stentor.spaces.pulse import Pulse, PulseSeat
from stentor.spaces.rules import decide
from stentor.store.objects import Objects
from stentor.store.spaces import Store
from stentor.wire import cue, manifest
from stentor.wire.chunk import Chunk
from stentor.wire.cue import Cue, Transcript
from tests.support.edge import silent_hold
from tests.support.house import House, client, database, problem, running_house
from tests.support.pictures import png
from tests.support.spaces import CREATE, NOW
from tests.support.wait import eventually, patiently

NAME, HANDLE, PASSWORD = "Zaphod Quux", "zaphodquux", "several words together"
MANY = 1200
"""More than any list of spaces gives at once."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path, sign_up="open", create_spaces="members", account_spaces=0) as house:
        await objects(house).put("hold/default", hold.encode(silent_hold()))
        yield house


def objects(house: House) -> Objects:
    return Objects.open(house.settings.recordings_address)


@asynccontextmanager
async def zaphod(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with an account and a picture."""
    headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
    async with client(f"{house.anyone.base_url}/api/v1", **headers) as browser:
        answer = await browser.post("/sign-up", json={"handle": HANDLE, "name": NAME, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        assert (await browser.put("/account/picture", content=png())).status_code == 200
        yield browser


async def leave(browser: httpx.AsyncClient) -> str:
    """Deletes the account; where its person, who is signed out, sees how far it is."""
    answer = await browser.request("DELETE", "/account", json={"handle": HANDLE})
    assert answer.status_code == 200, answer.text
    return f"/api/v1{urlsplit(answer.json()['status']).path}"


async def done(house: House, status: str) -> dict[str, Any]:
    """Waits until nothing waits any more."""
    found: dict[str, Any] = {}

    async def follow() -> None:
        while not found.get("done"):
            found.update((await house.anyone.get(status)).json())
            await asyncio.sleep(0.05)

    task = asyncio.create_task(follow(), name="follow deletion")
    try:
        await eventually(task.done, "jobs are left", within_s=120)
    finally:
        task.cancel()
    return found


async def kept(house: House) -> str:
    """All that the database and the object store hold."""
    store = objects(house)
    with database(house.settings) as connection:
        rows = "\n".join(connection.iterdump())
    return rows + "".join(
        [f"{key} {(await store.get(key)).decode('latin-1')}" for key, _ in await store.list("") if "hold/" not in key]
    )


async def test_what_is_left_is_a_number(house: House) -> None:
    """Neither name nor handle is anywhere: not in events, seats, bans, lines, chapters, transcripts or the record."""
    async with zaphod(house) as browser:
        own = (await browser.post("/spaces", json={"title": "Own", "id": "own"})).json()["space"]["seats"][0]["id"]
        await browser.post("/spaces/own/live")
        await browser.post("/spaces/own/backstage", json={"text": f"{NAME} here"})
        await browser.post("/spaces/own/end")
        await recorded(house, "own", own)
        await browser.post("/spaces", json={"title": "Planned", "id": "planned"})
        for space in ("taken", "shut", "asked"):
            await house.create(space, host_name="Trillian")
            await house.http.post(f"/api/v1/spaces/{space}/doors")
        for space in ("taken", "shut"):
            seat = await seated(house, browser, space)
            verb, path = ("DELETE", "seats") if space == "taken" else ("PUT", "bans")
            answer = await house.http.request(verb, f"/api/v1/spaces/{space}/{path}/{seat}")
            assert answer.status_code == 200, answer.text
        assert (await browser.post("/spaces/asked/requests", json={"name": NAME})).status_code == 201
        assert (await browser.post("/spaces/asked/comments", json={"text": f"By {NAME}"})).status_code == 201
        assert NAME in await kept(house)

        found = await done(house, await leave(browser))
        assert (await browser.get("/account")).status_code == 401
    assert [(step["kind"], step["jobs"], step["trouble"]) for step in found["steps"]] == [
        ("erase-comments", 1, ""), ("erase-media", 1, ""), ("erase-person", 4, ""), ("erase-portraits", 1, ""),
        ("list-deletion", 1, ""),
    ]  # fmt: skip
    async for _ in patiently():  # the front page's document is written anew beside the jobs
        if NAME not in (everything := await kept(house)):
            break
    assert not [word for word in (NAME, HANDLE, "portraits/") if word in everything]
    events = (await house.http.get("/api/v1/spaces/own/events")).json()["events"]
    assert (events[0]["host_name"], events[-1]["kind"]) == (f"Deleted person {events[0]['person']}", "PersonErased")
    assert (await house.http.get("/api/v1/spaces/planned")).json()["state"] == "cancelled"


async def seated(house: House, browser: httpx.AsyncClient, space: str) -> str:
    """Gives somebody who is signed in a seat of their own."""
    invitation = (await house.http.post(f"/api/v1/spaces/{space}/invitations", json={"name": NAME})).json()
    answer = await browser.post(f"/spaces/{space}/claim", json={"token": invitation["token"]})
    assert answer.status_code == 200, answer.text
    return str(invitation["seat"])


async def recorded(house: House, space: str, seat: str) -> None:
    """Sound, chapters and a transcript, as archive, edges and captions leave them."""
    shelf, recorder = RecordingStore(objects(house), space), Recorder(space, 1)
    heard = PulseSeat(seat, NAME, Role.HOST, talking=True, muted=False, level=-20)
    told = Pulse(1, space, "Own", State.LIVE, 0, 1, "stage", 1, [heard])
    chunk = Chunk(SpaceId(space), 0, 1, Source.STAGE, 1, 0, pulse.encode(told), {})
    for segment in [*recorder.add(shelf.unnamed(chunk)), *recorder.finish(0)]:
        await shelf.keep(segment)
    line = Cue(SpaceId(space), 1, 0, 900, SeatId(seat), NAME, "Hello.", "en", 2)
    await objects(house).put(cue.object_key(space), cue.encode_transcript(Transcript(1, 1, "whisper", [line])))
    turns = Outline(1, "hash", [Turn(0, 4.8, seat, NAME)], [-20])
    await objects(house).put(manifest.outline_key(space), outline.encode(turns))


async def test_what_waits_is_done_after_a_restart(house: House) -> None:
    """A store that does not answer holds nobody up: the account is gone, the rest is told, and done in the end."""
    async with zaphod(house) as browser:
        folder = Path(objects(house).address.removeprefix("file://")) / "portraits"
        folder.rename(folder.with_name("away"))
        folder.write_text("a file where the folder was")
        status = await leave(browser)
        problem(await browser.post("/sign-in", json={"handle": HANDLE, "password": PASSWORD}), 401, "sign-in-wrong")
        found = (await house.anyone.get(status)).json()
        assert ("erase-portraits", 0) in [(step["kind"], step["done"]) for step in found["steps"]]
        assert "deletion.js" in (await house.anyone.get(urlsplit(status).path.removeprefix("/api/v1"))).text
        await house.stop()
        folder.unlink()
        folder.with_name("away").rename(folder)
        await house.start()
        await done(house, status)
    assert await objects(house).list("portraits") == []
    [listed] = (await house.http.get("/api/v1/site/deletions")).json()["deletions"]
    assert (listed["number"], listed["done"]) == (found["number"], True)
    problem(await house.anyone.get(status[:-1]), 404, "deletion-not-found")


async def test_half_a_deletion_is_none(house: House) -> None:
    """Where one part cannot be written the account is as it was."""
    async with zaphod(house) as browser:
        await browser.post("/spaces", json={"title": "Own", "id": "own"})
        with database(house.settings) as connection:
            connection.execute("CREATE TRIGGER stuck BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'stuck'); END")
        answer = await browser.request("DELETE", "/account", json={"handle": HANDLE})
        assert answer.status_code == 500
        assert (await browser.get("/account")).json()["profile"]["name"] == NAME
        assert (await house.http.get("/api/v1/spaces/own/events")).json()["events"][0]["host_name"] == NAME
        assert (await house.http.get("/api/v1/site/record")).json()["entries"][0]["handle"] == HANDLE


async def test_however_many_spaces(house: House) -> None:
    """An export has a person's seats and what happened with them in 1,200 spaces, and all of them forget the name."""
    async with zaphod(house) as browser:
        with database(house.settings) as connection:
            [account] = connection.execute("SELECT id FROM accounts").fetchone()
        store = await Store.open(house.settings.database_address)
        wish = msgspec.structs.replace(CREATE, host_account=account, host_name=NAME)
        for number in range(MANY):
            made = decide(None, msgspec.structs.replace(wish, id=SpaceId(f"talk-{number}")), NOW)
            await store.create(made)
        wide = {"title": "Own", "id": "own"}
        assert (await browser.post("/spaces", json=wide)).status_code == 201
        await browser.post("/spaces/own/doors")
        await browser.post("/spaces/own/comments", json={"text": "Mine"})
        await browser.post("/spaces/own/backstage", json={"text": "Ours"})
        found = (await browser.get("/account/export")).json()
        assert {seat["space"] for seat in found["seats"]} == {"own", *(f"talk-{number}" for number in range(MANY))}
        assert len([each for each in found["events"] if each["kind"] == "SpaceCreated"]) == MANY + 1
        assert {each["host_name"] for each in found["events"] if each["kind"] == "SpaceCreated"} == {NAME}
        assert [each["text"] for each in found["comments"] + found["backstage"]] == ["Mine", "Ours"]
        assert (len(found["sessions"]), found["picture_jpeg"] is not None) == (1, True)
        assert found["record"]
        progress = (await house.anyone.get(await leave(browser))).json()
        assert {step["kind"]: step["jobs"] for step in progress["steps"]}["erase-person"] == MANY + 1
        created = (await house.http.get("/api/v1/spaces/talk-7/events")).json()["events"][0]
        assert created["host_name"] == f"Deleted person {created['person']}"
        await store.close()

"""Pictures of those on the stage: from an upload at the house to the audience at a real edge, and gone again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from stentor.audio import hold
from stentor.edge import role
from stentor.spaces import portraits
from stentor.store.objects import Objects
from tests.integration.test_people import browser, problem, sign_up
from tests.support.edge import silent_hold
from tests.support.house import House, client, running_house
from tests.support.pictures import decoded, png
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S

pytestmark = pytest.mark.asyncio


class World:
    """A house with an edge of its own, and the objects that they share."""

    def __init__(self, house: House, objects: Objects, audience: httpx.AsyncClient) -> None:
        self.house, self.objects, self.audience = house, objects, audience

    async def offered(self, space: str, count: int, *, but: str = "") -> list[str]:
        """The addresses that the edge's door has once there are so many of them, none of which is ``but``."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self.audience.get(f"/s/{space}/door.json")
                found = list(answer.json()["portraits"].values()) if answer.status_code == 200 else None
                if found is not None and len(found) == count and but not in found:
                    return [str(each) for each in found]
                await asyncio.sleep(0.05)

    async def stored(self) -> list[str]:
        """The keys of all portraits."""
        return [key for key, _ in await self.objects.list("portraits")]

    async def claimed(self, person: httpx.AsyncClient, space: str) -> dict[str, Any]:
        """A speaker's seat that has become somebody's, as the stage's page is told of it."""
        body = {"name": "Speaker"}
        made = (await self.house.http.post(f"/api/v1/spaces/{space}/invitations", json=body)).json()
        view = (await person.post(f"/spaces/{space}/claim", json={"token": made["token"]})).json()
        return next(seat for seat in view["seats"] if seat["id"] == made["seat"])


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    port = free_port()
    async with running_house(folder, sign_up="open", create_spaces="members", audience_port=port) as house:
        objects = Objects.open(house.settings.recordings_address)
        await objects.put("hold/default", hold.encode(silent_hold()))
        edge = asyncio.create_task(role.run(house.settings, instance="edge-0"), name="edge")
        try:
            async with client(f"http://127.0.0.1:{port}") as audience:
                yield World(house, objects, audience)
        finally:
            edge.cancel()
            await asyncio.gather(edge, return_exceptions=True)


async def ready(one: World) -> None:
    """Waits until the edge answers."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await one.audience.get("/healthz")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


async def test_from_the_upload_to_the_audience_and_away(tmp_path: Path) -> None:
    """Own spaces and claimed seats have it; another picture takes its place; taken away, it is nowhere any more."""
    async with world(tmp_path) as one, browser(one.house) as ada:
        await ready(one)
        await sign_up(ada)
        await ada.put("/account/picture", content=png())
        await ada.post("/spaces", json={"title": "Own"})
        await one.house.create("other", host_name="Host")
        seat = await one.claimed(ada, "other")
        [own], [other] = await one.offered("own", 1), await one.offered("other", 1)
        assert seat["portrait"] == f"{one.house.settings.audience_address}{httpx.URL(other).raw_path.decode()}"
        small = await one.audience.get(own)
        assert decoded(small.content).shape == (96, 96, 3)
        assert (await one.audience.get(other)).content == small.content
        assert len(await one.stored()) == 1

        await one.house.http.post("/api/v1/spaces/own/doors")
        await one.house.http.post("/api/v1/spaces/own/end")
        await ada.put("/account/picture", content=png())
        [newer] = await one.offered("other", 1, but=other)
        assert (await one.offered("own", 1, but=own)) != [own]
        assert (await one.audience.get(newer)).status_code == 200
        assert len(await one.stored()) == 1

        await ada.delete("/account/picture")
        await one.offered("other", 0)
        await one.offered("own", 0)
        problem(await one.audience.get(newer), 404, "no-portrait")
        assert await one.stored() == []


async def test_a_deleted_account_leaves_no_picture(tmp_path: Path) -> None:
    """Whoever deletes the account, its person or an administrator."""
    async with world(tmp_path) as one, browser(one.house) as ada, browser(one.house) as bob:
        await ready(one)
        for person, handle in ((ada, "ada"), (bob, "bob")):
            await sign_up(person, handle)
            await person.put("/account/picture", content=png())
            await person.post("/spaces", json={"title": f"By {handle}", "id": f"by-{handle}"})
            await one.offered(f"by-{handle}", 1)
        assert (await ada.request("DELETE", "/account", json={"handle": "ada"})).status_code == 200
        assert (await one.house.http.delete("/api/v1/accounts/bob")).status_code == 200
        for handle in ("ada", "bob"):
            await one.offered(f"by-{handle}", 0)
        assert await one.stored() == []


async def test_pictures_older_than_portraits(tmp_path: Path) -> None:
    """A picture from before is made small when its person takes a seat; a lost store keeps nobody from one."""
    async with world(tmp_path) as one, browser(one.house) as ada:
        await ready(one)
        await sign_up(ada)
        await ada.put("/account/picture", content=png())
        [key] = await one.stored()
        await one.objects.delete(key)
        await one.house.create("talk", host_name="Host")
        assert (await one.claimed(ada, "talk"))["portrait"]
        assert await one.stored() == [key]
        await one.offered("talk", 1)

        folder = Path(one.objects.address.removeprefix("file://"))
        await one.objects.delete(key)
        (folder / portraits.folder("")).rename(folder / "away")
        (folder / portraits.folder("")).write_text("a file where the folder was")
        await one.house.create("later", host_name="Host")
        assert (await one.claimed(ada, "later"))["portrait"] is None
        problem(await ada.put("/account/picture", content=png()), 503, "overloaded")

"""Archives that come in parts, over real HTTP and into a real folder."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from stentor.house.imports.parts import BEGUN, FOLDER, sweep
from stentor.social import ids
from stentor.store.objects import Objects
from tests.integration.test_imports import archive, until, zipped
from tests.integration.test_posts import person, picture
from tests.support.house import House, problem, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")
PART = 4 * 1024 * 1024


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0, new_poster_days=0) as house:
        yield house


def kept(house: House) -> list[str]:
    """What lies in the store of uploads that came to no end."""
    folder = Path(house.settings.recordings_address.removeprefix("file://")) / FOLDER
    return sorted(f"{each.relative_to(folder)}" for each in folder.rglob("*") if each.is_file())


async def begun(http: httpx.AsyncClient) -> str:
    answer = await http.post("/api/v1/imports/uploads")
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert (found["received"], found["most_bytes"]) == (0, PART)
    return str(found["id"])


async def test_an_archive_in_parts(house: House) -> None:
    """Each part once and in its place, whichever came twice or too early; then its posts come in."""
    async with person(house, "ada") as ada, person(house, "bob") as bob:
        whole = zipped(archive(), media_attachments__files__a_dot_jpg=picture())
        upload = await begun(ada)
        address, half = f"/api/v1/imports/uploads/{upload}", len(whole) // 2
        assert (await ada.put(f"{address}?at=0", content=whole[:half])).json()["received"] == half
        for at in (0, half + 1):
            refused = problem(await ada.put(f"{address}?at={at}", content=b"x"), 409, "wrong-part")
            assert refused["received"] == half
        problem(await ada.put(f"{address}?at={half}", content=b""), 400, "bad-input")
        assert (await ada.put(f"{address}?at={half}", content=bytes(PART + 1))).status_code == 413
        assert (await ada.get(address)).json()["received"] == half
        for asked in (bob.get(address), bob.put(f"{address}?at=0", content=b"x")):
            problem(await asked, 404, "import-not-found")
        problem(await bob.put(f"/api/v1/imports/archive?upload={upload}"), 404, "import-not-found")
        assert (await ada.put(f"{address}?at={half}", content=whole[half:])).json()["received"] == len(whole)
        made = await ada.put("/api/v1/imports/archive", params={"upload": upload, "name": "archive.zip"})
        assert made.status_code == 202, made.text

        async def done() -> bool:
            move = (await ada.get(f"/api/v1/imports/{made.json()['id']}")).json()["move"]
            return bool((move["state"], move["worked"], move["name"]) == ("done", 3, "archive.zip"))

        await until(done, "its posts come in")
        assert kept(house) == []
        problem(await ada.get(address), 404, "import-not-found")


async def test_one_at_a_time(house: House) -> None:
    """A new one ends the one before, a button or a day ends any: nobody fills the store."""
    async with person(house, "carl") as carl, person(house, "dora") as dora:
        first, other = await begun(carl), await begun(dora)
        assert (await carl.put(f"/api/v1/imports/uploads/{first}?at=0", content=b"x")).is_success
        second = await begun(carl)
        problem(await carl.get(f"/api/v1/imports/uploads/{first}"), 404, "import-not-found")
        assert [each.rpartition("/")[2] for each in kept(house)] == [BEGUN, BEGUN]
        problem(await carl.put(f"/api/v1/imports/archive?upload={second}"), 400, "no-file")
        problem(await carl.put("/api/v1/imports/archive?upload=none"), 404, "import-not-found")
        assert (await carl.delete(f"/api/v1/imports/uploads/{second}")).status_code == 204
        objects, made_ms = Objects.open(house.settings.recordings_address), ids.time_ms(int(other))
        await sweep(objects, made_ms)
        assert len(kept(house)) == 1
        await sweep(objects, round(time.time() * 1000) + 1)
        assert kept(house) == []

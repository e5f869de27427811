"""What administrators do without a shell, over real HTTP: the overview, and backups."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
import pytest_asyncio

from stentor.base import config
from stentor.base.clock import wall
from stentor.base.errors import Conflict
from stentor.house.admin.backups import Backups
from stentor.house.site.service import SiteKeeper
from stentor.store import backup
from stentor.store.objects import Objects
from stentor.store.site import SiteTable
from stentor.store.work import Work
from tests.integration.test_people import browser, sign_up
from tests.support.house import House, problem, running_house
from tests.support.small_disk import small_disk
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house alone: no stage, no edge, nothing that records."""
    async with running_house(tmp_path_factory.mktemp("site")) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """The first administrator, signed in."""
    invited = (await house.http.post("/api/v1/site/invitations", json={"role": "admin"})).json()
    async with browser(house) as admin:
        await sign_up(admin, "ada", invitation=invited["link"].rpartition("=")[2])
        yield admin


async def page(house: House, who: httpx.AsyncClient, path: str = "/admin", language: str = "en") -> str:
    """A page as a browser without JavaScript has it."""
    answer = await who.get(f"{house.anyone.base_url}{path}", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


async def test_the_overview_is_true_without_a_script(house: House, admin: httpx.AsyncClient) -> None:
    """What is missing, with what to do; what is on, with its lights; what the process of these pages takes."""
    await house.create("evening", title="Evening <b>talk</b>")
    await house.http.post("/api/v1/spaces/evening/doors")
    await eventually(lambda: bool(house.task), "the house runs")
    found = await page(house, admin)
    assert "Delivery to listeners: not running" in found
    assert "restart Stentor" in found
    assert "Evening &lt;b&gt;talk&lt;/b&gt;" in found
    assert found.count('data-light="') >= 4, "three lights, and the process"
    assert 'href="/accounts"' in found
    assert "Pages and accounts 1" in found
    assert "läuft nicht" in await page(house, admin, language="de")
    assert re.search(r">\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d \(UTC\)</time>", found), (
        "no script has said where this browser is"
    )
    admin.cookies.set("stentor-zone", "Asia%2FTokyo")
    there = await page(house, admin, language="de")
    assert re.search(r">\d+\. \w+ \d{4}, \d\d:\d\d Uhr \(Ortszeit Tokyo\)</time>", there)
    admin.cookies.delete("stentor-zone")
    await house.http.post("/api/v1/spaces/evening/end")
    assert "Nothing is on right now." in await page(house, admin)


async def test_others_get_the_list_alone(house: House) -> None:
    """Nobody but an administrator sees the processes; who has the admin token unlocks the list, as before."""
    found = (await house.anyone.get("/admin")).text
    assert 'id="admin-form"' in found
    assert 'id="live"' not in found


async def made(who: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """The backups, once there are so many and none is being made; what went wrong fails the test."""
    found: dict[str, Any] = {}

    async def follow() -> None:
        nonlocal found
        while not found or found["running"] or any(each["checked_ms"] is None for each in found["backups"]):
            found = (await who.get("/site/backups")).json()

    async with asyncio.timeout(60):
        await follow()
    assert found["failed"] is None, found
    assert len(found["backups"]) == count, found
    return list(found["backups"])


async def test_a_backup_is_made_fetched_and_deleted(house: House, admin: httpx.AsyncClient, tmp_path: Path) -> None:
    """It is whole, with the account of who made it and no other backup; no cache keeps it, and all is on record."""
    answer = await admin.post("/site/backups")
    assert answer.status_code == 202, answer.text
    problem(await admin.post("/site/backups"), 409, "backup-running")
    (first,) = await made(admin, 1)
    assert first["checked_ms"] >= first["made_ms"]
    assert first["by"] == "ada"
    fetched = await admin.get(f"/site/backups/{first['name']}")
    assert fetched.headers["cache-control"] == "no-store"
    assert len(fetched.content) == first["size_bytes"]
    file = tmp_path / "fetched.tar"
    file.write_bytes(fetched.content)
    names = backup.check(file).names
    assert "database/stentor.db" in names
    assert not [name for name in names if "backups/" in name]
    there = config.load({}, data=str(tmp_path / "restored"))
    await backup.restore(there, file)
    async with running_house(tmp_path / "again", data=there.data) as again:
        assert [each["handle"] for each in (await again.http.get("/api/v1/accounts")).json()["accounts"]] == ["ada"]
    assert first["name"] in await page(house, admin, "/admin/backups")
    assert "0 min ago" in await page(house, admin)
    assert (await admin.delete(f"/site/backups/{first['name']}")).json()["backups"] == []
    problem(await admin.get(f"/site/backups/{first['name']}"), 404, "backup-not-found")
    deeds = [each["deed"] for each in (await admin.get("/site/record")).json()["entries"]]
    assert deeds[:3] == ["backup-deleted", "backup-fetched", "backup-made"]


async def test_a_folder_that_cannot_be_written(house: House, admin: httpx.AsyncClient) -> None:
    """It is said what to do, and stays on the page until a backup was made."""
    place = house.settings.backups_folder
    place.rename(place.with_name("aside"))
    place.write_text("a file where the folder should be")
    said = problem(await admin.post("/site/backups"), 409, "backups-unwritable")["detail"]
    assert "STENTOR_BACKUPS" in str(said)
    assert "failed" in await page(house, admin, "/admin/backups")
    place.unlink()
    assert (await admin.post("/site/backups")).status_code == 202
    await made(admin, 1)


async def test_a_full_disk(house: House, admin: httpx.AsyncClient, tmp_path: Path) -> None:
    """Nothing is begun that there is no room for; and one that the disk ends in the middle leaves nothing behind."""
    with small_disk(tmp_path / "disk", 4) as disk:
        settings = msgspec.structs.replace(house.settings, backups=str(disk))
        site = SiteKeeper(SiteTable(cast("Work", None)), Objects.open(settings.recordings_address), settings)
        backups = Backups(settings, site, wall, lambda: True)
        with pytest.raises(Conflict, match="are free"):
            await backups.make(by="ada")
        backups.spare_bytes = -(1 << 40)
        (disk / "balloon").write_bytes(b"x" * ((4 << 20) - 65_536))
        await backups.make(by="ada")
        await eventually(lambda: not backups.busy, "the disk ends it")
        failed = (await backups.view()).failed
        assert failed is not None
        assert failed.code == "backup-no-room", failed
        assert [each.name for each in disk.iterdir()] == ["balloon"]


async def test_the_plan(admin: httpx.AsyncClient) -> None:
    """An hour that no day has is refused, and what was set stays."""
    assert (await admin.patch("/site/backups", json={"hour": 3, "keep": 2})).json()["keep"] == 2
    problem(await admin.patch("/site/backups", json={"hour": 24}), 400, "bad-input")
    found = (await admin.get("/site/backups")).json()
    assert (found["hour"], found["keep"]) == (3, 2)
    assert (await admin.patch("/site/backups", json={"hour": None})).json()["hour"] is None

"""What administrators do without a shell, over real HTTP: the overview."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_people import browser, sign_up
from tests.support.house import House, running_house
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
    await house.http.post("/api/v1/spaces/evening/end")
    assert "Nothing is on at the moment." in await page(house, admin)


async def test_others_get_the_list_alone(house: House) -> None:
    """Nobody but an administrator sees the processes; who has the admin token unlocks the list, as before."""
    found = (await house.anyone.get("/admin")).text
    assert 'id="admin-form"' in found
    assert 'id="live"' not in found

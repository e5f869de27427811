"""Outlets and real servers by others: snac2 with Mastodon's API, and Bluesky's own server of personal data.

What counts is what a reader who is not signed in finds there, never what the server has answered.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest
import pytest_asyncio

from stentor.base import keys
from stentor.base.seal import Seal
from stentor.bus.jobs import OutgoingJob
from stentor.courier.addresses import networks
from stentor.courier.client import outside
from stentor.courier.outlets import OutletSender
from stentor.spaces.announcing import SpaceMoment
from stentor.store.outlets import JOB, OutletChoice, OutletsTable, OutletState
from stentor.store.spaces import Store
from tests.integration.test_mail import FORM
from tests.integration.test_posts import person
from tests.integration.test_webhooks import running_courier
from tests.support import bluesky, snac
from tests.support.bluesky import Bluesky
from tests.support.faulty import BUSY, DROPPED, FAILED, LOST, WORKS, FaultyWay, faulty_way
from tests.support.federated import until
from tests.support.house import House, database, running_house
from tests.support.snac import ONCE, USER, Snac
from tests.support.wait import PATIENCE_S, eventually

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]
HOUR_MS = 3_600_000
PAGE = "https://talk.example"
CASES = ([WORKS], [DROPPED], [FAILED, DROPPED], [LOST], [BUSY, DROPPED])


@dataclass
class Site:
    """A house with a courier, and Ada who hosts."""

    house: House
    ada: httpx.AsyncClient
    store: Store

    async def named(self, number: int) -> str:
        """Whose account an outlet is, once it was asked."""
        query = f"SELECT name, trouble, said FROM outlets WHERE number = {number}"

        def found() -> tuple[str, str, str]:
            with database(self.house.settings) as connection:
                [(name, trouble, said)] = connection.execute(query)
                return f"{name}", f"{trouble}", f"{said}"

        await eventually(lambda: any(found()), "it was asked whose account it is")
        assert found()[1:] == ("", ""), found()
        return found()[0]

    async def posts(self, number: int, way: FaultyWay) -> list[tuple[str, str]]:
        """Posts one talk after the other while things go wrong; their names, and where each is said to stand."""
        table, seal = OutletsTable(self.store.work), Seal(keys.own(self.house.settings, "courier").sealing)
        now, made = [time.time()], []
        async with outside(networks("127.0.0.1")) as client:
            sender = OutletSender(table, client, seal, lambda: now[0], PAGE)
            for at, faults in enumerate(CASES):
                name = f"talk-{number}-{at}"
                wish = {"title": f"Grüße 👋 {at}", "id": name, "language": "en"}
                soon_ms = round(time.time() * 1000) + HOUR_MS
                assert (
                    await self.ada.post("/api/v1/spaces", json={**wish, "scheduled_ms": soon_ms})
                ).status_code == 201
                choice = OutletChoice(number, (SpaceMoment.PLANNED,), "")
                await table.choose(await self.store.load(name), choice, None, now_ms=1)
                await table.expect(name, SpaceMoment.PLANNED, now_ms=round(now[0] * 1000))
                payload: dict[str, str | int] = {"space": name, "outlet": number, "moment": "planned"}
                job = OutgoingJob(kind=JOB, key=name, host="x", made_ms=1, payload=payload)
                way.faults[:] = faults
                for _ in range(5):
                    await sender.send(job)
                    now[0] += 61
                [row] = await table.posts(name)
                assert row.state is OutletState.DONE, (faults, row)
                way.faults.clear()
                made.append((name, row.link))
        return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with (
        running_house(
            tmp_path_factory.mktemp("site"), sign_up="open", create_spaces="members", new_account_hours=0,
            account_spaces=200, account_spaces_day=200,
        ) as house,
        running_courier(house.settings),
        person(house, "ada") as ada,
    ):  # fmt: skip
        store = await Store.open(house.settings.database_address)
        try:
            yield Site(house, ada, store)
        finally:
            await store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def peer() -> AsyncIterator[Snac]:
    if why := snac.missing():
        pytest.fail(f"NOT TESTED against a real server with Mastodon's API: snac2 cannot be had ({why}).")
    async with snac.snac() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sky() -> AsyncIterator[Bluesky]:
    if why := bluesky.missing():
        pytest.fail(f"NOT TESTED against Bluesky's own server: it cannot be had ({why}).")
    async with bluesky.bluesky() as made:
        yield made


async def test_a_server_with_mastodons_api(site: Site, peer: Snac) -> None:
    """Connected in the browser, by the server's own page; each talk stands there once, whatever was lost on the way,
    though the server takes no notice of ``Idempotency-Key``."""
    async with (
        faulty_way(peer.address, "/api/v1/statuses") as way,
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S, limits=ONCE) as anybody,
    ):
        begun = await site.ada.post(
            "/account/outlets", data={"kind": "mastodon", "do": "browser", "server": way.address}, headers=FORM
        )
        assert begun.status_code == 303, begun.text
        allow = begun.headers["location"]
        number = int(allow.split("/")[-2])

        async def link() -> str | None:
            page = (await site.ada.get(allow, headers=FORM)).text
            found = re.search(r'href="(http[^"]+/oauth/authorize[^"]+)"', page)
            return unescape(found[1]) if found else None

        asked = await until(link, "the other server was asked")
        form = (await anybody.get(asked)).text
        fields = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', form)) | {
            "login": USER, "passwd": peer.password,
        }  # fmt: skip
        where = re.search(r'action="([^"]+)"', form)
        assert where, form
        answered = await anybody.post(urljoin(asked, where[1]), data={name: unescape(v) for name, v in fields.items()})
        assert answered.status_code in (302, 303), answered.text
        back = httpx.URL(answered.headers["location"])
        stolen = await site.ada.get(
            str(back.copy_with(params={"state": "x", "code": "y"}).raw_path, "ascii"), headers=FORM
        )
        assert stolen.status_code == 404
        assert (await site.ada.get(back.raw_path.decode(), headers=FORM)).status_code == 303
        assert (await site.named(number)).startswith(f"@{USER}@")

        made = await site.posts(number, way)
        shown = unescape((await anybody.get(f"{peer.address}/{USER}")).text)
        for name, where_it_is in made:
            assert shown.count(f'href="{PAGE}/s/{name}?by=mastodon&at=planned"') == 1, name
            assert f"/s/{name}?" in unescape((await anybody.get(where_it_is)).text), "the link leads to it"


async def test_blueskys_own_server(site: Site, sky: Bluesky) -> None:
    """Connected by an app password; each talk is one record there, and its link is a link."""
    async with faulty_way(sky.address, "com.atproto.repo.putRecord") as way:
        fields = {"server": way.address, "handle": f"@{sky.handle}", "password": "wrong"}
        wrong = await site.ada.post("/api/v1/outlets", json={"kind": "bluesky", "fields": fields})
        assert wrong.status_code == 201, wrong.text
        number = wrong.json()["outlet"]
        query = f"SELECT trouble FROM outlets WHERE number = {number}"

        def trouble() -> str:
            with database(site.house.settings) as connection:
                return str(connection.execute(query).fetchone()[0])

        await eventually(lambda: trouble() == "outlet-token", "it is said that the password is wrong")
        right = {"server": way.address, "handle": sky.handle, "password": sky.password}
        assert (await site.ada.patch(f"/api/v1/outlets/{number}", json={"fields": right})).status_code == 200
        assert await site.named(number) == f"@{sky.handle}"

        made = await site.posts(number, way)
        records = await sky.posts()
        assert len(records) == len(CASES)
        for name, _ in made:
            link = f"{PAGE}/s/{name}?by=bluesky"
            [record] = [each for each in records if link in each["text"]]
            [facet] = record["facets"]
            place, text = facet["index"], record["text"].encode()
            assert text[place["byteStart"] : place["byteEnd"]].decode() == facet["features"][0]["uri"] == link

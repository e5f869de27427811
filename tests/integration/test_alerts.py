"""Push messages for apps: from what somebody does to what an app reads, over a real courier and a real service."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from stentor.base import push
from tests.integration.test_posts import person, put
from tests.integration.test_webhooks import running_courier
from tests.support.browsers import PushedBrowser
from tests.support.house import House, database, running_house
from tests.support.receiver import Received, Receiver, receiver
from tests.support.streams import token_for
from tests.support.wait import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/api/v1/push/subscription"
ALERTS = ("mention", "favourite", "follow")


@dataclass
class Site:
    house: House
    service: Receiver

    def came(self, app: PushedBrowser) -> list[Received]:
        return [each for each in self.service.received if each.path == app.path]

    async def subscribe(self, token: str, app: PushedBrowser, **fields: Any) -> httpx.Response:
        """As apps do it: a form, with the keys in the other alphabet of base64."""
        to = app.target(self.service.url(""))
        form = {
            "subscription[endpoint]": to.endpoint,
            "subscription[keys][p256dh]": b64encode(push.public_bytes(app.key)).decode(),
            "subscription[keys][auth]": b64encode(app.auth).decode(),
            **{f"data[alerts][{each}]": "true" for each in ALERTS},
            **fields,
        }
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "de"}
        return await self.house.anyone.post(PATH, data=form, headers=headers)

    async def ask(self, token: str, method: str = "GET", path: str = PATH, **fields: Any) -> httpx.Response:
        return await self.house.anyone.request(method, path, headers={"Authorization": f"Bearer {token}"}, **fields)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with (
        running_house(tmp_path_factory.mktemp("site"), sign_up="open", new_account_hours=0) as house,
        receiver() as service,
        running_courier(house.settings),
    ):
        yield Site(house, service)


async def test_an_app_is_told_what_it_asked_for(site: Site) -> None:
    """Encrypted for it alone, by the standard and by its draft, signed with the key that the site shows; with the token
    that it knows its person by. What it has not asked for does not come, nor what was taken back."""
    async with person(site.house, "ada") as ada, person(site.house, "bob") as bob:
        new, old = PushedBrowser("/new"), PushedBrowser("/old")
        tokens = [token_for(site.house.settings, "ada") for _ in range(2)]
        made = await site.subscribe(tokens[0], new, **{"subscription[standard]": "true"})
        assert made.status_code == 200, made.text
        assert (await site.subscribe(tokens[1], old)).json()["standard"] is False
        told = made.json()
        assert (told["policy"], told["standard"], isinstance(told["id"], int)) == ("all", True, True)
        assert [name for name, on in told["alerts"].items() if on] == ["mention", "follow", "favourite"]
        instance = (await site.house.anyone.get("/api/v2/instance")).json()
        assert told["server_key"] == instance["configuration"]["vapid"]["public_key"]
        post = await put(ada, "what do you think?")
        await bob.put(f"/api/v1/posts/{post['id']}/boost")
        await bob.put(f"/api/v1/posts/{post['id']}/like")
        await eventually(lambda: bool(site.came(new) and site.came(old)), "a message for each")
        [message], [drafted] = site.came(new), site.came(old)
        said = new.reads(message)
        assert said | {"access_token": tokens[1]} == old.reads_draft(drafted)
        flat = (await site.ask(tokens[0], path="/api/v1/notifications?types[]=favourite")).json()
        assert said == {
            "access_token": tokens[0], "preferred_locale": "de", "notification_id": int(flat[0]["id"]),
            "notification_type": "favourite", "icon": said["icon"],
            "title": "Bob mag Ihren Beitrag", "body": "what do you think?",
        }  # fmt: skip
        icons = [httpx.URL(each).path for each in (said["icon"], flat[0]["account"]["avatar"])]
        one, other = [await site.house.anyone.get(each) for each in icons]
        assert one.status_code == 200
        assert one.content == other.content
        assert message.headers["authorization"].startswith("vapid t=")
        assert told["server_key"] in message.headers["authorization"]
        assert drafted.headers["authorization"].startswith("WebPush ey")
        assert told["server_key"] in drafted.headers["crypto-key"]


async def test_whose_and_until_when(site: Site) -> None:
    """By policy; other wishes; no more when it is taken back, when the service says so, or with the token."""
    async with person(site.house, "cid") as cid, person(site.house, "dee") as dee, person(site.house, "eli") as eli:
        app, token = PushedBrowser("/cid"), token_for(site.house.settings, "cid")
        assert (await site.ask(token)).status_code == 404
        await site.subscribe(token, app, policy="followed")
        await cid.put("/api/v1/people/dee/follow", json={})
        await eli.put("/api/v1/people/cid/follow", json={})
        await dee.put("/api/v1/people/cid/follow", json={})
        await eventually(lambda: bool(site.came(app)), "a message")
        assert app.reads_draft(site.came(app)[0])["title"] == "Dee folgt Ihnen"
        changed = await site.ask(token, "PUT", json={"data": {"alerts": {"mention": True}, "policy": "all"}})
        assert (changed.json()["alerts"]["follow"], changed.json()["policy"]) == (False, "all")
        site.service.answering = lambda _: (410, {})
        await put(eli, "@cid hello")
        await eventually(lambda: len(site.came(app)) == 2, "the mention")
        assert app.reads_draft(site.came(app)[1])["body"] == "@cid hello"

        def kept() -> int:
            with database(site.house.settings) as connection:
                query = "SELECT count(*) FROM push_subscriptions p JOIN actors a ON a.number = p.actor"
                return int(
                    connection.execute(
                        f"{query} JOIN accounts c ON c.id = a.account WHERE c.handle = 'cid'"
                    ).fetchone()[0]
                )

        await eventually(lambda: kept() == 0, "it is forgotten")
        site.service.answering = lambda _: (201, {})
        await site.subscribe(token, app)
        assert kept() == 1
        assert (await site.ask(token, "DELETE")).json() == {}
        assert kept() == 0
        narrow = token_for(site.house.settings, "cid", "read write")
        assert (await site.subscribe(narrow, app)).status_code == 403
        wrong = {"subscription[endpoint]": "ftp://push.example"}
        assert (await site.subscribe(token, app, **wrong)).status_code == 422

"""Private spaces at a real house: who is let in, what everybody else is told, and what goes over the bus."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from stentor.base import push
from stentor.base.signing import to_text
from stentor.people.digests import digest
from stentor.people.model import Account, Session, SiteRole
from stentor.spaces import private
from stentor.store.spaces import Store
from tests.integration.test_permissions import BODIES, EXPECTED
from tests.support import limits
from tests.support.house import House, client, database, problem, running_house

TITLE = "Quiet plans"
MADE = {"host_name": "Ada", "title": TITLE}
OURS = {"Sec-Fetch-Site": "same-origin"}
OF_SPACES = [route for route in EXPECTED if "{space}" in route and "/entrance" not in route]


class Site:
    """A house with members who are signed in, and private spaces that an administrator made."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.members: dict[str, httpx.AsyncClient] = {}

    async def sign_in(self, handle: str) -> None:
        store = await Store.open(self.house.settings.database_address)
        token, now_ms = secrets.token_urlsafe(32), 2**41
        try:
            account = Account(id=f"a-{handle}", handle=handle, name=handle.title(), role=SiteRole.MEMBER, created_ms=1)
            await store.accounts.create(account, password=None, passkey=None, codes=[])
            await store.accounts.begin(
                Session(digest=digest(token), account=account.id, created_ms=now_ms, seen_ms=now_ms)
            )
        finally:
            await store.close()
        self.members[handle] = client(str(self.house.anyone.base_url), Cookie=f"stentor={token}", **OURS)

    async def make(self, visibility: str, **fields: object) -> str:
        made = await self.house.http.post("/api/v1/spaces", json={**MADE, "visibility": visibility, **fields})
        assert made.status_code == 201, made.text
        view = made.json()["space"]
        assert view["visibility"] == visibility
        assert view["audience"] == {"page": view["audience"]["page"]}
        return str(view["id"])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder: Path = tmp_path_factory.mktemp("private")
    async with running_house(folder) as house:
        found = Site(house)
        for handle in ("eve", "bob"):
            await found.sign_in(handle)
        yield found
        for each in found.members.values():
            await each.aclose()


def entered(answer: httpx.Response, space: str) -> str:
    """The pass of somebody who was let in: a redirect below the key, and a cookie that no script reads."""
    assert answer.status_code == 303, answer.text
    assert re.fullmatch(rf"/s/{space}/k/[0-9a-f]{{32}}", answer.headers["location"])
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    return cookie.partition("=")[2].partition(";")[0]


async def inside(site: Site, cookie: str, space: str) -> bool:
    """Whether somebody who has only that cookie is led below the key; else there is no such space for them."""
    async with client(str(site.house.anyone.base_url), Cookie=cookie) as listener:
        led, told = await listener.get(f"/enter/{space}"), await listener.get(f"/api/v1/spaces/{space}")
    assert (led.status_code == 303) == (told.status_code != 404), (led.status_code, told.text)
    return led.status_code == 303


@pytest.mark.asyncio(loop_scope="module")
async def test_members_are_let_in_until_they_are_shut_out(site: Site) -> None:
    """By the link alone; who is shut out gets no pass, and edges are told in the same moment."""
    space = await site.make("members")
    assert re.fullmatch("[0-9a-f]{16}", space)
    page = await site.house.anyone.get(f"/enter/{space}")
    assert (page.status_code, TITLE in page.text) == (200, False)
    let_in = await site.members["eve"].get(f"/enter/{space}")
    entered(let_in, space)
    cookie = let_in.headers["set-cookie"].partition(";")[0]
    assert await inside(site, cookie, space)
    given = (await site.members["eve"].post(f"/api/v1/spaces/{space}/entrance", json={})).json()
    assert given["base"].startswith(f"/s/{space}/k/")
    shut = await site.house.http.put(f"/api/v1/spaces/{space}/shut-out/eve")
    assert shut.status_code == 200, shut.text
    assert (await site.members["eve"].get(f"/enter/{space}")).status_code == 200
    assert not await inside(site, cookie, space)  # who kept the cookie is not led to the new key
    entered(await site.members["bob"].get(f"/enter/{space}"), space)
    problem(await site.members["eve"].post(f"/api/v1/spaces/{space}/entrance", json={}), 403, "wrong-word")
    now = (await site.members["bob"].post(f"/api/v1/spaces/{space}/entrance", json={})).json()
    assert now["base"] != given["base"]


@pytest.mark.asyncio(loop_scope="module")
async def test_who_is_on_the_list_is_let_in(site: Site) -> None:
    """And nobody else with an account; who is taken off it hears no more, and a choice ends what came in before it."""
    space = await site.make("members")
    let_in = await site.members["bob"].get(f"/enter/{space}")
    cookie = let_in.headers["set-cookie"].partition(";")[0]
    change = {"visibility": "invited"}
    assert (await site.house.http.put(f"/api/v1/spaces/{space}/visibility", json=change)).status_code == 200
    assert not await inside(site, cookie, space)
    lists = f"/api/v1/spaces/{space}/listeners"
    problem(await site.house.http.put(f"{lists}/nobody-here"), 404, "account-not-found")
    for _ in range(2):
        told = (await site.house.http.put(f"{lists}/eve")).json()
    assert told == {"invited": [{"handle": "eve", "name": "Eve"}], "shut_out": []}
    let_in = await site.members["eve"].get(f"/enter/{space}")
    entered(let_in, space)
    cookie = let_in.headers["set-cookie"].partition(";")[0]
    assert (await site.members["bob"].get(f"/enter/{space}")).status_code == 200
    problem(await site.members["bob"].get(f"/api/v1/spaces/{space}"), 404, "space-not-found")
    assert (await site.house.http.delete(f"{lists}/eve")).json()["invited"] == []
    assert not await inside(site, cookie, space)
    assert (await site.members["eve"].get(f"/enter/{space}")).status_code == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_a_password_lets_in_and_a_new_one_does_not_let_the_old_one(site: Site) -> None:
    """Without JavaScript; too many wrong ones are refused, and the same words are said where there is no space."""
    problem(await site.house.http.post("/api/v1/spaces", json={**MADE, "visibility": "password"}), 400, "bad-input")
    space = await site.make("password", password="open sesame")
    form = {"word": "open sesame"}
    let_in = await site.house.anyone.post(f"/enter/{space}", data=form, headers=OURS)
    entered(let_in, space)
    cookie = let_in.headers["set-cookie"].partition(";")[0]
    assert await inside(site, cookie, space)
    wish = {"visibility": "password", "password": "another one"}
    assert (await site.house.http.put(f"/api/v1/spaces/{space}/visibility", json=wish)).status_code == 200
    assert not await inside(site, cookie, space)
    told = [await site.house.anyone.post(f"/enter/{each}", data=form, headers=OURS) for each in (space, "nothing")]
    assert told[0].status_code == told[1].status_code == 403
    assert told[0].text.replace(space, "nothing") == told[1].text
    await limits.refused(partial(site.house.anyone.post, f"/enter/{space}", data={"word": "guess"}, headers=OURS))
    with database(site.house.settings) as connection:
        connection.execute("DELETE FROM tries")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_ticket_opens_for_one_at_a_time(site: Site) -> None:
    """A second use makes passes of the first one worthless, a ticket that was taken back opens nothing."""
    space = await site.make("tickets")
    path = f"/api/v1/spaces/{space}/tickets"
    made = (await site.house.http.post(path, json={"names": ["Grace", "Joan"]})).json()["tickets"]
    assert [each["number"] for each in made] == [1, 2]
    assert made[0]["link"].endswith(f"/enter/{space}#{made[0]['code']}")
    passes = []
    for _ in range(2):
        answer = await site.house.anyone.post(f"/api/v1/spaces/{space}/entrance", json={"word": made[0]["code"]})
        passes.append(answer.json()["listener_pass"])
    assert passes[0] != passes[1]
    listed = (await site.house.http.get(path)).json()["tickets"]
    assert [(each["name"], each["used_ms"] is not None) for each in listed] == [("Grace", True), ("Joan", False)]
    assert (await site.house.http.delete(f"{path}/2")).status_code == 200
    problem(
        await site.house.anyone.post(f"/api/v1/spaces/{space}/entrance", json={"word": made[1]["code"]}),
        403,
        "wrong-word",
    )
    with database(site.house.settings) as connection:
        stored = " ".join(str(row) for row in connection.execute("SELECT * FROM tickets"))
        connection.execute("DELETE FROM tries")
    assert not any(each["code"] in stored for each in made)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("route", OF_SPACES)
async def test_the_api_knows_no_such_space(site: Site, route: str) -> None:
    """To a stranger and to a member without the right every route answers as for an id that nobody has."""
    space = KNOWN.get("password") or await site.make("password", password="open sesame")
    KNOWN["password"] = space
    method, _, path = route.partition(" ")
    for caller in (site.house.anyone, site.members["bob"]):
        answers = []
        for name in (space, "0123456789abcdef"):
            address = "/api/v1" + re.sub(r"\{\w+\}", "1", path.replace("{space}", name))
            answer = await caller.request(method, address, json=BODIES.get(route))
            answers.append((answer.status_code, _but_the_date(answer), answer.text.replace(name, "X")))
        assert answers[0] == answers[1]
        assert TITLE not in answers[0][2]


KNOWN: dict[str, str] = {}


def _but_the_date(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


@pytest.mark.asyncio(loop_scope="module")
async def test_pages_and_lists_know_no_such_space(site: Site) -> None:
    """Nor do the pages of the house, forms, WHIP, and whatever lists spaces: for people and for programs."""
    space = await site.make("members")
    await site.house.http.put(f"/api/v1/spaces/{space}/shut-out/eve")
    for caller in (site.house.anyone, site.members["eve"]):
        for method, path in (
            ("GET", "/stage/{}"), ("GET", "/stage/{}/listeners"), ("GET", "/report?kind=space&id={}"),
            ("GET", "/report?kind=seat&id=1&space={}"), ("GET", "/ask/{}"), ("GET", "/ask/{}/panel"),
            ("GET", "/comments/{}"), ("POST", "/whip/{}"), ("POST", "/echo/{}"), ("GET", "/enter/{}"),
            ("GET", "/account/remind?space={}"), ("POST", "/account/remind"), ("POST", "/account/remind/site"),
            ("GET", "/account/outlets/space?space={}"), ("POST", "/account/outlets/space"),
            ("POST", "/account/remind/push"), ("POST", "/api/v1/templates"),
        ):  # fmt: skip
            for accept in ("text/html", "*/*"):
                ours, theirs = [
                    await caller.request(
                        method, path.format(name), headers={"Accept": accept, **OURS}, **_asked(method, path, name)
                    )
                    for name in (space, "0123456789abcdef")
                ]
                assert ours.text.replace(space, "X") == theirs.text.replace("0123456789abcdef", "X"), path
                assert (ours.status_code, _but_the_date(ours)) == (theirs.status_code, _but_the_date(theirs)), path
        for path in ("/", "/mine", "/api/v1/spaces", "/api/v1/recordings"):
            told = (await caller.get(path)).text
            assert space not in told
            assert TITLE not in told


def _asked(method: str, path: str, space: str) -> dict[str, Any]:
    """The body that names a space where the address does not."""
    if method != "POST" or "{}" in path:
        return {}
    if path.startswith("/api/"):
        return {"json": {"space": space, "name": "Evenings"}}
    public, auth = to_text(push.public_bytes(push.new_key())), to_text(b"k" * 16)
    browser = {"endpoint": "https://push.example.org/1", "p256dh": public, "auth": auth}
    return {"data": {"space": space, "mail": "eve@example.org", **browser}}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_report_tells_nothing(site: Site) -> None:
    """Whoever reports a private space, or somebody there, is answered as where there is none."""
    space = await site.make("password", password="open sesame")
    meant = {"why": "hate", "text": "Look at this.", "good_faith": True}
    kinds = (("space", ""), ("seat", space), ("comment", space), ("guest-comment", space))
    for number, (kind, within) in enumerate(kinds, 1):  # an address may not report many
        told = [
            await site.house.anyone.post(
                "/api/v1/reports",
                json={**meant, "kind": kind, "id": name if kind == "space" else "1", "space": within and name},
                headers={**OURS, "X-Forwarded-For": f"198.51.100.{number}"},
            )
            for name in (space, "0123456789abcdef")
        ]
        assert told[0].status_code == told[1].status_code == 404, told[0].text
        assert told[0].json() == told[1].json()


@pytest.mark.asyncio(loop_scope="module")
async def test_who_listens_reports_what_is_wrong_there(site: Site) -> None:
    """Somebody who may know of a private space is heard like everywhere else."""
    space = await site.make("members")
    wish = {"kind": "space", "id": space, "why": "hate", "text": "Look at this."}
    assert (await site.members["bob"].post("/api/v1/reports", json=wish)).status_code == 201
    form = await site.members["bob"].get(f"/report?kind=space&id={space}")
    assert TITLE in form.text


def test_a_pass_is_checked_in_microseconds_and_tells_nothing() -> None:
    """Its text has no name in it."""
    key = private.secret(b"x" * 32)
    text = private.issue(key, "friday", private.Pass(private.of_account(key, "a-eve"), 1, 2))
    assert len(text) == 43
    assert msgspec.json.encode(text).find(b"eve") < 0

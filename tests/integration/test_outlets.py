"""Outlets, from the page where they are connected to servers that behave well and badly: a real house and courier."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from stentor.base import keys
from stentor.base.seal import Seal
from stentor.base.static import Static
from stentor.bus.jobs import OutgoingJob
from stentor.courier.addresses import networks
from stentor.courier.client import outside
from stentor.courier.outlets import OutletSender
from stentor.outlets.kinds import OUTLETS
from stentor.spaces.announcing import SpaceMoment
from stentor.store.outlets import JOB, SEALED, OutletChoice, OutletsTable, OutletState
from stentor.store.spaces import Store
from tests.integration.test_mail import FORM
from tests.integration.test_posts import person
from tests.integration.test_webhooks import running_courier
from tests.support.house import House, database, running_house
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR_MS = 3_600_000
WORKS, LOST, DROPPED, FAILED, BUSY, NOT_LET_IN, REFUSED = (
    "works", "lost", "dropped", "failed", "busy", "not let in", "refused",
)  # fmt: skip


@dataclass
class Elsewhere:
    """The APIs of all networks on one port. ``behaves`` is what the next requests for a post meet; then all is well.
    Like snac2 it takes no notice of ``Idempotency-Key``."""

    port: int = 0
    behaves: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    """The texts that people see there."""
    told: dict[str, Any] = field(default_factory=dict)
    """The body of the last request for a post."""
    named: dict[str, str] = field(default_factory=dict)
    """By the name that an idempotent network was given: the text."""
    second: bool = False
    """A request by PUT broke off: aiohttp sends it once more by itself, and that one breaks off, too."""
    asked: asyncio.Event | None = None
    """Set when somebody asks what a webhook is called, who gets no answer then."""
    x_challenge: str = ""
    x_token: str = ""
    x_given: int = 0
    x_expired: bool = False
    """The next post meets a token that X no longer takes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        path, sent = request.path, await request.read()
        told: dict[str, Any] = json.loads(sent) if sent.startswith(b"{") else {}
        match path.rpartition("/")[2]:
            case "verify_credentials":
                return web.json_response({"id": "1", "acct": "ada"})
            case "com.atproto.server.createSession":
                return web.json_response({"did": "did:plc:ada", "accessJwt": "J", "handle": "ada.example"})
            case "whoami":
                return web.json_response({"user_id": "@ada:example"})
            case "me":
                signed = request.headers.get("authorization") == f"Bearer {self.x_token}"
                return web.json_response({"data": {"username": "ada"}} if signed else {}, status=200 if signed else 401)
            case "token" if "/2/oauth2/" in path:
                return self.x_tokens(dict(parse_qsl(sent.decode())))
            case "getChat":
                return web.json_response({"ok": True, "result": {"title": "Channel"}})
        if request.method == "GET" and path.endswith(("/statuses", "/messages")):
            return web.json_response(self.page(request.query, path))
        if request.method == "GET":
            if self.asked is not None:
                self.asked.set()
                await asyncio.sleep(PATIENCE_S)
            return web.json_response({"name": "Hook"})
        return await self.post(request, path, told)

    def page(self, query: Mapping[str, str], path: str) -> Any:
        """Of what stands there by that network, the newest first, as Mastodon and Matrix give it."""
        last = int(query.get("max_id") or query.get("from") or len(self.posts))
        posts = path.endswith("/statuses")
        mine = f"?by={'mastodon' if posts else 'matrix'}&"
        numbers = [at for at in range(last)[::-1] if mine in self.posts[at]][: int(query["limit"])]
        if posts:
            return [self.status(at) for at in numbers]
        now_ms = round(time.time() * 1000)
        chunk = [{"type": "m.room.message", "event_id": f"${at}", "sender": "@ada:example", "origin_server_ts": now_ms,
                  "content": {"msgtype": "m.text", "body": self.posts[at]}} for at in numbers]  # fmt: skip
        return {"start": f"{last}", "chunk": chunk, **({"end": f"{numbers[-1]}"} if numbers and numbers[-1] else {})}

    def status(self, at: int) -> dict[str, str]:
        content = self.posts[at].replace("&", "&amp;")
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return {"id": f"{at}", "url": f"{self.url}/@ada/{at}", "created_at": now, "content": f"<p>{content}</p>"}

    def x_tokens(self, fields: dict[str, str]) -> web.Response:
        """As X has it: the verifier fits, and a refresh token works once; who brings an old one is shut out."""
        if fields["grant_type"] == "authorization_code":
            shown = (
                base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest()).decode().rstrip("=")
            )
            fits = (fields["code"], fields["client_id"], shown) == ("the code", "the site", self.x_challenge)
        else:
            fits = fields["refresh_token"] == f"refresh of {self.x_token}" != ""
        if not fits:
            self.x_token = ""
            return web.json_response(
                {"error": "invalid_request", "error_description": "Value passed was invalid."}, status=400
            )
        self.x_given += 1
        self.x_token = f"token {self.x_given}"
        return web.json_response({"access_token": self.x_token, "refresh_token": f"refresh of {self.x_token}"})

    async def post(self, request: web.Request, path: str, told: dict[str, Any]) -> web.StreamResponse:
        if "/_matrix/" in path:  # a transaction is one of its token
            path += request.headers["authorization"]
        self.told, behaves = told, self.behaves.pop(0) if self.behaves else WORKS
        self.second = request.method == "PUT" and behaves in (LOST, DROPPED) and not self.second
        if self.second:
            self.behaves.insert(0, behaves)
        if path == "/2/tweets" and self.x_expired:
            self.x_expired = False
            return web.json_response({"title": "Unauthorized"}, status=401)
        if behaves.isdecimal():  # it publishes, and says that it did not
            self.take(path, told)
            return web.json_response({"error": "No."}, status=int(behaves))
        refused = {BUSY: 429, NOT_LET_IN: 401, REFUSED: 422}
        if behaves in refused:
            return web.json_response({"error": f"It was {behaves}."}, status=refused[behaves])
        if behaves != LOST:
            self.take(path, told)
        if behaves in (LOST, DROPPED):
            assert request.transport is not None
            request.transport.abort()
        if behaves == FAILED:
            return web.Response(status=502, text="Bad gateway")
        number = f"{len(self.posts) - 1}"
        answer = {
            "id": number, "url": f"{self.url}/@ada/{number}", "uri": f"at://{number}", "event_id": f"${number}",
            "data": {"id": number}, "ok": True, "result": {"message_id": 5, "chat": {"username": "channel"}},
        }  # fmt: skip
        return web.json_response(answer)

    def take(self, path: str, told: dict[str, Any]) -> None:
        text = told.get("status") or told.get("text") or told.get("content") or told.get("body")
        text = text or told["record"]["text"]
        name = told.get("rkey") or (path if "/_matrix/" in path else "")
        if name in self.named:
            return
        self.posts.append(text)
        if name:
            self.named[name] = text


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    made = Elsewhere()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    made.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield made
    finally:
        await runner.cleanup()


@dataclass
class Site:
    """A house with a courier, Ada who hosts, and the other networks."""

    house: House
    other: Elsewhere
    ada: httpx.AsyncClient
    account: str

    async def talk(self, name: str) -> None:
        wish = {"title": f"On {name}", "id": name, "language": "en"}
        at_ms = round(time.time() * 1000) + HOUR_MS
        made = await self.ada.post("/api/v1/spaces", json={**wish, "scheduled_ms": at_ms})
        assert made.status_code == 201, made.text

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with database(self.house.settings) as connection:
            return list(connection.execute(query))

    def about(self, space: str) -> list[str]:
        return [each for each in self.other.posts if f"/s/{space}?" in each]

    async def form(self, path: str, **fields: object) -> httpx.Response:
        return await self.ada.post(path, data={name: str(value) for name, value in fields.items()}, headers=FORM)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with (
        running_house(
            tmp_path_factory.mktemp("site"),
            sign_up="open",
            create_spaces="members",
            new_account_hours=0,
            account_spaces=200,
            account_spaces_day=200,
            x_client_id="the site",
            x_month_budget=0.3,
        ) as house,
        elsewhere() as other,
        running_courier(house.settings),
        person(house, "ada") as ada,
    ):
        with database(house.settings) as connection:
            [(account,)] = connection.execute("SELECT id FROM accounts").fetchall()
        yield Site(house, other, ada, account)


async def test_a_host_connects_chooses_and_sees_what_came_of_it(site: Site) -> None:
    """In plain forms: whose account it is, how it reads, and where it stands; each moment once. The secret is sealed,
    and never shown again."""
    await site.talk("trees")
    asked = await site.ada.get("/account/outlets?kind=mastodon", headers=FORM)
    assert asked.text.count("not yet tried in earnest") == 2
    assert "documentation of 28 November 2026, not" in asked.text
    assert "documentation of January 2017, not" in asked.text, "that of the newsletter"
    wrong = await site.form("/account/outlets", kind="mastodon", server=site.other.url, token="")
    assert wrong.status_code == 400
    gone = await site.form("/account/outlets", kind="mastodon", server=site.other.url, token="very secret")
    assert gone.status_code == 303, gone.text
    named = "SELECT name FROM outlets WHERE name <> ''"
    await eventually(lambda: len(site.rows(named)) == 1, "a courier has asked whose it is")
    shown = (await site.ada.get("/account/outlets", headers=FORM)).text
    assert f"@ada@127.0.0.1:{site.other.port}" in shown
    assert "very secret" not in shown
    [(number, sealed)] = site.rows("SELECT number, secret FROM outlets")
    assert "very secret" not in sealed

    page = "/account/outlets/space"
    chosen = {"space": "trees", "outlet": number, "words": "Come to {title}!", "at-planned": "on", "at-doors": "on"}
    preview = await site.form(page, **chosen, preview="yes")
    assert "Come to On trees!" in preview.text
    assert not site.other.posts
    assert (await site.form(page, **chosen)).status_code == 303
    await eventually(lambda: len(site.about("trees")) == 1, "it is announced at once")
    assert site.about("trees")[0].startswith("Come to On trees!\n\n")
    api = f"/api/v1/spaces/trees/outlets/{number}"
    wish = {"moments": ["planned", "doors"], "words": "Come to {title}!", "own": {"doors": "In you come: {title}"}}
    assert (await site.ada.put(api, json=wish)).json()["own"] == wish["own"]
    read = await site.ada.post(f"{api}/preview", json={"moment": "live", "words": "So: {title}"})
    assert read.json()["text"].startswith("So: On trees\n\n")
    for verb in ("doors", "live"):
        assert (await site.house.http.post(f"/api/v1/spaces/trees/{verb}")).is_success
    await eventually(lambda: len(site.about("trees")) == 2, "the doors are open")
    assert site.about("trees")[1].startswith("In you come: On trees\n\n"), "each moment in its own words"
    done = "SELECT count(*) FROM outlet_posts WHERE state = 'done'"
    await eventually(lambda: site.rows(done) == [(2,)], "both are noted")
    [told] = (await site.ada.get("/api/v1/spaces/trees/outlets")).json()["outlets"]
    assert [(each["moment"], each["state"], each["can_try_again"]) for each in told["posts"]] == [
        ("planned", "done", False), ("doors", "done", False),
    ]  # fmt: skip
    assert told["posts"][0]["link"] == f"{site.other.url}/@ada/0"
    assert (await site.ada.post(f"{api}/posts/doors")).status_code == 404, "what stands there is not posted again"
    assert f"{site.other.url}/@ada/1" in (await site.ada.get(f"{page}?space=trees", headers=FORM)).text
    with database(site.house.settings) as connection:
        connection.execute("UPDATE jobs SET done_ms = NULL, due_ms = 0 WHERE kind = 'tell-outlets'")
        connection.execute("DELETE FROM deliveries WHERE kind = 'outlet'")
    waiting = "SELECT count(*) FROM jobs WHERE kind = 'tell-outlets' AND done_ms IS NULL"
    await eventually(lambda: site.rows(waiting) == [(0,)], "a house does it again")
    assert len(site.about("trees")) == 2


async def test_text_and_picture_are_ready_for_what_is_posted_by_hand(site: Site) -> None:
    """The card that the audience's server has: shown, and to be downloaded, from where the policy of the page lets
    pictures come. The text can be copied by a button, and selected without a script."""
    await site.talk("by-hand")
    edge = site.house.settings.audience_address
    page = await site.ada.get("/account/outlets/space?space=by-hand", headers=FORM)
    found = re.search(r'<img src="([^"]+)".*<a href="([^"]+)" download="([^"]+)"', page.text)
    assert found, page.text
    image = found[1]
    assert (image, found[2], found[3]) == (f"{edge}/static/today/card.png", image, "by-hand.png")
    assert Static("stentor.edge").find("today", "card.png")[0].content_type == "image/png"
    images = page.headers["content-security-policy"].partition("img-src ")[2].partition(";")[0].split()
    assert "{0.scheme}://{0.netloc}".format(urlsplit(image)) in images
    assert re.search(
        r'<textarea rows="4" readonly id="share">On by-hand[^<]*/s/by-hand\?by=share</textarea>', page.text
    )
    assert re.search(r'<button type="button"[^>]* hidden data-field="share"[^>]*>Copy the text<', page.text)
    [script] = re.findall(r'src="(/studio/[^"]+/copying\.js)"', page.text)
    assert (await site.ada.get(script)).is_success


async def test_it_is_nobody_elses(site: Site) -> None:
    """Others see no outlet, delete none and post nothing; a private space is announced nowhere."""
    [(number,)] = site.rows("SELECT number FROM outlets")
    async with person(site.house, "eve") as eve:
        assert "127.0.0.1" not in (await eve.get("/account/outlets", headers=FORM)).text
        await eve.post(f"/account/outlets/{number}", data={"do": "off"}, headers=FORM)
        assert site.rows("SELECT number FROM outlets") == [(number,)]
        assert (await eve.get("/account/outlets/space?space=trees", headers=FORM)).status_code in (403, 404)
        stolen = {"space": "trees", "outlet": number, "at-live": "on"}
        assert (await eve.post("/account/outlets/space", data=stolen, headers=FORM)).status_code in (403, 404)
    await site.house.http.patch("/api/v1/spaces/trees", json={"visibility": "members"})
    hidden = await site.form("/account/outlets/space", space="trees", outlet=number, **{"at-live": "on"})
    assert hidden.status_code in (303, 409)
    assert re.search("outlet", (await site.ada.get("/account/outlets", headers=FORM)).text)


CASES = [
    # what the outlet does, one request after the other; how it ends where one can look, gives a name, or neither can be
    ([WORKS], ("done", "done", "done"), 1),
    ([DROPPED], ("done", "done", "unsure"), 1),
    ([FAILED], ("done", "done", "unsure"), 1),
    ([DROPPED, DROPPED], ("done", "done", "unsure"), 1),
    ([LOST], ("done", "done", "unsure"), None),
    ([LOST, DROPPED], ("done", "done", "unsure"), None),
    ([BUSY, WORKS], ("done", "done", "done"), 1),
    ([BUSY, DROPPED], ("done", "done", "unsure"), 1),
    ([DROPPED, NOT_LET_IN], ("done", "unsure", "unsure"), 1),
    ([DROPPED, REFUSED], ("done", "unsure", "unsure"), 1),
    ([LOST, DROPPED, BUSY], ("done", "done", "unsure"), None),
    ([NOT_LET_IN], ("refused", "refused", "refused"), 0),
    ([REFUSED], ("refused", "refused", "refused"), 0),
]


@pytest.mark.parametrize("kind", [each for each in OUTLETS if each != "webhook"])
async def test_nothing_is_posted_twice_however_an_outlet_behaves(site: Site, kind: str) -> None:
    """It publishes and breaks off, fails after it has published, loses it, wants us to wait, refuses: there is one post
    at most, and its host learns how it is. A courier that is killed then is as a connection that breaks off."""
    secret = {"server": site.other.url, "hook": f"{site.other.url}/hook", "token": "t", "chat": "@c", "room": "!r:x",
              "handle": "ada", "password": "p"}  # fmt: skip
    now = [time.time()]
    store = await Store.open(site.house.settings.database_address)
    table, seal = OutletsTable(store.work), Seal(keys.own(site.house.settings, "courier").sealing)
    ending = {"look": 0, "safe": 1, "never": 2}[OUTLETS[kind].repeat.value]
    try:
        async with outside(networks("127.0.0.1")) as client:
            sender = OutletSender(table, client, seal, lambda: now[0], "https://talk.example")
            for at, (behaves, ends, many) in enumerate(CASES):
                name = f"{kind}-{at}"
                await site.talk(name)
                sealed = seal.close(msgspec.json.encode(secret), SEALED)
                number = await table.add(site.account, kind, sealed, "x:1", now_ms=round(now[0] * 1000))
                [space] = [await store.load(name)]
                await table.choose(space, OutletChoice(number, (SpaceMoment.PLANNED,), ""), None, now_ms=1)
                await table.expect(name, SpaceMoment.PLANNED, now_ms=round(now[0] * 1000))
                job = OutgoingJob(kind=JOB, key=name, host="x:1", made_ms=1,
                                  payload={"space": name, "outlet": number, "moment": "planned"})  # fmt: skip
                site.other.behaves[:], now[0] = behaves, time.time()
                for _ in range(6):
                    await sender.send(job)
                    now[0] += 61
                [row] = await table.posts(name)
                assert row.state == OutletState(ends[ending]), (behaves, row)
                found = len(site.about(name))
                assert found == (many if many is not None else int(row.state == "done")), (behaves, row)
                assert (row.state == "done") or row.trouble, "the host is told what to do"
                site.other.behaves.clear()
                await table.delete(site.account, number)
    finally:
        await store.close()


@asynccontextmanager
async def sending(site: Site, now: list[float]) -> AsyncIterator[tuple[OutletsTable, OutletSender, Seal, Store]]:
    """A courier in the hands of the test, at its time; what it has is the site's."""
    store = await Store.open(site.house.settings.database_address)
    table, seal = OutletsTable(store.work), Seal(keys.own(site.house.settings, "courier").sealing)
    try:
        async with outside(networks("127.0.0.1")) as client:
            yield table, OutletSender(table, client, seal, lambda: now[0], "https://talk.example"), seal, store
    finally:
        await store.close()


async def test_what_is_there_is_noted_before_its_link_is_asked_for(site: Site) -> None:
    """Discord says in another answer where a message is seen. A courier that is killed before it comes has noted the
    message, and nobody posts it once more, or asks the host."""
    async with sending(site, [time.time()]) as (table, sender, seal, store):
        await site.talk("killed")
        secret = seal.close(msgspec.json.encode({"hook": f"{site.other.url}/hook"}), SEALED)
        number = await table.add(site.account, "discord", secret, "x:1", now_ms=1)
        await table.choose(await store.load("killed"), OutletChoice(number, (SpaceMoment.PLANNED,), ""), None, now_ms=1)
        await table.expect("killed", SpaceMoment.PLANNED, now_ms=1)
        job = OutgoingJob(kind=JOB, key="killed", host="x:1", made_ms=1,
                          payload={"space": "killed", "outlet": number, "moment": "planned"})  # fmt: skip
        site.other.asked = asyncio.Event()
        task = asyncio.create_task(sender.send(job))
        async with asyncio.timeout(PATIENCE_S):
            await site.other.asked.wait()
        site.other.asked = None
        task.cancel()
        await asyncio.wait([task])
        await sender.send(job)
        [row] = await table.posts("killed")
        assert (row.state, len(site.about("killed"))) == (OutletState.DONE, 1)
        await table.delete(site.account, number)


@pytest.mark.parametrize("kind", ["bluesky", "matrix", "mastodon"])
async def test_what_nobody_knows_a_refusal_does_not_say(site: Site, kind: str) -> None:
    """It was published and not answered; then the account lets nobody in, or nobody can be reached until it is given
    up: it is never said that it was not posted, and what its host asks for again, with a new token, makes no second."""
    now, moment = [time.time()], SpaceMoment.PLANNED
    async with sending(site, now) as (table, sender, seal, store):
        for trouble in ("outlet-token", "not-reached"):
            name = f"unknown-{kind}-{trouble}"
            await site.talk(name)
            given = {"server": site.other.url, "token": "t", "room": "!r:x", "handle": "ada", "password": "p"}
            kept = [seal.close(msgspec.json.encode(given | other), SEALED) for other in (
                {}, {"server": f"http://127.0.0.1:{free_port()}"}, {"token": "new", "password": "new"},
            )]  # fmt: skip
            number = await table.add(site.account, kind, kept[0], "x:1", now_ms=1)
            await table.choose(await store.load(name), OutletChoice(number, (moment,), ""), None, now_ms=1)
            await table.expect(name, moment, now_ms=round(now[0] * 1000))
            wish: dict[str, str | int] = {"space": name, "outlet": number, "moment": "planned"}
            job = OutgoingJob(kind=JOB, key=name, host="x:1", made_ms=1, payload=wish)
            site.other.behaves[:] = [DROPPED]
            await sender.send(job)
            now[0] += 61
            if trouble == "not-reached":
                assert await table.keep_secret(number, kept[0], kept[1])
            elif kind == "bluesky":  # the others look, and find it
                site.other.behaves[:] = [NOT_LET_IN]
            await sender.send(job)
            await sender.given_up(job, "too-old")
            [row] = await table.posts(name)
            if trouble == "not-reached" or kind == "bluesky":
                assert (row.state, row.tried_ms is not None) == (OutletState.UNSURE, True)
                shown = " ".join(
                    (await site.ada.get(f"/account/outlets/space?space={name}", headers=FORM)).text.split()
                )
                assert "It may have been posted: check there before you post it again." in shown
                assert "It was not posted." not in shown
                [sealed] = [found[1] for found in [await table.secret(number)] if found]
                assert await table.keep_secret(number, sealed, kept[2])
                now[0] += 3 * 86_400
                await table.again(name, number, moment, now_ms=1)
                await sender.send(job)
                [row] = await table.posts(name)
            assert (row.state, len(site.about(name))) == (OutletState.DONE, 1), (trouble, row)
            await table.delete(site.account, number)


@pytest.mark.parametrize("kind", ["mastodon", "matrix"])
async def test_a_post_of_another_moment_is_not_taken_for_it(site: Site, kind: str) -> None:
    """The doors' is lost on the way, and that of going live is published without an answer: whoever looks for one does
    not find the other, though the words are the same."""
    now, name = [time.time()], f"moments-{kind}"
    await site.talk(name)
    assert (await site.house.http.post(f"/api/v1/spaces/{name}/doors")).is_success
    async with sending(site, now) as (table, sender, seal, store):
        given = {"server": site.other.url, "token": "t", "room": "!r:x"}
        number = await table.add(site.account, kind, seal.close(msgspec.json.encode(given), SEALED), "x:1", now_ms=1)
        moments = (SpaceMoment.DOORS, SpaceMoment.LIVE)
        await table.choose(await store.load(name), OutletChoice(number, moments, "Come to {title}!"), None, now_ms=1)
        jobs = {}
        for each in moments:
            await table.expect(name, each, now_ms=round(now[0] * 1000))
            wish: dict[str, str | int] = {"space": name, "outlet": number, "moment": each.value}
            jobs[each] = OutgoingJob(kind=JOB, key=each.value, host="x:1", made_ms=1, payload=wish)
        site.other.behaves[:] = [LOST, DROPPED]
        for each, wait_s in ((SpaceMoment.DOORS, 20), (SpaceMoment.LIVE, 41)) * 2:
            await sender.send(jobs[each])
            now[0] += wait_s
        rows = {row.moment: row for row in await table.posts(name)}
        assert {row.state for row in rows.values()} == {OutletState.DONE}
        assert len(site.about(name)) == 2
        for each, row in rows.items():
            number_there = re.search(r"\d+$", row.link)
            assert number_there, row
            assert site.other.posts[int(number_there[0])].endswith(f"/s/{name}?by={kind}&at={each}")
        await table.delete(site.account, number)


async def test_who_has_looked_is_believed_where_a_look_reaches_not_back_far_enough(site: Site) -> None:
    """So much was posted since that the page of the time is not reached: its host is asked, once, and nothing is
    posted before that."""
    now, name, moment = [time.time()], "far-back", SpaceMoment.PLANNED
    await site.talk(name)
    async with sending(site, now) as (table, sender, seal, store):
        sealed = seal.close(msgspec.json.encode({"server": site.other.url, "token": "t"}), SEALED)
        number = await table.add(site.account, "mastodon", sealed, "x:1", now_ms=1)
        await table.choose(await store.load(name), OutletChoice(number, (moment,), ""), None, now_ms=1)
        await table.expect(name, moment, now_ms=round(now[0] * 1000))
        wish: dict[str, str | int] = {"space": name, "outlet": number, "moment": "planned"}
        job = OutgoingJob(kind=JOB, key=name, host="x:1", made_ms=1, payload=wish)
        site.other.behaves[:] = [LOST]
        await sender.send(job)
        site.other.posts += 80 * ["?by=mastodon&at=other"]
        for _ in range(2):
            now[0] += 61
            await sender.send(job)
        [row] = await table.posts(name)
        assert (row.state, row.trouble) == (OutletState.UNSURE, "outlet-unsure")
        await table.again(name, number, moment, now_ms=1)
        state = f"SELECT state FROM outlet_posts WHERE outlet = {number}"
        await eventually(lambda: site.rows(state) == [("done",)], "the site's own courier posts it")
        assert len(site.about(name)) == 1
        await table.delete(site.account, number)
    site.other.posts[:] = [each for each in site.other.posts if each != "?by=mastodon&at=other"]


async def test_what_was_refused_is_looked_for_where_one_can(site: Site) -> None:
    """A server that publishes and says 429, or that it has refused: the next attempt, by itself or because its host
    wants it, finds the post and makes no second one; one that is not there is posted."""
    now = [time.time()]
    store = await Store.open(site.house.settings.database_address)
    table, seal = OutletsTable(store.work), Seal(keys.own(site.house.settings, "courier").sealing)
    try:
        async with outside(networks("127.0.0.1")) as client:
            sender = OutletSender(table, client, seal, lambda: now[0], "https://talk.example")
            sealed = seal.close(msgspec.json.encode({"server": site.other.url, "token": "t"}), SEALED)
            number = await table.add(site.account, "mastodon", sealed, "x:1", now_ms=1)
            for behaves in ("429", "401", "403", "404", "422", REFUSED):
                name = f"refused-{behaves}".replace(" ", "-")
                await site.talk(name)
                choice = OutletChoice(number, (SpaceMoment.PLANNED,), "")
                await table.choose(await store.load(name), choice, None, now_ms=1)
                await table.expect(name, SpaceMoment.PLANNED, now_ms=round(now[0] * 1000))
                where: dict[str, str | int] = {"space": name, "outlet": number, "moment": "planned"}
                job = OutgoingJob(kind=JOB, key=name, host="x:1", made_ms=1, payload=where)
                site.other.behaves[:], now[0] = [behaves], time.time()
                first = await sender.send(job)
                if behaves != "429":
                    assert [each.state for each in await table.posts(name)] == [OutletState.REFUSED]
                    await table.again(name, number, SpaceMoment.PLANNED, now_ms=round(now[0] * 1000))
                else:
                    assert first.wait_s >= 60, "before that it may not be seen yet"
                now[0] += 61
                await sender.send(job)
                [row] = await table.posts(name)
                assert (row.state, len(site.about(name))) == (OutletState.DONE, 1), behaves
                assert row.link
            await table.delete(site.account, number)
    finally:
        await store.close()


async def test_x_costs_money(site: Site) -> None:
    """Connected in the browser with PKCE; one post of a talk, whatever is chosen later; a token that is too old is
    renewed once, and kept; beyond the budget of the month nothing is posted, and its host learns it."""
    asked = await site.ada.get("/account/outlets?kind=x", headers=FORM)
    assert (
        "Each post costs this site 0.20 US dollars. The limit is 0.30 a month, and 0.00 of it is spent." in asked.text
    )
    begun = await site.form("/account/outlets", kind="x", do="browser", server=site.other.url)
    number = int(begun.headers["location"].split("/")[-2])
    allow = (await site.ada.get(begun.headers["location"], headers=FORM)).text
    found = re.search(r'href="([^"]+/i/oauth2/authorize[^"]+)"', allow)
    assert found, allow
    fields = dict(parse_qsl(urlsplit(unescape(found[1])).query))
    assert (fields["code_challenge_method"], fields["scope"].split()[-1]) == ("S256", "offline.access")
    site.other.x_challenge = fields["code_challenge"]
    back = urlsplit(fields["redirect_uri"]).path
    assert (await site.ada.get(f"{back}?state=x&code=y", headers=FORM)).status_code == 404
    await site.ada.get(f"{back}?state={fields['state']}", headers=FORM)  # not allowed there
    assert "was not allowed there" in (await site.ada.get("/account/outlets", headers=FORM)).text
    assert (await site.ada.get(f"{back}?state={fields['state']}&code=the+code", headers=FORM)).status_code == 303
    named = f"SELECT name FROM outlets WHERE number = {number}"
    await eventually(lambda: site.rows(named) == [("@ada",)], "a courier has asked whose it is")

    await site.talk("dear")
    page, chosen = "/account/outlets/space", {"space": "dear", "outlet": number}
    both = await site.form(page, **chosen, **{"at-planned": "on", "at-live": "on"})
    assert both.status_code == 400
    site.other.x_expired = True
    assert (await site.form(page, **chosen, **{"at-planned": "on"})).status_code == 303
    await eventually(lambda: len(site.about("dear")) == 1, "it is posted")
    assert site.other.x_given == 2, "the token was renewed"
    assert (await site.form(page, **chosen, **{"at-doors": "on"})).status_code == 303
    assert (await site.house.http.post("/api/v1/spaces/dear/doors")).is_success
    told = "SELECT count(*) FROM jobs WHERE kind = 'tell-outlets' AND done_ms IS NULL"
    await eventually(lambda: site.rows(told) == [(0,)], "the house has told of the doors")
    posts = f"SELECT moment, state, trouble FROM outlet_posts WHERE outlet = {number} ORDER BY moment"
    taken = [("doors", "refused", "outlet-once"), ("planned", "done", "")]
    await eventually(lambda: site.rows(posts) == taken, "its host is told why not")
    shown = (await site.ada.get(f"{page}?space=dear", headers=FORM)).text
    assert "It was not posted: each talk has one post in this network" in shown
    assert "across all moments, hosts and accounts" in shown

    await site.talk("dearer")
    assert (await site.form(page, **(chosen | {"space": "dearer"}), **{"at-planned": "on"})).status_code == 303
    state = "SELECT state, trouble FROM outlet_posts WHERE space = 'dearer'"
    await eventually(lambda: site.rows(state) == [("refused", "outlet-budget")], "the budget is kept")
    assert "budget for this network is spent" in (await site.ada.get(f"{page}?space=dearer", headers=FORM)).text
    assert not site.about("dearer")
    assert site.rows("SELECT micros FROM outlet_costs") == [(200_000,)]
    again = await site.form(f"/account/outlets/{number}", do="browser", server=site.other.url)
    assert again.headers["location"] == f"/account/outlets/{number}/allow", "connected once more, it is the same one"


async def test_a_webhook_of_ones_own(site: Site) -> None:
    """What is sent there is a template of the host's: refused in plain words where it is no JSON, kept on one line,
    filled in, and changed together with the address."""
    given = {"kind": "webhook", "hook": f"{site.other.url}/hook"}
    asked = await site.ada.get("/account/outlets?kind=webhook", headers=FORM)
    assert "{&#34;text&#34;: &#34;{text}&#34;}</textarea>" in asked.text
    wrong = await site.form("/account/outlets", **given, body='{"text": "no braces"}')
    assert (wrong.status_code, "with {text}, {title} or {link} in it" in wrong.text) == (400, True)
    assert "no braces" in wrong.text, "what was written is not lost"
    wrong = await site.form("/account/outlets", **given, body='"{text}"', signing="whsec_short")
    assert (wrong.status_code, "24 to 64 bytes in base64" in wrong.text) == (400, True)
    own = '{\n "text": "{text}",\n "about": {"title": "{title}", "url": "{link}"}\n}'
    assert (await site.form("/account/outlets", **given, body=own, signing=f"whsec_{'A' * 32}")).status_code == 303
    [(number, name)] = site.rows("SELECT number, host FROM outlets WHERE kind = 'webhook'")
    named = f"SELECT name FROM outlets WHERE number = {number}"
    await eventually(lambda: site.rows(named) != [("",)], "a courier has taken it up")
    assert site.rows(named) == [(f"{name}",)]
    await site.talk("hooked")
    chosen = {"space": "hooked", "outlet": number, "at-planned": "on"}
    assert (await site.form("/account/outlets/space", **chosen)).status_code == 303
    await eventually(lambda: len(site.about("hooked")) == 1, "it is posted")
    assert site.other.told == {
        "text": site.about("hooked")[0],
        "about": {"title": "On hooked", "url": site.about("hooked")[0].rpartition("\n")[2]},
    }
    assert site.other.told["about"]["url"].endswith("/s/hooked?by=webhook")
    again = (await site.ada.get(f"/account/outlets?renew={number}", headers=FORM)).text
    assert "&#34;title&#34;:&#34;{title}&#34;" in again, "the template is there to be changed"
    assert f"{site.other.url}/hook" not in again, "the address is a secret"


async def test_what_is_no_longer_so_is_not_posted(site: Site) -> None:
    """A courier that comes late says nothing of a talk that was cancelled meanwhile; a host may ask for it again."""
    await site.talk("late")
    store = await Store.open(site.house.settings.database_address)
    table, seal = OutletsTable(store.work), Seal(keys.own(site.house.settings, "courier").sealing)
    try:
        sealed = seal.close(msgspec.json.encode({"server": site.other.url, "token": "t"}), SEALED)
        number = await table.add(site.account, "mastodon", sealed, f"127.0.0.1:{site.other.port}", now_ms=1)
        choice = OutletChoice(number, (SpaceMoment.PLANNED, SpaceMoment.CANCELLED), "")
        await table.choose(await store.load("late"), choice, None, now_ms=1)
        await table.expect("late", SpaceMoment.PLANNED, now_ms=1)
        assert (await site.house.http.post("/api/v1/spaces/late/cancel")).is_success
        await eventually(lambda: len(site.about("late")) == 1, "it is said that it was cancelled")
        async with outside(networks("127.0.0.1")) as client:
            sender = OutletSender(table, client, seal, time.time, "https://talk.example")
            await sender.send(
                OutgoingJob(kind=JOB, key="late", host="x", made_ms=1,
                            payload={"space": "late", "outlet": number, "moment": "planned"})
            )  # fmt: skip
        states = {row.moment.value: row.trouble for row in await table.posts("late")}
        assert states == {"planned": "outlet-too-late", "cancelled": ""}
        assert len(site.about("late")) == 1
    finally:
        await store.close()


async def test_a_host_learns_that_nobody_tries_any_more(site: Site) -> None:
    """While it is tried again the page says so; then that it was given up and why, with a button. The job of an older
    wish does nothing any more."""
    await site.talk("dead")
    store = await Store.open(site.house.settings.database_address)
    table, seal = OutletsTable(store.work), Seal(keys.own(site.house.settings, "courier").sealing)
    page = "/account/outlets/space"
    where: dict[str, str | int] = {"space": "dead", "moment": "planned", "tries": 0}
    try:
        async with outside(networks("127.0.0.1")) as client:
            sender = OutletSender(table, client, seal, time.time, "https://talk.example")
            sealed = seal.close(
                msgspec.json.encode({"server": f"http://127.0.0.1:{free_port()}", "token": "t"}), SEALED
            )
            number = await table.add(site.account, "mastodon", sealed, "127.0.0.1:1", now_ms=1)
            choice = OutletChoice(number, (SpaceMoment.PLANNED, SpaceMoment.DOORS), "")
            await table.choose(await store.load("dead"), choice, None, now_ms=1)
            await table.expect("dead", SpaceMoment.PLANNED, now_ms=1)
            job = OutgoingJob(kind=JOB, key="dead", host="x", made_ms=1, payload={"outlet": number, **where})
            await sender.send(job)
            shown = (await site.ada.get(f"{page}?space=dead", headers=FORM)).text
            assert "t be reached. Retrying …" in " ".join(shown.split())
            await sender.given_up(job, "too-old")
            shown = " ".join((await site.ada.get(f"{page}?space=dead", headers=FORM)).text.split())
            assert "It was not posted. We tried for days and have stopped. The server can" in shown
            assert "Retrying" not in shown
            assert '<button class="small" name="again" value="planned">Try again</button>' in shown
            assert (await site.form(page, space="dead", outlet=number, again="planned")).status_code == 303
            [row] = await table.posts("dead")
            assert (row.state, row.tries) == (OutletState.WAITING, 1)
            await sender.given_up(job, "too-old")
            assert not (await sender.send(job)).trouble
            assert (await table.posts("dead"))[0].state is OutletState.WAITING
            await table.expect("dead", SpaceMoment.DOORS, now_ms=1)
            [_, doors] = sorted(await table.posts("dead"), key=lambda each: each.moment == "doors")
            await table.tried(doors, 5)
            await sender.given_up(msgspec.structs.replace(job, payload={**job.payload, "moment": "doors"}), "too-old")
            states = {row.moment: row.state for row in await table.posts("dead")}
            assert states[SpaceMoment.DOORS] is OutletState.UNSURE, "it may be there all the same"
    finally:
        await store.close()

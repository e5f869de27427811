"""The documents of the fediverse at an edge, with all of Stentor running: people, notes, names, and what is gone."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from PIL import Image

from stentor.base.rsa import usable
from stentor.fediverse.quoting import holds
from stentor.fediverse.reading import remote_actor, remote_post, webfinger
from stentor.fediverse.sites import SITE, Home
from stentor.fediverse.writing import ACCEPT, TYPE
from stentor.fediverse.writing import stamp as stamp_of
from stentor.social.model import Audience
from tests.support.app_starts import NODEINFO, SHAPES, NodeInfoRead
from tests.support.stampede import Order, Wish, stampede
from tests.support.wait import PATIENCE_S
from tests.support.whole import Whole, whole

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Here:
    site: Whole
    home: Home
    ada: httpx.AsyncClient
    edge: httpx.AsyncClient
    number: int

    async def post(self, **fields: object) -> int:
        reply = await self.ada.post("/posts", json=fields)
        assert reply.status_code == 201, reply.text
        return int(reply.json()["id"])

    async def read(self, uri: str, status: int = 200, **headers: str) -> httpx.Response:
        """What stands there, once it does with that status."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while (reply := await self.edge.get(uri, headers={"Accept": ACCEPT, **headers})).status_code != status:
            assert asyncio.get_running_loop().time() < deadline, f"{uri}: {reply.status_code} {reply.text[:200]}"
            await asyncio.sleep(0.1)
        return reply


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Here]:
    async with whole(
        tmp_path_factory.mktemp("files"),
        edges=1,
        sign_up="open",
        create_spaces="members",
        federation="on",
        new_account_hours=0,
    ) as site:
        home = Home(site.settings.audience_address, site.settings.house_address)
        ours = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
        house = f"http://127.0.0.1:{site.settings.port}/api/v1"
        async with (
            httpx.AsyncClient(base_url=house, headers=ours, trust_env=False, timeout=PATIENCE_S) as ada,
            httpx.AsyncClient(base_url=home.files, trust_env=False, timeout=PATIENCE_S) as edge,
        ):
            wish = {"handle": "ada", "name": "Ada", "password": "several words together"}
            assert (await ada.post("/sign-up", json=wish)).status_code == 201
            number = int((await ada.get("/people/ada")).json()["person"]["id"])
            yield Here(site, home, ada, edge, number)


async def test_a_person_is_found_and_read_as_others_read(here: Here) -> None:
    """By name, by address, and at their page; also before they have posted anything. So is the site itself."""
    uri = here.home.actor(here.number)
    reply = await here.read(uri)
    assert (reply.headers["content-type"], reply.headers["access-control-allow-origin"]) == (TYPE, "*")
    who = remote_actor(reply.json(), uri)
    assert "icon" not in reply.json()
    assert (who.handle, who.name, who.inbox) == ("ada", "Ada", f"{here.home.house}/inbox/{here.number}")
    for resource in (f"acct:ada@{here.home.name}", uri, f"{here.home.files}/@ada", f"acct:ADA@{here.home.name}"):
        found = (await here.edge.get("/.well-known/webfinger", params={"resource": resource})).json()
        assert (webfinger(found), found["subject"]) == (uri, f"acct:ada@{here.home.name}")
    site: dict[str, Any] = (await here.read(here.home.actor(SITE))).json()
    assert site["type"] == "Application"
    assert usable(site["publicKey"]["publicKeyPem"])
    assert (
        await here.edge.get("/.well-known/webfinger", params={"resource": "acct:nobody@" + here.home.name})
    ).status_code == 404
    assert (await here.edge.get("/.well-known/webfinger")).status_code == 400


async def test_a_post_is_a_note_for_servers_and_a_page_for_people(here: Here) -> None:
    """At its own address for servers; at the page's for who asks for it, which no cache may keep."""
    post = await here.post(text="Hello <b> #radio", warning="W")
    uri, who = (
        here.home.post(post),
        remote_actor((await here.read(here.home.actor(here.number))).json(), here.home.actor(here.number)),
    )
    reply = await here.read(uri)
    note = remote_post(reply.json(), who, 2**50)
    assert (note.audience, note.warning, note.tags) == (Audience.PUBLIC, "W", ())
    assert f'href="{here.home.files}/tags/radio"' in reply.json()["content"]
    assert "s-maxage" in reply.headers["cache-control"]
    page = f"/@ada/{post}"
    asked = await here.read(page)
    assert (asked.json()["id"], asked.headers["cache-control"]) == (uri, "no-store")
    shown = await here.read(page, Accept="text/html, */*")
    assert shown.headers["content-type"].startswith("text/html")
    assert f'<link rel="alternate" type="application/activity+json" href="{uri}">' in shown.text
    outbox = (await here.read(f"{here.home.actor(here.number)}/outbox")).json()
    assert [each["object"]["id"] for each in outbox["orderedItems"]] == [uri]
    await here.ada.delete(f"/posts/{post}")
    await here.read(uri, 410)
    await here.read(page, 410)


async def test_what_is_not_for_everybody_is_no_file(here: Here) -> None:
    """Not for followers, not for those who are mentioned."""
    posts = [await here.post(text="Hidden", visibility=each) for each in ("followers", "mentioned")]
    for each in posts:  # whoever signs is sent to the house, which looks whether it is for them
        sent = await here.edge.get(here.home.post(each), headers={"Accept": ACCEPT, "Signature": "x"})
        assert (sent.status_code, sent.headers["location"]) == (307, f"{here.home.house}/inbox/posts/{each}")
    unlisted = await here.post(text="Unlisted", visibility="unlisted")
    reply = await here.read(here.home.post(unlisted))
    assert "https://www.w3.org/ns/activitystreams#Public" in reply.json()["cc"]
    for each in posts:
        assert (await here.edge.get(here.home.post(each))).status_code in (404, 410)


async def test_what_the_site_says_of_itself(here: Here) -> None:
    """NodeInfo and host-meta; who is followed by whom is told nobody."""
    links = msgspec.convert((await here.read(NODEINFO)).json(), SHAPES[NODEINFO])["links"]
    assert [each.rel.rpartition("/")[2] for each in links] == ["2.0", "2.1"]
    for link in links:
        answer = await here.read(link.href)
        assert answer.headers["content-type"] == f'application/json; profile="{link.rel}#"'
        told = msgspec.convert(answer.json(), NodeInfoRead)
        assert f"{link.rel}".endswith(told.version)
        assert (told.software.name, told.protocols, told.usage) == ("stentor", ["activitypub"], {"users": {}})
    meta = await here.read("/.well-known/host-meta")
    assert "/.well-known/webfinger?resource={uri}" in meta.text
    followers = (await here.read(f"{here.home.actor(here.number)}/followers")).json()
    assert "orderedItems" not in followers


async def test_polls_quotes_and_spaces_are_documents(here: Here) -> None:
    """A poll is a question, a quote has a stamp while consent holds, and a space is an event, at both its addresses."""
    poll = await here.post(text="Which?", poll={"answers": ["Tea", "Coffee"], "open_s": 3600})
    question = (await here.read(here.home.post(poll))).json()
    assert (question["type"], len(question["oneOf"]), "endTime" in question) == ("Question", 2, True)
    quoting = await here.post(text="See above", quote=f"{poll}")
    note = (await here.read(here.home.post(quoting))).json()
    assert (note["quote"], note["quoteAuthorization"]) == (here.home.post(poll), here.home.stamp(quoting))
    stamp = (await here.read(note["quoteAuthorization"])).json()
    assert holds(stamp, here.home.stamp(quoting), note["id"], question["id"], here.home.actor(here.number))
    assert (await here.edge.get(here.home.stamp(poll), headers={"Accept": ACCEPT})).status_code == 404
    assert (await here.ada.put(f"/posts/{poll}/pin")).is_success

    async def pinned() -> list[str]:
        found = (await here.read(here.home.featured(here.number))).json()["orderedItems"]
        return [each["id"] for each in found]

    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not await pinned():
        assert asyncio.get_running_loop().time() < deadline, "the pin is not listed"
        await asyncio.sleep(0.1)
    assert await pinned() == [question["id"]]

    soon_ms = round(time.time()) * 1000 + 3_600_000
    wish = {"id": "evening", "title": "An evening", "description": "With <music>", "language": "de"}
    made = await here.ada.post("/spaces", json=wish | {"scheduled_ms": soon_ms})
    assert made.status_code == 201, made.text
    event = (await here.read(here.home.event("evening"))).json()
    assert (event["type"], event["name"], event["startTime"]) == ("Event", "An evening", stamp_of(soon_ms))
    assert event["content"].endswith("<p>With &lt;music&gt;</p>")
    asked = await here.read(f"{here.home.files}/s/evening")
    assert (asked.json(), asked.headers["cache-control"]) == (event, "no-store")
    page = await here.read(f"{here.home.files}/s/evening", Accept="text/html")
    assert page.headers["content-type"].startswith("text/html")
    await here.read(here.home.event("nowhere"), 404)


async def test_a_stampede_is_answered_from_files(here: Here) -> None:
    """Hundreds of servers within seconds, each from an address of its own, signed and not: the house stands still, and
    with it the database, and nobody misses it."""
    out = io.BytesIO()
    Image.effect_noise((800, 600), 30).convert("RGB").save(out, "JPEG")
    picture = (await here.ada.put("/media", content=out.getvalue())).json()["id"]
    post = await here.post(text="Tonight at eight", media=[picture])
    note, actor, page = here.home.post(post), here.home.actor(here.number), f"/@ada/{post}"
    [shown] = (await here.read(note)).json()["attachment"]
    paths = {each: each.removeprefix(here.home.files) for each in (actor, note, shown["url"])}
    for each in paths:
        await here.read(each)
    wishes = [Wish("GET", paths[each], signed=True) for each in (actor, note)]
    wishes += [Wish("HEAD", page), Wish("GET", page), Wish("GET", paths[shown["url"]])]
    port, house = here.site.settings.audience_port, here.site.worker("house-0").pid
    assert house is not None
    os.kill(house, signal.SIGSTOP)
    try:
        told = await stampede(Order(port, here.home.name, wishes, sources=300, span_s=2.0, tls=False))
    finally:
        os.kill(house, signal.SIGCONT)
    assert told.answers == {"200": 300 * len(wishes)}


async def test_a_portrait_is_a_file_at_the_edge(here: Here) -> None:
    """Its address is another one with each picture."""
    made = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(made, "PNG")
    assert (await here.ada.put("/account/picture", content=made.getvalue())).is_success
    deadline, uri = asyncio.get_running_loop().time() + PATIENCE_S, here.home.actor(here.number)
    while "icon" not in (person := (await here.read(uri)).json()):
        assert asyncio.get_running_loop().time() < deadline, "the person has no picture"
        await asyncio.sleep(0.1)
    found = await here.edge.get(person["icon"]["url"])
    assert (found.status_code, found.headers["content-type"]) == (200, person["icon"]["mediaType"])

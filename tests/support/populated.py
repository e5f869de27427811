"""A house in this process in which each page has something to show, and what its pages are made of."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from jinja2 import Environment, meta
from litestar import Litestar

from stentor.base.html import Templates
from stentor.house import app
from tests.integration.test_mail import came, link, use
from tests.integration.test_posts import person, put
from tests.support.house import House, running_house
from tests.support.ports import free_port
from tests.support.smtp import Postbox, postbox
from tests.support.wait import eventually

HOUR_MS = 3_600_000
FORM = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@dataclass
class Populated:
    """``places`` are what stands for the ``{names}`` in the addresses of pages, ``people`` are signed in."""

    house: House
    routes: list[str]
    """The addresses that are read, with ``{names}``, from the application's own table."""
    people: dict[str, httpx.AsyncClient]
    places: dict[str, str]

    @property
    def address(self) -> str:
        return str(self.house.anyone.base_url).rstrip("/")


@asynccontextmanager
async def populated(folder: Path) -> AsyncIterator[Populated]:
    """Ada administers and hosts, follows Cleo, and does not know Bob; all have written, and so on."""
    built: list[Litestar] = []

    class Seen(Litestar):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            built.append(self)

    rules = {"sign_up": "open", "create_spaces": "members", "new_account_hours": 0, "audience_port": free_port()}
    with pytest.MonkeyPatch.context() as patch, postbox() as box:
        patch.setattr(app, "Litestar", Seen)
        async with running_house(folder, **rules) as house, AsyncExitStack() as stack:
            people = {name: await stack.enter_async_context(person(house, name)) for name in ("ada", "bob", "cleo")}
            answer = await house.http.patch("/api/v1/accounts/ada", json={"role": "admin"})
            assert answer.is_success, answer.text
            routes = [each.path_format for each in built[0].routes if "GET" in getattr(each, "methods", ())]
            site = Populated(house, sorted(set(routes)), people, {})
            await use(house, box)
            await _spaces(site, box)
            await _posts(site)
            await _reports(site)
            await _letters(site, box)
            yield site


async def _spaces(site: Populated, box: Postbox) -> None:
    """Two talks that will be, one of them behind a password; an outlet that is being connected, and a newsletter."""
    ada, at_ms = site.people["ada"], round(time.time() * 1000) + HOUR_MS
    for name, more in (("talk", {}), ("secret", {"visibility": "password", "password": "open sesame"})):
        wish = {"title": f"The {name}", "id": name, "language": "en", "scheduled_ms": at_ms, **more}
        made = await ada.post("/api/v1/spaces", json=wish)
        assert made.status_code == 201, made.text
        site.places[name] = made.json()["space"]["id"]
    site.places["space"] = site.places["talk"]
    await _done(ada.post("/account/outlets", data={"kind": "newsletter"}, headers=FORM))
    begun = {"kind": "mastodon", "do": "browser", "server": "https://social.example"}
    waits = await _done(ada.post("/account/outlets", data=begun, headers=FORM))
    site.places["number"] = _found(r"/account/outlets/(\d+)/allow", waits.headers.get("location", waits.text))
    app_made = await ada.post(
        "/api/v1/apps", data={"client_name": "Lark", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
    )
    site.places["client_id"] = app_made.json()["client_id"]
    assert not box.mails


async def _posts(site: Populated) -> None:
    """Posts that were changed, kept, planned and begun; strangers, a list, a filter, a file that was brought along."""
    ada, bob, places = site.people["ada"], site.people["bob"], site.places
    await _done(ada.post("/home/notifications/settings", data={"not_followed": "filter"}, headers=FORM))
    made = await put(ada, "Good evening #radio")
    places |= {"id_": made["id"], "tag": "radio", "handle": "bob"}
    assert (await ada.patch(f"/api/v1/posts/{made['id']}", json={"text": "Good morning #radio"})).is_success
    theirs = await put(bob, "Hello @ada, you do not know me")
    places["reported"] = theirs["id"]
    await put(bob, "An answer", reply_to=made["id"])
    later = {"text": "For later", "at_ms": round(time.time() * 1000) + HOUR_MS}
    assert (await ada.post("/api/v1/posts", json=later)).status_code == 202
    await _done(ada.post("/home/drafts", data={"text": "To be written"}, headers=FORM))
    followed = await put(site.people["cleo"], "Nobody has said this yet")
    await _done(ada.post("/home/people/cleo/follow", data={"next": "/home"}, headers=FORM))
    for deed in ("like", "bookmark"):
        await _done(ada.post(f"/home/posts/{followed['id']}/{deed}", data={"next": "/home"}, headers=FORM))
    made_list = await _done(ada.post("/home/lists", data={"name": "Friends"}, headers=FORM))
    places["list_id"] = _found(r"/home/lists/(\d+)", made_list.headers["location"])
    await _done(ada.post(f"/home/lists/{places['list_id']}/add", data={"handle": "cleo"}, headers=FORM))
    words = {"words": "turnips\nswede", "days": "7", "in-home": "on"}
    await _done(ada.post("/home/filters", data=words, headers=FORM))
    await _done(ada.post("/home/notifications/domains", data={"domain": "bad.example"}, headers=FORM))
    file = {"file": ("following.csv", b"nobody@other.example\n", "text/csv")}
    await _done(ada.post("/home/imports", data={"kind": "following"}, files=file, headers=FORM))
    brought = (await ada.get("/api/v1/imports")).json()
    places["import_id"] = _found(r'"id": ?"(\d+)"', json.dumps(brought))


async def _reports(site: Populated) -> None:
    """Ada has reported what Bob wrote, and it was decided."""
    ada, bob, places = site.people["ada"], site.people["bob"], site.places
    wish = {"kind": "post", "id": places["reported"], "why": "insult", "text": "He means me."}
    made = await ada.post("/api/v1/reports", json=wish)
    assert made.status_code == 201, made.text
    cases = (await site.house.http.get("/api/v1/moderation/cases")).json()["cases"]
    places["case"] = str(cases[0]["number"])
    ruling = {"action": "mute", "hours": 24, "reason": "It insults somebody."}
    answer = await site.house.http.post(f"/api/v1/moderation/cases/{places['case']}/decisions", json=ruling)
    assert answer.is_success, answer.text
    [own] = (await bob.get("/api/v1/account/decisions")).json()["decisions"]
    places["decision"] = own["link"].rpartition("/")[2]
    places["receipt"] = _found(r"/report/([^\"/]+)", made.text)


async def _letters(site: Populated, box: Postbox) -> None:
    """Links that stand in mails: a reminder, a newsletter, an address to confirm, the way back."""
    bob, house, places = site.people["bob"], site.house, site.places

    async def sent(path: str, **fields: str) -> str:
        before = len(box.mails)
        await _done(house.anyone.post(path, data=fields, headers=FORM))
        return link(await came(box, before + 1), path).rpartition("/")[2]

    places["reminder"] = await sent("/account/remind", space=places["talk"], mail="eve@talk.example")
    places["letter"] = await sent("/account/newsletter", of="ada", mail="eve@talk.example")
    before = len(box.mails)
    assert (await bob.put("/api/v1/account/mail", json={"mail": "bob@talk.example"})).is_success
    places["token"] = link(await came(box, before + 1), "/account/confirm").rpartition("/")[2]
    await _done(house.anyone.post(f"/account/confirm/{places['token']}", data={}, headers=FORM))
    await _done(house.anyone.post("/account/lost", data={"who": "bob"}, headers=FORM))
    await eventually(lambda: len(box.mails) >= before + 2, "the way back is sent")
    places["back"] = link(box.newest(), "/account/way-back").rpartition("/")[2]


async def _done(asked: Any) -> httpx.Response:
    answer: httpx.Response = await asked
    assert answer.status_code < 400, f"{answer.request.url}: {answer.status_code} {answer.text[:2000]}"
    return answer


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, f"no {pattern} in {text[:2000]}"
    return found[1]


@contextmanager
def rendered() -> Iterator[list[str]]:
    """The names of the templates that are filled in meanwhile, in this process."""
    names: list[str] = []
    render = Templates.render

    def noted(self: Templates, name: str, language: str, /, **values: object) -> str:
        names.append(name)
        return render(self, name, language, **values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Templates, "render", noted)
        yield names


def page_templates(folder: Path) -> set[str]:
    """The templates of a folder that are pages: those that no other one is made of."""
    parse = Environment(autoescape=True).parse
    texts = {file.name: parse(file.read_text("utf-8")) for file in folder.glob("*.html")}
    parts = {each for text in texts.values() for each in meta.find_referenced_templates(text)}
    return {name.removesuffix(".html") for name in texts.keys() - parts}

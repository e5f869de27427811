"""Who reads what, over the real parts: every kind of post × every reader × every way that leads out of the house: the
API and its lists, search, pages, files of edges, pictures, feeds, what one takes along, notifications.

The expectation is a table of its own, written by hand. A new way is one entry in ``WAYS`` or ``FILES``; an address of
the API that answers with posts and is in none of them is found.
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, closing
from itertools import product
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.integration.test_posts import put, upload
from tests.support.apps import app_of
from tests.support.house import client
from tests.support.wait import patiently
from tests.support.whole import Whole, whole

AUTHOR: Final = "anna"
MAY: Final = {
    # Who, and which kinds of Anna's posts they may read.
    "": "public unlisted labelled",
    AUTHOR: "public unlisted followers mentioned withheld labelled",
    "stranger": "public unlisted labelled",
    "follower": "public unlisted followers labelled",
    "named": "public unlisted followers mentioned labelled",
    "blocked": "",
    "moderator": "public unlisted labelled",
}
KINDS: Final = ("public", "unlisted", "followers", "mentioned", "withheld", "labelled")
"""``withheld``: moderators have taken it down; ``labelled``: they have put words before it."""


class Stage:
    """Anna's posts, and everybody who looks for them: by HTTP, each with their own cookie."""

    def __init__(self, site: Whole) -> None:
        self.site = site
        self.people: dict[str, httpx.AsyncClient] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.root: dict[str, Any] = {}
        self.keys: dict[str, str] = {}
        """Of pictures, by the kind of their post."""
        self.lists: dict[str, str] = {}
        self.apps: dict[str, httpx.AsyncClient] = {}
        """What asks for them by Mastodon's client API; for nobody without a token."""

    @property
    def house(self) -> str:
        return f"http://127.0.0.1:{self.site.settings.port}"

    def media(self, kind: str) -> str:
        found: str = self.posts[kind]["media"][0]["id"]
        return found


def word(kind: str) -> str:
    """By which a post is known wherever it turns up."""
    return f"Marker{kind}"


def marked(text: str) -> set[str]:
    return {kind for kind in KINDS if word(kind) in text}


_NAMED: Final = re.compile(r'"#/components/schemas/([^"]+)"')
_asked = set[str]()
"""Addresses of all ways, without their queries."""


def with_posts(description: Mapping[str, Any]) -> set[str]:
    """Addresses whose answers have posts in them, by the description of the API, as patterns."""
    names = {each: set(_NAMED.findall(json.dumps(of))) for each, of in description["components"]["schemas"].items()}
    found = {"PostView"} & names.keys()
    while more := {each for each, inside in names.items() if inside & found} - found:
        found |= more
    return {
        re.sub(r"{[^}]+}", "[^/]+", each)
        for each, methods in description["paths"].items()
        if "get" in methods and set(_NAMED.findall(json.dumps(methods["get"]["responses"]))) & found
    }


Way = Callable[[Stage, httpx.AsyncClient, str], Awaitable[str]]
"""What somebody is given, as text; the last argument is who asks."""


def path(*paths: str) -> Way:
    """Addresses; in those with ``{post}`` each of the posts is put."""
    _asked.update(each.partition("?")[0] for each in paths)

    async def way(stage: Stage, http: httpx.AsyncClient, reader: str) -> str:
        said = []
        for each in paths:
            for post in [one["id"] for one in stage.posts.values()] if "{post}" in each else [""]:
                anna, named = stage.root["author"]["id"], stage.lists.get(reader, "1")
                asked = each.format(post=post, root=stage.root["id"], list=named, anna=anna)
                answer = await http.get(asked, follow_redirects=True)
                assert answer.status_code < 500, asked
                said.append(answer.text if answer.is_success else "")
        return "".join(said)

    return way


async def _archive(_: Stage, http: httpx.AsyncClient, reader: str) -> str:
    answer = await http.get("/api/v1/account/archive")
    if not reader:
        return ""
    file = zipfile.ZipFile(io.BytesIO(answer.content))
    return "".join(file.read(name).decode("latin-1") for name in file.namelist())


async def _export(_: Stage, http: httpx.AsyncClient, __: str) -> str:
    return (await http.get("/api/v1/account/export")).text


async def _pictures(stage: Stage, http: httpx.AsyncClient, _: str) -> str:
    found = [
        word(kind)
        for kind in KINDS
        if (await http.get(f"/api/v1/media/{stage.media(kind)}/file")).content[8:12] == b"WEBP"
    ]
    return " ".join(found)


def app(*paths: str) -> Way:
    """The same by Mastodon's client API."""
    way = path(*(f"/api{each}" for each in paths))

    async def asked(stage: Stage, _: httpx.AsyncClient, reader: str) -> str:
        return await way(stage, stage.apps[reader], reader)

    return asked


WAYS: Final[Mapping[str, Way]] = {
    "by id": path("/api/v1/posts/{post}"),
    "history": path("/api/v1/posts/{post}/history"),
    "thread": path("/api/v1/posts/{root}/thread", "/api/v1/posts/{post}/thread"),
    "home": path("/api/v1/timelines/home?limit=40"),
    "here": path("/api/v1/timelines/local?limit=40"),
    "tag": path("/api/v1/timelines/tags/secret?limit=40"),
    "list": path("/api/v1/timelines/lists/{list}?limit=40"),
    "profile": path("/api/v1/people/anna/posts?limit=40"),
    "pins": path("/api/v1/people/anna/pins"),
    "carried on": path("/api/v1/people/carrier/posts?limit=40"),
    "bookmarks": path("/api/v1/bookmarks?limit=40"),
    "likes": path("/api/v1/likes?limit=40"),
    "search": path(*(f"/api/v1/search?q=Marker{kind}" for kind in KINDS), "/search?q=secret"),
    "notifications": path(
        "/api/v1/notifications",
        "/api/v1/notification-requests",
        "/api/v1/notification-requests/anna",
        "/api/v1/quotes",
        "/home/notifications",
    ),
    "pages": path("/home", "/home/posts/{post}", "/home/posts/{root}", "/home/people/anna"),
    "mastodon API": app(
        "/v1/statuses/{post}",
        "/v1/statuses?id[]={post}",
        "/v1/statuses/{post}/context",
        "/v1/statuses/{root}/context",
        "/v1/statuses/{post}/history",
        "/v1/statuses/{post}/source",
        "/v1/statuses/{post}/reblogged_by",
        "/v1/timelines/home?limit=40",
        "/v1/timelines/public?limit=40",
        "/v1/timelines/tag/secret?limit=40",
        "/v1/timelines/list/{list}?limit=40",
        "/v1/favourites?limit=40",
        "/v1/bookmarks?limit=40",
        "/v1/conversations",
        "/v1/notifications?limit=40",
        "/v2/notifications?limit=40",
        *(f"/v2/search?q=Marker{kind}" for kind in KINDS),
        "/v1/accounts/{anna}/statuses?limit=40",
        "/v1/accounts/{anna}/statuses?pinned=true",
        "/v1/accounts/{anna}/statuses?only_media=true&tagged=secret",
    ),
    "archive": _archive,
    "export": _export,
    "pictures": _pictures,
}
FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "post": ("/@anna/{post}",),
    "thread": ("/@anna/{root}",),
    "profile": ("/@anna", "/@anna?lang=de"),
    "carried on": ("/@carrier",),
    "tag": ("/tags/secret",),
    "feed": ("/@anna/feed.xml",),
    "front page": ("/",),
}
"""At an edge, where nobody is signed in."""
SILENT: Final = {"export"}
"""Ways on which there is no post at all."""


async def _staged(stage: Stage, stack: AsyncExitStack) -> None:
    """Everybody signs up; Anna posts; then come a block and the moderators' decisions, after all had what they could
    have kept."""
    for number, handle in enumerate([*filter(None, MAY), "carrier"]):
        headers = {"X-Forwarded-For": f"10.0.0.{number + 1}", "Sec-Fetch-Site": "same-origin"}
        http = stage.people[handle] = await stack.enter_async_context(client(stage.house, **headers))
        body = {"handle": handle, "name": handle, "password": "several words together"}
        assert (await http.post("/api/v1/sign-up", json=body)).status_code == 201
        stage.apps[handle] = await stack.enter_async_context(app_of(http))
    stage.people[""] = stage.apps[""] = await stack.enter_async_context(client(stage.house))
    anna, carrier = stage.people[AUTHOR], stage.people["carrier"]
    for handle in ("follower", "carrier", "blocked"):
        await stage.people[handle].put("/api/v1/people/anna/follow", json={})
    for handle in filter(None, MAY):
        if handle != AUTHOR:
            await stage.people[handle].put("/api/v1/people/carrier/follow", json={})
    stage.root = await put(anna, "The beginning")
    for kind in KINDS:
        audience = "public" if kind in ("withheld", "labelled") else kind
        text = f"{word(kind)} @named #secret"
        media = [(await upload(anna))["id"]]
        answers = {} if kind in ("withheld", "labelled") else {"reply_to": stage.root["id"]}  # the front page has none
        stage.posts[kind] = await put(anna, text, visibility=audience, media=media, **answers)
    for (handle, http), post in product(stage.people.items(), stage.posts.values()):
        if handle:
            for gesture in ("like", "bookmark"):
                await http.put(f"/api/v1/posts/{post['id']}/{gesture}")
    for kind in ("public", "withheld", "labelled"):
        await carrier.put(f"/api/v1/posts/{stage.posts[kind]['id']}/boost")
        await anna.put(f"/api/v1/posts/{stage.posts[kind]['id']}/pin")
    await stage.site.call("PATCH", "/accounts/moderator", {"role": "moderator"})
    await anna.put("/api/v1/search/own", json={"findable": True})
    for kind, action in (("withheld", "hide"), ("labelled", "label")):
        await carrier.post("/api/v1/reports", json={"kind": "post", "id": stage.posts[kind]["id"], "why": "spam"})
        case = (await stage.site.call("GET", "/moderation/cases"))["cases"][0]["number"]
        ruling = {"action": action, "reason": "Because.", "label": "Doubtful" if action == "label" else ""}
        await stage.site.call("POST", f"/moderation/cases/{case}/decisions", ruling)
    assert (await anna.put("/api/v1/people/blocked/block", json={})).is_success
    for handle in filter(None, MAY):
        made = (await stage.people[handle].post("/api/v1/lists", json={"name": "All"})).json()
        stage.lists[handle] = made["id"]
        for member in (AUTHOR, "carrier"):
            await stage.people[handle].put(f"/api/v1/lists/{made['id']}/members/{member}")
    with closing(sqlite3.connect(stage.site.settings.folder / "stentor.db")) as connection:
        for kind in KINDS:
            query = "SELECT key FROM media WHERE id = ?"
            stage.keys[kind] = connection.execute(query, [int(stage.media(kind))]).fetchone()[0]


async def _files_settle(stage: Stage, edge: httpx.AsyncClient) -> None:
    """Waits until the edge has heard of the moderators' decisions."""
    for path_, status in (
        (f"/@anna/{stage.posts['withheld']['id']}", 410), (f"/@anna/{stage.posts['labelled']['id']}", 200),
    ):  # fmt: skip
        async for _ in patiently():
            answer = await edge.get(path_)
            if answer.status_code == status and (status == 410 or "Doubtful" in answer.text):
                break
        else:
            raise AssertionError(f"{path_}: {answer.status_code}")


@pytest.mark.processes
async def test_nobody_reads_what_is_not_for_them(tmp_path: Path) -> None:
    """By none of the ways; by its id everybody reads exactly what the table allows; and each way brings something to
    somebody, or it would prove nothing."""
    async with whole(tmp_path, edges=1, sign_up="open", new_account_hours=0, new_poster_days=0) as site, AsyncExitStack() as stack:  # fmt: skip  # noqa: E501
        stage = Stage(site)
        await _staged(stage, stack)
        brought: dict[str, set[str]] = {way: set() for way in WAYS}
        for reader, (way, come_by) in product(MAY, WAYS.items()):
            found = marked(await come_by(stage, stage.people[reader], reader))
            allowed = set(MAY[reader].split())
            assert found <= allowed, f"{reader or 'a stranger'} reads {found - allowed} by {way}"
            if way in ("by id", "mastodon API", "pictures"):
                assert found == allowed, f"{reader or 'a stranger'} does not read {allowed - found} by {way}"
            brought[way] |= found
        assert {way for way, kinds in brought.items() if not kinds} == SILENT
        described = with_posts((await stage.people[""].get("/api/v1/openapi.json")).json())
        assert described
        assert not {each for each in described if not any(re.fullmatch(each, one) for one in _asked)}, "is not tried"
        edge = await stack.enter_async_context(client(site.settings.audience_address, Accept="text/html"))
        await _files_settle(stage, edge)
        for way, paths in FILES.items():
            found = marked(await path(*paths)(stage, edge, ""))
            assert found, way
            assert found <= set(MAY[""].split()), f"the file of {way} has {found}"
        shown = {kind for kind in KINDS if (await edge.get(f"/media/{stage.keys[kind]}.webp")).status_code == 200}
        assert shown == set(MAY[""].split())
        kept = b"".join(each.read_bytes() for each in (tmp_path / "objects" / "public").rglob("*") if each.is_file())
        assert marked(kept.decode("latin-1")) == set(MAY[""].split()), "what edges read"

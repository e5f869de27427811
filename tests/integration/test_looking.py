"""Searching for somebody or something elsewhere: a real house and courier, and a server of strangers that says what it
was asked."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from stentor.house.federation import looking
from tests.support.apps import got
from tests.support.fediverse import Answered
from tests.support.fediverse_site import ADDRESS, Site, running, site
from tests.support.house import client, database
from tests.support.streams import token_for

__all__ = ["running", "site"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


def app(site: Site, name: str = "ada") -> httpx.AsyncClient:
    token = token_for(site.house.settings, name)
    return client(f"{site.house.anyone.base_url}", authorization=f"Bearer {token}")


async def found(http: httpx.AsyncClient, q: str, resolve: str = "true") -> tuple[list[str], list[str]]:
    """The addresses of people, and the words of posts."""
    told: dict[str, Any] = await got(http, "/v2/search", q=q, resolve=resolve)
    people = [str(each["acct"]) for each in told["accounts"]]
    return people, [each["content"].removeprefix("<p>").removesuffix("</p>") for each in told["statuses"]]


async def test_people_and_posts_elsewhere_are_found_by_name_and_address(site: Site) -> None:
    """Asked for once and known from then on; a page's address leads to the post, with what it answers. What is not for
    everybody, or nothing, is not found, and nothing is asked without a wish, or of this site."""
    host, uri = site.other.host, site.other.uri
    site.other.note("fay", "/notes/above")
    site.other.note("eve", "/notes/1", inReplyTo=uri("/notes/above"))
    site.other.there["/@eve/1"] = site.other.there["/notes/1"]
    site.other.note("eve", "/notes/few", to=[uri("/users/eve/followers")], cc=[])
    site.other.there["/page"] = Answered(b"<html>", "text/html")
    async with app(site) as http:
        assert await found(http, f"@eve@{host}", "false") == ([], [])
        assert await found(http, uri("/@eve/1"), "false") == ([], [])
        assert site.other.asked == []
        assert await found(http, f"@eve@{host}") == ([f"eve@{host}"], [])
        asked = len(site.other.asked)
        assert await found(http, f"@eve@{host}") == await found(http, uri("/users/eve")) == ([f"eve@{host}"], [])
        assert len(site.other.asked) == asked, "somebody who is known is asked for again"
        assert await found(http, uri("/users/fay")) == ([f"fay@{host}"], [])
        assert await found(http, uri("/@eve/1")) == ([], ["/notes/1"])
        assert await found(http, uri("/notes/above"), "false") == ([], ["/notes/above"])
        [status] = (await got(http, "/v2/search", q=uri("/notes/1")))["statuses"]
        context = await got(http, f"/v1/statuses/{status['id']}/context")
        assert [each["uri"] for each in context["ancestors"]] == [uri("/notes/above")]
        for nothing in ("/notes/few", "/page", "/notes/none", "/users/none"):
            assert await found(http, uri(nothing)) == ([], []), nothing
        assert await found(http, "@ada@talk.example") == (["ada"], [])
        assert await found(http, "http://talk.example/ap/posts/1") == ([], [])
    assert site.rows("SELECT count(*) FROM posts WHERE uri IS NOT NULL") == [(2,)]


async def test_only_who_is_signed_in_makes_us_ask_and_not_too_often(site: Site) -> None:
    """Who asks for the same meanwhile waits for the same answer; beyond the limit what is known is all there is."""
    host = site.other.host
    assert (await site.house.anyone.get(f"/api/v1/accounts/lookup?acct=eve@{host}&resolve=true")).status_code == 404
    assert site.other.asked == []
    headers = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    wish = {"handle": "bob", "name": "Bob", "password": "several words together"}
    assert (await site.house.anyone.post("/api/v1/sign-up", json=wish, headers=headers)).status_code == 201
    async with app(site, "bob") as http:
        http.timeout = 40.0  # twenty at once, of which each may take eight seconds
        both = await asyncio.gather(*(found(http, f"@eve@{host}") for _ in range(2)))
        assert both == [([f"eve@{host}"], [])] * 2
        assert len(site.other.asked) == 2, "the name, and the person"
        assert (await got(http, "/v1/accounts/lookup", acct=f"fay@{host}", resolve="true"))["acct"] == f"fay@{host}"
        await asyncio.gather(*(found(http, f"@nobody{each}@{host}") for each in range(looking.LIMIT.burst)))
        asked = len(site.other.asked)
        assert asked <= 4 + looking.LIMIT.burst
        assert await found(http, f"@another@{host}") == ([], [])
        assert len(site.other.asked) <= asked + 1, "a refill may have come"


async def test_the_search_page_and_lists_that_are_brought_along_find_them_too(site: Site) -> None:
    """Who is blocked, and what is kept, though nobody here has met them."""
    host = site.other.host
    site.other.note("eve", "/notes/1")
    told = (await site.ada.get("/search", params={"q": f"@eve@{host}", "resolve": True})).json()
    assert [each["handle"] for each in told["people"]] == [f"eve@{host}"]
    for name, of, line in (
        ("blocked_accounts.csv", "blocks", f"fay@{host}"),
        ("bookmarks.csv", "bookmarks", site.other.uri("/notes/1")),
        ("muted_accounts.csv", "mutes", f"nobody@{host}"),
    ):
        made = await site.ada.put("/imports/list", params={"name": name, "of": of}, content=f"{line}\n".encode())
        assert made.status_code == 202, made.text
    await site.seen("SELECT count(*) FROM imports WHERE state = 'done'", [(3,)], "all is brought along")
    assert site.rows(f"SELECT count(*) FROM blocks WHERE account = {site.number}") == [(1,)]
    assert site.rows(f"SELECT count(*) FROM bookmarks WHERE actor = {site.number}") == [(1,)]
    assert site.rows("SELECT result FROM import_rows WHERE result <> 'done'") == [("account-not-known",)]
    with database(site.house.settings) as connection:
        connection.execute("DELETE FROM imports")

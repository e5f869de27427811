"""Other servers as administrators want them, over the real parts: a house, a courier, and a server of strangers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from click.testing import CliRunner

from stentor.cli import stentor
from tests.support.fediverse import Answered
from tests.support.fediverse_site import HOME, Site, running, site
from tests.support.house import problem
from tests.support.pictures import png
from tests.support.wait import eventually

__all__ = ["running", "site"]
pytestmark = pytest.mark.asyncio(loop_scope="module")
SERVER = "/api/v1/site/servers/127.0.0.1"
DONE = "SELECT count(*) FROM jobs WHERE done_ms IS NULL AND kind IN ('federate', 'drop-pictures')"


async def put(site: Site, **wish: object) -> dict[str, Any]:
    reply = await site.house.http.put(SERVER, json=wish)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def friends(site: Site) -> None:
    """Eve follows Ada, and Ada Eve."""
    await site.follow_ada("eve")
    await site.ada.post("/follows-elsewhere", json={"address": f"@eve@{site.other.host}"})
    [follow] = await site.came("Follow")
    await site.taken(site.other.activity("Accept", "eve", follow.activity["id"]))
    await site.done()
    assert site.rows("SELECT state FROM follows") == [("granted",), ("granted",)]
    site.other.inbox.clear()


async def run(site: Site, *arguments: str) -> str:
    """``stentor server``, in a thread: the house runs in this process."""
    settings = site.house.settings
    environment = {"STENTOR_DATA": str(settings.folder), "STENTOR_PORT": str(settings.port)}
    found = await asyncio.to_thread(CliRunner(env=environment).invoke, stentor, ["server", *arguments])
    assert found.exit_code == 0, (found.output, found.exception)
    return found.output


async def home(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await site.ada.get("/timelines/home")).json()["posts"]
    return [each for each in found if "@" in each["author"]["handle"]]


async def test_a_blocked_server_is_not_there_in_either_direction(site: Site) -> None:
    """Nothing is taken from it, asked of it or sent to it, also what was ordered before; what was seen is not seen any
    more. Follows rest, and all is as before when the block is lifted."""
    await friends(site)
    await site.taken(site.other.activity("Create", "eve", site.other.note("eve", "/notes/before")))
    await site.done()
    assert [each["text"] for each in await home(site)] == ["/notes/before"]
    site.other.answers.append((503, {"Retry-After": "1"}))
    waiting = await site.post("On its way when the block comes")
    await site.came("Create")
    told = await put(site, severity="block", comment="Spam")
    assert (told["people"], told["follows"]) == (1, 2)
    site.other.asked.clear()

    problem(await site.send(site.other.activity("Like", "eve", HOME.post(waiting))), 403, "server-blocked")
    problem(await site.send(site.other.activity("Follow", "fay", site.ada_uri)), 403, "server-blocked")
    problem(
        await site.ada.post("/follows-elsewhere", json={"address": f"@fay@{site.other.host}"}), 403, "server-blocked"
    )
    assert await home(site) == []
    problem(await site.ada.get(f"/people/eve@{site.other.host}"), 404, "account-not-found")
    refused = f"SELECT trouble FROM deliveries WHERE subject = 'post {waiting}'"
    await eventually(lambda: site.rows(refused) == [("server-blocked",)], "what waited is given up")
    silent = await site.post("Not for them")
    await eventually(lambda: site.rows(DONE) == [(0,)], "all is ordered")
    assert site.rows(f"SELECT count(*) FROM deliveries WHERE subject = 'post {silent}'") == [(0,)]
    assert (site.other.asked, site.other.kinds()) == ([], ["Create"])

    assert (await site.house.http.delete(SERVER)).status_code == 204
    problem(await site.house.http.delete(SERVER), 404, "server-not-found")
    await site.post("To all again")
    await site.came("Create", 2)
    await site.taken(site.other.activity("Create", "eve", site.other.note("eve", "/notes/after")))
    await site.done()
    assert [each["text"] for each in await home(site)] == ["/notes/after", "/notes/before"]
    assert site.rows("SELECT count(*) FROM follows") == [(2,)]


async def test_a_limited_server_brings_no_strangers(site: Site) -> None:
    """Who follows them reads them; what others do is put apart; their reports are not read where that is set."""
    await put(site, severity="limit", no_reports=True)
    await friends(site)
    assert site.rows("SELECT state FROM actors WHERE domain <> ''") == [("limited",)]
    note = site.other.note("eve", "/notes/limited")
    await site.taken(site.other.activity("Create", "eve", note))
    report = site.other.activity("Flag", "eve", [site.ada_uri], content="x")
    before = site.rows("SELECT count(*) FROM received")
    await site.done()
    assert [each["text"] for each in await home(site)] == ["/notes/limited"]
    assert (await site.send(report)).status_code == 202
    assert site.rows("SELECT count(*) FROM received") == before
    assert (await site.house.http.delete(SERVER)).status_code == 204
    assert site.rows("SELECT state FROM actors WHERE domain <> ''") == [("",)]


async def test_pictures_come_through_the_site_alone(site: Site) -> None:
    """Each is asked for once, by the courier, and made anew; what is no picture, too large or on a private network
    stays a link. A server of which none are taken has none here, until that is lifted."""
    site.other.there["/a.png"] = Answered(png(), "image/png")
    site.other.there["/moved.png"] = Answered(b"", status=302, headers={"location": "/a.png?again"})
    site.other.there["/a.png?again"] = Answered(png(), "image/png")
    site.other.there["/text.png"] = Answered(b"<script>", "text/html")
    site.other.there["/broken.png"] = Answered(b"\x89PNG\r\n\x1a\nnothing", "image/png")
    site.other.there["/large.png"] = Answered(bytes(9 * 1024 * 1024), "image/png")
    site.other.person("eve", icon={"type": "Image", "url": site.other.uri("/a.png")})
    await friends(site)
    paths = [site.other.uri(each) for each in ("/a.png", "/moved.png", "/text.png", "/large.png")]
    first = [{"type": "Document", "mediaType": "image/png", "url": each, "name": f"Alt {each[-8:]}"} for each in paths]
    private = f"http://127.0.0.2:{site.other.port}/a.png"
    second = [{"type": "Image", "url": each} for each in (private, site.other.uri("/broken.png"))]
    for path, attachments in (("/notes/first", first), ("/notes/second", second)):
        await site.taken(site.other.activity("Create", "eve", site.other.note("eve", path, attachment=attachments)))
    await site.done()
    over = "SELECT count(*) FROM distant_pictures WHERE state NOT IN ('done', 'failed')"
    await eventually(lambda: site.rows(over) == [(0,)], "all pictures are there, or given up")
    newer, older = await home(site)
    assert [each["alt"] for each in older["media"]] == [f"Alt {each[-8:]}" for each in paths[:2]]
    assert [site.other.uri("/text.png") in older["html"], paths[0] in older["html"]] == [True, False]
    assert newer["media"] == []
    assert private in newer["html"]
    asked = [each.path for each in site.other.asked if each.path.endswith((".png", "again"))]
    assert sorted(asked) == sorted(
        ["/a.png", "/a.png", "/moved.png", "/a.png?again", "/text.png", "/large.png", "/broken.png"]
    )
    assert not [each for each in site.other.asked if "png" in each.path and "signature" in each.headers]
    file = await site.ada.get(f"/media/{older['media'][0]['id']}/file")
    assert (file.status_code, file.content[8:12]) == (200, b"WEBP")
    assert older["author"]["picture_url"].startswith("/media/")

    await put(site, no_media=True)
    await eventually(lambda: site.rows("SELECT count(*) FROM media") == [(0,)], "none is left")
    _, older = await home(site)
    assert (older["media"], older["author"]["picture_url"]) == ([], None)
    assert paths[0] in older["html"]
    assert (await site.house.http.delete(SERVER)).status_code == 204
    await eventually(lambda: site.rows("SELECT count(*) FROM media") == [(3,)], "they come again")


async def test_lists_are_seen_before_they_are_taken(site: Site) -> None:
    """By the API and the command line: what it would change, what it leaves out; it makes nothing milder."""
    http = site.house.http
    await http.put("/api/v1/site/servers/strict.example", json={"severity": "block", "comment": "Ours"})
    rows = (
        "strict.example,silence,true",
        "new.example,suspend,false",
        "h**n.example,suspend,",
        "talk.example,suspend,",
    )
    text = "\n".join(("#domain,#severity,#reject_media", *rows))
    seen = (await http.post("/api/v1/site/server-lists/preview", json={"text": text})).json()
    assert [(each["policy"]["domain"], each["changes"]) for each in seen["rows"]] == [
        ("strict.example", True),
        ("new.example", True),
    ]
    assert [(each["line"], each["trouble"]) for each in seen["skipped"]] == [(4, "hidden"), (5, "ours")]
    assert len((await http.get("/api/v1/site/servers")).json()["servers"]) == 1
    file = site.house.settings.folder / "list.csv"
    file.write_text(text, "utf-8")
    assert "2 would change, 0 are as strict already, 2 lines are left out." in await run(site, "import", str(file))
    assert len((await http.get("/api/v1/site/servers")).json()["servers"]) == 1
    taken = (await http.post("/api/v1/site/server-lists", json={"text": text, "only": ["strict.example"]})).json()
    assert [each["policy"]["domain"] for each in taken["rows"]] == ["strict.example"]
    [row] = (await http.get("/api/v1/site/servers")).json()["servers"]
    policy = row["policy"]
    assert (policy["severity"], policy["no_media"], policy["comment"]) == ("block", True, "Ours")
    written = await http.get("/api/v1/site/server-lists")
    assert written.headers["content-type"].startswith("text/csv")
    assert "strict.example,suspend,true,false,Ours,false" in written.text
    problem(await http.post("/api/v1/site/server-lists/preview", json={"text": "x\n" * 20_001}), 400, "list-too-long")
    problem(await http.put("/api/v1/site/servers/talk.example", json={"severity": "block"}), 400, "bad-input")
    problem(await http.put("/api/v1/site/servers/x.example", json={}), 409, "nothing-chosen")
    problem(await http.put("/api/v1/site/servers/a_b", json={"severity": "block"}), 400, "bad-input")
    assert "1 changed, 2 lines are left out." in await run(site, "import", str(file), "--yes")
    assert "blocked, no pictures" in await run(site, "list")
    assert (await run(site, "list", "--csv")).endswith(
        "new.example,suspend,false,false,,false\nstrict.example,suspend,true,false,Ours,false\n"
    )
    for name in ("strict.example", "new.example"):
        assert "as any other server" in await run(site, "lift", name)
    for how, said in (("block", "blocked"), ("limit", "limited"), ("no-media", "no pictures")):
        assert f"x.example: {said}. People known here: 0" in await run(site, how, "X.example")
    await run(site, "lift", "x.example")

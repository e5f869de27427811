"""An edge's pages say what the site is called, and show its looks and texts."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from stentor.base import colour
from stentor.edge.identity import ACCENT, SiteIdentity, short_name
from stentor.edge.page import ListenerPages
from stentor.people import site
from stentor.people.site import SiteWishes
from stentor.store.objects import Objects
from stentor.wire.http import Request
from tests.support.edge import Rig, edge

WISHES = SiteWishes("Night <desk>", "#ffcc00", "https://example.org/", imprint="# Ada\n\n<script>alert(1)</script>")


async def told(rig: Rig, wishes: SiteWishes, logo: bytes = b"") -> None:
    """A house has written this, and the edge has read it."""
    await rig.objects.put(site.KEY, msgspec.json.encode(site.look(wishes, logo)))
    assert await rig.site.identity.read()


async def test_every_page_says_the_name() -> None:
    """Front page, listener's page, clip, embedded page, oEmbed, feed, calendar, text, and what is not there."""
    paths = (
        "/",
        "/s/friday",
        "/s/friday/embed",
        "/s/friday/clip?from=1&to=2",
        "/feed.xml",
        "/calendar.ics",
        "/imprint",
    )
    async with edge(chunks=1, address="https://edge") as rig:
        for path in paths[:-1]:
            assert b"Stentor" in (await rig.get(path))[2]
        await told(rig, WISHES)
        rig.now += 2
        for path in (*paths, "/oembed?url=https://edge/s/friday", "/nowhere"):
            _, _, body = await rig.get(path, "Accept: text/html")
            assert b"Night <desk>" in body or b"Night &lt;desk&gt;" in body, path


async def test_texts_have_pages_and_links() -> None:
    """In either language, with nothing that acts by itself; those without words are not there and not linked."""
    async with edge(chunks=1) as rig:
        assert (await rig.get("/imprint"))[0] == 404
        await told(rig, WISHES)
        status, fields, body = await rig.get("/imprint?lang=de")
        assert (status, b"<title>Impressum" in body, body.count(b"<h1"), b"<h1>Ada</h1>" in body) == (
            200,
            True,
            1,
            True,
        )
        assert b"<script>alert" not in body
        assert "unsafe" not in fields["content-security-policy"]
        assert (await rig.get("/rules"))[0] == 404
        rig.now += 2
        for path in ("/", "/s/friday", "/imprint"):
            _, _, body = await rig.get(path)
            assert b'href="/imprint' in body
            assert b'href="/rules' not in body
            assert b'href="https://example.org/"' in body
        await told(rig, SiteWishes())
        assert (await rig.get("/imprint"))[0] == 404, "what is taken away is gone"


async def test_logo_and_colours() -> None:
    """Pages lead to them by an address that changes with them; a site without has neither."""
    async with edge(chunks=1) as rig:
        for path in ("/logo", "/site.css"):
            assert (await rig.get(path))[0] == 404
        await told(rig, WISHES, b"a picture")
        status, fields, body = await rig.get("/logo?v=old")
        assert (status, fields["content-type"], body) == (200, "image/jpeg", b"a picture")
        status, fields, body = await rig.get("/site.css")
        assert (status, fields["content-type"]) == (200, "text/css; charset=utf-8")
        page = (await rig.get("/"))[2].decode()
        look = site.look(WISHES, b"a picture")
        assert f'<link rel="stylesheet" href="{look.styles_address}">' in page
        assert page.count(look.logo_address) == 3, "in the bar, the tab, and on home screens"


async def test_an_object_that_cannot_be_read_changes_nothing() -> None:
    """A newer house may have written it otherwise; what is more in it is no matter."""
    async with edge(chunks=1) as rig:
        await told(rig, WISHES)
        for broken in (b"{", b'{"name": 5}'):
            await rig.objects.put(site.KEY, broken)
            assert not await rig.site.identity.read()
        assert b"Night &lt;desk&gt;" in (await rig.get("/"))[2]
        await rig.objects.put(site.KEY, b'{"name": "Newer", "unknown": 1}')
        assert await rig.site.identity.read()
        assert b"Newer" in (await rig.get("/"))[2]


def test_what_other_apps_share_goes_where_one_writes() -> None:
    """Where the pages of the house are at the same address; to another one no app may hand over anything."""
    for address, house, together in (
        ("", "http://localhost:8082", True),
        ("https://talk.example", "https://talk.example", True),
        ("https://live.example", "https://talk.example", False),
        ("https://live.example", "", False),
    ):
        pages = ListenerPages(address=address, house=house, now=0)
        name = "manifest.webmanifest"
        asked = Request("GET", f"/{name}", {}, {}, True, "1.1")
        reply = SiteIdentity(Objects.open("memory://"), pages, lambda: 0.0).answer([name], asked)
        assert reply
        manifest = json.loads(reply.body)
        assert ("share_target" in manifest) is together, address
        if together:
            target = manifest["share_target"]
            assert (target["action"], set(target["params"])) == ("/home/compose", {"title", "text", "url"})


async def test_the_site_is_an_app() -> None:
    """A manifest with its name, colour and pictures that are there; the page for no network, and all that it loads."""
    async with edge(chunks=1) as rig:
        _, fields, body = await rig.get("/manifest.webmanifest?lang=de")
        manifest = json.loads(body)
        assert fields["content-type"] == "application/manifest+json"
        assert (manifest["name"], manifest["lang"], manifest["display"]) == ("Stentor", "de", "standalone")
        assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
        assert "share_target" not in manifest, "there is no page to write at this address"
        for icon in manifest["icons"]:
            status, fields, _ = await rig.get(icon["src"])
            assert (status, fields["content-type"]) == (200, icon["type"])
        await told(rig, msgspec.structs.replace(WISHES, name="The Night Desk"), logo=b"a picture")
        rig.now += 2
        manifest = json.loads((await rig.get("/manifest.webmanifest"))[2])
        assert (manifest["name"], manifest["short_name"]) == ("The Night Desk", "The Night")
        assert (await rig.get(manifest["icons"][0]["src"]))[2] == b"a picture"
        assert colour.is_colour(manifest["theme_color"])
        assert manifest["theme_color"] not in ("#ffcc00", ACCENT), "the one that can be read on light pages"
        _, _, page = await rig.get("/offline?lang=de")
        assert "The Night Desk ist nicht erreichbar" in page.decode()
        for path in re.findall(r'(?:src|href)="(/(?:static|logo|site)[^"#]+)', page.decode()):
            assert (await rig.get(path))[0] == 200, path
        _, fields, worker = await rig.get("/sw.js")
        assert fields["content-type"].startswith("text/javascript")
        assert fields["content-security-policy"] == "default-src 'none'; connect-src 'self'"
        assert "max-age=0" in fields["cache-control"], "a mistake in it must not stay"
        assert b'"/offline?lang=' in worker or b"`/offline?lang=" in worker
        assert (await rig.get("/hold.m4a"))[1]["content-type"] == "audio/mp4"


@pytest.mark.parametrize(
    ("name", "short"),
    [("Stentor", "Stentor"), ("The Night Desk", "The Night"), ("Bundespressekonferenz", "Bundespressek"), ("夜", "夜")],
)
def test_an_icon_has_a_short_name(name: str, short: str) -> None:
    """Whole words as far as they fit below an icon; of one long word the beginning."""
    assert short_name(name) == short[:12]

"""On other people's pages: the frame, oEmbed and its errors, the playlist."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.support.edge import edge, live_space
from tests.support.recorded import recorded_space

SITE = "https://edge"
PAGE = quote(f"{SITE}/s/friday", safe="")


async def test_only_the_embedded_page_may_stand_in_any_frame() -> None:
    """The same player under a policy that lets every site frame it; the page itself stays its own."""
    async with edge(chunks=1) as rig:
        _, fields, body = await rig.get("/s/friday/embed")
        assert fields["content-security-policy"].endswith("frame-ancestors *")
        assert b"data-embedded" in body
        for path in ("/s/friday", "/s/friday/clip?from=1&to=2"):
            _, fields, body = await rig.get(path)
            assert fields["content-security-policy"].endswith("frame-ancestors 'self'")
            assert b"data-embedded" not in body


async def test_oembed_gives_a_frame_that_fits() -> None:
    """Rich, with title and an iframe no larger than asked for; what the host wrote is escaped."""
    async with edge(live_space(title='"><script>'), chunks=1, address=SITE) as rig:
        status, fields, body = await rig.get(f"/oembed?url={PAGE}&maxwidth=300")
        found = json.loads(body)
        assert (status, fields["cache-control"], fields["content-type"]) == (
            200,
            "public, max-age=60",
            "application/json",
        )
        assert (found["version"], found["type"], found["width"]) == ("1.0", "rich", 300)
        assert '<iframe src="https://edge/s/friday/embed" width="300"' in found["html"]
        assert "<script>" not in found["html"]


async def test_oembed_repeats_no_more_of_an_address_than_the_site() -> None:
    """A user name in front of the host, as in links that pretend to lead elsewhere, is left out."""
    async with edge(chunks=1, address=SITE) as rig:
        _, _, body = await rig.get(f"/oembed?url={quote('https://bank.example:x@EDGE/s/friday', safe='')}")
        found = json.loads(body)
        assert found["provider_url"] == "https://edge"
        assert 'src="https://edge/s/friday/embed"' in found["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        (f"?url={PAGE}&format=xml", 501),
        (f"?url={PAGE}&maxwidth=wide", 400),
        ("?url=https%3A%2F%2Fedge%2Fs%2Fnothing", 404),
        ("?url=https%3A%2F%2Ftalks.example%2Fs%2Ffriday", 404),
        ("?url=https%3A%2F%2Fedge%3A8443%2Fs%2Ffriday", 404),
        ("?url=https%3A%2F%2Fedge%40talks.example%2Fs%2Ffriday", 404),
        ("?url=https%3A%2F%2Fedge%3Ax%2Fs%2Ffriday", 404),
        ("?url=javascript%3Aalert", 404),
        ("?url=http%3A%2F%2F%5Bx%2Fs%2Ffriday", 400),
    ],
)
async def test_what_oembed_cannot_answer(query: str, status: int) -> None:
    """404 for what is no space, 501 for another format (oEmbed, 2.3.2), 400 for what is none of it."""
    async with edge(chunks=1, address=SITE) as rig:
        found, fields, _ = await rig.get(f"/oembed{query}")
        assert (found, fields["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("http://localhost:8081", 200),
        ("http://LOCALHOST", 200),
        ("http://127.0.0.1:9000", 200),
        ("https://[::1]:8081", 200),
        ("http://edge", 404),
        ("http://bank.example", 404),
        ("http://localhost.bank.example", 404),
        ("http://localhost@bank.example", 404),
    ],
)
async def test_a_site_without_an_address_is_this_machine(page: str, status: int) -> None:
    """Its own names, under any port; not what the sender of the request calls it in ``Host`` ("edge" here)."""
    async with edge(chunks=1) as rig:
        found, _, body = await rig.get(f"/oembed?url={quote(f'{page}/s/friday', safe='')}")
        assert found == status
        assert status != 200 or json.loads(body)["provider_url"] == page.lower()


async def test_the_frame_has_the_address_of_the_site() -> None:
    """As it is set: a link that says http:// to a site with TLS makes a frame that works."""
    async with edge(chunks=1, address=SITE) as rig:
        _, _, body = await rig.get(f"/oembed?url={quote('http://edge/s/friday', safe='')}")
        assert 'src="https://edge/s/friday/embed"' in json.loads(body)["html"]


async def test_the_playlist_leads_to_what_there_is() -> None:
    """The stream while on air, the recording afterwards; a title stays on its line."""
    async with edge(live_space(title="Tea\nhttp://elsewhere"), chunks=1) as rig:
        status, fields, body = await rig.get("/s/friday/listen.m3u")
        assert (status, fields["content-type"]) == (200, "audio/x-mpegurl")
        assert body.decode() == "#EXTM3U\n#EXTINF:-1,Tea http://elsewhere\nlive.aac\n"
    async with edge(recorded_space()) as rig:
        assert (await rig.get("/s/friday/listen.m3u"))[2].endswith(b"\nrecording.m4a\n")

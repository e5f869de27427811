"""The address plan: the page in every state, documents, replays, and friendly refusals."""

from __future__ import annotations

import gzip
import json
import math
import re
from pathlib import Path

import av
import msgspec
import pytest

from stentor import edge as edge_package
from stentor.base import grid, texts
from stentor.base.rendition import RENDITIONS, Source
from stentor.base.static import Static
from stentor.spaces import phase
from stentor.spaces.forecast import Headroom
from stentor.spaces.model import Pin, Role, Seat, State
from stentor.spaces.phase import OnStage, Reader
from stentor.wire import manifest, mp4
from stentor.wire.manifest import Entry, Run, StoredObject
from tests.support.edge import DOORS_OPEN_MS, SPACE, Rig, edge, live_space, programme

FOLDER = Path(edge_package.__file__).parent
SHARED = Path(__file__).parents[3] / "web/shared"
HTML = "Accept: text/html"


@pytest.mark.parametrize("state", list(State))
async def test_every_state_has_its_page(state: State) -> None:
    """The page says the state in the space's language, and has what plays without JavaScript."""
    space = live_space(state=state, language="de-AT", scheduled_ms=DOORS_OPEN_MS, ended_ms=None)
    async with edge(space, chunks=12) as rig:
        status, fields, body = await rig.get("/s/friday", HTML)
        page = body.decode()
        assert status == 200
        assert fields["cache-control"] == "public, max-age=5, stale-while-revalidate=30"
        chip = phase.words(phase.facts(space, OnStage.NOBODY, round(rig.now * 1000)), Reader.CARD).chip
        assert f">{texts.Catalogue('stentor.spaces').text('de', chip)}<" in page
        assert ('controls preload="none" src="/s/friday/live.aac"' in page) == space.on_air
        assert 'lang="de"' in page


async def test_nothing_inline_and_nothing_foreign() -> None:
    """The policy allows no inline script or style, and the page has none; what a host writes is escaped."""
    title = '<script>alert(1)</script>" & </title>'
    seats = {"a": Seat("a", "<b>Ada</b>", Role.HOST, connected=True)}  # type: ignore[arg-type]
    async with edge(live_space(title=title, seats=seats), chunks=1) as rig:
        _, fields, body = await rig.get("/s/friday", HTML)
        page = body.decode()
        assert "'unsafe-inline'" not in fields["content-security-policy"]
        assert "<script>alert" not in page
        assert "<b>Ada" not in page
        scripts = re.findall(r"<script([^>]*)>", page)
        assert all("src=" in script or "application/json" in script for script in scripts)
        assert not re.search(r"\son\w+=|style=|https?://", page)
        door = json.loads(page.split('id="door">')[1].split("</script>")[0])
        assert door["title"] == title


async def test_pins_are_shown_and_escaped() -> None:
    """On the page without a script and in the door document, the newest first; a note stays a note."""
    note = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    pins = [Pin("a", note, "", DOORS_OPEN_MS), Pin("b", "Paper", "https://example.org/?a=1&b=2", DOORS_OPEN_MS + 1)]
    async with edge(live_space(pins=pins, pinned_ms=DOORS_OPEN_MS + 1), chunks=1) as rig:
        page = (await rig.get("/s/friday", HTML))[2].decode()
        assert "<img" not in page
        assert "<script>alert" not in page
        assert 'href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer' in page
        door = json.loads((await rig.get("/s/friday/door.json"))[2])
        assert [pin["id"] for pin in door["pins"]] == ["b", "a"]
        assert door["pins"][1] == {"id": "a", "text": note, "url": "", "at_ms": DOORS_OPEN_MS}
        assert door["pinned"] == DOORS_OPEN_MS + 1
    async with edge(live_space(), chunks=1) as rig:
        assert '<section id="pins" hidden>' in (await rig.get("/s/friday", HTML))[2].decode()


def imported(static: Static, name: str) -> set[str]:
    """A script, and all that is loaded before it runs."""
    text = static.files[name].body.decode()
    loaded = re.findall(r'^import .* from "/static/\w+/(.+)";$', text, re.MULTILINE)
    return {name}.union(*(imported(static, each) for each in loaded))


async def test_the_page_names_its_scripts_at_once() -> None:
    """A browser learns of none from another one: on a slow line each step takes as long as a request. A recording's
    page names its player, too. Words that come and go have their place before."""
    static = Static("stentor.edge")
    for state, scripts in ((State.LIVE, ["page.js"]), (State.REPLAY, ["page.js", "replay.js"])):
        async with edge(live_space(state=state), chunks=1) as rig:
            page = (await rig.get("/s/friday", HTML))[2].decode()
        named = re.findall(r'<(?:script type="module" src|link rel="modulepreload" href)="([^"]+)"', page)
        wanted = {static(each) for script in scripts for each in imported(static, script)}
        assert len(wanted) > 20
        assert (set(named), len(named)) == (wanted, len(wanted))
    styles = static.files["page.css"].body.decode()
    for part in (".words", "#headline", ".now", ".facts", ".captions .lines"):
        rule = rf"{re.escape(part)} {{\n(?:[a-z].*;\n)*(?:min-)?height: "
        assert re.search(rule, styles), f"{part} has no height before it has words"


async def test_the_page_is_small() -> None:
    """40 kB gzipped with all it loads before there is sound, but hls.js; what is opened later is loaded later."""
    async with edge(chunks=1) as rig:
        _, _, body = await rig.get("/s/friday", HTML)
        total = len(gzip.compress(body))
        static = Static("stentor.edge")
        scripts = imported(static, "page.js")
        assert {"page.js", "player.js", "shared/element.js"} <= scripts
        assert not {"replay.js", "comments.js", "speak.js"} & scripts
        translations = re.search(r"data-texts='(.+?)'", body.decode())
        assert translations
        own = ["shared/design.css", "shared/icons.svg", "page.css", "icon.svg", *scripts]
        for address in [*map(static, own), json.loads(translations[1])["de"]]:
            status, fields, file = await rig.get(address, "Accept-Encoding: gzip")
            assert (status, fields["cache-control"]) == (200, "public, max-age=31536000, immutable")
            total += len(file)
            assert (await rig.get(f"/static/older/{address.split('/', 3)[3]}"))[1]["cache-control"] == "no-cache"
        assert total < 40_000
        assert (await rig.get("/static/older/../page.py"))[0] in (400, 404)


async def test_door_and_pulse() -> None:
    """door.json names every stream of a space on air; pulse.json is the newest pulse."""
    async with edge() as rig:
        _, fields, body = await rig.get("/s/friday/door.json")
        door = json.loads(body)
        assert fields["cache-control"] == "public, max-age=2"
        assert (door["v"], door["state"], door["p"], door["rung"]) == (1, "live", 1.0, 0)
        assert door["streams"].keys() == {"aac", "opus", "mp4", "hls", "hold", "pulse", "replay", "download"}
        for name in ("aac", "opus", "mp4", "hls", "hold", "pulse"):
            assert (await rig.get(door["streams"][name], method="HEAD"))[0] == 200
        _, fields, body = await rig.get("/s/friday/pulse.json")
        assert fields["cache-control"] == "public, max-age=1"
        assert json.loads(body)["chunk"] == 59


async def test_before_the_doors_open() -> None:
    """A scheduled space has its page, its pulse and its music; its streams are 404 with a sentence."""
    space = live_space(state=State.SCHEDULED, doors_open_ms=None, live_ms=None, scheduled_ms=DOORS_OPEN_MS + 60_000)
    async with edge(space) as rig:
        for target in ("live.aac", "live.opus", "live.mp4", "hls/index.m3u8", "hls/aac-64.m3u8"):
            status, fields, body = await rig.get(f"/s/friday/{target}")
            assert (status, fields["cache-control"]) == (404, "public, max-age=1")
            assert json.loads(body)["detail"] == "The doors of this space are not open yet."
        assert json.loads((await rig.get("/s/friday/pulse.json"))[2])["state"] == "scheduled"
        assert (await rig.get("/s/friday/hold.m4a?v=default"))[1]["cache-control"].endswith("immutable")
        assert "aac" not in json.loads((await rig.get("/s/friday/door.json"))[2])["streams"]


async def test_a_space_to_come_fits_into_a_calendar() -> None:
    """event.ics has its time and title; without a time ahead it is 404 with a sentence."""
    space = live_space(state=State.SCHEDULED, doors_open_ms=None, live_ms=None, scheduled_ms=DOORS_OPEN_MS + 60_000)
    async with edge(space) as rig:
        status, fields, body = await rig.get("/s/friday/event.ics")
        assert (status, fields["cache-control"]) == (200, "public, max-age=60")
        assert fields["content-type"] == "text/calendar; charset=utf-8"
        assert b"\r\nSUMMARY:Friday talk\r\n" in body
        assert b"DESCRIPTION" not in body
        assert b"\r\nDTSTART:20300317T174740Z\r\n" in body
        page = (await rig.get("/s/friday"))[2].decode()
        assert 'id="calendar">' in page
        assert 'href="/s/friday/event.ics"' in page
        uid = next(line for line in body.splitlines() if line.startswith(b"UID:"))
        assert b"\r\nMETHOD:PUBLISH\r\n" in body
        rig.channel.space = msgspec.structs.replace(space, state=State.CANCELLED, version=2)
        cancelled = (await rig.get("/s/friday/event.ics"))[2]
        for line in (b"METHOD:CANCEL", b"STATUS:CANCELLED", b"SEQUENCE:2", uid):
            assert b"\r\n" + line + b"\r\n" in cancelled
        rig.channel.space = msgspec.structs.replace(space, description="Tea,\nand cake", version=3)
        described = (await rig.get("/s/friday/event.ics"))[2]
        assert b"\r\nDESCRIPTION:Tea\\,\\nand cake\r\n" in described
        assert b"\r\nSEQUENCE:3\r\n" in described
        rig.channel.space = msgspec.structs.replace(space, created_ms=1, version=4)
        assert uid not in (await rig.get("/s/friday/event.ics"))[2], "the same name, used again, is another event"
        rig.site.gate.site = "another"
        rig.channel.space = msgspec.structs.replace(space, version=5)
        assert uid not in (await rig.get("/s/friday/event.ics"))[2], "another site has other events"
    async with edge() as rig:
        status, _, body = await rig.get("/s/friday/event.ics")
        assert (status, json.loads(body)["code"]) == (404, "not-scheduled")
        assert 'id="calendar" hidden>' in (await rig.get("/s/friday"))[2].decode()


async def test_what_a_space_is_about_stands_in_page_door_and_card() -> None:
    """Its addresses of the web are links, and nothing in it becomes part of the page."""
    text = 'Read https://example.org/a?b=1&c=2.\n<script>alert(1)</script> javascript:alert(2) "quoted"'
    async with edge(live_space(description=text)) as rig:
        page = (await rig.get("/s/friday"))[2].decode()
        assert (
            '<a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener noreferrer ugc" target="_blank">'
            in page
        )
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        card = page.partition('og:description" content="')[2].partition('"')[0]
        assert "Read https://example.org" in card
        assert "<" not in card
        assert json.loads((await rig.get("/s/friday/door.json"))[2])["description"] == text
        rig.channel.space = live_space(description="", version=2)
        assert 'id="about" hidden></p>' in (await rig.get("/s/friday"))[2].decode()


async def test_an_unknown_space_is_friendly() -> None:
    """People get a page in their language, machines a problem document; both for a second at most."""
    async with edge(chunks=1) as rig:
        status, fields, body = await rig.get("/s/nothing", HTML, "Accept-Language: de")
        assert (status, fields["cache-control"]) == (404, "public, max-age=1")
        assert "Prüfen Sie den Link" in body.decode()
        assert "no-such-space" in (await rig.get("/s/nothing"))[2].decode()
        for path in ("/s/nothing/live.aac", "/s/friday/nothing", "/nothing", "/nothing/below"):
            assert (await rig.get(path))[1]["content-type"] == "application/problem+json"
            status, fields, _ = await rig.get(path, HTML)
            assert (status, fields["content-type"]) == (404, "text/html; charset=utf-8"), path


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/s/Friday", "/s/friday"),
        ("/s/FRIDAY/", "/s/friday"),
        ("/s/friday.", "/s/friday"),
        ("/s/friday%20", "/s/friday"),
        ("/s/%22Friday%22,", "/s/friday"),
        ("/s/friday%E2%80%A6", "/s/friday"),
        ("/s/friday//", "/s/friday"),
        ("//s/friday", "/s/friday"),
        ("/s//Friday", "/s/friday"),
        ("/S/FRIDAY", "/s/friday"),
        ("/s/friday.%C2%A0", "/s/friday"),
        ("/s/friday%3Futm_source=mail", "/s/friday"),
        ("/s/friday%23t=5", "/s/friday"),
        ("/s/friday&amp;utm_source=mail", "/s/friday"),
        ("/s/%EF%BD%86riday", "/s/friday"),
        ("/s/friday/live.aac;", "/s/friday/live.aac"),
        ("/s/Friday/hls/index.m3u8).", "/s/friday/hls/index.m3u8"),
        ("/s/Friday/live.aac?rendition=aac-32&utm_term=50%", "/s/friday/live.aac?utm_term=50%25&rendition=aac-32"),
    ],
)
async def test_a_name_as_people_write_it_leads_to_the_space(asked: str, leads: str) -> None:
    """Capitals, slashes too many, and what stands around an address in a sentence."""
    async with edge(chunks=1) as rig:
        status, fields, _ = await rig.get(asked)
        assert (status, fields["location"]) == (308, leads)
        assert (await rig.get("/s/friday#t=5"))[0] == 200
        assert (await rig.get("/s/friday?utm_term=50%&" + "&".join(f"a{n}=%ff" for n in range(30))))[0] == 200


async def test_metrics_are_for_who_has_the_token() -> None:
    """To everybody else there is nothing under that address."""
    async with edge(chunks=1) as rig:
        for line in (
            [],
            ["Authorization: Bearer wrong"],
            ["Authorization: Basic Zm9v"],
            ["Authorization: Bearer \xff"],
        ):
            assert (await rig.get("/metrics", *line))[0] == 404
        assert "stentor_edge_connections" in await rig.metrics()


async def test_metrics_count_listeners_exactly() -> None:
    """Prometheus reads listeners by format."""
    async with edge() as rig:
        _, writer = await rig.open("/s/friday/live.aac")
        text = await rig.metrics()
        assert 'stentor_edge_listeners{edge="edge-0",format="aac",space="friday"} 1.0' in text
        assert "stentor_edge_connections" in text
        writer.close()


async def test_metrics_say_how_long_the_disks_last() -> None:
    """Each place with its free bytes and hours."""
    room = [Headroom("recordings", 5000, 12.5), Headroom("bus", 5000, math.inf)]
    async with edge(chunks=1, room=room) as rig:
        text = await rig.metrics()
        assert 'stentor_disk_free_bytes{disk="recordings",edge="edge-0"} 5000.0' in text
        assert 'stentor_disk_hours_left{disk="recordings",edge="edge-0"} 12.5' in text
        assert 'stentor_disk_hours_left{disk="bus",edge="edge-0"} +Inf' in text


async def record(rig: Rig, segments: int) -> None:
    """What the archive would have written of the first segments."""
    entries: list[Entry] = []
    for number in range(segments):
        first = number * grid.CHUNKS_PER_SEGMENT
        stored = {}
        for rendition in RENDITIONS:
            frames = [frame for at in range(first, first + 12) for frame in programme(at).frames[rendition.name]]
            data = mp4.fragment(rendition, sequence=number + 1, decode_time=grid.decode_time(first), frames=frames)
            key = manifest.segment_key(SPACE, rendition.name, number)
            await rig.objects.put(key, data)
            await rig.objects.put(manifest.init_key(SPACE, rendition.name), mp4.init(rendition))
            stored[rendition.name] = StoredObject(key, len(data), "0" * 64)
        runs = [Run(Source.STAGE, first, first + 10), Run(Source.GAP, first + 10, first + 12)]
        start_ms = DOORS_OPEN_MS + first * grid.CHUNK_MS
        entry = Entry(number=number, start_ms=start_ms, runs=runs, renditions=stored)
        entries.append(manifest.chain(entries[-1].hash if entries else manifest.FIRST_HASH, entry))
    for page in range(0, len(entries), manifest.PAGE_ENTRIES):
        data = manifest.encode_page(entries[page : page + manifest.PAGE_ENTRIES])
        await rig.objects.put(manifest.page_key(SPACE, page // manifest.PAGE_ENTRIES), data)


async def test_a_replay_plays_as_hls_and_as_one_file(tmp_path: Path) -> None:
    """The playlist ends, its segments are there, and recording.m4a has a length, ranges, and every sample."""
    space = live_space(state=State.REPLAY, ended_ms=DOORS_OPEN_MS + 19_000)
    async with edge(space) as rig:
        await record(rig, 5)
        text = (await rig.get("/s/friday/replay/aac-64.m3u8"))[2].decode()
        assert text.endswith("#EXT-X-ENDLIST\n")
        assert text.count("#EXTINF") == 5
        assert "aac-64.m3u8" in (await rig.get("/s/friday/replay/index.m3u8"))[2].decode()
        assert (await rig.get("/s/friday/replay/aac-64/init.mp4"))[0] == 200
        status, fields, _ = await rig.get("/s/friday/replay/aac-64/4.m4s")
        assert (status, fields["cache-control"]) == (200, "public, max-age=60")
        assert (await rig.get("/s/friday/replay/aac-64/5.m4s"))[0] == 404

        status, fields, whole = await rig.get("/s/friday/recording.m4a")
        assert (status, int(fields["content-length"])) == (200, len(whole))
        (tmp_path / "whole.m4a").write_bytes(whole)
        with av.open(str(tmp_path / "whole.m4a")) as container:
            assert container.duration is not None
            assert abs(container.duration / 1e6 - 19.2) < 0.05
            assert sum(frame.samples for frame in container.decode(audio=0)) == 5 * 184_320
        middle = len(whole) // 2
        status, fields, body = await rig.get("/s/friday/recording.m4a", f"Range: bytes=100-{middle}")
        assert (status, body) == (206, whole[100 : middle + 1])
        status, fields, body = await rig.get("/s/friday/recording.m4a", method="HEAD")
        assert (status, body, int(fields["content-length"])) == (200, b"", len(whole))
        assert (await rig.get("/s/friday/recording.m4a", f"If-None-Match: {fields['etag']}"))[0] == 304
        assert (await rig.get("/s/friday/recording.m4a", f"Range: bytes={len(whole)}-"))[0] == 416


async def test_gaps_are_reported() -> None:
    """gaps.json says which seconds came from where, and that the hashes hold together."""
    async with edge(live_space(state=State.REPLAY)) as rig:
        await record(rig, 3)
        gaps = json.loads((await rig.get("/s/friday/gaps.json"))[2])
        assert gaps["seconds"] == {"stage": 9.6, "gap": 1.92}
        assert len(gaps["spans"]) == 3
        assert gaps["faults"] == []
        assert gaps["final"]


async def test_a_growing_recording_is_an_event_playlist() -> None:
    """While the space is on air the replay has no end yet."""
    async with edge() as rig:
        assert (await rig.get("/s/friday/replay/aac-64.m3u8"))[0] == 404
        await record(rig, 2)
        text = (await rig.get("/s/friday/replay/aac-64.m3u8"))[2].decode()
        assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
        assert "ENDLIST" not in text


def test_both_languages_have_the_same_texts() -> None:
    """Nothing is said in one language only, and every text has a use."""
    english, german = (json.loads((FOLDER / "texts" / f"{language}.json").read_text()) for language in texts.LANGUAGES)
    assert english.keys() == german.keys()
    sources = "".join(
        path.read_text()
        for path in [
            *SHARED.glob("*.js"),
            *FOLDER.glob("front.py"),
            *FOLDER.glob("templates/*.html"),
            *FOLDER.glob("static/*.js"),
        ]
    )
    made = ("state_", "say_", "reaction_", "counted_", "site.", "theme.", "front.reason-", "front.action-")
    days = ("front.day", "front.week-", "front.month_day", "front.and", "front.show_week", "front.show_month")
    used = [key for key in english if key in sources or key.startswith(made + days) or key in list(Role)]
    assert set(used) == set(english)


async def test_a_slash_too_many_is_forgiven() -> None:
    """People type the slash; the way back is on this host and cannot carry a header."""
    async with edge(live_space(), chunks=1) as rig:
        status, fields, _ = await rig.get("/s/friday/")
        assert (status, fields["location"]) == (308, "/s/friday")
        assert (await rig.get("/s/x/"))[1]["location"] == "/s/x"
        assert (await rig.get("/s/%0d%0aX/"))[0] == 400
    async with edge(live_space(), chunks=1) as rig:
        assert (await rig.get("//example.org/"))[0] == 404

"""Those outside a full space follow some minutes behind, from what the archive has stored."""

from __future__ import annotations

import json
import re

import httpx
import msgspec
import pytest

from stentor.base import grid
from stentor.crowd.orders import Orders
from stentor.edge import overflow
from stentor.edge.door import door
from stentor.edge.page import ListenerPages
from stentor.spaces.model import Space, State
from tests.support.cues import said as cue_of
from tests.support.edge import DOORS_OPEN_MS, Rig, edge, live_space
from tests.support.recorded import record
from tests.support.wait import PATIENCE_S

NARROW = Orders("friday", version=1, p=0.0, epoch=1, narrow_ms=1)
DELAY_S = 60
CHUNKS = 420
"""134 s: 35 segments."""


def now_at(rig: Rig, at_s: float) -> None:
    rig.now = DOORS_OPEN_MS / 1000 + at_s


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"/(\d+)\.m4s$", text, re.MULTILINE)]


async def follow(rig: Rig, delay_s: int = DELAY_S, name: str = "aac-64") -> tuple[int, dict[str, str], str]:
    status, fields, body = await rig.get(f"/s/friday/overflow/{delay_s}/{name}.m3u8")
    return status, fields, body.decode()


async def test_a_playlist_ends_so_far_behind() -> None:
    """The newest minute that is old enough, cached for seconds; each segment is the replay's, cached for ever."""
    async with edge(live_space(overflow_s=DELAY_S), chunks=CHUNKS) as rig:
        await record(rig.objects, CHUNKS, {range(CHUNKS): "ada"})
        rig.channel.heed(NARROW)
        now_at(rig, 130)
        status, fields, text = await follow(rig)
        assert (status, fields["cache-control"], fields["access-control-allow-origin"]) == (200, overflow.CACHE, "*")
        last = int((130 - DELAY_S) // grid.SEGMENT_S) - 1
        assert numbers(text) == list(range(last - overflow.WINDOW + 1, last + 1))
        assert "ENDLIST" not in text
        index = f"http://127.0.0.1:{rig.port}/s/friday/overflow/{DELAY_S}/index.m3u8"
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S, verify=False) as client:
            variant = re.findall(r"^[^#].*", (await client.get(index)).text, re.MULTILINE)[0]
            media = httpx.URL(index).join(variant)
            segment = re.findall(r"^[^#].*", (await client.get(media)).text, re.MULTILINE)[-1]
            found = await client.get(media.join(segment))
        assert found.headers["cache-control"] == "public, max-age=60"
        assert len(found.content) > 10_000


async def test_with_time_it_goes_on_and_never_back() -> None:
    """A segment is added when it is old enough, and the last one ends it when the recording is complete."""
    async with edge(live_space(overflow_s=DELAY_S), chunks=CHUNKS) as rig:
        await record(rig.objects, CHUNKS, {range(CHUNKS): "ada"})
        ends = []
        for at_s in (80.0, 82.0, 86.0, 120.0):
            now_at(rig, at_s)
            ends.append(numbers((await follow(rig))[2])[-1])
        assert ends == sorted(ends)
        assert ends[-1] > ends[0]
        rig.channel.update(msgspec.structs.replace(rig.channel.space, state=State.REPLAY, version=2))
        now_at(rig, CHUNKS * grid.CHUNK_S + DELAY_S - 1)
        assert "ENDLIST" not in (await follow(rig))[2]
        now_at(rig, CHUNKS * grid.CHUNK_S + DELAY_S)
        assert (await follow(rig))[2].endswith("#EXT-X-ENDLIST\n")


@pytest.mark.parametrize(("space_s", "asked_s"), [(60, 30), (60, 0), (0, 0), (0, 60)])
async def test_nobody_chooses_their_own_delay(space_s: int, asked_s: int) -> None:
    """The delay in the address is the one that holds, or nothing is there."""
    async with edge(live_space(overflow_s=space_s), chunks=CHUNKS) as rig:
        await record(rig.objects, CHUNKS, {range(CHUNKS): "ada"})
        now_at(rig, 130)
        status, _, body = await follow(rig, asked_s)
        assert (status, json.loads(body)["code"]) == (404, "no-overflow")


async def test_captions_come_with_the_sound() -> None:
    """What was said then, at its own time however late it was recognised; nothing that they cannot have heard."""
    async with edge(live_space(overflow_s=DELAY_S), chunks=CHUNKS) as rig:
        await record(rig.objects, CHUNKS, {range(CHUNKS): "ada"})
        now_at(rig, 130)
        assert (await follow(rig, name="captions"))[0] == 404
        assert (await rig.get(f"/s/friday/overflow/{DELAY_S}/captions.json"))[0] == 404
        for cue in (cue_of(50, "Then.", delay_s=20), cue_of(75, "Not yet."), cue_of(125, "Now.")):
            rig.channel.captions.add(cue, DOORS_OPEN_MS)
        index, sound, text = [(await follow(rig, name=name))[2] for name in ("index", "aac-64", "captions")]
        assert 'URI="captions.m3u8"' in index
        assert [line for line in text.splitlines() if line.endswith(".vtt")] == [
            f"captions/{number}.vtt" for number in numbers(sound)
        ]
        assert "#EXT-X-MAP" not in text
        assert "#EXT-X-GAP" not in text
        last = numbers(sound)[-1]
        status, fields, body = await rig.get(f"/s/friday/overflow/{DELAY_S}/captions/13.vtt")
        assert (status, fields["cache-control"]) == (200, "public, max-age=60")
        assert b"00:00:50.000 --> 00:00:52.000\n<v Ada>Then." in body
        assert (await rig.get(f"/s/friday/overflow/{DELAY_S}/captions/{last}.vtt"))[0] == 200
        assert (await rig.get(f"/s/friday/overflow/{DELAY_S}/captions/{last + 1}.vtt"))[0] == 404
        _, fields, body = await rig.get(f"/s/friday/overflow/{DELAY_S}/captions.json")
        assert ([cue["text"] for cue in json.loads(body)["cues"]], fields["cache-control"]) == (
            ["Then."],
            overflow.CACHE,
        )
        rig.channel.heed(msgspec.structs.replace(NARROW, rung=1))
        assert (await rig.get(f"/s/friday/overflow/{DELAY_S}/captions.json"))[0] == 429


async def test_before_anything_is_old_enough() -> None:
    """There is nothing there, and the door does not send anybody."""
    async with edge(live_space(overflow_s=DELAY_S)) as rig:
        await record(rig.objects, 60, {range(60): "ada"})
        rig.channel.heed(NARROW)
        now_at(rig, DELAY_S)
        assert (await follow(rig))[0] == 404
        assert "overflow" not in json.loads((await rig.get("/s/friday/door.json"))[2])["streams"]


async def test_a_busy_edge_keeps_its_line_for_those_inside() -> None:
    """From the first rung on, followers are told to come back, and the door sends nobody."""
    async with edge(live_space(overflow_s=DELAY_S), chunks=CHUNKS) as rig:
        await record(rig.objects, CHUNKS, {range(CHUNKS): "ada"})
        now_at(rig, 130)
        rig.channel.heed(msgspec.structs.replace(NARROW, rung=1))
        status, fields, _ = await follow(rig)
        assert (status, fields["retry-after"]) == (429, "10")
        assert "overflow" not in json.loads((await rig.get("/s/friday/door.json"))[2])["streams"]


def said(space: Space, orders: Orders, at_s: float, **addresses: str) -> str | None:
    """Where ``door.json`` sends those outside."""
    now = DOORS_OPEN_MS / 1000 + at_s
    found: str | None = json.loads(door(space, orders, now=now, **({"address": ""} | addresses)))["streams"].get(  # type: ignore[arg-type]
        "overflow"
    )
    return found


def test_the_door_says_where() -> None:
    """At this edge or at the cache in front, on any rung there; only while somebody is outside and it is on air."""
    space = live_space(overflow_s=DELAY_S)
    assert said(space, NARROW, 100) == "/s/friday/overflow/60/index.m3u8"
    assert said(space, Orders("friday"), 100) is None
    assert said(live_space(overflow_s=0), NARROW, 100) is None
    assert said(live_space(state=State.ENDED), NARROW, 1000) is None
    elsewhere = said(space, msgspec.structs.replace(NARROW, rung=3), 100, overflow="https://cdn.example")
    assert elsewhere == "https://cdn.example/s/friday/overflow/60/index.m3u8"


def test_the_page_may_load_from_the_cache() -> None:
    """The content security policy names its origin, and no other."""
    page = ListenerPages(address="", overflow="https://cdn.example/live", now=0.0).space(live_space(), NARROW, 0.0)
    head = page.answer({}).full.decode()
    assert "connect-src 'self' https://cdn.example;" in head
    assert "media-src 'self' https://cdn.example blob:;" in head

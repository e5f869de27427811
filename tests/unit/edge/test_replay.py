"""What stands beside a recording: chapters, levels, clips and their page."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest

from stentor.archive.stored import RecordingStore
from stentor.edge.cache import Cache
from stentor.edge.names import RecordedNames
from stentor.edge.outlines import Outlines
from stentor.edge.replay import CLIPS, Replays
from stentor.edge.shown import ShownManifest
from stentor.spaces import names, pulse
from stentor.spaces.model import Space, State
from stentor.spaces.switches import Switch
from stentor.store.objects import Objects
from stentor.wire import emsg, manifest, mp4
from stentor.wire.demux import Demuxer
from tests.support.edge import SPACE, edge, encoded
from tests.support.encoded import probe
from tests.support.recorded import record, recorded_space
from tests.support.wait import eventually

SPEAKERS = {range(24, 54): "ada", range(54, 96): "bob"}
CALM = "public, max-age=60"


async def test_chapters_and_levels_of_a_complete_recording() -> None:
    """The turns of the talk with a picture of it, cached, and the outline kept as an object for the other edges."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, SPEAKERS)
        status, fields, body = await rig.get("/s/friday/chapters.json")
        assert (status, fields["cache-control"], fields["access-control-allow-origin"]) == (200, CALM, "*")
        found = [(one["title"], one["startTime"]) for one in json.loads(body)["chapters"]]
        assert found == [("♪", 0), ("Ada", 7.68), ("Bob", 17.28)]
        spoken = json.loads((await rig.get("/s/friday/speaking.json"))[2])
        times = [(each["name"], each["seconds"], each["share"]) for each in spoken["people"]]
        assert times == [("Bob", 13.44, round(42 / 72, 4)), ("Ada", 9.6, round(30 / 72, 4))]  # of 42 and 30 chunks
        assert spoken["seconds"] == 23.04
        peaks = json.loads((await rig.get("/s/friday/peaks.json"))[2])
        assert peaks["length"] == 32
        assert peaks["data"][1] < peaks["data"][33]  # music is no voice
        assert await rig.objects.get(manifest.outline_key(SPACE))
        assert (await rig.get("/s/friday/chapters.json", f"If-None-Match: {fields['etag']}"))[0] == 304
        assert (await rig.get("/s/friday/chapters.json", method="HEAD"))[2] == b""


async def test_the_outline_is_made_once() -> None:
    """Another edge, or this one after its next start, reads what was kept and no segment."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 48, {range(48): "ada"})
        await rig.get("/s/friday/chapters.json")
        for key, _ in await rig.objects.list("recordings/friday/opus-24"):
            await rig.objects.delete(key)
        entries = (await RecordingStore(rig.objects, SPACE).load()).entries
        recorded = RecordedNames(rig.objects, monotonic=time.monotonic)
        found = await Outlines(rig.objects, Cache(rig.objects), recorded).get(SPACE, entries, entries[-1].hash)
        assert [turn.name for turn in found.turns] == ["Ada"]


@pytest.mark.parametrize("nameless", [True, False])
async def test_who_speaks_in_a_replay(nameless: bool) -> None:
    """Whoever plays its segments sees names, and a number for who was deleted; also where the sound has them inside."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, SPEAKERS, nameless=nameless)
        key = manifest.segment_key(SPACE, "aac-64", 4)
        stored = await rig.objects.get(key)
        assert (b"Ada" in stored) is not nameless
        assert await rig.objects.size(names.key(SPACE)) if nameless else b"Bob" in stored
        told = [pulse.read(each) for each in emsg.pulses((await rig.get("/s/friday/replay/aac-64/4.m4s"))[2])]
        assert [[seat.name for seat in each.seats] for each in told] == [["Ada", "Bob"]] * 4
        rig.channel.space = msgspec.structs.replace(rig.channel.space, erased={"ada": 17})
        served = (await rig.get("/s/friday/replay/aac-64/4.m4s"))[2]
        assert b"Ada" not in served
        assert b"Deleted person 17" in served
        frames = [[fragment.frames for fragment in Demuxer().feed(each)] for each in (served, stored)]
        assert frames[0] == frames[1]
        assert b"Ada" not in (await rig.get("/s/friday/recording.m4a"))[2] or not nameless


@pytest.mark.parametrize("nameless", [True, False])
async def test_a_deleted_person_is_a_number_in_chapters(nameless: bool) -> None:
    """At once, though this edge has answered before, also where the pulses inside the sound have the name."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, SPEAKERS, nameless=nameless)
        assert b"Ada" in (await rig.get("/s/friday/chapters.json"))[2]
        rig.channel.space = msgspec.structs.replace(rig.channel.space, erased={"ada": 17})
        found = json.loads((await rig.get("/s/friday/chapters.json"))[2])["chapters"]
        assert {one["title"] for one in found if one["seat"] == "ada"} == {"Deleted person 17"}


async def test_a_lost_segment_costs_its_own_pulses_only() -> None:
    """Chapters of a recording with a damaged object are those of the rest."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, SPEAKERS)
        await rig.objects.delete(manifest.segment_key(SPACE, "opus-24", 3))
        await rig.objects.put(manifest.segment_key(SPACE, "opus-24", 6), b"not boxes")
        found = json.loads((await rig.get("/s/friday/chapters.json"))[2])["chapters"]
        assert [one["title"] for one in found] == ["♪", "Ada", "Bob"]


async def test_a_growing_recording_has_no_chapters_yet() -> None:
    """They come with its end; until then a problem says so, for a second."""
    async with edge(recorded_space(state=State.LIVE, ended_ms=None)) as rig:
        await record(rig.objects, 24, SPEAKERS)
        status, fields, body = await rig.get("/s/friday/chapters.json")
        assert (status, fields["cache-control"]) == (404, "public, max-age=1")
        assert json.loads(body)["code"] == "no-outline"


async def test_who_asks_at_the_end_has_the_whole_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the manifest is still being read for somebody who asked before the space was over."""
    async with edge(recorded_space(state=State.LIVE, ended_ms=None)) as rig:
        await record(rig.objects, 96, SPEAKERS)
        go_on, get, asked, look = asyncio.Event(), Objects.get, list[Space](), Replays._manifest

        async def slowly(objects: Objects, key: str) -> bytes:
            found = await get(objects, key)
            if key == manifest.page_key(SPACE, 0):
                await go_on.wait()
            return found

        def noted(replays: Replays, space: Space) -> Coroutine[Any, Any, ShownManifest]:
            asked.append(space)
            return look(replays, space)

        monkeypatch.setattr(Objects, "get", slowly)
        monkeypatch.setattr(Replays, "_manifest", noted)
        before = asyncio.create_task(rig.get("/s/friday/gaps.json"))
        await eventually(lambda: len(asked) == 1, "the one asks")
        rig.channel.space = recorded_space()
        after = asyncio.create_task(rig.get("/s/friday/chapters.json"))
        await eventually(lambda: len(asked) == 2, "the other asks")
        go_on.set()
        assert (await before)[0] == 200
        assert [one["title"] for one in json.loads((await after)[2])["chapters"]] == ["♪", "Ada", "Bob"]


async def test_a_clip_is_a_file_and_a_page() -> None:
    """The frames from 10 to 12.5 s with ranges; the page plays it without a script and leads to the whole."""
    async with edge(recorded_space(title="<Tea> & talk")) as rig:
        await record(rig.objects, 96, SPEAKERS)
        status, fields, data = await rig.get("/s/friday/clip.m4a?from=10&to=12.5")
        assert (status, fields["cache-control"], fields["content-type"]) == (200, CALM, "audio/mp4")
        assert probe(data).duration_s == pytest.approx(2.5, abs=0.03)
        flat = [frame for number in range(96) for frame in encoded()["aac-64"][number % 60]]
        assert [frame for piece in mp4.Demuxer().feed(data) for frame in piece.frames] == flat[469:586]
        assert (await rig.get("/s/friday/clip.m4a?from=10&to=12.5", "Range: bytes=0-9"))[::2] == (206, data[:10])
        status, fields, body = await rig.get("/s/friday/clip?from=10&to=12.5")
        page = body.decode()
        assert (status, fields["cache-control"]) == (200, CALM)
        assert 'src="/s/friday/clip.m4a?from=10&amp;to=12.5"' in page
        assert 'src="/s/friday/clip.m4a?from=10&amp;to=12.5&amp;rendition=opus-24"' in page
        assert 'href="/s/friday#t=10"' in page
        assert "Clip from 0:10 to 0:12" in page
        assert "&lt;Tea&gt;" in page
        assert 'type="module"' not in page


async def test_hosts_can_turn_clips_off() -> None:
    """Neither file nor page of a clip is there then, the page does not offer any, and the recording stays."""
    async with edge(recorded_space(off=(Switch.CLIPS.value,))) as rig:
        await record(rig.objects, 96, SPEAKERS)
        for path in ("clip.m4a?from=10&to=12", "clip?from=10&to=12"):
            status, _, body = await rig.get(f"/s/friday/{path}")
            assert (status, json.loads(body)["code"]) == (409, "clips-off")
        assert b'<details class="card" hidden>' in (await rig.get("/s/friday"))[2]
        assert (await rig.get("/s/friday/recording.m4a"))[0] == 200


async def test_clips_are_made_at_a_bearable_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for one after the other is told to come later; what is there, and the next second's, is served."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, SPEAKERS)
        now = [1000.0]
        monkeypatch.setattr(rig.site.replays, "_monotonic", lambda: now[0])
        asked = [f"/s/friday/clip.m4a?from={number}&to={number + 1}" for number in range(CLIPS.burst + 1)]
        answers = [await rig.get(each) for each in asked]
        assert [status for status, _, _ in answers] == [200] * CLIPS.burst + [503]
        assert answers[-1][1]["retry-after"] == "2"
        assert (await rig.get(asked[0]))[0] == 200
        now[0] += 1.0
        assert (await rig.get(asked[-1]))[0] == 200


async def test_a_file_of_a_recording_is_put_together_once() -> None:
    """Its ranges need no new index until the manifest is read again."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 96, SPEAKERS)
        replays, space = rig.site.replays, rig.channel.space
        whole = (await rig.get("/s/friday/recording.m4a"))[2]
        made = dict(replays._files)
        assert (await rig.get("/s/friday/recording.m4a", "Range: bytes=9-99"))[::2] == (206, whole[9:100])
        assert replays._files == made
        assert replays._files[space.id, "aac-64"] is made[space.id, "aac-64"]


@pytest.mark.parametrize("query", ["", "?from=1", "?from=5&to=70", "?from=9&to=8", "?from=500&to=510"])
async def test_what_is_no_clip_is_a_problem(query: str) -> None:
    """A bad span is 400 with a sentence that shows a good one."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 24, SPEAKERS)
        status, fields, body = await rig.get(f"/s/friday/clip.m4a{query}")
        assert (status, fields["content-type"]) == (400, "application/problem+json")
        assert json.loads(body)["code"] == "bad-input"


async def test_before_the_doors_there_is_nothing_to_cut() -> None:
    """The clip's page of a space without a recording is 404."""
    async with edge(recorded_space(state=State.SCHEDULED, doors_open_ms=None, ended_ms=None)) as rig:
        assert (await rig.get("/s/friday/clip?from=1&to=5"))[0] == 404

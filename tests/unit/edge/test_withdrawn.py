"""What was removed is heard, read and seen nowhere any more, whatever this edge or the store has kept."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.base.errors import Overloaded, Removed
from stentor.edge.withdrawn import KEPT_S, TRUSTED_S, Withdrawn, require
from stentor.spaces.model import Removal, Trim
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals
from stentor.store.objects import Objects
from tests.support import cues
from tests.support.edge import SPACE, Rig, edge
from tests.support.encoded import probe
from tests.support.recorded import record, recorded_space

CHUNKS = 96
"""30.72 s: Ada, then Bob from 17.28 s on, then Ada again."""
SPEAKERS = {range(54): "ada", range(54, 72): "bob", range(72, 96): "ada"}
PART = Removal(17_000, 23_000, 9, "host", "Bob asked")
ALL = Removal(0, None, 9, "host", "Everybody asked")
RATE = 48_000
FIRST_S, END_S = 16.64, 23.36
"""What is silent: a tenth of a second more on both sides, in whole chunks."""


async def recorded(rig: Rig) -> None:
    await record(rig.objects, CHUNKS, SPEAKERS)
    said = cues.said(3, "Good evening", "ada"), cues.said(18, "My address is", "bob"), cues.said(25, "Well", "ada")
    await cues.keep(rig.objects, *said)


async def remove(rig: Rig, *removals: Removal, erased: bool = True, gone: Removal | None = None) -> Withdrawal:
    """As the house does; the bus tells the edge."""
    found = await withdrawals.withdraw(rig.objects, Withdrawal(SPACE, removals=list(removals), gone=gone))
    rig.site.withdraw(found)
    if erased:
        found = await withdrawals.erase(rig.objects, found)
        rig.site.withdraw(found)
    return found


async def heard(rig: Rig, path: str) -> Samples:
    status, _, body = await rig.get(f"/s/friday/{path}")
    assert status == 200, (path, body)
    return probe(body).samples


async def streamed(rig: Rig, rendition: str) -> Samples:
    """The replay as an HLS player hears it: the init and every segment of the playlist."""
    playlist = (await rig.get(f"/s/friday/replay/{rendition}.m3u8"))[2].decode().splitlines()
    files = [f"{rendition}/init.mp4", *(line for line in playlist if line and line[0] != "#")]
    return probe(b"".join([(await rig.get(f"/s/friday/replay/{file}"))[2] for file in files])).samples


def loud(samples: Samples, from_s: float, to_s: float) -> float:
    """dBFS, RMS."""
    piece = samples[round(from_s * RATE) : round(to_s * RATE)]
    return float(10 * np.log10(np.mean(np.square(piece)) + 1e-12))


@pytest.mark.parametrize("erased", [False, True], ids=["on the list", "carried out"])
@pytest.mark.parametrize("rendition", ["aac-64", "opus-24"])
async def test_nobody_hears_what_was_removed(rendition: str, *, erased: bool) -> None:
    """File, playlist and clip are silent there and as they were elsewhere, also for who had them before."""

    async def ways(rig: Rig) -> dict[str, Samples]:
        return {
            "file": await heard(rig, f"recording.m4a?rendition={rendition}"),
            "hls": await streamed(rig, rendition),
            "clip": await heard(rig, f"clip.m4a?from=0&to=30&rendition={rendition}"),
        }

    async with edge(recorded_space()) as rig:
        await recorded(rig)
        before = await ways(rig)
        await remove(rig, PART, erased=erased)
        for name, after in (await ways(rig)).items():
            assert after.size == before[name].size, name
            assert loud(before[name], FIRST_S, END_S) > -35, "there is something to remove"
            assert loud(after, FIRST_S + 0.05, END_S) < -70, name
            if erased:
                for span in ((0.5, FIRST_S - 0.05), (END_S + 0.1, 29.5)):
                    here = slice(*(round(at * RATE) for at in span))
                    assert np.max(np.abs(after[here] - before[name][here])) < 1e-3, (name, span)


async def test_words_levels_and_turns_go_with_the_sound() -> None:
    """Transcript, chapters and the picture of the voices lack it, and the rest verifies."""
    async with edge(recorded_space()) as rig:
        await recorded(rig)
        names = "transcript.txt", "captions.vtt", "captions.json", "chapters.json", "peaks.json", "gaps.json"
        before = {name: (await rig.get(f"/s/friday/{name}"))[2].decode() for name in names}
        assert "My address is" in before["transcript.txt"]
        assert "Bob" in before["chapters.json"]
        await remove(rig, PART)
        after = {name: (await rig.get(f"/s/friday/{name}"))[2].decode() for name in names}
        for name in names[:3]:
            assert "My address is" not in after[name], name
            assert "Good evening" in after[name], name
        assert "Bob" not in after["chapters.json"]
        levels = json.loads(after["peaks.json"])["data"][1::2]
        assert levels[18:24] == [0] * 6
        assert min(levels[:17] + levels[25:]) > 0
        gaps = json.loads(after["gaps.json"])
        removed = [{"from_ms": 17_000, "to_ms": 23_000, "at_ms": 9, "reason": "Bob asked"}]
        assert (gaps["faults"], gaps["removed"]) == ([], removed)
        assert gaps["last_hash"] == json.loads(before["gaps.json"])["last_hash"]


async def test_a_removed_recording_answers_410() -> None:
    """Every address of it, at once; the page says why and offers nothing to play."""
    async with edge(recorded_space()) as rig:
        await recorded(rig)
        paths = [
            "recording.m4a", "clip.m4a?from=1&to=2", "clip?from=1&to=2", "replay/index.m3u8",
            "replay/aac-64.m3u8", "replay/aac-64/1.m4s", "replay/aac-64/init.mp4", "chapters.json", "peaks.json",
            "gaps.json", "captions.json", "captions.vtt",
            "transcript.txt",
        ]  # fmt: skip
        for path in paths:
            assert (await rig.get(f"/s/friday/{path}"))[0] == 200, path
        await remove(rig, ALL, erased=False)
        for path in paths:
            status, fields, body = await rig.get(f"/s/friday/{path}")
            assert (status, json.loads(body)["code"]) == (410, "removed"), path
            assert fields["cache-control"] == "public, max-age=1"
        rig.channel.space = msgspec.structs.replace(rig.channel.space, removals=[ALL], version=2)
        page = (await rig.get("/s/friday"))[2].decode()
        assert "This replay was deleted." in page
        assert '<div id="recording" hidden>' in page
        door = json.loads((await rig.get("/s/friday/door.json"))[2])
        assert door["state"] == "removed"
        assert not {"replay", "download"} & set(door["streams"])


async def test_a_removed_space_answers_410_below_all_its_addresses() -> None:
    """People get a page, programs a problem; the title is nowhere."""
    async with edge(recorded_space(title="A secret title")) as rig:
        await recorded(rig)
        await remove(rig, gone=ALL, erased=False)
        for path in ("", "/door.json", "/embed", "/event.ics", "/recording.m4a", "/live.aac", "/hls/index.m3u8"):
            status, _, body = await rig.get(f"/s/friday{path}")
            assert status == 410, path
            assert b"secret" not in body
        status, fields, body = await rig.get("/s/friday", "Accept: text/html")
        assert (status, fields["content-type"]) == (410, "text/html; charset=utf-8")
        assert b"This was removed on request" in body
        assert (await rig.get("/oembed?url=http://localhost/s/friday"))[0] == 410


async def test_a_trim_changes_what_is_shown_and_nothing_else() -> None:
    """From 12 to 25 s: file, chapters, levels and words begin with the segment of 12 s; taken back, all is there."""
    async with edge(recorded_space()) as rig:
        await recorded(rig)
        whole = await heard(rig, "recording.m4a")
        rig.channel.space = msgspec.structs.replace(rig.channel.space, trim=Trim(12_000, 25_000), version=2)
        shown = await heard(rig, "recording.m4a")
        start, end = 11.52, 26.88
        assert shown.size == pytest.approx((end - start) * RATE, abs=1024)
        there = slice(RATE, round(10 * RATE))
        assert np.max(np.abs(shown[there] - whole[round(start * RATE) :][there])) < 0.02
        assert probe((await rig.get("/s/friday/recording.m4a"))[2]).first_s == pytest.approx(0, abs=0.05)
        playlist = (await rig.get("/s/friday/replay/aac-64.m3u8"))[2].decode()
        assert [line for line in playlist.splitlines() if line.endswith(".m4s")] == [
            f"aac-64/{number}.m4s" for number in range(3, 7)
        ]
        chapters = json.loads((await rig.get("/s/friday/chapters.json"))[2])["chapters"]
        assert [(each["startTime"], each["title"]) for each in chapters] == [(0, "Ada"), (5.76, "Bob"), (11.52, "Ada")]
        assert json.loads((await rig.get("/s/friday/peaks.json"))[2])["length"] == 16
        words = json.loads((await rig.get("/s/friday/captions.json"))[2])["cues"]
        assert [(each["start_ms"], each["text"]) for each in words] == [(6480, "My address is")]
        assert b"MPEGTS:1036800" in (await rig.get("/s/friday/captions.vtt"))[2]
        clip = await heard(rig, "clip.m4a?from=3.2&to=6.4")
        assert np.max(np.abs(clip[4096:100_000] - shown[round(3.2 * RATE) :][4096:100_000])) < 0.02
        rig.channel.space = msgspec.structs.replace(rig.channel.space, trim=None, version=3)
        assert np.array_equal(await heard(rig, "recording.m4a"), whole)


async def test_without_the_bus_the_list_beside_the_recording_counts() -> None:
    """It is read again after half a minute, and an older word of the bus changes nothing."""
    objects, now = Objects.open("memory://"), [0.0]
    withdrawn = Withdrawn(objects, lambda: now[0])
    assert require(await withdrawn.get(SPACE)).removals == []
    found = await withdrawals.withdraw(objects, Withdrawal(SPACE, removals=[ALL]))
    assert (await withdrawn.get(SPACE)).removals == [], "for half a minute"
    now[0] += KEPT_S
    with pytest.raises(Removed):
        require(await withdrawn.get(SPACE))
    assert not withdrawn.hear(found)
    assert withdrawn.hear(msgspec.structs.replace(found, version=9, gone=ALL))
    now[0] += KEPT_S
    assert (await withdrawn.get(SPACE)).version == 9, "the bus was quicker than the store"


class Away(Objects):
    """A store that does not answer."""

    async def get(self, key: str) -> bytes:
        raise Overloaded("away", retry_after_s=1)


async def test_a_store_that_does_not_answer_is_trusted_for_a_minute() -> None:
    """Then nothing of a recording is served: nobody knows what was removed meanwhile."""
    objects, now = Objects.open("memory://"), [0.0]
    withdrawn = Withdrawn(objects, lambda: now[0])
    await withdrawn.get(SPACE)
    withdrawn._objects = Away(objects.store, objects.address)
    now[0] += TRUSTED_S
    assert await withdrawn.get(SPACE)
    now[0] += 0.1
    with pytest.raises(Overloaded):
        await withdrawn.get(SPACE)


async def test_a_space_of_which_something_was_removed_has_no_window() -> None:
    """Who is behind in the live playlist within two minutes after the end hears nothing of it either."""
    async with edge(recorded_space()) as rig:
        now = (rig.channel.space.ended_ms or 0) / 1000 + 1
        assert rig.channel.wants_window(now)
        rig.channel.space = msgspec.structs.replace(rig.channel.space, removals=[PART])
        assert not rig.channel.wants_window(now)

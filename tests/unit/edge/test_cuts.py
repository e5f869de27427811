"""What an edge serves of a listener cut: a file that players take, and all that belongs to it at its own times."""

from __future__ import annotations

import io
import json

import av
import msgspec
import pytest

from stentor.audio.loudness import integrated_lufs
from stentor.base.detached import Detached, check
from stentor.spaces.model import Removal, RundownItem, Trim
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import editions, withdrawals
from stentor.wire import edits
from stentor.wire.edits import EditList, Timeline
from tests.support import cues as spoken
from tests.support import evening
from tests.support.edge import DOORS_OPEN_MS, SPACE, Rig, edge
from tests.support.encoded import probe
from tests.support.recorded import recorded_space

ENDED = DOORS_OPEN_MS + evening.CHUNKS * 320


async def made(rig: Rig) -> EditList:
    await evening.record(rig.objects)
    said = (
        spoken.said(7, "Good evening", "ada"),
        spoken.said(29, "Nobody hears this", "bob"),
        spoken.said(33, "Well", "ada"),
    )
    await spoken.keep(rig.objects, *said)
    return await evening.cut(rig.objects)


async def test_a_player_gets_a_file_with_chapters_and_names() -> None:
    """Whole or in ranges it is the same file: its length is the list's, its chapters and tags are those of now."""
    item = RundownItem("i1", "What comes next", begun_ms=DOORS_OPEN_MS + 23_000)
    async with edge(recorded_space(rundown=[item], ended_ms=ENDED)) as rig:
        found = await made(rig)
        status, fields, body = await rig.get("/s/friday/cut/recording.m4a")
        assert (status, fields["content-type"]) == (200, "audio/mp4")
        assert 'filename="friday-cut.m4a"' in fields["content-disposition"]
        half = len(body) // 2
        ranges = f"bytes=0-{half}", f"bytes={half + 1}-"
        parts = [await rig.get("/s/friday/cut/recording.m4a", f"Range: {each}") for each in ranges]
        assert [part[0] for part in parts] == [206, 206]
        assert b"".join(part[2] for part in parts) == body
        with av.open(io.BytesIO(body)) as file:
            assert isinstance(file, av.container.InputContainer)
            assert file.duration == found.cut_ms * 1000
            marks = [(chapter["start"], chapter["metadata"]["title"]) for chapter in file.chapters()]
            assert file.metadata["title"] == "Friday talk"
            assert file.metadata["artist"] == "Ada, Bob"
        at = round(Timeline(found).at(23_000))
        assert "What comes next" in dict(marks)[at]
        assert marks[0] == (0, "Ada")
        assert integrated_lufs(probe(body).samples) == pytest.approx(-16, abs=0.5)
        chapters = json.loads((await rig.get("/s/friday/cut/chapters.json"))[2])["chapters"]
        assert [each["title"] for each in chapters][:3] == ["Ada", "What comes next", "Bob"]
        assert chapters[-1]["endTime"] * 1000 == pytest.approx(found.cut_ms, abs=20)
        rig.channel.space = msgspec.structs.replace(rig.channel.space, title="Another", erased={"bob": 17}, version=2)
        with av.open(io.BytesIO((await rig.get("/s/friday/cut/recording.m4a"))[2])) as file:
            assert (file.metadata["title"], file.metadata["artist"]) == ("Another", "Ada, Deleted person 17")


async def test_whoever_plays_the_cut_is_counted_as_of_the_recording() -> None:
    """From this machine itself, where nobody has an address of their own, the space is noted as counted too low."""
    async with edge(recorded_space(ended_ms=ENDED)) as rig:
        await made(rig)
        await rig.get("/s/friday/cut/edits.json")
        assert rig.site.played.taken()[1] == set()
        await rig.get("/s/friday/cut/recording.m4a")
        assert rig.site.played.taken()[1] == {SPACE}


async def test_words_stand_where_they_are_heard() -> None:
    """In each format; what was said while nobody was heard is in none. The list is what was signed."""
    async with edge(recorded_space(ended_ms=ENDED)) as rig:
        found = await made(rig)
        told = {name: (await rig.get(f"/s/friday/cut/{name}"))[2].decode() for name in (
            "captions.vtt", "captions.srt", "transcript.txt", "transcript.json", "edits.json"
        )}  # fmt: skip
        start = round(Timeline(found).at(7_000))
        assert start == 7_000 - found.kept[0].from_ms
        assert f"00:00:00.{start:03} --> " in told["captions.vtt"]
        assert told["captions.srt"].startswith(f"1\n00:00:00,{start:03} --> ")
        assert "Ada: Good evening" in told["captions.srt"]
        assert json.loads(told["transcript.json"])["cues"][0]["start_ms"] == start
        assert "Good evening" in told["transcript.txt"]
        assert "Nobody hears this" not in "".join(told.values())
        assert edits.decode(told["edits.json"].encode()) == found
        assert "Ada" not in told["edits.json"], "names can be erased, what is signed cannot"
        assert (await rig.get("/s/friday/cut/edits.json.minisig"))[0] == 404
        signer = Detached(b"a secret of thirty-two bytes....")
        signed = signer.minisign(told["edits.json"].encode(), "a test")
        await rig.objects.put(f"{editions.edits_key(SPACE, 0)}.minisig", signed)
        signature = (await rig.get("/s/friday/cut/edits.json.minisig"))[2]
        assert check(signer.public, signature, told["edits.json"].encode()) == "a test"
        assert (await rig.get("/s/friday/captions.srt"))[2].startswith(b"1\n00:00:07,000 --> 00:00:09,000\nAda: Good")


async def test_hosts_choose_which_one_people_get() -> None:
    """Download, playlist and page lead to the cut when hosts say so, and to the recording while there is no cut."""
    async with edge(recorded_space(ended_ms=ENDED)) as rig:
        await made(rig)
        whole, cut = [(await rig.get(f"/s/friday/{name}"))[2] for name in ("recording.m4a", "cut/recording.m4a")]
        assert (await rig.get("/s/friday/edition.m4a"))[2] == whole
        assert b"recording.m4a" in (await rig.get("/s/friday/listen.m3u"))[2]
        rig.channel.space = msgspec.structs.replace(rig.channel.space, off=("unedited",), version=2)
        assert (await rig.get("/s/friday/edition.m4a"))[2] == cut
        assert b"edition.m4a" in (await rig.get("/s/friday/listen.m3u"))[2]
        page = (await rig.get("/s/friday"))[2]
        assert b'href="/s/friday/edition.m4a" download' in page
        assert (await rig.get("/s/friday/recording.m4a"))[2] == whole
        await rig.objects.delete(editions.edits_key(SPACE, 0))
        rig.site.replays.forget(SPACE)
        assert (await rig.get("/s/friday/edition.m4a"))[2] == whole


async def test_a_cut_of_another_state_is_not_served() -> None:
    """After a removal, and after a trim, until it is made anew; of a removed recording nothing is."""
    async with edge(recorded_space(ended_ms=ENDED)) as rig:
        await made(rig)
        assert (await rig.get("/s/friday/cut/recording.m4a"))[0] == 200
        trim = Trim(7_000, None)
        rig.channel.space = msgspec.structs.replace(rig.channel.space, trim=trim, version=2)
        status, _, body = await rig.get("/s/friday/cut/recording.m4a")
        assert (status, json.loads(body)["code"]) == (404, "no-edition")
        await evening.cut(rig.objects, trim)
        removal = Removal(23_000, 24_000, 9, "host", "Bob asked")
        rig.site.withdraw(await withdrawals.withdraw(rig.objects, Withdrawal(SPACE, removals=[removal])))
        assert (await rig.get("/s/friday/cut/edits.json"))[0] == 404
        gone = Removal(0, None, 9, "host", "All asked")
        rig.site.withdraw(await withdrawals.withdraw(rig.objects, Withdrawal(SPACE, removals=[gone])))
        assert (await rig.get("/s/friday/cut/recording.m4a"))[0] == 410

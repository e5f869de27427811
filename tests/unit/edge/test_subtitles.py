"""Captions at the edge: for the page, for players, and of a recording."""

from __future__ import annotations

import json

import msgspec

from stentor.base import grid
from stentor.edge.subtitles import RECENT_MS
from stentor.wire import cue as wire
from tests.support.cues import keep, said
from tests.support.edge import DOORS_OPEN_MS, Rig, edge
from tests.support.recorded import record, recorded_space


def hear(rig: Rig, *cues: object) -> None:
    for cue in cues:
        rig.channel.captions.add(cue, DOORS_OPEN_MS)  # type: ignore[arg-type]


async def test_without_captions_nothing_is_offered() -> None:
    """Neither the door nor the playlist names what is not there."""
    async with edge() as rig:
        assert "captions" not in json.loads((await rig.get("/s/friday/door.json"))[2])["streams"]
        assert b"SUBTITLES" not in (await rig.get("/s/friday/hls/index.m3u8"))[2]
        for path in (
            "captions.json",
            "transcript.json",
            "captions.vtt",
            "transcript.txt",
            "hls/captions.m3u8",
            "hls/captions/1.vtt",
        ):
            status, _, body = await rig.get(f"/s/friday/{path}")
            assert (status, path) == (404, path)
            assert json.loads(body)["code"] in ("no-captions", "no-such-rendition")


async def test_they_are_offered_before_the_first_word() -> None:
    """As soon as somebody listens for them: players read the multivariant playlist only once."""
    async with edge() as rig:
        rig.channel.captions.offered = True
        assert json.loads((await rig.get("/s/friday/door.json"))[2])["streams"]["captions"] == "/s/friday/captions.json"
        index = (await rig.get("/s/friday/hls/index.m3u8"))[2].decode()
        [media] = [line for line in index.splitlines() if line.startswith("#EXT-X-MEDIA")]
        assert 'TYPE=SUBTITLES,GROUP-ID="captions"' in media
        assert 'URI="captions.m3u8"' in media
        variants = [line for line in index.splitlines() if "STREAM-INF" in line]
        assert all('SUBTITLES="captions"' in line for line in variants)
        assert json.loads((await rig.get("/s/friday/captions.json"))[2])["cues"] == []


async def test_the_page_gets_what_may_be_heard_now() -> None:
    """While on air the last minute and a half; the files have everything. Another run's words are nobody's."""
    async with edge(chunks=60) as rig:
        hear(rig, said(0, "Long ago."), said(17, "Good evening."))
        rig.channel.captions.add(msgspec.structs.replace(said(3, "No."), doors_open_ms=1), DOORS_OPEN_MS)
        rig.now = DOORS_OPEN_MS / 1000 + 4 + RECENT_MS / 1000
        status, fields, body = await rig.get("/s/friday/captions.json")
        assert (status, fields["cache-control"], fields["access-control-allow-origin"]) == (
            200,
            "public, max-age=1",
            "*",
        )
        assert [cue["text"] for cue in json.loads(body)["cues"]] == ["Good evening."]
        found = json.loads(body)
        assert found["at"] == round(rig.now * 1000)
        assert found["at"] - found["doors_open_ms"] - found["cues"][0]["end_ms"] == RECENT_MS - 15_000
        found = json.loads((await rig.get("/s/friday/transcript.json"))[2])
        assert [cue["text"] for cue in found["cues"]] == ["Long ago.", "Good evening."]
        assert found["cues"][0]["made_ms"] == DOORS_OPEN_MS + 3000
        status, fields, body = await rig.get("/s/friday/captions.vtt")
        assert (status, fields["content-type"]) == (200, "text/vtt; charset=utf-8")
        assert body.decode().count("-->") == 2
        text = (await rig.get("/s/friday/transcript.txt"))[2]
        assert text.decode().splitlines()[3:] == ["[0:00:00] Ada", "Long ago.", "Good evening."]


async def test_players_get_segments_of_text() -> None:
    """The same segments as the sound has, held like those; late words stand where they can still be shown."""
    async with edge(chunks=60) as rig:
        hear(rig, said(5, "In time.", length_s=1, delay_s=0.5), said(5, "Late.", "bob", length_s=1, delay_s=9))
        text = (await rig.get("/s/friday/hls/captions.m3u8"))[2].decode()
        sound = (await rig.get("/s/friday/hls/aac-64.m3u8"))[2].decode()

        def tags(playlist: str, *names: str) -> list[str]:
            return [line for line in playlist.splitlines() if line.startswith(names)]

        same = ("#EXT-X-MEDIA-SEQUENCE", "#EXT-X-TARGETDURATION", "#EXT-X-PROGRAM-DATE-TIME")
        assert tags(text, *same) == tags(sound, *same)[: len(tags(text, *same))]
        assert "#EXT-X-MAP" not in text
        assert "#EXT-X-PART" not in text
        assert [line for line in text.splitlines() if line.endswith(".vtt")] == [f"captions/{n}.vtt" for n in range(5)]
        first = (await rig.get("/s/friday/hls/captions/1.vtt"))[2].decode()
        assert first.startswith(
            "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n00:00:05.000 --> 00:00:06.000\n"
        )
        assert "Late." not in first
        assert (
            "00:00:15.360 --> 00:00:16.860\n<v Bob>Late." in (await rig.get("/s/friday/hls/captions/4.vtt"))[2].decode()
        )
        assert (await rig.get("/s/friday/hls/captions/5.vtt"))[0] == 404


async def test_a_correction_reaches_who_has_the_line_already() -> None:
    """It comes with what is new, in every document, and in a segment that somebody asks for after it."""
    async with edge(chunks=60) as rig:
        first = said(5, "Good evening, Will.", length_s=1, delay_s=0.5)
        hear(rig, first, said(15, "And so on."))
        assert b"Will." in (await rig.get("/s/friday/hls/captions/1.vtt"))[2]
        rig.now = DOORS_OPEN_MS / 1000 + 10 + RECENT_MS / 1000
        assert b"Will." not in (await rig.get("/s/friday/captions.json"))[2]
        hear(rig, wire.corrected(first, "Good evening, Bill.", by="host", at_ms=round(rig.now * 1000)), first)
        rig.now += 1  # it is made once a second
        for name in ("captions.json", "transcript.json", "captions.vtt", "transcript.txt", "hls/captions/1.vtt"):
            text = (await rig.get(f"/s/friday/{name}"))[2]
            assert (name, b"Bill." in text, b"Will." in text) == (name, True, False)
        rig.now += RECENT_MS / 1000 + 1
        assert b"Bill." not in (await rig.get("/s/friday/captions.json"))[2]


async def test_the_last_segment_of_text_is_there_at_the_end() -> None:
    """When the space is over the playlist is closed and as long as the sound's."""
    async with edge(chunks=60) as rig:
        hear(rig, said(19, "Good night."))
        ended = msgspec.structs.replace(rig.channel.space, ended_ms=DOORS_OPEN_MS + 60 * grid.CHUNK_MS + 1, version=2)
        rig.channel.update(ended)
        rig.publish()
        text = (await rig.get("/s/friday/hls/captions.m3u8"))[2].decode()
        assert text.endswith("captions/5.vtt\n#EXT-X-ENDLIST\n")
        assert "#EXTINF:0.32," in text


async def test_the_transcript_of_a_recording() -> None:
    """As JSON, WebVTT and text, and as a rendition of the replay."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 48, {range(48): "ada"})
        evening = wire.corrected(said(1, "Good eating."), "Good evening.", by="ada", at_ms=DOORS_OPEN_MS + 5000)
        await keep(rig.objects, evening, said(4, "Good evening to you.", "bob"))
        found = json.loads((await rig.get("/s/friday/captions.json"))[2])
        assert [(cue["name"], cue["text"]) for cue in found["cues"]] == [
            ("Ada", "Good evening."), ("Bob", "Good evening to you."),
        ]  # fmt: skip
        assert b"<v Bob>Good evening to you." in (await rig.get("/s/friday/captions.vtt"))[2]
        assert b"[0:00:04] Bob" in (await rig.get("/s/friday/transcript.txt"))[2]
        assert b'URI="captions.m3u8"' in (await rig.get("/s/friday/replay/index.m3u8"))[2]
        playlist = (await rig.get("/s/friday/replay/captions.m3u8"))[2]
        assert playlist.endswith(b"#EXTINF:15.36,\n../captions.vtt\n#EXT-X-ENDLIST\n")


async def test_a_recording_without_a_transcript() -> None:
    """Its page asks and gets an empty list, which is no error; a damaged one counts as none."""
    async with edge(recorded_space()) as rig:
        await record(rig.objects, 24, {range(24): "ada"})
        await rig.objects.put("recordings/friday/captions.json", b"not a transcript")
        assert json.loads((await rig.get("/s/friday/captions.json"))[2])["cues"] == []
        assert json.loads((await rig.get("/s/friday/transcript.json"))[2])["cues"] == []
        assert (await rig.get("/s/friday/captions.vtt"))[0] == 404
        assert b"SUBTITLES" not in (await rig.get("/s/friday/replay/index.m3u8"))[2]
        assert (await rig.get("/s/friday/replay/captions.m3u8"))[0] == 404

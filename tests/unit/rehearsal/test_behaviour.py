"""What a listener of a crowd asks for, and when."""

from __future__ import annotations

import random

import msgspec
import pytest

from stentor.base.errors import Malformed
from stentor.rehearsal.behaviour import Get, GotSound, HttpAnswer, Leave, Rest, Script, StartStream, Want, listen
from stentor.rehearsal.order import Format

INDEX = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=70000\naac-64.m3u8\n"
SERVER = "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=2.88\n#EXT-X-PART-INF:PART-TARGET=0.96\n"


def ok(body: bytes = b"") -> HttpAnswer:
    return HttpAnswer(200, None, body)


def door(state: str) -> HttpAnswer:
    return ok(msgspec.json.encode({"state": state, "retry_s": [3, 5], "more": 1}))


def begin(way: Format = Format.AAC, *, page: bool = True, straight: bool = False) -> tuple[Script, Want]:
    script = listen("talk", way, random.Random(1), page=page, straight=straight)
    return script, next(script)


def media(number: int, parts: int, *, low_latency: bool = True) -> HttpAnswer:
    """A playlist of whole segments and ``parts`` parts of the one under way."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", SERVER.strip() if low_latency else "", '#EXT-X-MAP:URI="init.mp4"',
             f"#EXT-X-MEDIA-SEQUENCE:{number - 3}"]  # fmt: skip
    for each in range(number - 3, number):
        lines += ["#EXTINF:3.84,", f"{each}.m4s"]
    lines += [f'#EXT-X-PART:DURATION=0.96,URI="{number}.{part}.m4s"' for part in range(parts)]
    return ok("\n".join(line for line in lines if line).encode())


def test_page_then_door_then_stream() -> None:
    """As the page does it; whoever comes back has the page already, and the hasty ask for the sound at once."""
    script, want = begin()
    assert want == Get("/s/talk")
    assert script.send(ok(b"<html>")) == Get("/s/talk/door.json")
    assert script.send(door("live")) == StartStream("/s/talk/live.aac")
    assert begin(page=False)[1] == Get("/s/talk/door.json")
    assert begin(Format.OPUS, straight=True)[1] == StartStream("/s/talk/live.opus")


def test_before_the_doors_everybody_waits_as_told() -> None:
    """In the door's own window, and then the door is asked again."""
    script, _ = begin(page=False)
    leave = script.send(door("scheduled"))
    assert isinstance(leave, Leave)
    assert leave.told
    assert 3 <= leave.seconds <= 5
    assert next(script) == Get("/s/talk/door.json")


def test_a_full_door_is_waiting_and_a_failing_one_is_not() -> None:
    """429 is the door's word, heeded for as long as it says and never shorter; 503 is a failure. Both ask again."""
    script, _ = begin(page=False)
    script.send(door("live"))
    leave = script.send(HttpAnswer(429, 20.0, b""))
    assert isinstance(leave, Leave)
    assert leave.told
    assert 20 <= leave.seconds <= 22
    assert next(script) == Get("/s/talk/door.json")
    leave = script.send(HttpAnswer(503, None, b""))
    assert isinstance(leave, Leave)
    assert not leave.told
    assert next(script) == Get("/s/talk/door.json")


def test_low_latency_follows_by_parts() -> None:
    """It begins the hold-back away from live, then asks for the part that is to come and waits in the request."""
    script, _ = begin(Format.LOW_LATENCY, page=False)
    assert script.send(door("live")) == Get("/s/talk/hls/index.m3u8")
    assert script.send(ok(INDEX)) == Get("/s/talk/hls/aac-64.m3u8")
    assert script.send(media(9, 3)) == Get("/s/talk/hls/init.mp4")
    for part in range(3):
        want = script.send(ok())
        assert want == Get(f"/s/talk/hls/9.{part}.m4s")
        assert script.send(ok(b"sound")) == GotSound(0.96)
    assert next(script) == Get("/s/talk/hls/aac-64.m3u8?_HLS_msn=9&_HLS_part=3")


def test_plain_hls_follows_by_segments() -> None:
    """Three segments to begin with; then it rests for a target duration between playlists."""
    script, _ = begin(Format.HLS, page=False)
    script.send(door("live"))
    script.send(ok(INDEX))
    script.send(media(9, 2, low_latency=False))
    want = script.send(ok())
    for number in (6, 7, 8):
        assert want == Get(f"/s/talk/hls/{number}.m4s")
        assert script.send(ok(b"sound")) == GotSound(3.84)
        want = next(script)
    assert want == Rest(4.0)
    assert next(script) == Get("/s/talk/hls/aac-64.m3u8")


def test_what_is_gone_begins_again_at_the_door() -> None:
    """A segment that is not there any more ends this attempt to play, not the listener."""
    script, _ = begin(Format.HLS, page=False)
    script.send(door("live"))
    script.send(ok(INDEX))
    script.send(media(9, 0))
    script.send(ok())
    assert isinstance(script.send(HttpAnswer(404, None, b"")), Leave)
    assert next(script) == Get("/s/talk/door.json")


@pytest.mark.parametrize(
    ("way", "answers"), [(Format.AAC, [ok(b"<html>")]), (Format.HLS, [door("live"), ok(b"<html>")])]
)
def test_what_makes_no_sense_is_said(way: Format, answers: list[HttpAnswer]) -> None:
    """A proxy's own page in place of a document is no door and no playlist."""
    script, _ = begin(way, page=False)
    *before, last = answers
    for answer in before:
        script.send(answer)
    with pytest.raises(Malformed):
        script.send(last)

"""The ear: places, repetitions, losses, delays and the pulse."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base import grid
from stentor.base.rendition import BY_NAME, Codec
from stentor.client.measurement import Measurement
from stentor.client.readers import AdtsReader, FrameRun, Mp4Reader, OggReader
from stentor.client.saving import Keepsake
from stentor.spaces.model import State
from stentor.spaces.pulse import Pulse
from stentor.wire import adts, mp4, ogg
from tests.support.audience import encoded_voice

ORIGIN_S = 1_000_000.0


def _ear(kind: str = "aac") -> Measurement:
    ear = Measurement("http://example.org/live", kind, now=ORIGIN_S, keepsake=Keepsake(None))
    ear.caught_up = True
    return ear


def _run(chunk: int, pulse: bytes | None = None) -> FrameRun:
    frames = encoded_voice()[1]["aac-64"][chunk]
    return FrameRun(Codec.AAC, frames, [1024] * 15, grid.decode_time(chunk), pulse)


def _take(ear: Measurement, chunk: int, late_s: float = 0.1, pulse: bytes | None = None) -> None:
    now = grid.chunk_start(chunk + 1, ORIGIN_S) + late_s
    ear.take(_run(chunk, pulse), now, position=grid.decode_time(chunk), origin_s=ORIGIN_S)


def test_delay_is_the_age_of_the_newest_sample() -> None:
    """A chunk that arrives 100 ms after its end on the grid is 100 ms old; its listener hears it after what is held."""
    ear = _ear()
    for chunk in range(5):
        _take(ear, chunk)
    report = ear.report(ORIGIN_S + 2.0)
    assert report.arrival_ms is not None
    assert report.arrival_ms.median == pytest.approx(100.0)
    assert report.ear_ms is not None
    assert report.ear_ms.most > 400.0


def test_mouth_to_ear_counts_the_stage_too() -> None:
    """What the pulse says of the stage's delay is added, and only sound from the stage counts."""
    ear = _ear()
    said = Pulse(1, "talk", "A talk", State.LIVE, 0, 0, "hold", 1, [], delay=70)
    _take(ear, 0, pulse=msgspec.json.encode(said))
    assert ear.report(ORIGIN_S + 0.5).mouth_ms is None
    _take(ear, 1, pulse=msgspec.json.encode(msgspec.structs.replace(said, source="stage")))
    report = ear.report(ORIGIN_S + 0.8)
    assert report.mouth_ms is not None
    assert report.ear_ms is not None
    assert report.mouth_ms.median == pytest.approx(report.ear_ms.most + 70.0)


def test_a_jump_is_a_discontinuity() -> None:
    """Two chunks that are missing, and one that comes twice on one connection, are both noted."""
    ear = _ear()
    for chunk in (0, 1, 4, 4):
        _take(ear, chunk)
    jumps = ear.report(ORIGIN_S + 3.0).discontinuities
    assert [round(jump.length_s, 2) for jump in jumps] == [0.64, -0.32]


def test_what_a_new_connection_repeats_is_heard_once() -> None:
    """After a reconnection old sound is left out, the count is one, and a hole is still a hole."""
    ear = _ear()
    for chunk in range(4):
        _take(ear, chunk)
    ear.resumed()
    for chunk in range(2, 6):
        _take(ear, chunk)
    report = ear.report(ORIGIN_S + 3.0)
    assert report.sound_s == pytest.approx(6 * grid.CHUNK_S)
    assert report.discontinuities == []
    assert report.reconnects == 1
    ear.resumed()
    _take(ear, 8)
    assert [round(jump.length_s, 2) for jump in ear.report(ORIGIN_S + 4.0).discontinuities] == [0.64]


def test_what_does_not_parse_is_a_problem_not_an_end() -> None:
    """A bad pulse and a bad frame are noted; listening goes on."""
    ear = _ear()
    _take(ear, 0, pulse=b"{")
    ear.take(FrameRun(Codec.OPUS, [b"\xff\xff\xff"], [960]), ORIGIN_S + 1.0, position=None, origin_s=None)
    report = ear.report(ORIGIN_S + 1.0, final=True)
    assert len(report.problems) == 2
    assert "pulse" in report.problems[0]


def test_a_recording_has_no_delay_and_no_player() -> None:
    """Where time does not matter none is measured."""
    ear = _ear("recording")
    _take(ear, 0)
    _take(ear, 1)
    report = ear.report(ORIGIN_S + 100.0, final=True)
    assert (report.arrival_ms, report.start_up_ms, report.stalls) == (None, None, [])
    assert report.loudness_lufs is not None


@pytest.mark.parametrize("size", [1, 100, 5000])
def test_every_wrapping_gives_the_frames_back_however_it_is_cut(size: int) -> None:
    """ADTS, Ogg and MP4, cut anywhere, give the same frames, and the places that they know."""
    frames = encoded_voice()[1]
    aac, opus = frames["aac-64"][0], frames["opus-24"][0]
    page = ogg.page(opus, serial=1, sequence=2, granule=grid.CHUNK_SAMPLES * 8)
    fragment = mp4.fragment(BY_NAME["opus-24"], sequence=1, decode_time=grid.decode_time(7), frames=opus)
    for reader, stream, expected, position in (
        (AdtsReader(), adts.pack(aac), aac, None),
        (OggReader(), ogg.headers(1, 312) + page, opus, grid.decode_time(7)),
        (Mp4Reader(), mp4.init(BY_NAME["opus-24"]) + fragment, opus, grid.decode_time(7)),
    ):
        runs = [run for at in range(0, len(stream), size) for run in reader.feed(stream[at : at + size])]
        assert [frame for run in runs for frame in run.frames] == expected
        assert runs[0].position == position
        assert sum(run.samples for run in runs) == grid.CHUNK_SAMPLES

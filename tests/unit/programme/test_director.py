"""The director: which source is heard, and how it changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio.pcm import Samples, level_dbfs, to_int16
from stentor.base import grid
from stentor.base.rendition import Source
from stentor.base.units import SpaceId
from stentor.programme.director import Director
from stentor.spaces.model import Space, State
from stentor.wire.tick import Tick

CHUNK = grid.CHUNK_SAMPLES
NO_TICKS: list[Tick | None] = [None] * grid.TICKS_PER_CHUNK


class ToneLoop:
    """A loop that is a 100 Hz tone (whole periods in a chunk); the stage speaks at 700 Hz."""

    def __init__(self, hz: float = 100.0, gain: float = 0.1) -> None:
        self.sound = tone(hz, 0, CHUNK, gain)

    def chunk_pcm(self, chunk: int) -> Samples:
        return self.sound


def tone(hz: float, start: int, n: int, gain: float) -> Samples:
    t = np.arange(start, start + n) / grid.SAMPLE_RATE_HZ
    return (gain * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def tick(number: int, gain: float = 0.3) -> Tick:
    sound = tone(700.0, number * grid.TICK_SAMPLES, grid.TICK_SAMPLES, gain)
    return Tick(number, 40, 1, to_int16(sound))


def ticks_of(chunk: int, *missing: int, gain: float = 0.3) -> list[Tick | None]:
    first = chunk * grid.TICKS_PER_CHUNK
    return [None if place in missing else tick(first + place, gain) for place in range(grid.TICKS_PER_CHUNK)]


def share(pcm: Samples, hz: float) -> float:
    """Amplitude of the tone in a signal."""
    t = np.arange(pcm.size) / grid.SAMPLE_RATE_HZ
    return float(2 * abs(np.dot(pcm, np.exp(-2j * np.pi * hz * t))) / pcm.size)


def on_air(chunks: int = 4) -> Director:
    """A director that has been on stage since chunk 0, its first fade behind it."""
    director = Director(ToneLoop())
    for number in range(chunks):
        director.chunk(number, live=0, last=None, ticks=ticks_of(number))
    return director


def test_before_the_talk_the_loop_plays_and_the_stage_is_not_heard() -> None:
    """What is said on the stage before the host goes live stays there."""
    directed = Director(ToneLoop()).chunk(0, live=None, last=None, ticks=ticks_of(0))
    assert directed.source is Source.HOLD
    assert directed.delay_ms == 0
    np.testing.assert_array_equal(directed.pcm, ToneLoop().sound)


def test_live_fades_to_the_stage_at_its_chunk() -> None:
    """The chunk before is hold music, a second later there is only the stage."""
    director = Director(ToneLoop())
    chunks = [director.chunk(number, live=1, last=None, ticks=ticks_of(number)) for number in range(6)]
    assert [each.source for each in chunks] == [Source.HOLD] + [Source.STAGE] * 5
    assert share(chunks[1].pcm, 100.0) > share(chunks[3].pcm, 100.0) > 0.005
    assert share(chunks[5].pcm, 100.0) < 0.001
    assert share(chunks[5].pcm, 700.0) == pytest.approx(0.3, abs=0.01)
    assert chunks[5].delay_ms == 40


def test_live_without_a_stage_keeps_the_music() -> None:
    """Nobody hears silence because the host's microphone comes late; after a second it counts as filler."""
    director = Director(ToneLoop())
    chunks = [director.chunk(number, live=0, last=None, ticks=NO_TICKS) for number in range(6)]
    assert [each.source for each in chunks] == [Source.HOLD] * 3 + [Source.FILLER] * 3
    for each in chunks:
        np.testing.assert_array_equal(each.pcm, ToneLoop().sound)


def test_a_stage_silent_for_a_second_is_filled_and_comes_back() -> None:
    """Silence for a second, then music, then the stage again; what did not come from it is marked from the start."""
    director = on_air()
    lost = [director.chunk(number, live=0, last=None, ticks=NO_TICKS) for number in range(4, 10)]
    assert [each.source for each in lost] == [Source.FILLER] * 6
    assert [each.music for each in lost] == [False] * 3 + [True] * 3  # from a second on
    assert level_dbfs(lost[1].pcm) < -90
    assert share(lost[5].pcm, 100.0) == pytest.approx(0.1, abs=0.01)
    back = [director.chunk(number, live=0, last=None, ticks=ticks_of(number)) for number in range(10, 12)]
    assert [(each.source, each.music) for each in back] == [(Source.STAGE, False)] * 2
    assert share(back[1].pcm, 100.0) < 0.001


def test_a_hole_that_can_be_heard_is_marked() -> None:
    """A tenth of a second in one chunk, so a fifth wherever it lies; less is the stage's own concealment."""
    heard = on_air().chunk(4, live=0, last=None, ticks=ticks_of(4, *range(4)))
    marked = on_air().chunk(4, live=0, last=None, ticks=ticks_of(4, *range(5)))
    assert (heard.source, marked.source) == (Source.STAGE, Source.FILLER)
    for start in range(grid.TICKS_PER_CHUNK):
        lost = range(start, start + 10)
        director = on_air()
        pair = [
            ticks_of(4, *(one for one in lost if one < grid.TICKS_PER_CHUNK)),
            ticks_of(5, *(one - grid.TICKS_PER_CHUNK for one in lost)),
        ]
        sources = {director.chunk(4 + n, live=0, last=None, ticks=ticks).source for n, ticks in enumerate(pair)}
        assert Source.FILLER in sources


def test_lost_ticks_make_no_click() -> None:
    """Where the stage breaks off and comes back, no step is greater than the tone's own and the 5 ms ramp's."""
    director = on_air()
    whole = director.chunk(4, live=0, last=None, ticks=ticks_of(4)).pcm
    holed = director.chunk(5, live=0, last=None, ticks=ticks_of(5, 3, 8, 9)).pcm
    steepest = float(np.abs(np.diff(whole)).max())
    assert float(np.abs(np.diff(np.concatenate((whole, holed)))).max()) < steepest * 1.2


def test_the_last_chunk_fades_out() -> None:
    """The end of a space is no cut."""
    end = on_air().chunk(4, live=0, last=4, ticks=ticks_of(4)).pcm
    assert level_dbfs(end[:2000]) > -20
    assert level_dbfs(end[-200:]) < -45


def test_other_music_fades_in() -> None:
    """A host may change the hold music while it plays: no click, and the next chunk has the new one alone."""
    director = Director(ToneLoop())
    director.chunk(0, live=None, last=None, ticks=NO_TICKS)
    director.change_loop(ToneLoop(200.0))
    director.change_loop(ToneLoop(300.0))
    between = director.chunk(1, live=None, last=None, ticks=NO_TICKS).pcm
    assert share(between, 100.0) > 0.03 < share(between, 300.0)
    assert abs(float(between[0])) < 0.01
    np.testing.assert_array_equal(director.chunk(2, live=None, last=None, ticks=NO_TICKS).pcm, ToneLoop(300.0).sound)


def test_a_late_programme_finds_its_twin() -> None:
    """Two seconds after it joined, a second programme makes the same samples as the first."""
    first, late = on_air(), Director(ToneLoop(), joining=True)
    for number in range(4, 14):
        ticks = NO_TICKS if number in (11, 12) else ticks_of(number, 2)
        one = first.chunk(number, live=0, last=None, ticks=ticks)
        other = late.chunk(number, live=0, last=None, ticks=ticks)
    np.testing.assert_array_equal(one.pcm, other.pcm)
    assert one.source is other.source


def test_a_chunk_has_sixteen_ticks() -> None:
    """Any other count is a mistake of ours."""
    with pytest.raises(ValueError, match="16 ticks"):
        Director(ToneLoop()).chunk(0, live=None, last=None, ticks=[])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=16, max_size=16), min_size=1, max_size=10), st.integers(0, 5))
def test_it_never_clips_and_is_deterministic(pattern: list[list[bool]], live: int) -> None:
    """Whatever comes or not: 15,360 finite samples within ±0.97, and the same ones in another process."""

    def perform() -> list[Samples]:
        director = Director(ToneLoop(gain=0.97))
        return [
            director.chunk(
                number,
                live=live,
                last=len(pattern) - 1,
                ticks=[t if keep else None for t, keep in zip(ticks_of(number, gain=0.97), kept, strict=True)],
            ).pcm
            for number, kept in enumerate(pattern)
        ]

    for one, other in zip(perform(), perform(), strict=True):
        assert one.shape == (CHUNK,)
        assert float(np.abs(one).max()) <= 0.9701
        np.testing.assert_array_equal(one, other)


def test_live_begins_one_chunk_after_the_word() -> None:
    """Pure arithmetic on ``live_ms``, so that every programme changes at the same chunk."""
    space = Space(SpaceId("talk"), "A talk", State.LIVE, doors_open_ms=1_000_000)
    assert space.live_chunk is None
    for live_ms, chunk in ((1_000_000, 1), (1_000_319, 1), (1_000_320, 2), (1_003_200, 11)):
        live = Space(SpaceId("talk"), "A talk", State.LIVE, doors_open_ms=1_000_000, live_ms=live_ms)
        assert live.live_chunk == chunk


def test_a_chunk_of_the_stage_alone_is_what_a_mix_of_its_ticks_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twins of which one has just come, or is of an older version, make the same samples."""
    lacking = {
        9: (3,),
        12: (0, 15),
        15: tuple(range(16)),
        16: tuple(range(16)),
        17: tuple(range(16)),
        18: tuple(range(16)),
    }

    def heard() -> list[Samples]:
        director = Director(ToneLoop())
        ticks = [ticks_of(number, *lacking.get(number, ()), gain=0.9) for number in range(30)]
        made = []
        for number in range(30):
            if number == 25:
                director.change_loop(ToneLoop(300.0))
            made.append(director.chunk(number, live=2, last=29, ticks=ticks[number]).pcm)
        return made

    quick = heard()
    monkeypatch.setattr(Director, "_only_stage", False)
    for number, (one, other) in enumerate(zip(quick, heard(), strict=True)):
        assert np.array_equal(one, other), number

"""Finding silence."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio.pcm import Samples
from stentor.client.silence import SilenceFinder, silences
from tests.support.sound import gaps, missing, voice


def _tone(seconds: float) -> Samples:
    tone: Samples = 0.3 * np.sin(np.arange(round(seconds * 48_000), dtype=np.float32) * np.float32(0.05))
    return tone.astype(np.float32)


def test_a_hole_is_found_with_its_place_and_length() -> None:
    """A second of nothing in a tone is one stretch, to 10 ms."""
    signal = np.concatenate((_tone(2.0), np.zeros(48_000, dtype=np.float32), _tone(1.0)))
    (found,) = silences(signal)
    assert abs(found.at_s - 2.0) <= 0.01
    assert abs(found.length_s - 1.0) <= 0.02
    assert not found.at_edge


def test_silence_at_the_beginning_and_the_end_is_marked() -> None:
    """What comes before the first sound and after the last is told apart from a hole."""
    quiet = np.zeros(48_000, dtype=np.float32)
    found = silences(np.concatenate((quiet, _tone(1.0), quiet)))
    assert [silence.at_edge for silence in found] == [True, True]
    assert gaps(np.concatenate((quiet, _tone(1.0), quiet))) == []


def test_a_short_hole_is_none() -> None:
    """Stretches shorter than asked for are not listed."""
    signal = np.concatenate((_tone(1.0), np.zeros(9600, dtype=np.float32), _tone(1.0)))
    assert silences(signal, least_s=0.5) == []
    assert len(silences(signal, least_s=0.1)) == 1


def test_pauses_of_a_recorded_voice_are_no_gaps_but_a_hole_is() -> None:
    """A voice's pauses are no gaps; a cut of 0.6 s in it is one."""
    reader = voice("reader").copy()
    assert gaps(reader) == []
    reader[96_000:124_800] = 0
    (gap,) = gaps(reader)
    assert abs(gap.at_s - 2.0) < 0.02


def test_what_was_said_and_not_heard_is_missing() -> None:
    """A hole of 60 ms is found against the reference, at the reference's time; its pauses are not."""
    reader = voice("reader")
    assert missing(reader, reader) == []
    heard = np.concatenate((np.zeros(4800, dtype=np.float32), reader[48_000:] * np.float32(0.3)))
    heard[4800 + 48_000 : 4800 + 48_000 + 2880] = 0
    (lost,) = missing(reader, heard)
    assert abs(lost.at_s - 2.0) < 0.03
    assert 0.03 < lost.length_s < 0.09


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9000), max_size=20), st.lists(st.booleans(), min_size=1, max_size=30))
def test_pieces_do_not_matter(cuts: list[int], pattern: list[bool]) -> None:
    """However a signal is cut into pieces, the same stretches are found."""
    signal = np.concatenate([np.full(2400, 0.5 if loud else 0.0, dtype=np.float32) for loud in pattern])
    finder = SilenceFinder(least_s=0.04)
    at = 0
    for cut in cuts:
        finder.add(signal[at : at + cut])
        at += cut
    finder.add(signal[at:])
    assert finder.finish() == silences(signal, least_s=0.04)

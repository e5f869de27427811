"""The seam between the loop's own frames and encoded sound; `make proof-seams` looks at a thousand."""

from __future__ import annotations

import pytest

from stentor.audio.hold import HoldLoop
from stentor.base.rendition import RENDITIONS, Source
from stentor.programme import signal
from stentor.programme.signal import Signal
from tests.support.seams import NOTHING, loop_of, splice, spoken, twins_agree

LIVE = 40


def test_nobody_hears_the_seam() -> None:
    """Over a seam the sound is as true as an encoding in one piece, in loud places and in quiet ones."""
    found = [each for live in (12, 33, 57, 102, 147, 191) for each in splice("reader", live)]
    assert {each.rendition for each in found} == {rendition.name for rendition in RENDITIONS}
    assert {each.quiet for each in found} == {True, False}
    assert [each for each in found if each.heard] == []


def test_a_seam_without_a_run_up_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure tells: an encoder that begins at the seam joins badly."""
    monkeypatch.setattr(signal, "RUN_UP_CHUNKS", 0)
    assert any(each.heard for live in (12, 57) for each in splice("reader", live))


def test_a_space_that_waits_is_the_loop() -> None:
    """Before the seam every frame is the loop's own, whatever the stage says."""
    loop: HoldLoop = loop_of("reader")
    waiting = Signal(loop)
    for number in (0, 1, 500):
        directed, frames = waiting.chunk(number, live=None, last=None, ticks=spoken(1))
        assert (directed, frames) == (None, loop.chunk_frames(number))
        assert waiting.waits(number, live=number + 1, last=None)


def test_late_news_make_the_same_bytes() -> None:
    """Of two programmes one hears two seconds later that the talk has begun: soon both make the same bytes."""
    assert twins_agree("cards", LIVE)
    talking = Signal(loop_of("cards"))
    for number in range(30, LIVE + 12):
        ticks = spoken(number - 30) if number > LIVE + 1 else NOTHING
        directed, _ = talking.chunk(number, live=LIVE, last=None, ticks=ticks)
        if directed is not None and number > LIVE + 5:
            assert directed.source is Source.STAGE

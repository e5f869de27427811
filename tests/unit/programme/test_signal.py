"""The seam between the loop's own frames and encoded sound; `make proof-seams` looks at a thousand."""

from __future__ import annotations

import pytest

from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.hold import HoldLoop
from stentor.base.rendition import RENDITIONS, Source
from stentor.programme.run_up import RunUp
from stentor.programme.signal import Signal
from tests.support.seams import NOTHING, loop_of, splice, spoken, twins_agree

LIVE = 40


def test_nobody_hears_the_seam() -> None:
    """Over a seam the sound is that of an encoding in one piece, in loud places and in quiet ones."""
    found = [each for live in (12, 33, 57, 102, 204) for each in splice("reader", live)]
    assert {each.rendition for each in found} == {rendition.name for rendition in RENDITIONS}
    assert {each.quiet for each in found} == {True, False}
    assert [each for each in found if each.apart > 0] == []


@pytest.mark.parametrize(("name", "live"), [("cards", 281), ("cards-half", 243)])
def test_not_even_in_loud_speech(name: str, live: int) -> None:
    """Where a run-up of four seconds was heard, and one of twelve in the first."""
    assert [each for each in splice(name, live) if each.apart > 0] == []


def test_at_the_end_of_the_loop_the_seam_is_not_heard() -> None:
    """There the loop begins anew and the encoder goes on, so the two differ by no more than the codec's own error."""
    assert [each for each in splice("reader", 191) if each.heard] == []


def test_a_seam_without_a_run_up_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure tells: an encoder that begins at the seam joins badly."""
    monkeypatch.setattr(RunUp, "take", lambda run_up, seam: [ProgrammeEncoder(rendition) for rendition in RENDITIONS])
    assert any(each.heard for live in (12, 57) for each in splice("reader", live))


def test_a_space_that_waits_is_the_loop() -> None:
    """Before the seam every frame is the loop's own, whatever the stage says."""
    loop: HoldLoop = loop_of("reader")
    waiting = Signal(loop)
    for number in (0, 1, 500):
        directed, frames = waiting.chunk(number, live=None, last=None, ticks=spoken(1))
        assert (directed, frames) == (None, loop.chunk_frames(number))
        assert waiting.waits(number, live=number + 1, last=None)


@pytest.mark.parametrize("live", [30, 192 + 3, 192 + 40])
def test_what_is_prepared_is_the_same(live: int) -> None:
    """A seam that was prepared, also into another turn of the loop, gives the bytes of one that was not."""
    made = []
    for prepares in (True, False):
        talking = Signal(loop_of("cards"))
        for number in range(live - 40, live, 3) if prepares else ():
            talking.prepare(number)
        made.append(talking.chunk(live, live=live, last=None, ticks=NOTHING)[1])
    assert made[0] == made[1] == loop_of("cards").chunk_frames(live)


def test_late_news_make_the_same_bytes() -> None:
    """Of two programmes one hears two seconds later that the talk has begun: soon both make the same bytes."""
    assert twins_agree("cards", LIVE)
    talking = Signal(loop_of("cards"))
    for number in range(30, LIVE + 12):
        ticks = spoken(number - 30) if number > LIVE + 1 else NOTHING
        directed, _ = talking.chunk(number, live=LIVE, last=None, ticks=ticks)
        if directed is not None and number > LIVE + 5:
            assert directed.source is Source.STAGE

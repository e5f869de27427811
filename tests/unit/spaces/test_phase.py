"""What people are told of a space is true, and there are words for all of it."""

from __future__ import annotations

from itertools import product
from string import Formatter

import msgspec
import pytest

from stentor.base.texts import LANGUAGES, Catalogue
from stentor.spaces import commands as c
from stentor.spaces import phase
from stentor.spaces.model import ON_AIR, State
from stentor.spaces.phase import AtDoor, Facts, OnStage, Phase, Reader, ReplayFact, StageSeen, Timing, Words
from tests.support.spaces import NOW, do, space_in

CATALOGUE = Catalogue("stentor.spaces")
EVERYTHING = phase.everything()
PASSING = {"in", "ago", "minutes", "length", "delay", "names"}
"""Values that are others a minute later."""
MINUTE_MS = 60_000
NOW_MS = round(NOW * 1000)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def keys(words: Words) -> tuple[str, ...]:
    return msgspec.structs.astuple(words)


def said(facts: Facts, who: Reader = Reader.LISTENER, language: str = "en") -> str:
    words = phase.words(facts, who)
    return " ".join(CATALOGUE.texts[language][key] for key in (words.headline, words.say))


@pytest.mark.parametrize(("language", "who"), list(product(LANGUAGES, Reader)))
def test_there_are_words_for_everything(language: str, who: Reader) -> None:
    """Whatever is known of a space, every reader is told something in every language."""
    for facts in EVERYTHING:
        assert all(CATALOGUE.texts[language].get(key) for key in keys(phase.words(facts, who))), facts


def test_no_words_are_idle() -> None:
    """Each text is told to somebody, and each phase is reached."""
    told = {key for facts in EVERYTHING for who in Reader for key in keys(phase.words(facts, who))}
    assert set(CATALOGUE.texts["en"]) == told | {"the_host"}  # of who hosts without a seat
    assert {phase.phase(facts) for facts in EVERYTHING} == set(Phase)


def test_a_card_tells_no_time_that_passes() -> None:
    """Other sites keep it for days."""
    cards = {phase.words(facts, Reader.CARD).say for facts in EVERYTHING}
    assert cards
    for language in LANGUAGES:
        assert not any(fields(CATALOGUE.texts[language][key]) & PASSING for key in cards)


@pytest.mark.parametrize("state", [State.LIVE, State.INTERRUPTED])
@pytest.mark.parametrize("stage", [OnStage.NOBODY, OnStage.LOST])
def test_a_space_that_everybody_has_left_is_not_simply_live(state: State, stage: OnStage) -> None:
    """Music plays, and the page says so."""
    assert phase.phase(Facts(state, stage)) is Phase.INTERRUPTED
    assert "Music" in said(Facts(state, stage))


@pytest.mark.parametrize(
    ("late_min", "found"),
    [(-1, Phase.SCHEDULED), (0, Phase.LATE), (14, Phase.LATE), (15, Phase.NOT_STARTED), (60, Phase.NO_SHOW)],
)
def test_a_host_who_does_not_come_is_not_about_to_begin(late_min: int, found: Phase) -> None:
    """A quarter of an hour late there is no word from the host, an hour late it did not start; also with open doors."""
    space = space_in(State.SCHEDULED, c.Reschedule(NOW_MS + MINUTE_MS))
    at_ms = NOW_MS + MINUTE_MS + late_min * MINUTE_MS
    for stage in OnStage:  # nobody knows of a stage before the doors open
        assert phase.phase(phase.facts(space, stage, at_ms)) is found
    opened = do(space, c.OpenDoors())
    expected = Phase.DOORS_OPEN if found is Phase.SCHEDULED else found
    assert phase.phase(phase.facts(opened, OnStage.NOBODY, at_ms)) is expected


def test_a_host_who_is_there_is_only_late() -> None:
    """Nobody is told that there is no word from somebody who stands on the stage."""
    for plan, stage in product((Timing.DUE, Timing.OVERDUE, Timing.MISSED), (OnStage.SOME, OnStage.SILENT)):
        assert phase.phase(Facts(State.DOORS_OPEN, stage, plan=plan)) is Phase.LATE


@pytest.mark.parametrize("who", [Reader.HOST, Reader.SPEAKER])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_thanked_for_a_space_that_was_cancelled(who: Reader, language: str) -> None:
    """It did not take place: there was nothing to speak in."""
    text = said(Facts(State.CANCELLED), who, language)
    assert not any(word in text for word in ("Thank", "Danke"))


def test_who_was_not_there_is_not_thanked_for_listening() -> None:
    """A latecomer reads that it is over."""
    assert "Thanks" in said(Facts(State.ENDED), Reader.LISTENER)
    assert "Thanks" not in said(Facts(State.ENDED), Reader.LATECOMER)


def test_a_recording_that_does_not_come_is_not_promised_for_ever() -> None:
    """Half an hour after the end it is late; what was deleted is not promised at all."""
    ended = space_in(State.ENDED)
    assert ended.ended_ms is not None
    late_ms = ended.ended_ms + 30 * MINUTE_MS
    assert phase.phase(phase.facts(ended, OnStage.NOBODY, late_ms - 1)) is Phase.ENDED
    assert phase.phase(phase.facts(ended, OnStage.NOBODY, late_ms)) is Phase.UNFINISHED
    removed = do(space_in(State.REPLAY), c.RemoveRecording(reason="asked"))
    assert phase.phase(phase.facts(removed, OnStage.NOBODY, late_ms)) is Phase.REMOVED


def test_whose_page_gets_no_answer_is_told_nothing_else() -> None:
    """What it last heard of a space may be long over; of one that is over nothing changes any more."""
    for facts in EVERYTHING:
        if facts.place is AtDoor.UNREACHED:
            to_come = facts.life in ON_AIR or facts.life is State.SCHEDULED
            assert (phase.phase(facts) is Phase.UNREACHED) is to_come
            assert "server" not in said(facts, Reader.HOST)


def test_who_is_on_the_stage_never_queues() -> None:
    """A narrow door is none for those on the stage; listeners outside hear of the queue whatever goes on inside."""
    for facts in EVERYTHING:
        assert "full" not in phase.words(facts, Reader.HOST).chip
        if facts.life in ON_AIR and facts.place is AtDoor.OUTSIDE:
            assert phase.phase(facts) is Phase.FULL


def test_a_recording_that_is_gone_is_never_offered() -> None:
    """Over and deleted is deleted, whatever else is known."""
    gone = [
        facts for facts in EVERYTHING if facts.recorder is ReplayFact.GONE and facts.life in (State.ENDED, State.REPLAY)
    ]
    assert {phase.phase(facts) for facts in gone} == {Phase.REMOVED}


def test_a_stage_is_empty_or_silent_after_a_while_only() -> None:
    """Two and a half seconds without a seat, ten without a voice; a pause for breath is none."""
    seen = StageSeen().see(1000, there=True, heard=True, speaks=True)
    assert seen.stage is OnStage.SOME
    assert seen.see(10_999, there=True, heard=True, speaks=False).stage is OnStage.SOME
    silent = seen.see(11_000, there=True, heard=True, speaks=False)
    assert silent.stage is OnStage.SILENT
    assert silent.see(11_500, there=True, heard=True, speaks=True).stage is OnStage.SOME
    assert silent.see(13_499, there=False, heard=False, speaks=False).stage is OnStage.SILENT
    assert silent.see(13_500, there=False, heard=False, speaks=False).stage is OnStage.NOBODY
    assert silent.see(13_500, there=True, heard=False, speaks=False).stage is OnStage.LOST


def test_a_first_look_blames_nobody() -> None:
    """Who opens the page in a pause is not told of ten seconds that nobody has counted. News from the past is none."""
    seen = StageSeen().see(50_000, there=False, heard=False, speaks=False)
    assert seen.stage is OnStage.SOME
    assert seen.see(40_000, there=True, heard=True, speaks=True) is seen

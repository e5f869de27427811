"""The report: facts out of the record, and the same facts in words, in both languages."""

from __future__ import annotations

import itertools
import re

import msgspec
import pytest

from stentor.base.texts import LANGUAGES
from stentor.base.units import SpaceId
from stentor.crowd.ladder import Cause
from stentor.evidence import faults, report_page
from stentor.evidence.counts import count
from stentor.evidence.course import CourseTally
from stentor.evidence.load import Portion, Resource
from stentor.evidence.report import RecordingState, Report, TimelineEntry, What, moments, report
from stentor.evidence.verdict import Outcome, judge
from stentor.spaces import events as e
from stentor.spaces.model import Space, State
from tests.support.nights import BEGAN_MS, SPACE, Night, replay

DOORS = BEGAN_MS - 5_000
NIGHT = Night(7, "push", "page flood", share=0.8, load=2.0)
EVENTS: list[e.Event] = [
    e.SpaceRescheduled(at_ms=DOORS - 9_000_000, scheduled_ms=DOORS + 60_000),
    e.DoorsOpened(at_ms=DOORS),
    e.WentLive(at_ms=DOORS + 102_000),
    e.SeatGiven(at_ms=DOORS + 103_000, seat="ann", name="Ann Secret", role="speaker"),  # type: ignore[arg-type]
    e.StageLost(at_ms=DOORS + 110_000),
    e.StageReturned(at_ms=DOORS + 113_000),
    e.ClockSet(at_ms=DOORS + 114_000, by_ms=-61_000),
    e.RungChanged(at_ms=DOORS + 115_000, rung=2, was=0, cause=Cause.LINE, value=0.91),
    e.DoorMoved(at_ms=DOORS + 116_000, p=0.5, was=1.0, listeners=900, places=1000, waiting=70),
    e.RungPinned(at_ms=DOORS + 117_000, rung=None),
    e.SpaceEnded(at_ms=DOORS + 200_000),
]


def made(night: Night = NIGHT, **changes: object) -> Report:
    rows = replay(night).rows
    tally = CourseTally(SPACE)
    for row in rows:
        tally.hear(row)
    verdict, counts, course = judge(SPACE, rows), count(SPACE, rows), tally.course()
    assert verdict is not None
    assert counts is not None
    assert course is not None
    space = Space(
        SpaceId(SPACE),
        "A <b>talk</b>",
        State.ENDED,
        scheduled_ms=DOORS + 60_000,
        doors_open_ms=DOORS,
        live_ms=DOORS + 102_000,
        ended_ms=DOORS + 200_000,
    )
    spans = [("filler", DOORS + 1_000, 2.0), ("filler", DOORS + 110_000, 3.2), ("gap", DOORS + 120_000, 0.3)]
    return msgspec.structs.replace(report(space, EVENTS, verdict, counts, course, spans=spans), **changes)


def test_of_the_record_it_tells_what_happened_and_names_nobody() -> None:
    """Music before the talk interrupts nothing; a seat is nobody's business."""
    found = made()
    assert found.late_s == 42.0
    assert [moment.what for moment in found.moments][:3] == [What.RESCHEDULED, What.DOORS, What.LIVE]
    assert [one.source for one in found.interruptions] == ["filler", "gap"]
    assert b"Secret" not in msgspec.json.encode(found)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Report) == found


def test_every_event_is_told_or_left_out_without_an_error() -> None:
    """A new kind of event changes no report by accident."""
    kinds = {type(event) for event in EVENTS}
    assert len(moments(EVENTS)) == len(EVENTS) - 1  # but the seat
    assert e.SeatGiven in kinds


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_the_verdict_and_the_start_in_its_first_sentence(language: str) -> None:
    """What a newspaper would quote, without what a title may smuggle in."""
    page = report_page.standalone(made(), "A <b>talk</b>", language)
    lead = re.search(r'<p class="lead">(.*?)</p>', page)
    assert lead is not None
    expected = {
        "en": "An attack took the room that the audience needed. It began 42 s after the announced time.",
        "de": "Ein Angriff nahm dem Publikum den Platz weg. Es begann 42 s nach der angekündigten Zeit.",
    }
    assert lead[1] == expected[language]
    assert "<b>" not in page
    assert page.count("<svg") == 4
    for loaded in ("<script", "<img", "<link", "src=", "url("):
        assert loaded not in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("final", [True, False])
def test_a_crowd_is_called_by_no_other_name(language: str, final: bool) -> None:
    """The whole page of a night on which there were too many people, with all that was looked for."""
    found = made(Night(5, "push", load=2.0), final=final, addresses_kept=True)
    assert found.verdict.finding is Outcome.POPULARITY
    page = report_page.standalone(found, "A talk", language).lower()
    assert {"en": "took 0% (0% to ", "de": "nahmen 0\N{NO-BREAK SPACE}% (0\N{NO-BREAK SPACE}% bis "}[language] in page
    assert {"en": "connections that ask for nothing", "de": "verbindungen, die nach nichts fragen"}[language] in page
    for word in ("attack", "angriff", "angegriff", "angreif", "hostile", "feindlich"):
        assert word not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_words_for_every_verdict(language: str) -> None:
    """Each finding, each fault, each resource, each cause and each kind of moment: a KeyError would be a blank page."""
    found = made()
    load = found.verdict.loads[0]
    every = [moment for moment in found.moments if moment.what not in {What.RUNG, What.DOOR}]
    numbers = {What.DUMPED: {"seconds": 5.12}}
    known = {moment.what for moment in found.moments}
    every += [TimelineEntry(DOORS, what, numbers.get(what, {})) for what in What if what not in known]
    every.append(TimelineEntry(DOORS, What.DELAY, {"seconds": 8.0}))
    every += [TimelineEntry(DOORS, What.RUNG, {"rung": 1, "was": 0, "value": 0.5}, cause) for cause in Cause]
    for finding, resource, accuses in itertools.product(Outcome, Resource, (True, False)):
        loads = [msgspec.structs.replace(load, resource=resource)]
        verdict = msgspec.structs.replace(found.verdict, finding=finding, loads=loads, accuses=accuses)
        for reason in ("", *faults.SAID.values()) if resource is Resource.PLACES else ("",):
            told = msgspec.structs.replace(verdict, reason=reason)
            shown = msgspec.structs.replace(found, verdict=told, moments=every)
            text = report_page.text(shown, "T", language)
            assert "report." not in text
            assert "{" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_flood_is_said_of_what_it_took(language: str) -> None:
    """Places were nearer to their end; the sentence is about the processor."""
    found = made()
    load = found.verdict.loads[0]
    places = msgspec.structs.replace(load, resource=Resource.PLACES, hostile=Portion(0, 0, 0))
    verdict = msgspec.structs.replace(found.verdict, loads=[places, load], by=load.resource, accuses=True)
    text = report_page.text(msgspec.structs.replace(found, verdict=verdict), "T", language)
    assert {"en": "of something else: processor", "de": "von etwas anderem: Prozessor"}[language] in text


def test_a_report_without_a_load_is_a_report() -> None:
    """Rows of an old edge say nothing of room; nothing was ever said on air."""
    found = made()
    verdict = msgspec.structs.replace(found.verdict, loads=[], finding=Outcome.UNKNOWN, reason="")
    bare = msgspec.structs.replace(found, verdict=verdict, live_ms=None, ended_ms=None, moments=[], interruptions=[])
    text = report_page.text(bare, "T", "en")
    assert "Nobody has spoken on air." in text
    assert "No server said how much room it has." in text


def test_a_number_says_how_sure_it_is() -> None:
    """Its interval, or that it is exact, or that there may be more; what nobody measured is no nought."""
    found = made()
    about = {"unique": msgspec.structs.replace(found.figures["unique"], value=100, low=95, high=105)}
    found = msgspec.structs.replace(found, figures=found.figures | about)
    rows = {name: (value, between) for name, value, between, _ in report_page._Words(found, "en").figures()}
    assert (rows["Minutes heard"][1], rows["Devices that came"][1]) == ("exact", "95 – 105")
    more = {name: msgspec.structs.replace(one, at_least=True) for name, one in found.figures.items()}
    none = {"first_sound_ms": msgspec.structs.replace(found.figures["first_sound_ms"], value=0, low=0, high=0)}
    rows = {
        name: (value, between)
        for name, value, between, _ in report_page._Words(
            msgspec.structs.replace(found, figures=more | none), "de"
        ).figures()
    }
    assert rows["Gehörte Minuten"][1] == "oder mehr"
    assert ("nicht bekannt", "") in rows.values()


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_fell_silent_is_named_under_what_is_not_known(language: str) -> None:
    """And a recording of which the end was still being stored."""
    found = made(final=True, silent=["edge-1"], recording=RecordingState(3, "ab", 0, complete=False))
    text = report_page.text(found, "T", language)
    assert "edge-1" in text
    assert {"en": "still being stored", "de": "noch gespeichert"}[language] in text
    assert "edge-1" not in report_page.text(made(final=True), "T", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_there_is_a_file_with_addresses_is_said(language: str) -> None:
    """Where there is one, in one sentence without an accusation; a report of an older version has none."""
    said = {"en": "file with the addresses of sources", "de": "Datei mit den Adressen von Quellen"}[language]
    assert said in report_page.text(made(addresses_kept=True), "T", language)
    older = msgspec.json.encode(made()).replace(b',"addresses_kept":false', b"")
    assert b"addresses_kept" not in older
    assert said not in report_page.text(msgspec.json.decode(older, type=Report), "T", language)


def test_numbers_are_written_as_the_language_does() -> None:
    """1,234.5 and 1.234,5."""
    assert report_page._Words(made(), "en").number(1234.5) == "1,234"
    assert report_page._Words(made(), "de").number(12345) == "12.345"
    assert report_page._Words(made(), "de").number(0.25) == "0,25"

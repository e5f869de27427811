"""The story of a space: what matters of thousands of events, in twenty lines."""

from __future__ import annotations

from stentor.base.units import SeatId
from stentor.crowd.ladder import Cause
from stentor.evidence.story import MOST_LINES, story
from stentor.spaces import events as e
from stentor.spaces.delay_events import DelayChosen, SoundDumped
from stentor.spaces.setting_events import ConsentWithdrawn, RecordingChosen
from tests.unit.evidence.test_report import DOORS, EVENTS, made


def at(second: float) -> int:
    return DOORS + round(1000 * second)


def connected(second: float, seat: str) -> e.Event:
    return e.SeatConnected(at_ms=at(second), seat=seat)  # type: ignore[arg-type]


def lost(second: float, seat: str) -> e.Event:
    return e.SeatLost(at_ms=at(second), seat=seat)  # type: ignore[arg-type]


def told(*events: e.Event) -> list[str]:
    return [line.text for line in story(events, None, str.upper)]


def test_the_story_has_what_happened_in_order() -> None:
    """Doors, live, stage, ladder, door, verdict, end: each once, by its time."""
    lines = story(EVENTS, made(final=True), str)
    text = [line.text for line in lines]
    assert [line.at_ms for line in lines] == sorted(line.at_ms for line in lines)
    for part in (
        "the doors opened", "live", "the stage was lost for 3.0 s", "load level 2 at most to the end (line 0.91)",
        "50% let in at least, 70 waited", "clock was set by -61.0 s", "ended", "verdict: ATTACK",
    ):  # fmt: skip
        assert any(part in line for line in text), part
    assert "complete" in next(line for line in text if line.startswith("verdict"))


def test_people_who_come_together_are_one_line_and_come_once() -> None:
    """Who comes back is not new; who lost the connection has one line, however often it was."""
    events = [connected(second, name) for second, name in enumerate("abcdef")]
    events += [
        lost(60, "a"),
        connected(64, "a"),
        lost(70, "a"),
        connected(90, "a"),
        connected(900, "g"),
        lost(950, "b"),
    ]
    assert told(*events, e.SpaceEnded(at_ms=at(1000)), lost(1001, "c")) == [
        "on the stage: A, B, C, D and 2 more",
        "A lost the connection twice, 20 s at most",
        "on the stage: G",
        "B lost the connection once, and did not come back",
        "ended",
    ]


def test_what_hosts_kept_from_the_audience_is_told() -> None:
    """Delay, each dump with its length, a recording that was turned off, who took back that they are recorded."""
    assert told(
        RecordingChosen(at_ms=at(-60), on=False),
        DelayChosen(at_ms=at(-50), delay_s=10),
        e.DoorsOpened(at_ms=at(0)),
        SoundDumped(at_ms=at(300), first=900, end=925, who="host"),
        ConsentWithdrawn(at_ms=at(400), seat=SeatId("a")),
    ) == [
        "it will not be recorded",
        "the audience will hear it 10 s after the stage",
        "the doors opened",
        "the hosts dumped 8.0 s",
        "A took back that they may be recorded",
    ]


def test_the_most_listeners_stand_behind_what_happened_in_their_second() -> None:
    """They are the sum of a whole second, so nobody is counted before the space was announced."""
    text = [line.text for line in story([e.DoorsOpened(at_ms=(made().figures["peak"].at_ms or 0) + 500)], made(), str)]
    assert text.index("the doors opened") < next(n for n, line in enumerate(text) if line.startswith("most listeners"))


def test_a_restless_evening_has_twenty_lines_all_the_same() -> None:
    """What matters least is counted; the end is never left out."""
    events: list[e.Event] = [e.DoorsOpened(at_ms=at(0))]
    for second in range(100, 4000, 100):
        events += [connected(second, f"s{second}"), lost(second + 1, f"s{second}")]
        events.append(e.RungChanged(at_ms=at(second + 2), rung=1, was=0, cause=Cause.CPU, value=0.9))
        events.append(e.RungChanged(at_ms=at(second + 50), rung=0, was=1, cause=Cause.CALM, value=0.1))
    events.append(e.SpaceEnded(at_ms=at(4000)))
    text = told(*events)
    assert len(text) == MOST_LINES
    assert "ended" in text
    assert text[-1].startswith("and ")
    assert len(story(events, None, str, most=1000)) > MOST_LINES

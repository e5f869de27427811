"""Who spoke when: turns out of pulses, and the documents made of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.rendition import Source
from stentor.spaces import outline, pulse
from stentor.spaces.model import Pin
from stentor.spaces.outline import Outline, Turn, speaking
from tests.support.recorded import spoken

HASH = "f" * 64


def made(parts: list[str]) -> Outline:
    """The outline of parts in which these seats talk (``ada+bob``), ``-`` for music, ``.`` for no pulse."""
    pulses = []
    for part, who in enumerate(parts):
        if who != ".":
            source = Source.HOLD if who == "-" else Source.STAGE
            pulses.append(pulse.read(spoken(3 * part, *who.strip("-").split("+"), source=source)))
    return outline.outline(pulses, chunks=3 * len(parts), last_hash=HASH)


def turns(parts: list[str]) -> list[tuple[str, float, float]]:
    return [(turn.name, round(turn.start_s, 2), round(turn.end_s, 2)) for turn in made(parts).turns]


def test_turns_follow_who_talks() -> None:
    """Music, Ada, Bob: three turns that meet."""
    found = turns(["-"] * 10 + ["ada"] * 10 + ["bob"] * 10)
    assert found == [("", 0, 9.6), ("Ada", 9.6, 19.2), ("Bob", 19.2, 28.8)]


def test_a_short_word_between_takes_nobody_the_floor() -> None:
    """Less than 4.8 s of Bob stay within Ada's turn; at the very beginning they go to who comes next."""
    assert turns(["ada"] * 10 + ["bob"] * 4 + ["ada"] * 10) == [("Ada", 0, 23.04)]
    assert turns(["bob"] * 2 + ["ada"] * 10) == [("Ada", 0, 11.52)]


def test_music_in_the_holes_of_a_bad_line_takes_nobody_the_floor() -> None:
    """Who is heard in pieces shorter than a turn has a chapter all the same; a longer break ends it."""
    pieces = (["ada"] * 4 + ["-"]) * 3 + ["ada"] * 4
    assert turns(["-"] * 10 + pieces) == [("", 0, 9.6), ("Ada", 9.6, 27.84)]
    assert [name for name, _, _ in turns(["ada"] * 6 + ["-"] * 6 + ["ada"] * 6)] == ["Ada", "", "Ada"]


def test_silence_and_lost_pulses_leave_the_floor_where_it_is() -> None:
    """Who thinks before the next sentence still has the floor; so has who talks while another begins."""
    assert turns(["ada"] * 6 + [""] * 6 + ["."] * 6 + ["bob+ada"] * 6) == [("Ada", 0, 23.04)]


def test_the_loudest_takes_the_floor() -> None:
    """When both begin at once it is the louder one's."""
    assert turns(["-"] * 6 + ["bob+ada"] * 6)[1][0] == "Bob"


@given(st.lists(st.sampled_from(["ada", "bob", "ada+bob", "", "-", "."]), max_size=60))
def test_turns_cover_the_recording(parts: list[str]) -> None:
    """Whatever was said: no holes, no overlaps, every turn but a lone one is long enough, neighbours differ."""
    found = made(parts)
    edges = [0.0, *(turn.end_s for turn in found.turns)]
    assert [turn.start_s for turn in found.turns] == pytest.approx(edges[:-1])
    assert edges[-1] == pytest.approx(len(parts) * grid.PART_S)
    assert all(turn.end_s - turn.start_s > 4.7 for turn in found.turns) or len(found.turns) == 1
    assert all(one.seat != other.seat for one, other in zip(found.turns, found.turns[1:], strict=False))
    assert len(found.levels) == len(parts)


def test_the_documents_are_those_that_others_read() -> None:
    """JSON chapters of podcasts, and audiowaveform's peaks: a pair of 8 bits a part."""
    found = made(["-"] * 6 + ["ada"] * 6)
    chapters = json.loads(outline.chapters(found))
    assert chapters["version"] == "1.2.0"
    assert chapters["chapters"][1] == {"startTime": 5.76, "endTime": 11.52, "title": "Ada", "seat": "ada"}
    assert chapters["chapters"][0]["title"] == "♪"
    peaks = json.loads(outline.peaks(found))
    assert (peaks["length"], len(peaks["data"])) == (12, 24)
    assert peaks["data"][-2:] == [-13, 13]  # -20 dBFS


def test_pins_are_chapters_in_their_order() -> None:
    """With their link; one from before the doors stands at the beginning."""
    found = made(["-"] * 6 + ["ada"] * 6)
    pins = [Pin("a", "Early", "", 500), Pin("b", "The paper", "https://example.org/", 7000)]
    chapters = json.loads(outline.chapters(found, pins, origin_ms=1000))["chapters"]
    assert [(chapter["startTime"], chapter["title"]) for chapter in chapters] == [
        (0.0, "♪"), (0.0, "Early"), (5.76, "Ada"), (6.0, "The paper"),
    ]  # fmt: skip
    assert chapters[3] == {"startTime": 6.0, "title": "The paper", "pin": "b", "url": "https://example.org/"}


def test_what_is_kept_is_read_again() -> None:
    """An outline comes back as it was; anything else is malformed."""
    found = made(["ada"] * 6)
    assert outline.decode(outline.encode(found)) == found
    for data in (b"", b"{}", b"\xff", b"[1]"):
        with pytest.raises(Malformed):
            outline.decode(data)


def test_speaking_times_add_up() -> None:
    """Who had the floor for how long, the longest first; music is nobody's."""
    turns = [Turn(0, 4, "", ""), Turn(4, 10, "a", "Ada"), Turn(10, 28, "b", "Ben"), Turn(28, 34, "a", "Ada")]
    found = json.loads(speaking(Outline(1, "", turns, [])))
    assert (found["seconds"], [(each["name"], each["seconds"], each["share"]) for each in found["people"]]) == (
        30,
        [("Ben", 18, 0.6), ("Ada", 12, 0.4)],
    )
    assert json.loads(speaking(Outline(1, "", turns[:1], []))) == {"v": 1, "seconds": 0, "people": []}

"""The window: chunks in order without a hole, filler after the patience, bounded memory."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base import grid
from stentor.base.rendition import RENDITIONS, Source
from stentor.crowd.rungs import RUNGS
from stentor.edge.window import CONFIRMED_CHUNKS, KEEP_CHUNKS, PATIENCE_S, REST_S, SEAM_CHUNKS, Window, quiet_pulse
from stentor.spaces.model import Role, State
from stentor.spaces.pulse import Pulse, PulseSeat
from stentor.wire.chunk import Chunk

DOORS_MS = 1_000_000
DOORS_S = DOORS_MS / 1000
FILL = {rendition.name: [b"hold"] * rendition.frames_per_chunk for rendition in RENDITIONS}
REAL = {rendition.name: [b"real"] * rendition.frames_per_chunk for rendition in RENDITIONS}


def chunk(number: int, *, doors_open_ms: int = DOORS_MS, pulse: bytes = b"{}") -> Chunk:
    return Chunk("x", number, doors_open_ms, Source.STAGE, 0, 0, pulse, dict(REAL))


def told(*talks: bool, rung: int = 0) -> list[int]:
    """The chunks whose pulse goes out when Ada talks (or not) in chunk 0, 1, 2 …"""
    one = window()
    one.rung = RUNGS[rung]
    for number, talking in enumerate(talks):
        seat = PulseSeat("a", "Ada", Role.HOST, talking, muted=False, level=-20 - number)
        beat = Pulse(1, "x", "X", State.LIVE, number, number, "stage", number, [seat])
        one.add(chunk(number, pulse=msgspec.json.encode(beat)), end_of(number))
        one.advance(end_of(number))
    return [kept.number for kept in one.span(0, one.head) if kept.pulse]


def end_of(number: int) -> float:
    return grid.chunk_start(number + 1, DOORS_S)


def window(start: int = 0, now: float = DOORS_S) -> Window:
    return Window(doors_open_ms=DOORS_MS, start=start, now=now, fill=lambda _: FILL)


def test_chunks_are_committed_in_order() -> None:
    """A chunk that comes before the one in front of it waits for it."""
    one = window()
    one.add(chunk(1), end_of(1))
    assert one.advance(end_of(1)) == 0
    one.add(chunk(0), end_of(1))
    assert one.advance(end_of(1)) == 2
    assert [one.at(number).frames["aac-64"][0] for number in (0, 1)] == [b"real", b"real"]


def test_filler_takes_the_place_of_a_chunk_after_the_patience_and_stays() -> None:
    """A chunk not there 2.5 s after its end is filled in; when it comes later it is counted and not heard."""
    one = window()
    assert one.advance(end_of(0) + PATIENCE_S - 0.01) == 0
    assert one.advance(end_of(0) + PATIENCE_S + 0.01) == 1
    assert one.at(0).filler
    assert one.at(0).source is Source.FILLER
    assert not one.add(chunk(0), end_of(0) + PATIENCE_S + 0.1)
    assert (one.fillers, one.late) == (1, 1)
    assert one.at(0).frames is FILL


def test_an_edge_that_starts_late_fills_itself_from_the_bus() -> None:
    """Until it has caught up once, the patience counts from the last chunk that came."""
    now = end_of(200)
    one = window(start=100, now=now)
    assert not one.caught_up
    assert one.first == 96  # the segment's start
    for number in range(96, 201):
        one.add(chunk(number), now + 1.0)
        one.advance(now + 1.0)
    assert one.caught_up
    assert one.fillers == 0
    assert one.head == 200


def test_a_second_copy_of_what_was_heard_is_not_late() -> None:
    """Each chunk comes announced and by the log; only one that filler has replaced came too late."""
    one = window()
    one.add(chunk(0), end_of(0))
    one.advance(end_of(0))
    assert not one.add(chunk(0), end_of(0) + 0.1)
    assert (one.head, one.late) == (0, 0)


def test_chunks_announced_ahead_of_their_turn_do_not_hold_up_the_filler() -> None:
    """A window that reads old chunks gives up on a missing one though newer ones are announced all the time."""
    one = window(start=0, now=end_of(100))
    for step in range(20):
        now = end_of(100 + step)
        one.add(chunk(100 + step), now)
        one.advance(now)
    assert one.head >= 100
    assert one.fillers == 100


def test_an_edge_that_finds_nothing_fills_the_past_with_filler() -> None:
    """Without a programme listeners still hear the hold loop, at once after the patience."""
    one = window(start=0, now=end_of(50))
    assert one.advance(end_of(50) + PATIENCE_S - 0.1) == 0
    assert one.advance(end_of(50) + PATIENCE_S + 0.1) == 51
    assert one.caught_up


def test_the_window_ends_with_the_last_chunk() -> None:
    """Nothing is committed after the space's last chunk, filler neither."""
    one = window()
    one.end(2)
    for number in range(5):
        one.add(chunk(number), end_of(5))
    assert one.advance(end_of(100)) == 3
    assert one.finished
    assert one.advance(end_of(200)) == 0


def test_a_chunk_of_another_opening_or_the_far_future_is_dropped() -> None:
    """Neither a wrong clock nor an earlier opening of the doors gets in."""
    one = window()
    assert not one.add(chunk(0, doors_open_ms=5), end_of(0))
    assert not one.add(chunk(10_000), end_of(0))
    assert (one.late, one.early) == (1, 1)


def test_missing_renditions_play_the_hold_loop() -> None:
    """A programme with fewer renditions than the edge offers leaves nobody without sound."""
    one = window()
    one.add(Chunk("x", 0, DOORS_MS, Source.STAGE, 0, 0, b"", {"aac-64": REAL["aac-64"]}), end_of(0))
    one.advance(end_of(0))
    assert one.at(0).frames["aac-64"][0] == b"real"
    assert one.at(0).frames["opus-24"][0] == b"hold"


def test_the_pulse_of_filler_says_that_nobody_talks() -> None:
    """The last pulse goes on with source filler; what is no pulse becomes none."""
    pulse = msgspec.json.encode({"v": 1, "chunk": 3, "source": "stage", "seats": [{"id": "a", "talking": True}]})
    assert msgspec.json.decode(quiet_pulse(pulse, 9)) == {
        "v": 1,
        "chunk": 9,
        "source": "filler",
        "seats": [{"id": "a", "talking": False}],
    }
    assert quiet_pulse(b"[]", 1) == b""
    assert quiet_pulse(b"", 1) == b""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.floats(0, 0.5)), max_size=400), st.integers(0, 300))
def test_whatever_comes_the_window_has_no_hole_and_stays_small(arrivals: list[tuple[int, float]], start: int) -> None:
    """Any order, any delay: first … head is whole, aligned to a segment, and at most two minutes long."""
    now = DOORS_S
    one = window(start=start, now=now)
    for number, step in arrivals:
        now += step
        one.add(chunk(number), now)
        before = one.head
        one.advance(now)
        assert one.head >= before
        assert one.first % grid.CHUNKS_PER_SEGMENT == 0
        assert one.head - one.first + 1 < KEEP_CHUNKS + grid.CHUNKS_PER_SEGMENT
        if one.head >= one.first:
            assert [kept.number for kept in one.span(one.first, one.head)] == list(range(one.first, one.head + 1))


def test_the_pulse_goes_out_once_a_second_and_when_somebody_begins_to_talk() -> None:
    """On the ground rung with the chunk itself; times, loudness and the number of listeners are no news."""
    assert told(*[False] * 4, True, True, True, False, False) == [0, 3, 4, 6, 7]


def test_a_crowded_edge_tells_less() -> None:
    """From rung 1 on news wait for the next part, and are told again once a segment."""
    assert told(*[False] * 4, *[True] * 12, rung=1) == [0, 6, 12]


def test_the_frugal_rung_waits_for_a_seam() -> None:
    """aac-64 becomes aac-32 where the windows of both agree, not before; and comes back the same way."""
    one = window()
    rich, cheap = _aac(long=True), _aac(long=False)
    for number, (a, b) in enumerate([(rich, cheap), (rich, cheap), (rich, rich), (cheap, cheap), (rich, cheap)]):
        one.rung = RUNGS[3]
        frames = {**REAL, "aac-64": [a + b"64"] * 15, "aac-32": [b + b"32"] * 15}
        one.add(Chunk("x", number, DOORS_MS, Source.STAGE, 0, 0, b"", frames), end_of(number))
        one.advance(end_of(number))
        if number == 0:
            assert one.frugal, "nothing was heard before: there is no seam"
            one.frugal = False
    heard = [kept.frames["aac-64"][0][-2:] for kept in one.span(1, 4)]
    assert heard == [b"64", b"64", b"32", b"32"]
    assert {kept.frames["opus-24"][0] for kept in one.span(0, 4)} == {b"real"}


def test_a_seam_is_not_waited_for_for_ever() -> None:
    """After 3.2 s without one the rendition is changed anyway."""
    one = window()
    for number in range(SEAM_CHUNKS + 4):
        one.rung = RUNGS[3 if number else 0]
        one.add(chunk(number), end_of(number))
        one.advance(end_of(number))
        assert one.frugal == (number > SEAM_CHUNKS)


def _aac(*, long: bool) -> bytes:
    """The beginning of a mono frame whose window ends long, or short."""
    return (0 if long else 1 << 14).to_bytes(4)


def test_a_clock_that_is_set_for_a_moment_costs_a_moment() -> None:
    """An hour ahead for a tenth of a second, and back: a second of filler at most, and then what comes is heard."""
    one = window()
    for number in range(100):
        one.add(chunk(number), end_of(number))
        one.advance(end_of(number))
    for now in (end_of(99) + 3600.05, end_of(99) + 3600.15, end_of(99) + 0.2):
        one.advance(now)
    assert one.fillers <= 4
    for number in range(100, 140):
        one.add(chunk(number), end_of(number))
        one.advance(end_of(number))
    assert one.head == 139
    assert [kept.number for kept in one.span(104, 139) if kept.filler] == []


def test_a_clock_that_stays_ahead_does_not_silence() -> None:
    """However long the clock is wrong, chunks that come in their order are heard."""
    one = window()
    for number in range(200):
        now = end_of(number) + (3600 if number >= 50 else 0)
        one.add(chunk(number), now)
        one.advance(now)
        one.advance(now + 0.1)
    assert one.head == 199
    assert one.fillers <= 4


def test_filler_is_as_long_as_the_silence() -> None:
    """Without a bus the filler goes on by the clock for as long as it takes."""
    one = window()
    one.add(chunk(0), end_of(0))
    one.advance(end_of(0))
    for tenth in range(6000):
        one.advance(end_of(0) + tenth / 10)
    assert one.head == grid.chunk_at(end_of(0) + 599.9 - PATIENCE_S, DOORS_S) - 1


def waiting(chunk_number: int, *, pulse: bytes = b"{}") -> Chunk:
    """The programme says that the space waited in this chunk."""
    return Chunk("x", chunk_number, DOORS_MS, Source.HOLD, 0, 0, pulse, {}, hold="default")


def resting(*, seam: int = 10**9, now: float = DOORS_S, start: int = 0) -> Window:
    """A window of a space that waits up to a seam."""
    return Window(
        doors_open_ms=DOORS_MS, start=start, now=now, fill=lambda _: FILL, rest=lambda n: FILL if n < seam else None
    )


def look_on(one: Window, until: float, *, since: float = DOORS_S) -> None:
    """Time passes, with ten looks a second."""
    for tenth in range(round((until - since) * 10) + 1):
        one.advance(since + tenth / 10)


def test_a_space_that_waits_needs_no_chunk_from_the_bus() -> None:
    """Its chunks are the loop's, each 0.4 s after its end; no filler, and what the bus tells of them is nothing new."""
    one = resting()
    look_on(one, end_of(20) + REST_S + 0.1)
    assert one.head == 20
    assert {(kept.source, kept.filler) for kept in one.span(0, 20)} == {(Source.HOLD, False)}
    one.add(waiting(15), end_of(20))
    assert (one.head, one.late, one.fillers) == (20, 0, 0)


def test_at_the_seam_the_window_waits_for_the_programme() -> None:
    """From the seam on nothing is made up before the patience is over."""
    one = resting(seam=5)
    look_on(one, end_of(5) + PATIENCE_S - 0.1)
    assert one.head == 4
    one.add(chunk(5), end_of(6))
    one.advance(end_of(6))
    assert one.at(5).frames == REAL


def test_an_edge_that_starts_late_has_the_past_of_what_waits_at_once() -> None:
    """Nothing is read for it."""
    one = resting(start=120, now=end_of(300))
    one.advance(end_of(300) + REST_S)
    assert (one.head, one.caught_up, one.fillers) == (300, True, 0)


def test_what_nobody_confirms_is_filler() -> None:
    """When no programme says any more that the space waits, listeners hear the same and are told that it is filler."""
    one = resting()
    one.add(waiting(11), end_of(11))
    one.advance(end_of(11))
    look_on(one, end_of(100) + PATIENCE_S + 0.1)
    assert one.head == 100
    assert [kept.filler for kept in one.span(0, 100)] == [number > 11 + CONFIRMED_CHUNKS for number in range(101)]
    one.add(waiting(101), end_of(101))
    one.advance(end_of(101))
    assert not one.at(101).filler


def test_the_pulse_of_what_waits_goes_on() -> None:
    """It is the newest that the programme told, with the number and the time of the chunk."""
    one = resting()
    beat = Pulse(1, "x", "X", State.DOORS_OPEN, 2, 2, "hold", 7, [])
    one.add(waiting(2, pulse=msgspec.json.encode(beat)), end_of(2))
    look_on(one, end_of(9) + REST_S + 0.1)
    told = msgspec.json.decode(one.pulse, type=Pulse)
    assert (told.listeners, told.chunk, told.at) == (7, 9, DOORS_MS + 10 * grid.CHUNK_MS)
    one.add(waiting(5, pulse=msgspec.json.encode(msgspec.structs.replace(beat, listeners=8))), end_of(9))
    assert msgspec.json.decode(one.pulse, type=Pulse).listeners == 8


def test_a_clock_that_is_set_does_not_change_what_waits() -> None:
    """An hour ahead for a moment gives no hour of music; an hour back does not stop it."""
    one = resting()
    look_on(one, end_of(30) + REST_S + 0.1)
    one.add(waiting(30), end_of(30))
    one.advance(end_of(30) + 3600)
    one.advance(end_of(31) + REST_S + 0.1)
    assert 30 < one.head <= 36
    before = one.head
    back = end_of(31) - 3600
    look_on(one, back + 3.2, since=back)
    assert before + 8 <= one.head <= before + 11


def test_a_window_opened_far_ahead_says_so_once_the_clock_is_right() -> None:
    """Only while nothing has come: a clock that is set back for a moment misplaces no window that is fed."""
    for hours, start, misplaced in ((1, 11_250, True), (0, 0, False)):
        one = window(start=start, now=DOORS_S + 3600 * hours)
        assert not one.misplaced(DOORS_S + 3600 * hours)
        assert one.misplaced(DOORS_S) is misplaced
    one = window()
    one.add(chunk(0), end_of(0))
    one.advance(end_of(0))
    assert not one.misplaced(DOORS_S - 3600)

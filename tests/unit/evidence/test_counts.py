"""The numbers of a space from its rows; among them the counting faults that others had in public."""

from __future__ import annotations

import random
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.evidence.counts import METHODS, AudienceTally, Counts, count
from stentor.evidence.row import EdgeSecond, SpaceSecond
from stentor.evidence.sketch import Sketch

START_S = 1_900_000_000


def row(edge: str, second: int, **seen: object) -> EdgeSecond:
    return EdgeSecond(edge, (START_S + second) * 1000 + 900, spaces={"talk": SpaceSecond(**seen)})  # type: ignore[arg-type]


def counted(rows: Iterable[EdgeSecond]) -> Counts:
    found = count("talk", rows)
    assert found is not None
    return found


def test_a_space_that_no_row_knows_has_no_numbers() -> None:
    """None, not zero."""
    assert count("other", [row("a", 0, hearing=5)]) is None


def test_the_peak_is_of_one_second_over_all_edges() -> None:
    """Not the sum of each edge's own peak."""
    found = counted([row("a", 0, hearing=10), row("b", 0, hearing=1), row("a", 1, hearing=2), row("b", 1, hearing=8)])
    assert (found.peak.value, found.peak.at_ms) == (11, START_S * 1000)
    assert found.hearing.value == 10


def test_who_goes_to_another_edge_between_two_looks_is_not_twice_at_the_peak() -> None:
    """Edges look a little apart from each other: of what stands then, three who moved would stand at both."""
    rows = [row("a", 0, hearing=10, mean=8.5), row("b", 0, hearing=10, mean=8.5)]
    assert counted(rows).peak.value == 17
    assert counted(rows).hearing.value == 20
    older = [row("a", 0, hearing=10), row("b", 0, hearing=9, mean=7.0)]
    assert counted(older).peak.value == 17


def come_and_go(seed: int, edges: int, early_s: float, late_s: float) -> tuple[float, list[EdgeSecond]]:
    """Twenty a second come to whichever edge, by streams or by HLS, and stay for 12 to 36 s; each edge tells of them a
    little before or after the end of a second. With the largest number of all in a second, on its average."""
    chance, stays = random.Random(seed), list[tuple[float, float, int]]()
    for number in range(600):
        came = number / 20
        stays.append((came, came + 12 + 24 * (number * 7919 % 1000) / 1000, chance.randrange(edges)))
    ends = [0.0] * edges

    def heard_s(since: float, until: float, at: int | None = None) -> float:
        return sum(max(0.0, min(left, until) - max(came, since)) for came, left, edge in stays if at in (None, edge))

    rows = []
    for second in range(1, 40):
        for edge, before in enumerate(ends):
            ends[edge] = now = second + chance.uniform(-early_s, late_s)
            mean = heard_s(before, now, edge) / (now - before)
            seen = SpaceSecond(mean=mean) if edge % 2 else SpaceSecond(hearing=0, asking_mean=mean)
            at_ms, span_ms = START_S * 1000 + round(1000 * now), round(1000 * (now - before))
            rows.append(EdgeSecond(str(edge), at_ms, spaces={"talk": seen}, span_ms=span_ms))
    return max(heard_s(second, second + 1) for second in range(40)), rows


@pytest.mark.parametrize(("early_s", "late_s"), [(0.004, 0.004), (0.0, 0.1), (0.06, 0.3)])
@pytest.mark.parametrize("edges", [2, 8])
def test_the_peak_is_true_however_exactly_edges_keep_to_seconds(edges: int, early_s: float, late_s: float) -> None:
    """A row that is a little early is not of the second before: one edge would be added to another's past."""
    for seed in range(4):
        truth, rows = come_and_go(seed, edges, early_s, late_s)
        assert counted(rows).peak.value == pytest.approx(truth, rel=0.005)


def test_a_killed_edge_takes_its_listeners_with_it() -> None:
    """It stands for as long as it was heard; they are counted once where they come again."""
    rows = [row("a", second, hearing=100) for second in range(3)]
    rows += [row("b", second, hearing=100 if second >= 5 else 0) for second in range(8)]
    assert counted(rows).peak.value == 100
    assert counted(rows).hearing.value == 100


def test_a_missing_row_is_no_dip_and_a_long_silence_is() -> None:
    """Two seconds are carried over; an edge that was away for ten was away."""
    found = counted([row("a", 0, hearing=7), row("a", 3, hearing=7), row("b", 2, hearing=5)])
    assert found.peak.value == 12
    assert counted([row("a", 0, hearing=7), row("a", 10, hearing=7), row("b", 5, hearing=5)]).peak.value == 7


def test_an_edge_that_begins_anew_makes_no_number_negative() -> None:
    """Rows hold what was added in a second, so no counter runs backwards or around (icecast-kh 283)."""
    found = counted(
        [row("a", 0, joins=900, hearing=900), row("a", 1, joins=0, hearing=0), row("a", 2, joins=3, hearing=3)]
    )
    assert (found.joins.value, found.hearing.value) == (903, 3)


def test_minutes_are_what_was_written() -> None:
    """Chunks and parts; what was skipped was not heard."""
    found = counted([row("a", second, sound_chunks=300, parts=100, skipped_chunks=50) for second in range(60)])
    assert found.minutes.value == pytest.approx(60 * (300 * 0.32 + 100 * 0.96) / 60)


def test_a_late_row_makes_nobody_wait_shorter() -> None:
    """An edge is late when all come at once, and no longer when they are let in: what a row says was in its middle."""
    device = b"\1" * 6
    told = msgspec.structs.replace(row("a", 3, told=device), span_ms=3000)
    found = counted([told, row("a", 20, let_in=device)])
    assert found.waited_minutes.value == pytest.approx((17 + 1) / 60, abs=0.005)


def test_unique_is_never_more_than_one_where_somebody_comes_again() -> None:
    """Retries, two edges: one (Ant Media 5279); and never none where somebody was (AzuraCast 3700)."""
    rows = []
    for edge in "ab":
        sketch = Sketch()
        for second in range(20):
            sketch.add(12345 << 32)
            rows.append(row(edge, second, joins=1, clients=sketch.grown()))
    assert counted(rows).unique.value == 1


def test_a_listener_is_one_who_stayed_a_minute() -> None:
    """Once, at however many edges and times; of those whom nobody names there is at least one."""
    rows = []
    for edge in "ab":
        stayed = Sketch()
        for client in (1, 2, 3):
            stayed.add(client << 50)
        rows += [row(edge, 0, stayed=stayed.grown()), row(edge, 90, joins=50)]
    assert counted(rows).listeners.value == 3
    assert not counted(rows).listeners.at_least
    found = counted([row("a", 0, stayed_unnamed=40)]).listeners
    assert (found.low, found.high, found.at_least) == (1, 40, True)


def test_rows_of_one_second_come_one_after_the_other() -> None:
    """Before the second edge has told of the newest second, it is taken to stand as it did in the one before."""
    rows = [row("a", 10, hearing=3), row("b", 10, hearing=4), row("a", 11, hearing=3)]
    assert counted(rows).hearing.value == 7
    assert counted([*rows, row("a", 14, hearing=3)]).hearing.value == 3


def test_an_edge_that_begins_anew_has_not_kept_its_listeners() -> None:
    """They went to the other one in the seconds of which it says nothing, and are not counted twice."""
    rows = [row("a", 10, hearing=3), row("b", 10, hearing=4), row("b", 11, hearing=7), row("a", 12, hearing=0)]
    assert counted([*rows, row("b", 12, hearing=7)]).peak.value == 7


def test_behind_a_cache_every_number_of_people_says_at_least() -> None:
    """One proxy that named nobody is enough (srs 3697, AzuraCast 6975); times that were counted stay exact."""
    found = counted([row("a", 0, hearing=1), row("a", 1, asking=1, unnamed=1, hidden=True)])
    assert all(one.at_least for one in (found.hearing, found.peak, found.lobby, found.minutes, found.unique))
    assert not counted([row("a", 0, hearing=1)]).unique.at_least


def test_a_proxy_that_was_there_before_does_not_blur_who_hears_now() -> None:
    """The peak may have been more, what is heard now is known; nor does it touch another space."""
    found = counted([row("a", 0, asking=9, unnamed=1, hidden=True), row("a", 1, hearing=4)])
    assert (found.peak.at_least, found.hearing.at_least) == (True, False)


def test_streams_through_a_proxy_that_names_nobody_are_counted() -> None:
    """Each has a connection of its own, which no cache shares; only who they are is not known."""
    found = counted([row("a", 0, hearing=840, joins=840, unnamed=840)])
    assert (found.hearing.value, found.hearing.at_least, found.minutes.at_least) == (840, False, False)
    assert (found.unique.low, found.unique.value, found.unique.high) == (1, 1, 840)
    assert found.unique.at_least


def test_the_lobby_is_between_the_edge_that_knows_most_and_the_sum() -> None:
    """A device asks at several edges."""
    lobby = counted([row("a", 0, lobby=30), row("b", 0, lobby=20)]).lobby
    assert (lobby.low, lobby.high) == (30, 50)


def test_a_long_space_has_the_peak_of_all_its_seconds_and_a_tally_forgets_them() -> None:
    """Given one by one, as they come: the same as all at once; what is held is about the last minute only."""
    chance, tally, rows = random.Random(5), AudienceTally("talk"), []
    for second in range(1500):
        rows += [row(edge, second, hearing=chance.randrange(1000)) for edge in "abc" if chance.random() < 0.9]
    for one in rows:
        tally.hear(one)
    assert tally.counts() == counted(rows)
    assert sum(map(len, tally._hearing.values())) <= 3 * 2 * 61
    standing = [sum(one.spaces["talk"].hearing for one in rows if one.at_ms == at) for at in {r.at_ms for r in rows}]
    assert counted(rows).peak.value >= max(standing)


def test_a_clock_that_was_set_back_loses_no_minutes() -> None:
    """The same second comes twice with other rows in it: all that was heard counts, the peak is of what stood."""
    rows = [row("a", second, hearing=10, sound_chunks=300) for second in range(20)]
    again = [
        EdgeSecond("a", one.at_ms - 10_003, spaces=row("a", 0, hearing=12, sound_chunks=300).spaces) for one in rows[5:]
    ]
    found = counted(rows + again)
    assert found.minutes.value == pytest.approx(35 * 300 * 0.32 / 60, abs=0.01)
    assert found.peak.value == 12


def test_every_number_says_how_it_was_counted() -> None:
    found = counted([row("a", 0, hearing=1)])
    for name, method in METHODS.items():
        figure = getattr(found, name)
        assert figure.method == method
        assert figure.low <= figure.value <= figure.high


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 30))
def test_rows_in_any_order_and_twice_give_the_same(seed: int, edges: int, seconds: int) -> None:
    """And the sums are those of a plain ledger."""
    chance = random.Random(seed)
    rows, peak, minutes = [], [0] * seconds, 0.0
    for edge in range(edges):
        for second in range(seconds):
            hearing, chunks = chance.randrange(1000), chance.randrange(3000)
            peak[second] += hearing
            minutes += chunks * 0.32 / 60
            rows.append(row(str(edge), second, hearing=hearing, sound_chunks=chunks))
    found = counted(rows)
    assert found.peak.value == max(peak)
    assert found.hearing.value == peak[-1]
    assert found.minutes.value == pytest.approx(minutes, abs=0.01)
    mixed = rows + chance.sample(rows, len(rows) // 2)
    chance.shuffle(mixed)
    assert counted(mixed) == found

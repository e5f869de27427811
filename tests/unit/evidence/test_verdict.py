"""The verdict: it names what filled the resource, and accuses nobody without need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stentor.evidence import faults
from stentor.evidence.kinds import Kind
from stentor.evidence.load import Resource
from stentor.evidence.row import EdgeRoom, EdgeSecond, SpaceSecond
from stentor.evidence.sources import KindSum, Late
from stentor.evidence.told import lines
from stentor.evidence.verdict import LEAST_COVER, NightVerdict, Outcome, accuses, judge

SPACE = "friday"
ROOM = EdgeRoom(places=1000, connections=4000, cpu_ms=1000)
LISTENING = KindSum(500, 1000, 10, 600, 500)


def row(second: int, hostile: KindSum | None = None, kind: Kind = Kind.HASTY, **fields: object) -> EdgeSecond:
    """A second in which 500 hear, besides what is given."""
    kinds = [KindSum()] * len(Kind)
    kinds[Kind.LISTENING] = LISTENING
    if hostile is not None:
        kinds[kind] = hostile
    standing = EdgeSecond(
        "edge-0", 1_000_000 + 1000 * second, 600, 10, 1000, cpu_ms=200, room=ROOM, kinds=kinds,
        spaces={SPACE: SpaceSecond(hearing=500)},
    )  # fmt: skip
    return msgspec.structs.replace(standing, **fields)


def night(hostile: KindSum | None = None, kind: Kind = Kind.HASTY, **fields: object) -> list[EdgeSecond]:
    return [row(second, hostile, kind, **fields) for second in range(20)]


def verdict(rows: Sequence[EdgeSecond]) -> NightVerdict:
    found = judge(SPACE, rows)
    assert found is not None
    return found


FLOOD = KindSum(20, 9000, 20, 20)
"""Nine times what the listeners ask."""
CROWD = {SPACE: SpaceSecond(hearing=1000, lobby=800)}


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        (night(), Outcome.NOTHING_WAS_FULL),
        (night(cpu_ms=990, hostile=FLOOD), Outcome.ATTACK),
        (night(cpu_ms=990, hostile=KindSum(9, 500, 9, 9)), Outcome.MIXED),
        (night(cpu_ms=700, spaces=CROWD, turned_away={"full": 9}), Outcome.POPULARITY),
        (night(cpu_ms=700, spaces=CROWD, turned_away={"full": 9}, hostile=FLOOD), Outcome.POPULARITY),
        (night(cpu_ms=100, spaces=CROWD, turned_away={"full": 9}), Outcome.SELF_INFLICTED),
        (night(cpu_ms=300, turned_away={"waiting": 9}), Outcome.SELF_INFLICTED),
        (night(cpu_ms=300, turned_away={"leaving": 9}), Outcome.SELF_INFLICTED),
        (night(cpu_ms=300, lag_ms=700), Outcome.SELF_INFLICTED),
        (night(cpu_ms=300, failed=100), Outcome.SELF_INFLICTED),
        (night(tls=(40, 0, 40)), Outcome.SELF_INFLICTED),
        (night(cpu_ms=990, hostile=KindSum(480, 30_000, 10, 600, 900, guests=480)), Outcome.SELF_INFLICTED),
        (night(cpu_ms=990, hostile=KindSum(3000, 3000, 9000), kind=Kind.VISITING), Outcome.UNKNOWN),
        (night(cpu_ms=990, hostile=KindSum(3000, 3000, 9000), kind=Kind.FLOCKING), Outcome.ATTACK),
        (night(cpu_ms=990, hostile=KindSum(480, 30_000, 10, 600, 0, guests=480)), Outcome.ATTACK),
        (night(cpu_ms=990, hostile=FLOOD)[::2], Outcome.UNKNOWN),
        (night(costliest=[(0, 900, 0)]), Outcome.UNKNOWN),
        (night(kinds=[]), Outcome.UNKNOWN),
    ],
    ids=lambda value: value.name if isinstance(value, Outcome) else "",
)
def test_each_finding(rows: list[EdgeSecond], finding: Outcome) -> None:
    assert verdict(rows).finding is finding


def test_what_differs_by_more_than_its_errors_is_told_apart() -> None:
    """Errors that have nothing to do with each other do not all go the same way; who has nearly all of a processor has
    it whatever things cost, and so has who has nearly nothing."""
    asked = 1000 * 30 + 10 * 60 + 500 * 9
    for part, finding in ((0.9, Outcome.MIXED), (1.0, Outcome.MIXED), (1.3, Outcome.ATTACK)):
        found = verdict(night(cpu_ms=950, hostile=KindSum(9, round(part * asked / 30), 0, 9)))
        assert found.finding is finding
        wide = found.loads[0].hostile.high - found.loads[0].hostile.low
        assert 0.04 < wide < 0.06
    assert found.loads[0].ahead.low > 0 > verdict(night(cpu_ms=950, hostile=KindSum(9, 500, 0, 9))).loads[0].ahead.high


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("pages", {"cpu_ms": 990, "hostile": KindSum(480, 30_000, 10, 600, 900, guests=480)}),
        ("certificate", {"tls": (40, 0, 40)}),
        ("proxy", {"hasty": 90, "costliest": [(7, 990, 10)], "kinds": [KindSum(1), *[KindSum()] * (len(Kind) - 1)]}),
        ("restart", {"turned_away": {"leaving": 9}}),
        ("", {"failed": 100}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_four_faults_are_known_though_too_little_was_seen(name: str, fields: dict[str, Any]) -> None:
    """Half of the rows are missing: what these show is why. Of any other fault it is UNKNOWN; the document says so."""
    found = verdict(night(**fields)[::2])
    assert found.cover < LEAST_COVER
    assert found.finding is (Outcome.SELF_INFLICTED if name else Outcome.UNKNOWN)
    if name:
        assert found.reason == faults.SAID[faults.OwnFault(name)]
        text = (Path(__file__).parents[3] / "docs" / "explanation" / "verdict.md").read_text("utf-8")
        row = next(line for line in text.splitlines() if line.startswith("| **UNKNOWN**"))
        assert f"`{name}`" in row


def test_who_has_less_than_a_tenth_is_not_accused() -> None:
    """Nor where the interval is wider than what is attributed; the text has no such word then."""
    few = verdict(night(cpu_ms=990, hostile=KindSum(3, 70, 3, 3)))
    unsure = night(cpu_ms=990, hostile=KindSum(9, 300, 9, 9))
    for each in unsure:
        each.kinds[Kind.NEW] = KindSum(300, 0, 9000, 10)
    for found in (few, verdict(unsure)):
        assert not found.accuses
        assert found.finding is (Outcome.POPULARITY if found is few else Outcome.MIXED)
        assert "attack" not in "\n".join(lines(found)).lower()


def test_who_comes_near_to_a_tenth_is_not_accused_and_not_acquitted() -> None:
    """Nine hundredths, or a tenth with an interval as wide: MIXED, with an interval and without the word; unless the
    audience alone would have filled it."""
    near = night(cpu_ms=990, hostile=KindSum(9, 120, 3, 3))
    found = verdict(near)
    assert (found.finding, found.accuses, found.by) == (Outcome.MIXED, False, None)
    assert 0.09 < found.loads[0].hostile.value < 0.099 < found.loads[0].hostile.high
    assert "attack" not in "\n".join(lines(found)).lower()
    full = [msgspec.structs.replace(each, spaces=CROWD, turned_away={"waiting": 9}) for each in near]
    assert verdict(full).finding is Outcome.POPULARITY


def test_a_few_monitors_are_nobody_to_name() -> None:
    """Neither where they are few, however much they ask, nor where they are many and it is next to nothing."""
    for flock, cpu_ms in ((KindSum(1, 900, 1), 990), (KindSum(30, 30, 30), 30), (KindSum(30, 30, 30), 990)):
        found = verdict(night(cpu_ms=cpu_ms, hostile=flock, kind=Kind.FLOCKING))
        assert not found.accuses
        assert found.finding in (Outcome.POPULARITY, Outcome.NOTHING_WAS_FULL, Outcome.UNKNOWN)


def test_who_holds_places_and_does_nothing_is_among_the_signs() -> None:
    rows = night(
        cpu_ms=700, spaces={SPACE: SpaceSecond(hearing=1000)}, hostile=KindSum(40, 0, 0, 500, 500), kind=Kind.STUCK
    )
    assert "listeners who take nothing: 40 sources at most at once" in "\n".join(lines(verdict(rows)))


def test_a_flock_is_among_the_signs_where_it_is_one() -> None:
    rows = night(cpu_ms=990, hostile=KindSum(3000, 3000, 9000), kind=Kind.FLOCKING)
    assert "3,000 sources at most at once" in "\n".join(lines(verdict(rows)))
    few = verdict(night(cpu_ms=990, hostile=KindSum(4, 4, 4), kind=Kind.FLOCKING))
    assert not any(sign.times for sign in few.signs)


def test_who_asks_for_playlists_and_takes_no_sound_is_no_listener() -> None:
    """A crowd of streams waits: what it would take is reckoned as streams, not as what bots pretend to be."""
    waiting = {SPACE: SpaceSecond(hearing=500, asking=500, lobby=400)}
    rows = night(cpu_ms=990, hostile=FLOOD, spaces=waiting, turned_away={"waiting": 90})
    for each in rows:
        each.kinds[Kind.HASTY] = msgspec.structs.replace(FLOOD, requests=2000)
    bots = verdict(rows).loads[0].audience.value
    for each in rows:
        each.kinds[Kind.LISTENING] = msgspec.structs.replace(LISTENING, parts=520)
    assert verdict(rows).loads[0].audience.value > 1.1 * bots


def test_a_limit_was_not_too_low_where_the_processor_was_full_as_well() -> None:
    """Connections are full in the end, so that nobody comes in and the processor rests."""
    first = [row(second, cpu_ms=990) for second in range(15)]
    then = [row(second, cpu_ms=100, open=4000, full=90) for second in range(15, 40)]
    assert verdict([*first, *then]).finding is Outcome.POPULARITY
    assert verdict([*[row(second) for second in range(11)], *first[11:], *then]).finding is Outcome.SELF_INFLICTED


def test_it_says_where_it_would_have_stood_without_them() -> None:
    """The flood has 270 of 304.5 + 4.5 parts, so that the audience has the rest of what the processor did."""
    found = verdict(night(cpu_ms=990, hostile=FLOOD))
    assert found.loads[0].resource is Resource.PROCESSOR
    audience_us = 1000 * 30 + 10 * 60 + 500 * 9
    share = 0.99 * audience_us / (audience_us + 9000 * 30 + 20 * 60)
    assert found.without is not None
    assert found.without.value == pytest.approx(share)
    assert found.without.low <= found.without.value <= found.without.high
    text = "\n".join(lines(found))
    assert f"Without these sources it would have stood at {100 * share:.0f} %" in text
    assert "20 sources at most at once" in text


def test_a_flood_is_said_of_what_it_took_though_places_were_nearer_to_their_end() -> None:
    """It takes no place. What is next to nothing of a processor is not worth the word, however large its part."""
    crowd = {SPACE: SpaceSecond(hearing=900)}
    found = verdict([row(second, FLOOD, cpu_ms=300, spaces=crowd) for second in range(60)])
    assert (found.loads[0].resource, found.by, found.finding) == (
        Resource.PLACES, Resource.PROCESSOR, Outcome.NOTHING_WAS_FULL
    )  # fmt: skip
    text = "\n".join(lines(found))
    assert "Nothing was full; nearest to it: places for listeners, at 90 %" in text
    assert "Attackers: 27 % (26 to 27 %) of processor, which was at 30 %." in text
    assert "Without these sources it would have stood at 3 % (3 to 4 %) of capacity." in text
    few = verdict(night(cpu_ms=9, hostile=FLOOD, spaces=crowd))
    assert (few.by, few.accuses) == (None, False)
    assert "attack" not in "\n".join(lines(few)).lower()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (night(), "no audience does: 0 % (0 to 0 %)"),
        (night(cpu_ms=990, hostile=KindSum(3, 80, 3, 3)), "no audience does: 7 % (6 to 7 %)"),
        (night(cpu_ms=600, failed=100, hostile=FLOOD), "no audience does: 53 % (52 to 54 %)"),
        (night(cpu_ms=600, hostile=FLOOD), "Attackers: 53 % (52 to 54 %)"),
    ],
    ids=["nobody", "few", "a fault of one's own", "absorbed"],
)
def test_each_load_and_what_it_would_have_been_are_said_of_every_night(rows: list[EdgeSecond], said: str) -> None:
    """Also where nobody is accused: what was measured is not kept back."""
    text = "\n".join(lines(verdict(rows)))
    assert said in text
    assert "The audience, with those who waited: " in text
    assert "Without these sources it would have stood at " in text


def test_less_than_a_tenth_of_all_there_is_for_a_minute_is_no_flood() -> None:
    """However large a part of a quiet evening it was; the minute is the one in which it was most."""
    for seconds, named in ((20, False), (60, True)):
        quiet = [row(second, cpu_ms=20) for second in range(seconds, 300)]
        found = verdict([*(row(second, FLOOD, cpu_ms=300) for second in range(seconds)), *quiet])
        assert accuses(next(load for load in found.loads if load.resource is Resource.PROCESSOR))
        assert (found.finding, found.accuses) == (Outcome.NOTHING_WAS_FULL, named)
        assert ("attack" in "\n".join(lines(found)).lower()) is named


def test_what_was_absorbed_is_said() -> None:
    found = verdict(night(cpu_ms=600, hostile=FLOOD))
    assert found.finding is Outcome.NOTHING_WAS_FULL
    assert "An attack of 180,000 requests and 400 connections was absorbed." in found.reason


def test_the_sample_widens_the_interval() -> None:
    """And what it says nothing of may be anybody's: then nobody can tell."""
    whole = verdict(night(cpu_ms=990, hostile=FLOOD)).loads[0].hostile
    half = verdict(night(cpu_ms=990, hostile=FLOOD, halvings=1, requests=20_000, accepted=60)).loads[0].hostile
    assert half.high - half.low > whole.high - whole.low
    missed = night(cpu_ms=990, halvings=1, requests=20_000)
    assert verdict(missed).finding is Outcome.UNKNOWN


def test_what_it_cost_to_tell_people_to_wait_is_not_their_demand() -> None:
    """Had there been room they would not have asked again: they would listen."""
    asked = KindSum(500, 2000, 400, 600, 500)
    told = KindSum(500, 2000, 400, 600, 500, waits=250, again=150, anew=400)
    shares = []
    for one in (asked, told):
        rows = night(cpu_ms=990, tls=(400, 400, 0), turned_away={"waiting": 400})
        for each in rows:
            each.kinds[Kind.LISTENING] = one
        shares.append(verdict(rows).loads[0].audience.value)
    whole_us = 2000 * 30 + 400 * 1500 + 500 * 9
    assert shares[0] - shares[1] == pytest.approx(0.99 * 400 * 1530 / whole_us)


def test_who_was_refused_a_connection_counts_as_those_inside() -> None:
    """By as many connections each; hostile sources that are refused add nothing."""
    full = night(cpu_ms=700, open=4000, full=100)
    for each in full:
        each.kinds[Kind.LISTENING] = KindSum(500, 1000, 10, 1000, 500)
        each.kinds[Kind.SILENT] = KindSum(30, 0, 30, 3000, barred=70)
        each.kinds[Kind.NEW] = KindSum(30, barred=30, outside=120)
    first = verdict(full).loads[0]
    assert first.resource is Resource.CONNECTIONS
    assert first.hostile.value == pytest.approx(0.75)
    assert first.audience.value == pytest.approx((1000 + 120 * 2) / 4000)


def test_what_was_done_before_it_was_known_is_put_to_them() -> None:
    """Over the seconds in which it was done; the sum stays the same."""
    rows = night(cpu_ms=990)
    for second, each in enumerate(rows):
        each.kinds[Kind.LISTENING] = KindSum(520, 10_000, 10, 600, 500) if second < 10 else LISTENING
        each.kinds[Kind.HASTY] = KindSum() if second < 10 else FLOOD
    before = verdict(rows).loads[0].hostile.value
    rows[10].kinds[Kind.LISTENING] = msgspec.structs.replace(LISTENING, late=Late(20, 200, 90_000, 20, 200))
    after = verdict(rows).loads[0].hostile.value
    assert after == pytest.approx(2 * before, rel=0.02)


def test_an_edge_that_is_late_for_its_rows_has_lost_nothing() -> None:
    """A busy one makes a row each 1.3 s: it tells of all of them, and of as much more of a processor."""
    late = [
        msgspec.structs.replace(each, at_ms=1_000_000 + 1300 * number, span_ms=1300, cpu_ms=1000)
        for number, each in enumerate(night())
    ]
    assert (verdict(late).cover, verdict(late).finding) == (1.0, Outcome.NOTHING_WAS_FULL)
    assert verdict(late[::2]).cover < 0.6


def test_what_was_seen_is_traffic_and_no_rows() -> None:
    """Rows of quiet seconds that are missing leave little out; a few that are missing in a flood leave much out."""
    quiet = [row(second, requests=1, accepted=0, spaces={SPACE: SpaceSecond()}) for second in range(60)]
    loud = [row(second, requests=9000, accepted=900) for second in range(60, 80)]
    lost_quiet, lost_loud = [*quiet[:5], *quiet[55:], *loud], [*quiet, *loud[:8], *loud[12:]]
    assert verdict(lost_quiet).cover > 0.99
    assert verdict(lost_quiet).finding is not Outcome.UNKNOWN
    assert verdict(lost_loud).cover == pytest.approx(16 / 20, rel=0.02)
    assert verdict(lost_loud).finding is Outcome.UNKNOWN


def test_what_was_not_seen_is_put_to_no_proxy_that_there_is_not() -> None:
    """Every second row is missing, and all that came had an address."""
    text = "\n".join(lines(verdict(night()[::2])))
    assert "edges said nothing for a time, or it came through a proxy" in text


def test_rows_may_come_twice_and_in_any_order() -> None:
    rows = night(cpu_ms=990, hostile=FLOOD)
    assert verdict([*reversed(rows), *rows]) == verdict(rows)
    assert judge("monday", rows) is None


def test_connections_of_a_proxy_are_not_unseen() -> None:
    """Who stands behind them their requests say; with only few of these a talk behind one was UNKNOWN."""
    assert verdict(night(costliest=[(0, 0, 60)], accepted=60, requests=50)).cover == 1.0


def over(first: int, last: int, **fields: object) -> list[EdgeSecond]:
    """The space has ended: streams are over in one second, and the edge serves what is left."""
    said = {"open": 20, "cpu_ms": 5, "requests": 1, "accepted": 0, "spaces": {SPACE: SpaceSecond()}} | fields
    said["kinds"] = [KindSum()] * len(Kind)
    return [msgspec.structs.replace(row(second), **said) for second in range(first, last)]


def test_the_end_of_a_talk_is_no_restart_of_edges() -> None:
    """All connections end in one second then; after a restart they come again."""
    assert verdict([*night(), *over(20, 140)]).finding is Outcome.NOTHING_WAS_FULL
    flooded = msgspec.structs.replace(over(20, 21)[0], accepted=400, spaces={SPACE: SpaceSecond(hearing=0)})
    assert verdict([*night(accepted=400), flooded, *over(21, 140)]).finding is Outcome.NOTHING_WAS_FULL
    back = [row(second, accepted=100) for second in range(25, 40)]
    assert verdict([*night(), *over(20, 25), *back]).finding is Outcome.SELF_INFLICTED


def test_plays_of_the_recording_change_no_verdict() -> None:
    """Rows of later come only when somebody plays it: their gaps are no traffic that nobody saw."""
    plays = [
        one
        for second in range(3600, 9000, 17)
        for one in over(second, second + 1, spaces={SPACE: SpaceSecond(plays=1)})
    ]
    found = verdict([*night(), *plays])
    assert (found.finding, found.rows) == (Outcome.NOTHING_WAS_FULL, 20)
    assert judge(SPACE, plays) is None


def test_more_who_wait_by_hls_than_wait_at_all() -> None:
    """So say no whole rows, but a file may have them, and rows of a sample: they are judged, too."""
    for waits in range(4):
        waiting = KindSum(9, 90, 9, 9, 0, waits=waits, hls=3)
        rows = night(waiting, Kind.WAITING, spaces={SPACE: SpaceSecond(lobby=9)}, turned_away={"full": 9})
        assert verdict(rows).loads

"""A log becomes rows: the numbers are those of who was there, whatever order, proxy or cache the lines went through."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable

import msgspec
import pytest

from stentor.base import grid
from stentor.evidence.counts import Counts, count
from stentor.evidence.imported import LogTally
from stentor.evidence.logs import LogLine
from stentor.evidence.row import EdgeRoom, EdgeSecond, encode
from stentor.evidence.verdict import Outcome, judge
from stentor.wire import forwarded

T = 1_900_000_000.0
STREAM, INDEX, LIST = "/s/talk/live.aac", "/s/talk/hls/index.m3u8", "/s/talk/hls/aac-64.m3u8"


def hashed(text: str) -> int:
    """By a key that nobody would keep."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, key=b"today").digest(), "big")


def line(at_s: float, target: str, who: str = "192.0.2.1", **more: object) -> LogLine:
    fields: dict[str, object] = {"address": who, "agent": "VLC", "method": "GET", "target": target, "status": 200,
                                 "sent_bytes": 1000, "connection": who} | more  # fmt: skip
    return LogLine(T + at_s, **fields)  # type: ignore[arg-type]


def rows(lines: Iterable[LogLine], **options: object) -> list[EdgeSecond]:
    tally = LogTally("talk", hashed, **options)  # type: ignore[arg-type]
    kept = [row for each in lines for row in tally.hear(each)]
    return list(tally.with_streams([*kept, *tally.finish()]))


def counted(lines: Iterable[LogLine], **options: object) -> Counts:
    found = count("talk", rows(lines, **options))
    assert found is not None
    return found


def evening(seed: int, people: int = 200) -> tuple[list[LogLine], dict[str, float]]:
    """Streams and players of HLS, and the ledger of it."""
    chance, lines, spans = random.Random(seed), [], []
    parts = 0
    for number in range(people):
        who, began, lasted = f"203.0.{number // 250}.{number % 250}", chance.uniform(0, 60), chance.uniform(5, 120)
        spans.append((began, began + lasted))
        if number % 2:
            lines.append(line(began + lasted, STREAM, who, took_s=lasted, sent_bytes=int(8000 * lasted)))
            continue
        lines.append(line(began, INDEX, who))
        lines.append(line(began, LIST, who))
        for step in range(int(lasted / 0.96)):
            parts += 1
            lines.append(line(began + 0.96 * step, f"{LIST}?_HLS_msn={step}", who))
            lines.append(line(began + 0.96 * step, f"/s/talk/hls/aac-64/{step}.1.m4s", who))
    at = [sum(began < second + 1 <= ended for began, ended in spans) for second in range(200)]
    streamed = sum(ended - began for number, (began, ended) in enumerate(spans) if number % 2)
    truth = {"peak": max(at), "minutes": (streamed + 0.96 * parts) / 60, "unique": people, "joins": people // 2,
             "listeners": sum(ended - began >= 60 for began, ended in spans)}  # fmt: skip
    return sorted(lines, key=lambda each: each.ended_s), truth


def test_the_numbers_are_those_of_the_ledger() -> None:
    """Peak and minutes within one in a hundred, joins exactly, unique and listeners within their interval."""
    for seed in range(5):
        lines, truth = evening(seed)
        found = counted(lines)
        assert found.joins.value == truth["joins"]
        assert found.minutes.value == pytest.approx(truth["minutes"], rel=0.005)
        assert found.peak.value == pytest.approx(truth["peak"], rel=0.02)
        for name in ("unique", "listeners"):
            one = getattr(found, name)
            assert one.low - 2 <= truth[name] <= one.high + 2


def test_order_and_number_of_logs_change_nothing() -> None:
    """Those of a CDN come from many machines, each batch in its own order (Logpush, CloudFront)."""
    lines, _ = evening(7)
    mixed = sorted(lines, key=lambda each: each.ended_s + random.Random(each.target + each.address).uniform(0, 250))
    assert mixed != lines
    assert msgspec.structs.asdict(counted(mixed)) == msgspec.structs.asdict(counted(lines))


def test_what_is_too_late_counts_later_and_a_wrong_clock_not_at_all() -> None:
    """Both are said; neither moves the evening."""
    tally = LogTally("talk", hashed)
    lines = [line(second, LIST) for second in range(1000)]
    lines += [line(3, LIST), line(90_000, LIST), line(1000, LIST), line(1001, LIST)]
    kept = [row for each in lines for row in tally.hear(each)]
    kept = list(tally.with_streams([*kept, *tally.finish()]))
    assert (tally.late, tally.wrong_time) == (1, 1)
    assert sum(row.requests for row in kept) == len(lines) - 1
    assert kept[-1].at_ms // 1000 == T + 1001


def test_a_pause_of_the_log_is_no_wrong_clock() -> None:
    """After a night without a request the next evening begins."""
    lines = [line(second, LIST) for second in range(20)] + [line(40_000 + second, LIST) for second in range(20)]
    assert sum(row.requests for row in rows(lines)) == 40


def test_no_row_holds_an_address_or_an_agent() -> None:
    """Nor a device's ticket."""
    lines, _ = evening(1, 20)
    lines.append(line(100, f"{INDEX}?ticket=TICKETTICKET", "198.51.100.77", agent="Unusual/7", status=429))
    said = b"".join(encode(row) for row in rows(lines))
    for secret in (b"198.51", b"203.0.", b"Unusual", b"TICKET", b"VLC"):
        assert secret not in said


def test_a_proxy_in_front_of_the_log_is_no_listener() -> None:
    """All lines come from one address (AzuraCast 6975, GoAccess 208); named as a proxy it is whom it says."""
    lines = [line(n / 10, INDEX, "10.0.0.1", forwarded=f"203.0.113.{n}", connection=str(n)) for n in range(100)]
    assert counted(lines).unique.value == 1
    assert counted(lines, trusted=forwarded.networks("10.0.0.0/8")).unique.value == pytest.approx(100, rel=0.05)


def test_a_proxy_that_names_nobody_makes_numbers_say_at_least() -> None:
    """Never one listener, never as many as asked."""
    lines = [line(n / 10, INDEX, "10.0.0.1", connection="") for n in range(100)]
    found = counted(lines, trusted=forwarded.networks("10.0.0.0/8"))
    assert found.unique.at_least
    assert (found.unique.value, found.unique.high) == (1, 100)


def test_who_is_told_to_wait_is_one_device_however_often() -> None:
    """Times, devices, who got in, and for how long each stood there."""
    lines = [line(10 * turn + n / 100, STREAM, f"203.0.113.{n}", status=429) for turn in range(6) for n in range(20)]
    lines += [line(65 + 60, STREAM, f"203.0.113.{n}", took_s=60.0) for n in range(5)]
    found = counted(sorted(lines, key=lambda each: each.ended_s))
    assert (found.refused.value, found.refused_devices.value, found.waited.value) == (120, 20, 5)
    assert found.waited_minutes.value == pytest.approx((5 * 65 + 15 * 50) / 60, abs=0.5)
    lines += [line(130, INDEX, f"203.0.113.{n}") for n in range(5, 8)]
    assert counted(sorted(lines, key=lambda each: each.ended_s)).waited.value == 8


def test_a_play_is_a_minute_and_heads_and_first_bytes_are_none() -> None:
    """Podlove 659, oDL 3: HEAD, two bytes to look, the same range again; and robots only in gross."""
    segments = [line(n, f"/s/talk/replay/aac-64/{n}.m4s", "192.0.2.1") for n in range(16)]
    whole = line(20, "/s/talk/recording.m4a", "192.0.2.2", sent_bytes=30_720 * 20)
    head = line(21, "/s/talk/recording.m4a", "192.0.2.3", sent_bytes=30_720 * 20, method="HEAD")
    look = line(22, "/s/talk/recording.m4a", "192.0.2.4", sent_bytes=2, status=206)
    again = [line(23 + n, "/s/talk/recording.m4a", "192.0.2.5", sent_bytes=30_720 * 9, status=206) for n in range(5)]
    robot = line(30, "/s/talk/recording.m4a", "192.0.2.6", sent_bytes=30_720 * 20, agent="Googlebot/2.1")
    ranges = [line(31 + n, "/s/talk/recording.m4a", "192.0.2.7", sent_bytes=30_720 * 8, status=206,
                   first_byte=30_720 * 8 * n) for n in range(2)]  # fmt: skip
    found = counted([*segments, whole, head, look, *again, robot, *ranges])
    assert (found.plays.value, found.plays_gross.value) == (3, 4)


def test_a_stream_without_its_time_lasts_as_long_as_its_bytes() -> None:
    """Combined logs do not say how long a request took."""
    found = counted([line(600, STREAM, took_s=-1.0, sent_bytes=8000 * 600)])
    assert found.minutes.value == pytest.approx(10, rel=0.001)
    assert found.since_ms == T * 1000 + 999


def test_a_flood_is_an_attack_and_a_school_is_none() -> None:
    """The same requests: from a few connections, or from those of many people behind one address."""
    crowd = [line(second + n / 200, f"/s/talk/?{n}", f"203.0.113.{n}") for second in range(30) for n in range(100)]
    room = EdgeRoom(line_bps=8_000 * 1_000)
    flood = [line(second + n / 1500, "/s/talk/ticket", "198.51.100.1", connection="one") for second in range(30)
             for n in range(1400)]  # fmt: skip
    school = [msgspec.structs.replace(each, connection=f"{n % 1400}") for n, each in enumerate(flood)]
    nobody = [msgspec.structs.replace(each, connection="") for each in flood]
    findings = []
    for more in (flood, school, nobody):
        found = judge("talk", rows(sorted([*crowd, *more], key=lambda each: each.ended_s), room=room))
        assert found is not None
        findings.append(found.finding)
    assert findings == [Outcome.ATTACK, Outcome.POPULARITY, Outcome.POPULARITY]


def test_streams_of_a_quiet_hour_have_rows_all_the_time() -> None:
    """Nobody asks, and everybody hears."""
    found = counted([line(9, INDEX), line(3000, STREAM, "192.0.2.2", took_s=2990.0)])
    assert (found.rows, found.peak.value) == (2992, 1)
    assert found.minutes.value == pytest.approx(2990 / 60, abs=grid.CHUNK_S / 60)


def test_what_varnish_pipes_is_sound_unless_it_was_over_at_once() -> None:
    """It does not look into it, and logs no status."""
    found = counted(
        [
            line(1, STREAM, status=0, took_s=0.01, sent_bytes=600),
            line(90, STREAM, "192.0.2.2", status=0, took_s=60.0, sent_bytes=480_000),
        ]
    )
    assert (found.joins.value, found.refused.value) == (1, 1)
    assert found.minutes.value == pytest.approx(1, abs=0.01)

"""What a preflight says of what it sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from stentor.base.config import Settings
from stentor.base.disk import Disk
from stentor.cli.findings import Verdict
from stentor.cli.outside import of_clock, of_headers, of_reload
from stentor.cli.preflight import (
    of_address,
    of_capacity,
    of_certificate,
    of_descriptors,
    of_disks,
    of_parts,
    of_quota,
    of_reminders,
    of_roles,
    of_state,
)  # fmt: skip
from stentor.rehearsal.certificate import certify
from stentor.spaces import forecast
from tests.support.readiness import configuration, report

OK, WARNING, BAD = Verdict.OK, Verdict.WARNING, Verdict.BAD


def process(role: str, *, problem: str = "", **numbers: float) -> dict[str, Any]:
    return {"role": role, "instance": f"{role}-0", "problem": problem, "numbers": numbers}


def view(state: str, *seats: str) -> dict[str, Any]:
    return {"title": "Talk", "state": state, "seats": [{"name": "Ada", "state": seat} for seat in seats]}


ALL = [process(role) for role in ("house", "stage", "programme", "programme", "archive", "edge")]


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (view("scheduled", "away"), OK),  # nobody has to be there yet
        (view("doors_open", "connected"), OK),
        (view("doors_open", "connected", "away"), WARNING),
        (view("live", "lost"), WARNING),
        (view("replay"), BAD),
        (view("cancelled"), BAD),
    ],
)
def test_the_space(seen: dict[str, Any], verdict: Verdict) -> None:
    """One that is over cannot take place; somebody who is away is worth a word once the doors are open."""
    assert of_state(seen).verdict is verdict


def test_every_role_is_wanted() -> None:
    """Each must be there, the programme twice; a process that complains is named."""
    assert [finding.verdict for finding in of_roles(ALL)] == [OK]
    for role in ("house", "stage", "archive", "edge"):
        [finding] = of_roles([each for each in ALL if each["role"] != role])
        assert (finding.verdict, role in finding.advice) == (BAD, True)
    [finding] = of_roles(ALL[:3] + ALL[4:])
    assert (finding.verdict, "second programme" in finding.advice) == (WARNING, True)
    _, told = of_roles([*ALL, process("edge", problem="The disk is full.")])
    assert (told.what, told.verdict, told.found) == ("edge-0", WARNING, "The disk is full.")


def test_three_quarters_of_the_capacity_may_be_planned() -> None:
    """What is expected stands beside the sum of the edges; nothing else counts."""
    edges = [process("edge", places=600), process("edge", places=400), process("stage", places=9e9)]
    verdicts = {listeners: of_capacity(edges, listeners).verdict for listeners in (750, 751, 1000, 1001)}
    assert verdicts == {750: OK, 751: WARNING, 1000: WARNING, 1001: BAD}
    assert "1,000 listeners" in of_capacity(edges, None).found


def test_the_edge_with_the_fewest_open_files_is_named() -> None:
    """One that was started with a small limit is worth a word, however many the others take."""
    edges = [process("edge", capacity=19_872), process("edge", capacity=19_872)]
    assert of_descriptors(edges).verdict is OK
    found = of_descriptors([*edges, process("edge", capacity=896), process("stage", capacity=1)])
    assert (found.verdict, "896" in found.found, "LimitNOFILE" in found.advice) == (WARNING, True, True)
    assert of_descriptors([process("stage")]).verdict is WARNING


def test_bus_and_recordings(tmp_path: Path) -> None:
    """A store that takes nothing and a bus that does not answer are bad; embedded ones are looked at where they are."""
    here = Settings(data=str(tmp_path), nats_url="nats://127.0.0.1:1", recordings_url=f"file://{tmp_path}/objects")
    bus, recordings = of_parts(here)
    assert (bus.verdict, "STENTOR_NATS_URL" in bus.advice) == (BAD, True)
    assert recordings.verdict is OK
    assert not list((tmp_path / "objects").rglob("probe/*"))
    (tmp_path / "file").write_bytes(b"")
    _, recordings = of_parts(msgspec.structs.replace(here, recordings_url=f"file://{tmp_path}/file/objects"))
    assert (recordings.verdict, "STENTOR_RECORDINGS_URL" in recordings.advice) == (BAD, True)
    assert [each.verdict for each in of_parts(Settings(data=str(tmp_path / "elsewhere")))] == [WARNING, WARNING]


def test_room_that_the_operator_gives() -> None:
    """A talk of three hours has 0.2 GB: at the limit nothing can be opened, just below it this is the last one."""
    limits = {None: OK, 5_000_000_000: BAD, 5_100_000_000: WARNING, 6_000_000_000: OK}
    for most, verdict in limits.items():
        assert of_quota({"used_bytes": 5_000_000_000, "most_bytes": most}, 3.0).verdict is verdict


def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times what the talk needs is well; less than it needs is not."""
    settings = Settings(data=str(tmp_path))
    with_room_h = 9.5 * 3600 * sum(forecast.WRITTEN_BYTES_S.values())
    here = [Disk(("recordings", "database", "bus"), round(with_room_h))]
    monkeypatch.setattr("stentor.base.disk.look", lambda _: here)
    for hours, verdict in ((3.0, OK), (4.0, WARNING), (10.0, BAD)):
        assert [each.verdict for each in of_disks(settings, hours)] == [verdict]
    assert [each.verdict for each in of_disks(Settings(data=str(tmp_path / "elsewhere")), 1.0)] == [WARNING]


@pytest.mark.parametrize(
    ("kind", "status", "cache", "verdict"),
    [
        ("page", 200, "public, max-age=5, stale-while-revalidate=30", OK),
        ("page", 200, "private", WARNING),
        ("door", 200, "public, max-age=2", OK),
        ("door", 200, "", WARNING),
        ("aac", 200, "no-store", OK),
        ("aac", 200, "public, max-age=60", BAD),
        ("hls", 503, "no-store", BAD),
        ("hls", 429, "no-store", WARNING),  # a narrow door
        ("page", 429, "no-store", BAD),
        ("ticket", 200, "public, max-age=60", BAD),
        ("playlist", 200, "no-store", WARNING),
        ("part", 200, "public, max-age=60", OK),
        ("page", 404, "public, max-age=1", BAD),
    ],
)
def test_what_caches_are_told(kind: str, status: int, cache: str, verdict: Verdict) -> None:
    """A stream that would be cached is bad; a door that nobody caches costs only work."""
    finding = of_headers(kind, "http://x/", status, cache)
    assert (finding.verdict, bool(finding.advice)) == (verdict, verdict is not OK)


def test_a_reload_that_a_cache_has_answered() -> None:
    """The part that was waited for must be in it; a page in the place of a playlist has none."""
    playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART:DURATION=0.96,URI="aac-64/3.1.m4s"\n'
    assert of_reload("http://x/", playlist, "aac-64/3.1.m4s").verdict is OK
    for text in (playlist.replace("3.1", "3.0"), playlist.replace("PART:", "PRELOAD-HINT:TYPE=PART,"), "<html>"):
        found = of_reload("http://x/", text, "aac-64/3.1.m4s")
        assert (found.verdict, "_HLS_msn" in found.advice) == (BAD, True)


def test_a_clock_that_is_away() -> None:
    """What a cache keeps for two seconds is no wrong clock."""
    assert of_clock(10_000, 12.5).verdict is OK
    assert of_clock(10_000, 5.0).verdict is BAD


def test_addresses() -> None:
    """A name that leads nowhere is bad, one that leads here only is worth a word."""
    lost = of_address("audience address", "https://stentor.invalid/s/talk")
    assert (lost.verdict, "DNS" in lost.advice) == (BAD, True)
    here = of_address("audience address", "http://127.0.0.1:8081/s/talk")
    assert here.verdict is WARNING
    assert all(f"STENTOR_{each}_URL" in here.advice for each in ("PUBLIC", "AUDIENCE")), "one address is enough"
    assert "STENTOR_PUBLIC_URL" in of_address("house address", "http://localhost:8080").advice


def test_what_was_rehearsed_stands_beside_what_is_expected() -> None:
    """No certificate, one of another configuration, and more listeners than were driven are each worth a word."""
    now = configuration()
    shown = certify(report(), now)
    assert of_certificate(None, now, None).verdict is WARNING
    assert of_certificate(shown, now, 9_500).verdict is OK
    more = of_certificate(shown, now, 10_000)
    assert (more.verdict, "by extrapolation 21,250" in more.found) == (WARNING, True)
    changed = of_certificate(shown, configuration(max_seats=20), 10)
    assert (changed.verdict, "void: settings max_seats: 13 → 20" in changed.found) == (WARNING, True)


def test_those_who_wait_to_be_told() -> None:
    """How many come, by what was measured; where the last would be told too late it says what to do."""
    reach: dict[str, Any] = {
        "ways": {"push": {"waiting": 9000}, "mail": {"waiting": 1000}, "fediverse": {"waiting": 0}},
        "rate": 0.25, "measured_on": 400, "expected": 2500, "needed_s": 60.0,
    }  # fmt: skip
    found = of_reminders(reach)
    assert found.verdict is OK
    assert "10,000 wait to be told (9,000 by push, 1,000 by mail); about 2,500 come" in found.found
    assert "(25%, measured on 400 people)" in found.found
    assert of_reminders(reach | {"needed_s": 1000.0}).verdict is WARNING
    assert of_reminders(reach | {"ways": {}}).found == "nobody waits to be told"

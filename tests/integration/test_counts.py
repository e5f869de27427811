"""The numbers of an audience: the same at the API, on the bus for `/metrics`, in what is kept, and for the command."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stentor.bus.attacks import AttackFile
from stentor.bus.connection import Bus, connect
from stentor.bus.evidence import CountsHeard, EvidenceLog
from stentor.bus.salts import Salts, of_space
from stentor.bus.status import SpaceStatus, Status
from stentor.bus.streams import EVIDENCE
from stentor.edge import metrics
from stentor.evidence.attack import HostileSource, HostileSources
from stentor.evidence.counts import METHODS, count, kept_key
from stentor.evidence.report import Report, What
from stentor.evidence.report import kept_key as report_key
from stentor.evidence.row import EdgeSecond, SpaceSecond, encode
from stentor.evidence.sketch import Sketch
from stentor.evidence.told import lines
from stentor.evidence.verdict import Outcome, judge
from stentor.house.counts import reports, service, verdicts
from tests.support.house import House, problem, running_house
from tests.support.nats import nats_server
from tests.support.nights import SPACE, Night, replay
from tests.support.wait import PATIENCE_S, eventually

COUNTS = "/api/v1/spaces/talk/counts"
VERDICT = "/api/v1/spaces/talk/verdict"


def told(now_ms: int) -> list[EdgeSecond]:
    """A minute of two edges."""
    rows = []
    for edge in ("edge-0", "edge-1"):
        clients = Sketch()
        for second in range(60):
            clients.add((second * 2654435761 << 32) % 2**64)
            seen = SpaceSecond(hearing=second, joins=1, sound_chunks=3 * second, clients=clients.grown(), turned_away=2)
            rows.append(EdgeSecond(edge, now_ms + 1000 * second, spaces={"talk": seen}))
    return rows


async def figures(house: House) -> dict[str, dict[str, object]]:
    answer = await house.http.get(COUNTS)
    return answer.json()["figures"] if answer.status_code == 200 else {}


def _until(report: Path) -> int:
    """Of the last row that is in all of a report; 0 while there is none. A row may come while one is made."""
    if not report.exists():
        return 0
    found = msgspec.json.decode(report.read_bytes(), type=Report)
    return min(found.until_ms, found.verdict.until_ms)


async def have_come(house: House, name: str, wanted: float) -> None:
    """Waits until the house has all rows."""
    found: dict[str, dict[str, object]] = {}
    async with asyncio.timeout(PATIENCE_S):
        while found.get(name, {}).get("value") != wanted:
            await asyncio.sleep(0.1)
            found = await figures(house)


async def heard_by_edges(bus: Bus) -> CountsHeard:
    heard = CountsHeard()
    await heard.start(bus)
    return heard


async def until(salts: Salts, name: str, *, there: bool) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await salts.get(name) is not None) != there:  # noqa: ASYNC110 the bus tells nobody
            await asyncio.sleep(0.1)


async def test_the_same_numbers_everywhere_and_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is on, after a new house has come, and when all is over and no row is there any more."""
    monkeypatch.setattr(service, "AFTER_S", 1.0)
    monkeypatch.setattr(reports, "LOOK_S", 0.1)
    monkeypatch.setattr(reports, "ANEW_S", 0.2)
    monkeypatch.setattr(reports, "REST", 0)
    monkeypatch.setattr(verdicts, "ANEW_S", 0.0)
    monkeypatch.setattr(verdicts, "REST", 0)
    async with running_house(tmp_path) as house, connect(house.nats.url, name="edge") as bus:
        heard = await heard_by_edges(bus)
        await house.create()
        nothing = (await house.http.get(COUNTS)).json()
        assert (nothing["rows"], nothing["figures"], nothing["curve"]["peaks"]) == (0, {}, [])
        problem(await house.anyone.get(COUNTS), 401, "not-signed-in")
        unknown = (await house.http.get(VERDICT)).json()
        assert (unknown["rows"], unknown["finding"]) == (0, "UNKNOWN")
        problem(await house.anyone.get(VERDICT), 401, "not-signed-in")
        await house.http.post("/api/v1/spaces/talk/live")
        salts, name = Salts(bus), of_space("talk")
        await until(salts, name, there=True)  # edges can name clients
        rows, log = told(round(time.time() * 1000)), EvidenceLog(bus)
        for row in [*rows, rows[7]]:
            await log.publish(row)
        wanted = count("talk", rows)
        assert wanted is not None
        expected = {name: msgspec.to_builtins(getattr(wanted, name)) for name in METHODS}
        await have_come(house, "peak", wanted.peak.value)
        assert await figures(house) == expected
        await eventually(lambda: heard.of("talk") == wanted, "edges are told")
        edge = Status("edge", "edge-0", 0, 1, {"talk": SpaceStatus(chunk=1)})
        page = metrics.render([edge], metrics.ToldByHouses(heard.of, counted=heard.spaces)).decode()
        for name, figure in expected.items():
            assert f'stentor_space_{name}{{space="talk"}} {float(figure["value"])}' in page
        assert count("talk", await log.read()) == wanted  # what the command prints
        await house.stop()
        await house.start()
        await have_come(house, "peak", wanted.peak.value)
        assert await figures(house) == expected
        hostile = HostileSource("198.51.100.7", "hasty", rows[3].at_ms, rows[5].at_ms, 900, 1)
        await AttackFile(bus).tell(HostileSources("edge-0", [hostile]))
        played = SpaceSecond(plays=2, robots=1, players=bytes(range(12)))
        await log.publish(EdgeSecond("edge-0", rows[-1].at_ms + 90_000, spaces={"talk": played}))
        expected["plays"] |= {"value": 2, "low": 2, "high": 2}
        expected["plays_gross"] |= {"value": 3, "low": 3, "high": 3}
        await have_come(house, "plays", 2)
        await house.http.post("/api/v1/spaces/talk/end")
        folder = Path(house.settings.recordings_address.removeprefix("file://"))
        kept, report = folder / kept_key("talk"), folder / report_key("talk")
        told_ms = count("talk", await log.read()).until_ms  # type: ignore[union-attr]
        await eventually(lambda: _until(report) == told_ms, "the report has the last row")
        found = msgspec.json.decode(report.read_bytes(), type=Report)
        assert found.addresses_kept
        assert hostile.address not in report.read_text("utf-8")
        said = {name: figure.value for name, figure in found.figures.items()}
        assert said | {"hearing": 0} == {name: figure["value"] for name, figure in expected.items()} | {"hearing": 0}
        assert found.verdict == judge("talk", await log.read())  # what the command prints
        assert max(step.hearing for step in found.course.steps) == wanted.peak.value
        assert [moment.what for moment in found.moments][:3] == [What.ANNOUNCED, What.DOORS, What.LIVE]
        await eventually(kept.exists, "it is kept")
        await eventually(lambda: (now := heard.of("talk")) is not None and now.plays.value == 2, "edges are told")
        page = metrics.render([], metrics.ToldByHouses(heard.of, counted=heard.spaces), {}, {"talk"}).decode()
        assert 'stentor_space_plays{space="talk"} 2.0' in page  # no edge carries it any more
        await until(salts, name, there=False)  # nobody can be named any more
        await house.stop()
        await bus.js.purge_stream("EVIDENCE")
        await house.start()
        assert {name: figure["value"] for name, figure in (await figures(house)).items()} == {
            name: figure["value"] for name, figure in expected.items() if name != "hearing"
        } | {"hearing": 0}
        await log.publish(EdgeSecond("edge-1", rows[-1].at_ms + 95_000, spaces={"talk": played}))
        await log.publish(
            EdgeSecond("edge-1", rows[-1].at_ms + 96_000, spaces={"talk": SpaceSecond(plays=1, players=b"abcdef")})
        )
        await have_come(house, "plays", 3)
        assert (await figures(house))["peak"]["value"] == wanted.peak.value


async def test_the_verdict_so_far_is_that_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it happens, of the same rows: word for word, and again when more have come."""
    monkeypatch.setattr(verdicts, "ANEW_S", 0.0)
    monkeypatch.setattr(verdicts, "REST", 0)
    async with running_house(tmp_path) as house, connect(house.nats.url, name="edge") as bus:
        await house.create()
        await house.http.post("/api/v1/spaces/talk/live")
        log, now_ms = EvidenceLog(bus), round(time.time() * 1000)
        night = Night(7, "push", "page flood", share=0.8, load=2.0)
        rows = [
            msgspec.structs.replace(row, at_ms=now_ms + 1000 * second, spaces={"talk": row.spaces[SPACE]})
            for second, row in enumerate(replay(night).rows)
        ]
        for since, until, finding in ((0, 3, Outcome.NOTHING_WAS_FULL), (3, len(rows), Outcome.ATTACK)):
            for row in rows[since:until]:
                await log.publish(row)
            kept: list[EdgeSecond] = []
            async with asyncio.timeout(PATIENCE_S):
                while len(kept) < until:
                    await asyncio.sleep(0.1)
                    kept = await log.read()
            told = judge("talk", kept)
            assert told is not None
            assert told.finding is finding
            answer: dict[str, Any] = {}
            async with asyncio.timeout(PATIENCE_S):
                while answer.get("rows") != told.rows:
                    await asyncio.sleep(0.1)
                    answer = (await house.http.get(VERDICT)).json()
            assert (answer["finding"], answer["lines"]) == (told.finding, list(lines(told)))
            assert (answer["hostile"] is not None) == told.accuses
            assert answer["audience"] == msgspec.to_builtins(told.loads[0].audience)


async def test_a_house_that_begins_anew_after_the_end_completes_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all rows, not of those that it has read so far; and what is complete is made by nobody again."""
    monkeypatch.setattr(reports, "LOOK_S", 0.1)
    monkeypatch.setattr(reports, "ANEW_S", 0.2)
    monkeypatch.setattr(reports, "REST", 0)
    async with running_house(tmp_path) as house, connect(house.nats.url, name="edge") as bus:
        await house.create()
        await house.http.post("/api/v1/spaces/talk/live")
        rows, log = told(round(time.time() * 1000) - 60_000), EvidenceLog(bus)
        for row in rows:
            await log.publish(row)
        wanted = count("talk", rows)
        assert wanted is not None
        await have_come(house, "peak", wanted.peak.value)
        await house.http.post("/api/v1/spaces/talk/end")
        report = Path(house.settings.recordings_address.removeprefix("file://")) / report_key("talk")
        await eventually(lambda: _until(report) > 0 and b'"ended_ms":null' not in report.read_bytes(), "it has ended")
        assert not msgspec.json.decode(report.read_bytes(), type=Report).final
        await house.stop()
        monkeypatch.setattr(reports, "FINAL_MS", 0)
        await house.start()
        await eventually(lambda: b'"final":true' in report.read_bytes(), "it is complete")
        found = msgspec.json.decode(report.read_bytes(), type=Report)
        assert (found.figures["peak"].value, found.verdict.rows) == (wanted.peak.value, len(rows))
        assert max(step.hearing for step in found.course.steps) == wanted.peak.value
        before = report.stat().st_mtime_ns
        await house.stop()
        await house.start()
        await have_come(house, "peak", wanted.peak.value)
        assert report.stat().st_mtime_ns == before


async def test_the_bus_keeps_a_row_and_sixty_bytes_more_at_most(tmp_path: Path) -> None:
    """Its subject, its time and its sum: what docs/reference/evidence.md adds to the size of rows."""
    async with nats_server(tmp_path) as nats, connect(nats.url, name="edge") as bus:
        rows, log = told(round(time.time() * 1000)), EvidenceLog(bus)
        for row in rows:
            await log.publish(row)
        async with asyncio.timeout(PATIENCE_S):
            while (state := (await bus.js.stream_info(EVIDENCE)).state).messages < len(rows):  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.1)
        more = (state.bytes - sum(len(encode(row)) for row in rows)) / len(rows)
        assert 30 < more < 60

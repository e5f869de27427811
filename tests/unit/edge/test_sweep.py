"""One client that looks for paths that are not there, in a quiet talk: it is told of, and is called nothing."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from stentor.base.texts import LANGUAGES
from stentor.base.units import SpaceId
from stentor.cli.evidence import evidence
from stentor.crowd.addresses import Addresses
from stentor.edge.seconds import Seconds
from stentor.evidence import report_page
from stentor.evidence.counts import count
from stentor.evidence.course import CourseTally
from stentor.evidence.report import Report, report
from stentor.evidence.row import EdgeRoom, EdgeSecond, line
from stentor.evidence.story import story
from stentor.evidence.told import lines
from stentor.evidence.verdict import LEAST_SHARE, NightVerdict, Outcome, judge
from stentor.house.counts.api import verdict_view
from stentor.spaces.model import Space, State
from tests.support.edge import DOORS_OPEN_MS, SPACE, edge, request

ROOT = Path(__file__).parents[3]
PATHS = 1461
SECONDS = 12
CPU_MS = 70
"""A second of the sweep: seven times what the quiet talk takes."""
WORD = re.compile("attack|angriff|angreif|angegriff|hostile|feindlich", re.IGNORECASE)
ACCUSING = {
    "report.found.NOTHING WAS FULL.absorbed", "report.found.ATTACK", "report.found.MIXED", "report.change.ATTACK",
    "report.hostile", "report.hostile.of", "report.plot.without",
    "verdict.absorbed", "verdict.attack", "verdict.mixed",
}  # fmt: skip
"""Texts that say who did it; nobody is shown them unless somebody is accused."""
FILE = {"site.attack", "site.attack_hint"}
"""What the file with addresses is called where it is fetched."""


async def swept() -> list[EdgeSecond]:
    """The rows of a real edge: three hear, one other asks for one path after the other. Only the processor's time is
    put in, since here it is that of the test as well."""
    own = Addresses(connections=0, requests=0, proxy=lambda address: address == "127.0.0.1")
    async with edge(chunks=36, addresses=own) as rig:
        told, found = Seconds(rig.worker, rig.site, "edge-0"), []
        streams = [await rig.open("/s/friday/live.aac", f"X-Forwarded-For: 192.0.2.{n}") for n in range(3)]
        for reader, _ in streams:
            await reader.readuntil(b"\r\n\r\n")
        reader, writer = await rig.open("/s/friday/nothing", "X-Forwarded-For: 198.51.100.7")
        for second in range(60):
            paths = range(second * PATHS // SECONDS, (second + 1) * PATHS // SECONDS) if second < SECONDS else ()
            for path in paths:
                writer.write(request(f"/s/friday/{path}.php", "X-Forwarded-For: 198.51.100.7"))
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(re.findall(rb"(?i)content-length: (\d+)", head)[0]))
            rig.now += 1.0
            rig.worker.addresses.second()
            row = told.row()
            assert row is not None
            found.append(
                msgspec.structs.replace(row, cpu_ms=CPU_MS if paths else 10, room=EdgeRoom(1000, 5000, 0, 1000))
            )
        for _, each in (*streams, (reader, writer)):
            each.close()
    return found


def reported(rows: list[EdgeSecond], verdict: NightVerdict, *, final: bool) -> Report:
    tally = CourseTally(SPACE)
    for row in rows:
        tally.hear(row)
    counts, course = count(SPACE, rows), tally.course()
    assert counts is not None
    assert course is not None
    ended_ms = rows[-1].at_ms + 1000
    space = Space(
        SpaceId(SPACE), "A talk", State.ENDED, doors_open_ms=DOORS_OPEN_MS, live_ms=DOORS_OPEN_MS, ended_ms=ended_ms
    )
    return report(space, [], verdict, counts, course, final=final, addresses_kept=True)


async def test_a_sweep_of_1461_paths_is_called_nothing_anywhere(tmp_path: Path) -> None:
    """It has most of the load of a quiet talk, and next to nothing of what there is: page, print, JSON, terminal, the
    hosts' page. The requests themselves are told of."""
    rows = await swept()
    found = judge(SPACE, rows)
    assert found is not None
    first = next(load for load in found.loads if load.resource.value == "processor")
    assert first.hostile.low > 0.5 * first.used.value > LEAST_SHARE * first.used.value
    assert (found.finding, found.accuses, found.by) == (Outcome.NOTHING_WAS_FULL, False, None)
    said = list(lines(found))
    assert any("more requests than any player or page sends: 1,4" in each for each in said)
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"".join(map(line, rows)))
    for option in ((), ("--json",)):
        said.append(CliRunner().invoke(evidence, ["verdict", str(file), *option], catch_exceptions=False).output)
    said.append(msgspec.json.encode(verdict_view(SPACE, found, count(SPACE, rows))).decode())
    for final in (True, False):
        made = reported(rows, found, final=final)
        said += [msgspec.json.encode(made).decode(), *(each.text for each in story([], made, str))]
        for language in LANGUAGES:
            said += [report_page.standalone(made, "A talk", language), report_page.text(made, "A talk", language)]
    names = re.compile(r'"(hostile|accuses)":')  # fields of JSON are no words to anybody
    assert [each[:200] for each in said if WORD.search(names.sub("", each))] == []


async def test_what_takes_a_tenth_of_all_there_is_for_a_minute_is_named() -> None:
    """Twelve seconds of three tenths of a processor are less than that, of eight tenths more."""
    rows = await swept()
    for cpu_ms, named in ((300, False), (800, True)):
        found = judge(
            SPACE, [msgspec.structs.replace(row, cpu_ms=cpu_ms if row.cpu_ms == CPU_MS else 10) for row in rows]
        )
        assert found is not None
        assert (found.finding, found.accuses) == (Outcome.NOTHING_WAS_FULL, named)
        assert ("was absorbed" in found.reason) is named


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_other_text_of_the_product_has_the_word(language: str) -> None:
    """Mail, notices, pages and alerts included; and the hosts' page says the three only of somebody who is accused."""
    with_word = {
        key
        for file in (ROOT / "src" / "stentor").rglob(f"texts/{language}.json")
        for key, text in msgspec.json.decode(file.read_bytes(), type=dict[str, str]).items()
        if WORD.search(text)
    }
    assert with_word == ACCUSING | FILE
    script = (ROOT / "src" / "stentor" / "house" / "static" / "verdict.js").read_text("utf-8")
    shown = re.findall(r"^.*verdict\.(?:absorbed|mixed)\b.*$", script, re.MULTILINE)
    assert len(shown) == 2
    assert all("text(accuses ? " in each for each in shown)
    assert not re.search("attack", (ROOT / "deploy" / "prometheus" / "stentor.rules.yml").read_text("utf-8"), re.I)

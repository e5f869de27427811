"""No test gives up while what it waits for is merely slow."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
LEAST_S = 60
NESTED = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
CLIENT = re.compile(rf"httpx\.(?:AsyncClient|Client|delete|get|post|put|request)\(({NESTED})\)")
NUMBER = r"(\d[\d._]*)"
WAITS = [
    re.compile(each)
    for each in (
        rf"asyncio\.timeout\({NUMBER}\)",
        rf"\b(?:becomes|eventually|says|until)\({NESTED}\bwithin_s={NUMBER}",
        rf"\buntil\({NESTED}, {NUMBER}\)",
        rf"\bpatiently\(within_s={NUMBER}",
        rf"\bwait_for\({NESTED}, (?:timeout=)?{NUMBER}\)",
        rf"(?:monotonic|\btime)\(\) \+ {NUMBER}\b",
    )
]
ASKS_AGAIN = "timeout=1", "timeout=2", "timeout=3"
"""Where a process may be dead: another request follows."""


def test_one_limit_for_everything_that_is_waited_for() -> None:
    """PATIENCE_S (tests.support.wait), or more: httpx alone gives up after five seconds, and so did many tests."""
    short, looked = [], 0
    for file in TESTS.rglob("test_*.py"):
        text = file.read_text("utf-8")
        waits = [found for each in WAITS for found in each.finditer(text)]
        looked += len(waits) + text.count("PATIENCE_S")
        short += [f"{file.name}: {found[0]}" for found in waits if float(found[1]) < LEAST_S]
        for found in CLIENT.finditer(text):
            given = re.search(r"timeout=(\w+)", found[1])
            patient = given and (not given[1].isdigit() or int(given[1]) >= LEAST_S or given[0] in ASKS_AGAIN)
            if not patient and "MockTransport" not in found[1]:
                short.append(f"{file.name}: {found[0]}")
    assert looked > 100, "the files of tests are somewhere else"
    assert not short, f"wait for PATIENCE_S, which is the default of eventually, until and says: {short}"

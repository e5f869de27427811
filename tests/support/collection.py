"""A pytest plugin: what is read before the first test runs, which tests run in real time, how long one may take, and
which alone are run.

Reading all test files takes ten seconds of a processor, in each process that runs tests. Where only those that judge
seconds are asked for, by ``-m realtime``, files that nowhere name this mark are not read.

What drives servers, browsers and players runs in real time, too, though it judges no seconds: other work on the machine
can spoil it. It has the mark ``processes``, and three times as long as its ``timeout`` says: that is what it may take
where little else runs. How often a test is tried says ``tests.support.twice``, by which ids alone are run again, too.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Final

import pytest

REALTIME, PROCESSES = "realtime", "processes"
FOLDERS = {"browser", "integration", "interop", "faults"}
"""Whose tests drive processes."""
STORE = "test_store"
"""But those that only ask a database begin like this."""
TRIES, ID = "tries", "id"
"""The names of properties in the JUnit report."""
ONLY: Final = "STENTOR_TESTS_ONLY"
"""A variable with a file of ids of tests, as a list in JSON: only these are run. Of thousands there is no room in a
variable."""
LONGER = 3


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what drives processes and gives it time, and says in the report what is tried again."""
    if only := _only():
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in only])
        items[:] = [item for item in items if item.nodeid in only]
    for item in items:
        drives = item.path.parent.name in FOLDERS and not item.path.name.startswith(STORE)
        if drives:
            item.add_marker(PROCESSES)
        drives = drives or item.get_closest_marker(PROCESSES) is not None
        if drives and config.pluginmanager.hasplugin("timeout"):
            _give_time(item, float(config.getini("timeout") or 0))
        item.user_properties += [(TRIES, "3" if drives else "2"), (ID, item.nodeid)]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a test file out that has none of the tests that are asked for."""
    if not collection_path.name.startswith("test_") or not collection_path.is_file():
        return None
    if only := _only():
        return None if collection_path in {config.rootpath / each.partition("::")[0] for each in only} else True
    if config.option.markexpr != REALTIME:
        return None
    return True if REALTIME not in collection_path.read_text("utf-8") else None


def _give_time(item: pytest.Item, usual_s: float) -> None:
    marked = item.get_closest_marker("timeout")
    least_s = float(marked.args[0]) if marked and marked.args else usual_s
    item.add_marker(pytest.mark.timeout(LONGER * least_s), append=False)


def _only() -> list[str]:
    file = os.environ.get(ONLY)
    return _read(file) if file else []


@cache
def _read(file: str) -> list[str]:
    found: list[str] = json.loads(Path(file).read_text("utf-8"))
    return found

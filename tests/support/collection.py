"""A pytest plugin: what is read before the first test runs, and which tests run in real time.

Reading all test files takes ten seconds of a processor, in each process that runs tests. Where only those that judge
seconds are asked for, by ``-m realtime``, files that nowhere name this mark are not read.

What drives servers, browsers and players runs in real time, too, though it judges no seconds: other work on the machine
can spoil it. It has the mark ``processes``. Both kinds have a second try (``tests.support.twice``), nothing else has.
"""

from __future__ import annotations

from pathlib import Path

import pytest

REALTIME, PROCESSES = "realtime", "processes"
FOLDERS = {"browser", "integration", "interop", "faults"}
"""Whose tests drive processes."""
STORE = "test_store"
"""But those that only ask a database begin like this."""
TRIES = "tries"
"""The name of a property in the JUnit report."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what drives processes, and says in the report what is tried again."""
    for item in items:
        if item.path.parent.name in FOLDERS and not item.path.name.startswith(STORE):
            item.add_marker(PROCESSES)
        if item.get_closest_marker(REALTIME) or item.get_closest_marker(PROCESSES):
            item.user_properties.append((TRIES, "2"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a test file out that has none of the tests that are asked for."""
    if config.option.markexpr != REALTIME or not collection_path.name.startswith("test_"):
        return None
    return True if collection_path.is_file() and REALTIME not in collection_path.read_text("utf-8") else None

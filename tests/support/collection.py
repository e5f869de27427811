"""A pytest plugin: what is read before the first test runs.

Reading all test files takes ten seconds of a processor, in each process that runs tests. Where only those that judge
seconds are asked for, by ``-m realtime``, files that nowhere name this mark are not read.
"""

from __future__ import annotations

from pathlib import Path

import pytest

REALTIME = "realtime"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves a test file out that has none of the tests that are asked for."""
    if config.option.markexpr != REALTIME or not collection_path.name.startswith("test_"):
        return None
    return True if collection_path.is_file() and REALTIME not in collection_path.read_text("utf-8") else None

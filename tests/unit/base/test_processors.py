"""What a process may count on of the processors: its control groups' quotas are counted, of both versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stentor.base.processors import processors

PERIOD = {"cpu__a__cpu_cfs_period_us": "100000"}
ALL = float(len(os.sched_getaffinity(0)))


def machine(root: Path, groups: str, **files: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name.replace("__", "/").replace("cpu_", "cpu.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"cpu_max": "5000 100000\n"}, 0.05),
        ("0::/a/b\n", {"a__cpu_max": "20000 100000\n", "a__b__cpu_max": "max 100000\n"}, 0.2),
        ("0::/a\n", {"a__cpu_max": "900000 1000\n"}, ALL),
        ("0::/\n", {}, ALL),
        ("0::/\n", {"cpu_max": "10 100000\n"}, 0.01),
        ("0::/\n", {"cpu_max": "nonsense\n"}, ALL),
        ("2:cpuset:/x\n1:cpu:/a\n0::/\n", {**PERIOD, "cpu__a__cpu_cfs_quota_us": "25000"}, 0.25),
        ("1:cpu:/a\n", {**PERIOD, "cpu__a__cpu_cfs_quota_us": "-1"}, ALL),
        ("no line of a group\n", {}, ALL),
    ],
)  # fmt: skip
def test_the_smallest_quota_on_the_way_up_counts(
    tmp_path: Path, groups: str, files: dict[str, str], expected: float
) -> None:
    assert processors(machine(tmp_path, groups, **files)) == pytest.approx(expected)


def test_without_groups_all_processors_count(tmp_path: Path) -> None:
    assert processors(tmp_path) == ALL

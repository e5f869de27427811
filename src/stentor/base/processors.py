"""How many processors this process may use: those of the machine, or what its control groups leave it of them.

A container's limit (``--cpus``, ``resources.limits.cpu``, ``CPUQuota=``) is a quota of time, and the machine's
processors are seen inside as if all were there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

LEAST = 0.01
"""Of a processor: whoever has less cannot carry anything."""


def processors(root: Path = Path("/")) -> float:
    """1.0 is all of one. Linux's control groups, version 1 and 2 (cgroups(7)); elsewhere all that there are."""
    most = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    with suppress(OSError, ValueError):
        most = min([most, *_quotas(root)])
    return max(LEAST, most)


def _quotas(root: Path) -> Iterator[float]:
    """Of the group of this process and of all above it."""
    for line in (root / "proc/self/cgroup").read_text("utf-8").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mounts = (controllers, "cpu") if controllers else ("", "unified")
        for folder in (root / "sys/fs/cgroup" / name for name in dict.fromkeys(mounts)):
            group = PurePosixPath(path)
            for each in (group, *group.parents):
                found = _quota(folder / each.relative_to("/"), new=not controllers)
                if found is not None:
                    yield found


def _quota(group: Path, *, new: bool) -> float | None:
    """None where there is none."""
    with suppress(OSError, ValueError):
        if new:
            quota, period = (group / "cpu.max").read_text("ascii").split()
        else:
            quota, period = (
                (group / f"cpu.cfs_{name}_us").read_text("ascii").strip() for name in ("quota", "period")
            )  # fmt: skip
        if quota not in ("max", "-1"):
            return int(quota) / int(period)
    return None

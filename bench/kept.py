"""What is kept of a run: by what code, on what machine, and how the machine stood while each figure was taken."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil

RESULTS: Final = Path(__file__).parent / "results"


def head() -> dict[str, Any]:
    """When, where and by which commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "commit": commit.stdout.strip(),
        "load_average_before": round(os.getloadavg()[0], 2),
    }


@contextmanager
def watched(figure: dict[str, Any]) -> Iterator[None]:
    """Sets ``figure["state"]``: ``load``, the load average of a minute as it begins; ``steal`` and ``busy``, the parts
    of all processors' time that the machine below took away and that somebody used; ``mhz``, their mean frequency at
    the end, null where nobody says it."""
    load, before = os.getloadavg()[0], psutil.cpu_times()
    try:
        yield
    finally:
        after, clock = psutil.cpu_times(), psutil.cpu_freq()
        passed = {name: getattr(after, name) - getattr(before, name) for name in after._fields}
        whole = sum(passed[name] for name in ("user", "system", "idle", "iowait", "irq", "softirq", "steal")) or 1.0
        figure["state"] = {
            "load": round(load, 2),
            "busy": round(1 - (passed["idle"] + passed["iowait"] + passed["steal"]) / whole, 3),
            "steal": round(passed["steal"] / whole, 4),
            "mhz": round(clock.current) if clock and clock.current else None,
        }


def state(figure: Mapping[str, Any]) -> str:
    """The same for people, to stand beside the figure."""
    told = figure["state"]
    clock = f", {told['mhz']} MHz" if told["mhz"] else ""
    return f"[load {told['load']:.1f}, busy {told['busy']:.0%}, stolen {told['steal']:.1%}{clock}]"


def keep(name: str, found: Mapping[str, Any]) -> Path:
    """Writes ``bench/results/<name>-<time>.json``, and says so."""
    RESULTS.mkdir(exist_ok=True)
    at = datetime.fromisoformat(found["at"])
    file = RESULTS / f"{name}-{at:%Y%m%d-%H%M}.json"
    file.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to bench/results/{file.name}", flush=True)
    return file

"""All that the README's table says of cost, in one run: ``make bench``, 20 minutes at most on two quiet
cores.

``python -m bench [--again FILE]``. Kept is one file, ``bench/results/whole-<time>.json``, with how the machine stood
beside each figure; from it come the rows of the tables in ``README.md`` and ``docs/explanation/measured.md`` and the
two pictures. ``--again`` makes these anew from such a file and measures nothing. A run that breaks off is gone on with.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from bench import crowd, fanout, requests, stage, tls
from bench.kept import RESULTS, head, keep

ROOT: Final = Path(__file__).parents[1]
TABLES: Final = ("README.md", "docs/explanation/measured.md")
UNFINISHED: Final = RESULTS / "unfinished.json"
"""What a run has measured so far: one that breaks off is gone on with, if nothing was committed since."""
CROWDS: Final = (5_000, 20_000, 100_000)
"""On the same two processors as the whole of Stentor."""
SIZE: Final = re.compile(r"[\d,]+")
"""How rows about a crowd begin."""
MANY, MOST = 20_000, 100_000
"""Sizes of which the README tells."""


def measure() -> dict[str, Any]:
    """Every part with what it found, and ``took_s``, how long each was at it."""
    found: dict[str, Any] = head() | {"took_s": {}}
    if UNFINISHED.exists():
        before: dict[str, Any] = json.loads(UNFINISHED.read_text("utf-8"))
        found = before if before["commit"] == found["commit"] else found
    parts: dict[str, Callable[[], Any]] = {
        "stage": lambda: asyncio.run(stage.compare()),
        "requests": measure_requests,
        "evidence": evidence,
        "tls": lambda: tls.compare(1_000, 6.0),
        "fanout": lambda: fanout.compare(list(fanout.SERVERS), fanout.SIZES, 1_200.0, 6.0),
        "crowd": lambda: crowd.crowds(CROWDS, 1_200.0, 10.0, crowd.enough(max(CROWDS))),
    }
    for name, part in parts.items():
        if name in found:
            continue
        print(f"== {name}", flush=True)
        began = time.monotonic()
        found[name] = part()
        found["took_s"][name] = round(time.monotonic() - began)
        UNFINISHED.write_text(json.dumps(found), "utf-8")
    print(f"{length(found)}: " + ", ".join(f"{name} {took} s" for name, took in found["took_s"].items()))
    return found


def length(found: dict[str, Any]) -> str:
    """How long the parts of a run took together."""
    return f"{sum(found['took_s'].values()) / 60:.1f} minutes"


def states(told: Any) -> Iterator[dict[str, Any]]:
    """How the machine stood, of each figure of a run or a part of one."""
    inner = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    if isinstance(told, dict) and "state" in told:
        yield told["state"]
    for each in inner:
        yield from states(each)


def measure_requests() -> dict[str, Any]:
    found = requests.compare(2.0, 3)
    requests.show(found)
    return found


def evidence() -> dict[str, Any]:
    """In a process of its own: it replaces parts of the edge."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "evidence.json")
        subprocess.run([sys.executable, "-m", "bench.evidence", "--rounds", "3", "--out", str(out)], check=True)
        told: dict[str, Any] = json.loads(out.read_text())
        return told


def rows(found: dict[str, Any]) -> list[str]:
    """Rows of tables; each belongs where one with the same first cell stands."""
    curves, at_once = found["fanout"]["curves"], found["fanout"]["stampede"]
    sizes = fanout.sizes_of(curves)
    cost = {name: dict(zip(sizes, curve, strict=False)) for name, curve in curves.items() if curve}
    stages, asked = found["stage"], found["requests"]["cost_us"]
    full, bad = stages["13 seats"], stages["bad network"]
    ours = at_once["stentor"]

    def told(name: str, size: int) -> str:
        one = cost.get(name, {}).get(size)
        if one is None or one["broke"]:
            broken = next((each for each in curves.get(name) or () if each["broke"]), None)
            return f"breaks at {broken['listeners']:,}" if broken else "not measured"
        pause = "" if one["pause_p99_ms"] < 3_000 else f", pauses of {one['pause_p99_ms'] / 1000:.0f} s"
        return f"{one['cpu_us_per_listener_second']:.1f} µs{pause}"

    floor, icecast = curves["c_loop"][-1], at_once.get("icecast")
    names = {name: fanout.SERVERS[name][0] for name in ("icecast", "asgi") if curves.get(name)}
    broken = [f"{label} {told(name, MOST)}" for name, label in names.items()]
    late = f"Icecast {icecast['first_sound_p99_ms'] / 1000:.1f} s, {playing(icecast)}" if icecast else ""
    return [
        f"| processor time of a listener-second, {MANY:,} listeners | {told('stentor', MANY)} | "
        f"C loop with {floor['listeners']:,} {floor['cpu_us_per_listener_second']:.1f} µs, "
        f"nginx with HLS {told('nginx_hls', MANY)} |",
        f"| the same, {MOST:,} listeners on one core | {told('stentor', MOST)} | "
        f"nginx with HLS {told('nginx_hls', MOST)}; {'; '.join(broken)} |",
        f"| 5,000 who come within half a second, first sound at p99 | {ours['first_sound_p99_ms']:.0f} ms, "
        f"{playing(ours)} | {late} |",
        f"| a stage of 13, three talking | {full['stentor']['cpu']:.0f} % of a core | "
        f"aiortc as it comes {full['aiortc']['cpu']:.0f} % |",
        f"| processor time of an LL-HLS part of 6 kB, and of a playlist | {asked['a part']:.1f} µs, "
        f"{asked['a playlist']:.1f} µs | nginx, a file of a part's size: {asked['nginx, a file']:.1f} µs |",
        f"| 20 ms ticks with sound at 5 % loss and 20 ms jitter | {bad['stentor']['ticks']:.1f} of 50, "
        f"{bad['stentor']['delay']:.0f} ms behind | aiortc as it comes {bad['aiortc']['ticks']:.1f} of 50 |",
        f"| the run itself | {length(found)} | load {found['load_average_before']:.1f} before it, at most "
        f"{max(state['steal'] for state in states(found)):.1%} of the processors' time stolen beside a figure |",
        *fanout.table(found["fanout"], sizes).splitlines(),
    ]  # fmt: skip


def playing(one: dict[str, Any]) -> str:
    return "all play" if one["playing"] >= fanout.STAMPEDE else f"{one['playing']:,} play"


def replaced(text: str, rows: list[str]) -> str:
    """A document with these rows in place of those with the same first cell; without crowds of other sizes."""
    by_cell = {row.split("|")[1].strip(): row for row in rows}
    kept = []
    for line in text.split("\n"):
        cell = line.split("|")[1].strip() if line.startswith("| ") else ""
        if cell in by_cell or not SIZE.fullmatch(cell):
            kept.append(by_cell.get(cell, line))
    return "\n".join(kept)


def show(found: dict[str, Any]) -> None:
    """Into the documents."""
    curves = found["fanout"]["curves"]
    for name in TABLES:
        file = ROOT / name
        file.write_text(replaced(file.read_text("utf-8"), rows(found)), "utf-8")
    fanout.PICTURE.write_text(fanout.draw(curves, fanout.sizes_of(curves)), "utf-8")
    crowd.PICTURE.write_text(crowd.draw(found["crowd"]["curve"]), "utf-8")
    print(f"Tables in {' and '.join(TABLES)} and two pictures are of this run.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", type=Path, help="the file of such a run: measure nothing, make tables and pictures")
    options = parser.parse_args()
    if options.again:
        found = json.loads(options.again.read_text("utf-8"))
    else:
        found = measure()
        keep("whole", found)
        UNFINISHED.unlink()
    show(found)


if __name__ == "__main__":
    main()

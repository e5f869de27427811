"""Fuzzes one target, or all in turn, guided by the coverage of our own code (Atheris, libFuzzer).

``python -m tests.fuzz.run chunk --seconds 60 --seed 1 --corpus DIR``. A finding is written to DIR as libFuzzer does it,
and ends the run with its trace; bring the bytes to ``tests/fuzz/found/<target>/`` with the repair.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import atheris

OURS = [
    "stentor.wire",
    "stentor.spaces",
    "stentor.stage",
    "stentor.bus",
    "stentor.edge",
    "stentor.crowd",
    "stentor.house",
]


def one(name: str, *, seconds: int, seed: int, corpus: Path) -> None:
    """Does not return: libFuzzer ends the process, with 0 when nothing was found."""
    with atheris.instrument_imports(include=OURS):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 (what is imported here is instrumented)

    target = TARGETS[name]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(data)
    options = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={target.most}",
        f"-artifact_prefix={corpus}/",
        "-timeout=10",  # one input of 4 kB that takes ten seconds is a finding
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        "-verbosity=0",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


def every(*, seconds: int, seed: int, corpus: Path) -> int:
    """All targets, one on each core at a time; says how much each did, and how many had findings."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 (without instrumentation: only their names)

    with ThreadPoolExecutor(os.cpu_count()) as cores:
        clean = list(cores.map(partial(_alone, seconds=seconds, seed=seed, corpus=corpus), TARGETS))
    return clean.count(False)


def _alone(name: str, *, seconds: int, seed: int, corpus: Path) -> bool:
    """Fuzzes one target in a process of its own; whether nothing was found."""
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.run", name, "--seconds", str(seconds), "--seed", str(seed)]
    done = subprocess.run([*command, "--corpus", str(corpus / name)], capture_output=True, text=True, check=False)
    runs = next((line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line), "?")
    verdict, trace = ("clean", "") if done.returncode == 0 else ("FOUND", done.stdout[-3000:] + done.stderr[-3000:])
    print(f"{name:14} {verdict} {runs:>10} inputs in {time.monotonic() - began:.0f} s\n{trace}", end="", flush=True)
    return done.returncode == 0


def main() -> None:
    """Ends with 1 when there were findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", default="")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=None, help="kept between runs; a folder that is gone afterwards")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        corpus = wish.corpus or Path(passing)
        if wish.target:
            one(wish.target, seconds=wish.seconds, seed=wish.seed, corpus=corpus)
        sys.exit(1 if every(seconds=wish.seconds, seed=wish.seed, corpus=corpus) else 0)


if __name__ == "__main__":
    main()

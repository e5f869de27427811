"""How many listeners two processors carry with the crowd on the same two.

``python -m bench.most [--listeners 120000 150000] [--rate 1200] [--seconds 12]``. The edges of ``bench.fanout``
with its crowd at 48 kbit/s; but nobody has a processor to themselves. Told are pauses, first sound, bits and what
edges and crowd take of the processors. It ends where a crowd is no longer carried: the edges' buffers run dry.
"""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from typing import Any

import psutil

from bench import fanout, peers
from bench.kept import head, keep, watched

PAUSE_MS = 2_500.0
"""A stream that rests longer than this at p99 is told as too slow."""


def measure(count: int, rate: float, seconds: float) -> dict[str, Any]:
    """One crowd at edges that may use all processors."""
    with ExitStack() as stack:
        peer = stack.enter_context(peers.stentor(count))
        if peer is None:
            raise SystemExit("The edges did not start.")
        for process in peer.processes:
            share(process)
        figure: dict[str, Any] = {}
        with watched(figure):
            figure |= fanout.drive(peer, count, rate, seconds)
    return figure


def share(process: psutil.Process) -> None:
    """Lets all threads of a process run on every processor."""
    for thread in process.threads():
        os.sched_setaffinity(thread.id, range(os.cpu_count() or 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, nargs="+", default=[120_000, 150_000])
    parser.add_argument("--rate", type=float, default=1_200, help="listeners who come in a second, if within 4 to 40 s")
    parser.add_argument("--seconds", type=float, default=12, help="measured, after the last has come and settled")
    options = parser.parse_args()
    found: list[dict[str, Any]] = []
    for count in sorted(options.listeners):
        found.append(measure(count, options.rate, options.seconds))
        slow = " TOO SLOW" if found[-1]["pause_p99_ms"] > PAUSE_MS else ""
        print(f"{fanout.line('Stentor', found[-1])}{slow}", flush=True)
        if found[-1]["broke"]:
            break
    keep("most", head() | {"crowds": found})


if __name__ == "__main__":
    main()

"""Judges nights whose truth is known, and writes what came of it: ``python -m tests.support.proof SEED=NIGHTS …``.

A SEED is the commit of the rules, or a later one while they are the same: whoever wrote them could not know it, nor the
nights that follow from it.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.support import replays, unseen
from tests.support.verdicts import judged, nights, page, right

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "verdicts.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="+", metavar="SEED=NIGHTS")
    parser.add_argument("--recorded", type=int, default=3000, help="nights of recorded rows, of the first seed")
    parser.add_argument("--left-out", type=int, default=600, help="of them are judged without knowing their kind")
    parser.add_argument("--at-once", type=int, help="processes; as many as there are cores without it")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args()
    seeds = {seed: int(count) for seed, _, count in (each.partition("=") for each in given.seeds)}
    these = [night for seed, count in seeds.items() for night in nights(seed, count)]
    first = next(iter(seeds))
    with ProcessPoolExecutor(given.at_once) as pool:
        recorded = list(pool.map(replays.judged_mixed, replays.nights(first, given.recorded), chunksize=20))
        print("\n".join(right(recorded)), flush=True)
        found = list(pool.map(judged, these, chunksize=10))
        print("\n".join(right(found)), flush=True)
        told = list(replays.section(first, recorded))
        given.out.write_text(page(seeds, found, told), "utf-8")  # what is there is worth keeping
        left_out = list(unseen.left_out(pool, nights(unseen.SEED, unseen.NIGHTS), found[: given.left_out]))
    given.out.write_text(page(seeds, found, [*told, *unseen.table(left_out)]), "utf-8")


if __name__ == "__main__":
    main()

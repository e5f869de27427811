"""What a space with an interpreter would cost: processor time of all roles, by parts that are measured.

``python -m bench.interpreted [--seconds 20] [--spaces 3]``.

An interpreter sits on the stage and hears it: that is a second seat that talks all the time. What the audience hears in
the second language is a programme of its own, a mix of stage and interpreter: two processes that encode every
rendition, with chunks of its own on the bus, in the archive and at the edges. So the cost is that of a space with two
talkers, and once more all roles but stage and house of a space with one. Both are measured here as differences to a
Stentor without spaces, alone and as the mean of some, and added up. Left out is what a second mix of two sounds costs
the stage (``bench.audio``), so that the sum is not too high; captions are off. As in ``bench.spaces`` processor time is
read, not the clock.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from typing import Any, Final

from bench.kept import head, keep, state, watched
from bench.spaces import Row, measure

AIM: Final = 0.12
AGAIN: Final = ("programme", "nats-server", "archive", "edge")
"""The roles that a second programme needs once more."""


def more(row: Row, none: Row) -> dict[str, float]:
    """By role, what one of the spaces costs: the share of a processor."""
    return {role: (share - none.shares.get(role, 0.0)) / row.live for role, share in row.shares.items()}


def interpreted(two: Mapping[str, float], one: Mapping[str, float]) -> float:
    """The share of a processor that a space with two languages takes."""
    return sum(two.values()) + sum(one.get(role, 0.0) for role in AGAIN)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--spaces", type=int, default=3, help="how many the mean is of")
    given = parser.parse_args()
    found: dict[str, Any] = {**head(), "seconds": given.seconds, "aim": AIM, "rows": [], "space": []}
    rows: dict[tuple[int, int], Row] = {}
    for live, talkers in ((0, 1), (1, 1), (1, 2), (given.spaces, 1), (given.spaces, 2)):
        figure: dict[str, Any] = {"live": live, "talkers": talkers}
        with watched(figure):
            row = rows[live, talkers] = await measure(0, 0, live, given.seconds, "off", talkers)
        figure |= {"shares": row.shares, "skipped": row.skipped}
        found["rows"].append(figure)
        print(f"{live} live, {talkers} talking: {row.all:.1%}, skipped {row.skipped:.1%} {state(figure)}", flush=True)
    none = rows[0, 1]
    for live in (1, given.spaces):
        one, two = more(rows[live, 1], none), more(rows[live, 2], none)
        told = {
            "mean_of": live,
            "one_talker": sum(one.values()),
            "two_talkers": sum(two.values()),
            "second_programme": sum(one.get(role, 0.0) for role in AGAIN),
            "two_languages": interpreted(two, one),
        }
        found["space"].append(told)
        print(" ".join(f"{name} {value:.1%}" if name != "mean_of" else f"of {value}:" for name, value in told.items()))
    keep("interpreted", found)


if __name__ == "__main__":
    asyncio.run(main())

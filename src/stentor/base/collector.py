"""Python's collector of circles in hand: while it goes through the objects there are, everything else waits.

Left to itself it goes through all that a process consists of again and again while something comes: a house stood still
for a tenth of a second in the middle of a request, and edges that share a port and grow alike all in the same second,
half a second and longer. What is there when a process begins stays, so it is looked at no more; new objects are looked
at as Python does; old ones in a calm moment, or when very many have come (:data:`SOME`, :data:`MANY`). So circles that
nobody needs are kept for a while, and no longer.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Final

YOUNG: Final = (700, 10)
"""Python's own numbers for new objects: a look at each 700 and each 7,000 that stay."""
SOME: Final = 100
"""For a process that is hardly ever calm: so many times 7,000 objects that stayed, which take some hundredths of a
second and at most 300 MB."""
MANY: Final = 1_000
"""For an edge: it holds a crowd, and nothing of a lost connection waits for a look (a test holds that)."""
DUE: Final = 10
"""In a calm moment as often as Python looks by itself: after 70,000."""
LOOK_S: Final = 1.0
_PYTHONS: Final = gc.get_threshold()


def begin(most: int = SOME) -> None:
    """All that is there stays, and is looked at no more; what comes is, when ``most`` times 7,000 have come."""
    gc.collect()
    gc.freeze()
    gc.collect()  # Python waits until a quarter of what the last look has found has come: it has found nothing
    gc.set_threshold(*YOUNG, most)


def end() -> None:
    """It is as Python has it: a process that goes on with something else looks at everything again."""
    gc.unfreeze()
    gc.set_threshold(*_PYTHONS)


def look(*, calm: bool) -> None:
    """Once a second: looks at old objects when that is due and nobody waits for anything."""
    if calm and gc.get_count()[2] >= DUE:
        gc.collect()


async def run(calm: Callable[[], bool], most: int = SOME) -> None:
    """From :func:`begin` on looks each second; for ever, and then it is as Python has it."""
    begin(most)
    try:
        while True:
            await asyncio.sleep(LOOK_S)
            look(calm=calm())
    finally:
        end()

"""Python's collector of circles at an edge: while it goes through the objects there are, everything else waits.

Left to itself it goes through all that listeners consist of again and again while they come, and edges that share a
port grow alike: all of a machine stood still in the same second, half a second and longer, and everybody heard it as a
pause. Nothing is left of a lost connection for it to find (a test holds that), so it looks at old objects where few are
connected, and hardly ever where many are.
"""

from __future__ import annotations

import gc
from typing import Final

RARELY: Final = (700, 10, 1_000)
"""Python's own numbers for new objects; for old ones a hundred times its own: seven million more than before."""
FEW: Final = 500
"""Connections; going through what they and a day's requests are takes some hundredths of a second."""
_PYTHONS: Final = gc.get_threshold()
DUE: Final = 10
"""As often as Python looks by itself."""


def begin() -> None:
    """All that is there when an edge begins stays, and is looked at no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)


def end() -> None:
    """It is as Python has it: a process that goes on without the edge looks at everything again."""
    gc.unfreeze()
    gc.set_threshold(*_PYTHONS)


def tick(connections: int) -> None:
    """Once a second: looks at old objects when that is due and few are connected."""
    if connections < FEW and gc.get_count()[2] >= DUE:
        gc.collect()

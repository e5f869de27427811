"""The rungs of the ladder: what an edge gives up for the sake of everybody being heard, one thing after the other."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace


class Rung(msgspec.Struct, frozen=True):
    """What an edge still does for the listeners of a space. Sound never stops on any rung."""

    pulse_at_once: bool = True
    """Who begins to talk is told with the chunk under way; else with the next part, at most once in 0.96 s."""
    pulse_chunks: int = 3
    """After so many chunks the pulse is told again though nobody came, went or began to talk."""
    write_chunks: int = 1
    """A progressive write carries so many chunks at least: 1, 3 or 6."""
    frugal: bool = False
    """Listeners of ``aac-64`` hear ``aac-32``."""
    parts: bool = True
    """HLS playlists have parts; without, players ask a quarter as often and are 12 s behind."""
    overflow: bool = True
    """Those outside may follow some minutes behind from this machine's line."""
    portraits: bool = True
    """Pages ask for the pictures of those on the stage."""
    comments_s: tuple[int, int] | None = (3, 6)
    """Between which seconds pages ask for comments again; None: they are not told any more."""


_FEWER_EXTRAS = Rung(pulse_at_once=False, pulse_chunks=12, overflow=False, portraits=False, comments_s=(10, 20))
_LARGER_WRITES = replace(_FEWER_EXTRAS, write_chunks=3, comments_s=None)
_HALF_THE_BITS = replace(_LARGER_WRITES, write_chunks=6, frugal=True)
RUNGS = (Rung(), _FEWER_EXTRAS, _LARGER_WRITES, _HALF_THE_BITS, replace(_HALF_THE_BITS, parts=False))
"""From everything to the least. Beyond the last one only fewer listeners help: the door."""
TOP = len(RUNGS) - 1


def rung(number: int) -> Rung:
    """The rung of that number, the nearest there is for any other."""
    return RUNGS[max(0, min(number, TOP))]

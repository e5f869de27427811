"""How long the disks last: what is free, beside what the spaces on air write in a second."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

from stentor.base import disk, grid
from stentor.base.disk import Disk
from stentor.base.rendition import RENDITIONS

LOW_H: Final = 24.0
"""Less is worth a word: there is a day to make room."""
ENDS_H: Final = 2.0
"""Less may be too little for the talk that is on."""
SPACE_BYTES_S: Final = 20_000.0
"""One space in a second, rounded up: 15 kB by the bitrates, 18.3 kB measured with a tone, for which Opus takes more
(``tests/unit/archive/test_recorder.py``), and the pulse in every part."""
WRITTEN_BYTES_S: Final = {disk.RECORDINGS: SPACE_BYTES_S, disk.BUS: SPACE_BYTES_S, disk.DATABASE: 1000.0}
"""What one space on air adds to each place in a second. The database: more than a comment and an event each second."""
FILES_S: Final = len(RENDITIONS) / grid.SEGMENT_S
"""A segment is a file for each rendition."""


class Headroom(NamedTuple):
    """How much room a place has (``recordings``, ``database``, ``bus``)."""

    place: str
    free_bytes: int
    hours_left: float


def hours_left(found: Disk, on_air: int, bus_hours: float) -> float:
    """How long there is room on a disk while ``on_air`` spaces are on the air (none counts as one); infinite for ever.

    The bus keeps ``bus_hours`` and no more: from then on it grows no more.
    """
    spaces = max(1, on_air)
    lasting_bytes_h = 3600 * spaces * sum(WRITTEN_BYTES_S[each] for each in found.keeps if each != disk.BUS)
    bus_bytes_h = 3600 * spaces * SPACE_BYTES_S if disk.BUS in found.keeps else 0.0
    hours = _hours(found.free_bytes, lasting_bytes_h + bus_bytes_h)
    if hours > bus_hours:
        hours = _hours(found.free_bytes - bus_bytes_h * bus_hours, lasting_bytes_h)
    if found.free_files is not None and disk.RECORDINGS in found.keeps:
        hours = min(hours, _hours(found.free_files, 3600 * spaces * FILES_S))
    return hours


def room(disks: Iterable[Disk], on_air: int, bus_hours: float) -> list[Headroom]:
    """Of every place that is kept on these disks."""
    return [
        Headroom(place, each.free_bytes, hours_left(each, on_air, bus_hours)) for each in disks for place in each.keeps
    ]


def numbers(disks: Iterable[Disk], on_air: int, bus_hours: float) -> dict[str, float]:
    """What a process says in its heartbeat of the disk that is full first; nothing when none ever is."""
    rooms = [each for each in room(disks, on_air, bus_hours) if math.isfinite(each.hours_left)]
    if not rooms:
        return {}
    first = min(rooms, key=lambda each: each.hours_left)
    return {"disk_free_bytes": float(first.free_bytes), "disk_hours_left": round(first.hours_left, 2)}


def _hours(amount: float, an_hour: float) -> float:
    return max(0.0, amount) / an_hour if an_hour else math.inf

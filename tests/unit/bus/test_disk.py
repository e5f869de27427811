"""When a bus that met a full disk is started anew."""

from __future__ import annotations

from stentor.bus.disk import FULL_BYTES, ROOM_BYTES, DiskMemory


def test_a_disk_with_room_is_no_reason() -> None:
    """Neither much room nor little starts anything anew as long as it was never used up."""
    disk = DiskMemory()
    assert not any(disk.look(free) for free in (1 << 40, ROOM_BYTES, FULL_BYTES, ROOM_BYTES))


def test_room_after_a_full_disk_is_one() -> None:
    """Once, when there is room enough; not before, and not again."""
    disk = DiskMemory()
    assert [disk.look(free) for free in (0, FULL_BYTES, ROOM_BYTES - 1, ROOM_BYTES, ROOM_BYTES)] == [
        False, False, False, True, False,
    ]  # fmt: skip

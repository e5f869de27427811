"""How long the disks last."""

from __future__ import annotations

import math

import pytest

from stentor.base.disk import BUS, DATABASE, RECORDINGS, Disk
from stentor.spaces.forecast import SPACE_BYTES_S, WRITTEN_BYTES_S, Headroom, hours_left, numbers, room

HOUR = SPACE_BYTES_S * 3600
"""Bytes of an hour of one space."""


def of(*keeps: str, hours: float, files: int | None = None) -> Disk:
    return Disk(keeps, round(hours * HOUR), files)


@pytest.mark.parametrize(("on_air", "hours"), [(0, 30.0), (1, 30.0), (3, 10.0)])
def test_more_spaces_fill_it_sooner(on_air: int, hours: float) -> None:
    """With none on air one is taken: the next talk."""
    assert hours_left(of(RECORDINGS, hours=30), on_air, 24) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("free_h", "bus_hours", "hours"),
    [
        (20, 24, 10),  # both grow, until it is full
        (48, 24, 24),
        (58, 24, 34),  # from the 24th hour on the bus lets go of as much as it takes
        (58, 0, 58),
    ],
)
def test_the_bus_stops_growing(free_h: float, bus_hours: float, hours: float) -> None:
    """It keeps what its hours hold; only the recording goes on."""
    assert hours_left(of(RECORDINGS, BUS, hours=free_h), 1, bus_hours) == pytest.approx(hours)


def test_a_bus_alone_may_fit_for_ever() -> None:
    """A disk that holds all its hours is never full; one that does not is."""
    assert hours_left(of(BUS, hours=25), 1, 24) == math.inf
    assert hours_left(of(BUS, hours=6), 2, 24) == pytest.approx(3)


def test_a_database_alone_lasts_longer() -> None:
    """It takes words, not sound."""
    assert hours_left(of(DATABASE, hours=10), 1, 24) == pytest.approx(10 * SPACE_BYTES_S / WRITTEN_BYTES_S[DATABASE])


def test_files_may_end_before_bytes() -> None:
    """Three a segment; where the disk says no number they do not count."""
    assert hours_left(of(RECORDINGS, hours=1000, files=2813), 1, 24) == pytest.approx(1, rel=0.001)
    assert hours_left(of(BUS, hours=25, files=0), 1, 24) == math.inf


def test_the_disk_that_is_full_first_counts() -> None:
    """In the heartbeat, which has nothing to say when none ever is; metrics have every place."""
    disks = [of(RECORDINGS, hours=12), of(DATABASE, BUS, hours=500)]
    assert numbers(disks, 1, 24) == {"disk_free_bytes": disks[0].free_bytes, "disk_hours_left": 12.0}
    assert numbers([of(BUS, hours=25)], 1, 24) == numbers([], 1, 24) == {}
    places = [(each.place, each.free_bytes) for each in room(disks, 1, 24)]
    assert places == [(RECORDINGS, disks[0].free_bytes), *((place, disks[1].free_bytes) for place in (DATABASE, BUS))]
    assert isinstance(room(disks, 1, 24)[0], Headroom)

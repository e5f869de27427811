"""The shapes in which a rehearsal's listeners come."""

from __future__ import annotations

import pytest

from stentor.rehearsal.arrival import CURVES, visits


@pytest.mark.parametrize("curve", CURVES)
def test_a_seed_is_a_crowd(curve: str) -> None:
    """The same seed sends the same people; another one others. All come in time, nobody stays beyond the end."""
    first = visits(500, curve, within_s=20, for_s=60, seed=1)
    assert first == visits(500, curve, within_s=20, for_s=60, seed=1)
    assert first != visits(500, curve, within_s=20, for_s=60, seed=2)
    assert first == sorted(first, key=lambda visit: visit.at_s)
    assert all(0 <= visit.at_s <= 20 and visit.stays_s > 0 and visit.at_s + visit.stays_s <= 60.001 for visit in first)


def test_the_curves_are_what_their_names_say() -> None:
    """Together is a second, a step comes early, steady is even, and a flash has few before the hour and most after."""
    times = {curve: [visit.at_s for visit in visits(4000, curve, within_s=100, for_s=200, seed=7)] for curve in CURVES}
    assert times["together"][-1] <= 1.0
    assert times["step"][2000] == pytest.approx(100 / 4 * 0.693, rel=0.1)  # the median of an exponential
    assert times["steady"][2000] == pytest.approx(50, rel=0.05)
    assert sum(at_s <= 20 for at_s in times["flash"]) == pytest.approx(400, rel=0.1)
    assert sum(20 < at_s <= 60 for at_s in times["flash"]) > 2400


def test_some_look_in_and_some_stay() -> None:
    """A third leaves after about a minute; those who stay to the end do, and most attend."""
    stays = [visit.stays_s for visit in visits(4000, "together", within_s=1, for_s=7200, seed=3)]
    assert sum(stay >= 7000 for stay in stays) / 4000 == pytest.approx(0.15 + 0.5 * 0.06, abs=0.03)
    assert sum(stay < 300 for stay in stays) / 4000 == pytest.approx(0.35 * 0.95 + 0.5 * 0.05, abs=0.03)


def test_all_may_stay() -> None:
    """For a measurement nobody leaves before the end."""
    found = visits(100, "steady", within_s=10, for_s=60, seed=1, stay=True)
    assert all(visit.at_s + visit.stays_s == pytest.approx(60) for visit in found)

"""When whom is told: the first at once, thousands one after the other."""

from __future__ import annotations

from stentor.house.federation.telling import AT_FIRST, paced_ms


def test_nearly_all_are_told_at_once_and_twenty_thousand_in_three_minutes() -> None:
    due = [paced_ms(1000, place) for place in range(20_000)]
    assert set(due[:AT_FIRST]) == {1000}
    assert due == sorted(due)
    assert 150_000 < due[-1] - 1000 < 180_000

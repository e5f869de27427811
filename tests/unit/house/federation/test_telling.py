"""When whom is told: the first at once, thousands one after the other."""

from __future__ import annotations

from stentor.bus.jobs import TOGETHER, OutgoingJob
from stentor.house.federation.telling import AT_FIRST, paced_ms, together


def test_nearly_all_are_told_at_once_and_twenty_thousand_in_three_minutes() -> None:
    due = [paced_ms(1000, place) for place in range(20_000)]
    assert set(due[:AT_FIRST]) == {1000}
    assert due == sorted(due)
    assert 150_000 < due[-1] - 1000 < 180_000


def test_what_is_due_together_shares_a_message() -> None:
    """Sixteen at most, none sooner than it was nor a second later, and what is due at once waits for nothing."""
    moments = [100] * 20 + [200, 260, 1000, 1001, 5000]
    jobs = [OutgoingJob(kind="activity", key=f"{at}", host="", made_ms=100, due_ms=d) for at, d in enumerate(moments)]
    groups = together(jobs)
    assert [len(group) for group in groups] == [TOGETHER, 4, 3, 1, 1]
    assert [each.key for group in groups for each in group] == [each.key for each in jobs]
    assert [{each.due_ms for each in group} for group in groups] == [{100}, {100}, {1000}, {2000}, {5000}]

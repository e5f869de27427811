"""One host's lane, and when a job is tried again."""

from __future__ import annotations

import pytest

from stentor.courier.lane import FAILURES, FIRST_PAUSE_S, LONGEST_PAUSE_S, HostLane
from stentor.courier.schedule import JITTER, WAITS_S, again_s, too_old


def fallen_ill(now: float = 0.0) -> HostLane:
    lane = HostLane()
    for _ in range(FAILURES):
        lane.begin()
        lane.failed(now)
    return lane


def test_a_host_that_fails_in_a_row_is_left_alone() -> None:
    """And before that it is not: one failure says little."""
    lane = HostLane()
    for _ in range(FAILURES - 1):
        lane.failed(0.0)
        assert lane.wait_s(0.0) == 0.0
    lane.failed(0.0)
    assert lane.wait_s(10.0) == FIRST_PAUSE_S - 10.0


def test_after_the_pause_one_job_shows_whether_it_is_well() -> None:
    """The others wait for what that one meets."""
    lane = fallen_ill()
    assert lane.wait_s(FIRST_PAUSE_S) == 0.0
    lane.begin()
    assert lane.wait_s(FIRST_PAUSE_S) > 0.0
    lane.answered()
    assert lane.wait_s(FIRST_PAUSE_S) == 0.0
    assert lane.idle


def test_each_pause_is_longer_up_to_an_hour() -> None:
    """A host that is gone for days costs a connection an hour."""
    lane, now, pauses = fallen_ill(), 0.0, []
    for _ in range(10):
        pauses.append(lane.wait_s(now))
        now += pauses[-1]
        lane.begin()
        lane.failed(now)
    assert pauses == sorted(pauses)
    assert pauses[1] == 2 * pauses[0]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_what_a_host_asks_for_is_obeyed() -> None:
    """Retry-After counts, whatever else is known of the host; and it is no failure."""
    lane = HostLane()
    lane.asked_to_wait(100.0, 600.0)
    assert lane.wait_s(100.0) == 600.0
    assert lane.wait_s(700.0) == 0.0
    assert lane.failures == 0


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_a_job_is_tried_for_three_days_with_longer_and_longer_waits(chance: float) -> None:
    """Jitter moves each wait by a fifth; after the last one the job is given up."""
    waits = [again_s(failures, chance) for failures in range(1, len(WAITS_S) + 2)]
    assert waits.pop() is None
    known = [wait for wait in waits if wait is not None]
    assert known == sorted(known)
    assert all(
        wait == pytest.approx(plain * (1 + JITTER * (2 * chance - 1)))
        for wait, plain in zip(known, WAITS_S, strict=True)
    )
    assert 2 * 86_400 < sum(known) < 4.5 * 86_400


def test_a_job_ends_though_its_host_is_left_alone() -> None:
    """Waiting is no attempt, so age has to end it."""
    assert not too_old(0, 3 * 86_400_000)
    assert too_old(0, 5 * 86_400_000)

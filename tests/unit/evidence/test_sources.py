"""Where a second's load came from: the costliest exactly, all others by a sample."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from stentor.evidence.sources import CONNECTION_US, FORGOTTEN_S, REQUEST_US, Reach, ReachSum, Sample, costliest

COUNTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 1000), max_size=100)


def spread(source: str) -> int:
    return int.from_bytes(hashlib.blake2b(source.encode(), digest_size=8).digest(), "big")


@given(COUNTS, COUNTS, st.integers(1, 80))
def test_nobody_who_is_left_out_cost_more(asked: dict[str, int], came: dict[str, int], most: int) -> None:
    """The costliest first, each with what it did; where all fit, all are there."""

    def cost(source: str) -> int:
        return asked.get(source, 0) * REQUEST_US + came.get(source, 0) * CONNECTION_US

    found = costliest(asked, came, connection_us=CONNECTION_US, most=most)
    assert len(found) == min(most, len({*asked, *came}))
    assert [(asked.get(one, 0), came.get(one, 0)) for one, *_ in found] == [(a, c) for _, a, c in found]
    costs = [cost(one) for one, *_ in found]
    assert costs == sorted(costs, reverse=True)
    left = {*asked, *came} - {one for one, *_ in found}
    assert all(cost(one) <= costs[-1] for one in left)


def do(sample: Sample, source: str, far: Reach = Reach.CAME, requests: int = 0) -> bool:
    trace = sample.trace(source)
    if trace is None:
        return False
    trace.connections += 1
    trace.requests += requests
    trace.far = max(trace.far, far)
    return True


def test_few_sources_are_all_there() -> None:
    """By how far they have come; a second later nothing of it is told again."""
    sample = Sample(spread)
    do(sample, "scanner")
    do(sample, "robot", requests=9)
    do(sample, "listener", Reach.LET_IN, 3)
    do(sample, "listener", requests=1)
    assert sample.taken() == [ReachSum(1, 0, 1), ReachSum(1, 9, 1), ReachSum(), ReachSum(1, 4, 2)]
    assert sample.taken() == [ReachSum()] * 4


def test_how_far_one_came_is_remembered_until_it_is_forgotten() -> None:
    sample = Sample(spread)
    do(sample, "listener", Reach.LET_IN)
    for _ in range(FORGOTTEN_S):
        sample.taken()
    do(sample, "listener")
    assert sample.taken()[Reach.LET_IN].sources == 1
    for _ in range(FORGOTTEN_S + 1):
        sample.taken()
    assert len(sample) == 0


def test_two_edges_follow_the_same_sources() -> None:
    """However many have come to each, in whichever order; the smaller sample is part of the larger."""
    names = [f"192.0.{number >> 8}.{number & 255}" for number in range(4_000)]
    left, right = Sample(spread, most=200), Sample(spread, most=800)
    for name in names:
        do(left, name)
    for name in reversed(names):
        do(right, name)
    ours, theirs = ({name for name in names if do(sample, name)} for sample in (left, right))
    assert ours < theirs
    assert left.halvings > right.halvings > 0
    assert len(left) <= 200


def test_the_sample_stands_for_all() -> None:
    """Its sum, times 2 to the power of its halvings, is within four standard errors of the truth."""
    names = [f"2001:db8::{number:x}" for number in range(20_000)]
    sample = Sample(spread, most=2_000)
    for name in names:
        do(sample, name, requests=1)
    [_, asked, *_] = sample.taken()
    scale = 2**sample.halvings
    assert scale > 1
    error = (len(names) * (scale - 1)) ** 0.5
    assert abs(asked.sources * scale - len(names)) < 4 * error


def test_a_sample_is_bounded_and_whole_again_after_a_flood() -> None:
    sample = Sample(spread, most=50)
    for number in range(5_000):
        do(sample, str(number))
        assert len(sample) <= 50
    for _ in range(FORGOTTEN_S + 2):
        sample.taken()
    assert sample.halvings == 0
    assert do(sample, "anybody")

"""Ticks: what is sent comes back, nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import tick
from stentor.wire.tick import Tick

SAMPLES = bytes(range(192)) * 10


@given(st.integers(0, 2**64 - 1), st.integers(0, 65_535), st.integers(0, 255))
def test_a_tick_comes_back(number: int, delay_ms: int, talking: int) -> None:
    """What is encoded is decoded, alone or one behind the other."""
    sent = Tick(number, delay_ms, talking, SAMPLES)
    assert tick.decode(tick.encode(sent)) == [sent]
    more = [sent, Tick(7, 1, 0, SAMPLES[::-1])] * 8
    assert tick.decode(b"".join(map(tick.encode, more))) == more


@given(st.binary(max_size=64), st.integers(0, 13))
def test_other_bytes_are_malformed(data: bytes, at: int) -> None:
    """Wrong length, magic or version."""
    good = tick.encode(Tick(1, 2, 3, SAMPLES))
    for bad in (
        data,
        good + b"x",
        good[:-1],
        b"\0" + good[1:],
        good[:2] + b"\2" + good[3:],
        good * 17,
        good + b"\0" + good[1:],
    ):
        with pytest.raises(Malformed):
            tick.decode(bad)


def test_counts_over_their_field_are_cut() -> None:
    """A delay of two minutes is told as the greatest there is, not refused."""
    [got] = tick.decode(tick.encode(Tick(1, 120_000, 300, SAMPLES)))
    assert (got.delay_ms, got.talking) == (65_535, 255)


@pytest.mark.parametrize("bad", [Tick(1, 0, 0, b""), Tick(-1, 0, 0, SAMPLES)])
def test_our_own_mistakes_are_errors_of_ours(bad: Tick) -> None:
    """Not Malformed: no peer did it."""
    with pytest.raises(ValueError, match="tick"):
        tick.encode(bad)

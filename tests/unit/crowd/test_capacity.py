"""The plan for a crowd: its arithmetic, its units, and that more never needs less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import BadInput
from stentor.base.units import SpaceId
from stentor.crowd import capacity
from stentor.crowd.capacity import Plan, Transport, listener_bps, plan
from stentor.edge.door import retry_s
from stentor.spaces.model import Space, State

crowds = st.integers(1, 100_000_000)
bitrates = st.integers(8_000, 512_000)
arrivals = st.floats(1, 86_400)


def numbers(found: Plan) -> list[float]:
    """Everything that a larger crowd may not make smaller."""
    each = [(o.egress_bps, o.requests_per_s, o.traffic_bytes, o.own_processes, o.own_ports) for o in found.loads]
    rest = (found.peak_joins_per_s, found.join_bps, found.waiting_requests_per_s, found.leaked_requests_per_s)
    return [*(float(number) for one in each for number in one), *rest, float(found.cdn)]


@given(crowds, crowds, bitrates, arrivals)
def test_more_listeners_never_need_less(one: int, other: int, bitrate: int, arrive_s: float) -> None:
    """Monotone in everything that is bought or built."""
    few, many = (plan(n, bitrate_bps=bitrate, arrive_s=arrive_s) for n in sorted((one, other)))
    assert all(less <= more for less, more in zip(numbers(few), numbers(many), strict=True))


@given(crowds, bitrates, bitrates)
def test_more_bits_never_need_less(listeners: int, one: int, other: int) -> None:
    """The same for the bitrate."""
    low, high = (plan(listeners, bitrate_bps=rate) for rate in sorted((one, other)))
    assert all(less <= more for less, more in zip(numbers(low), numbers(high), strict=True))


@given(crowds, bitrates, arrivals)
def test_the_units_fit_together(listeners: int, bitrate: int, arrive_s: float) -> None:
    """Bits of one times listeners, bytes of two hours, nobody counted twice at the door."""
    found = plan(listeners, bitrate_bps=bitrate, arrive_s=arrive_s)
    for load in found.loads:
        assert load.listener_bps > bitrate
        assert load.egress_bps == pytest.approx(listeners * load.listener_bps)
        assert load.traffic_bytes == pytest.approx(load.egress_bps * 7200 / 8)
        assert load.own_processes >= 2
    assert found.joins_per_s <= found.peak_joins_per_s + 1e-9
    assert found.peak_joins_per_s <= listeners


@pytest.mark.parametrize(
    ("way", "kbit"),
    [(Transport.LOW_LATENCY, (41, 58, 74)), (Transport.HLS, (36, 53, 69)), (Transport.PROGRESSIVE, (37, 53, 69))],
)
def test_a_listener_takes_what_the_formats_make(way: Transport, kbit: tuple[int, ...]) -> None:
    """Counted by hand for 32, 48 and 64 kbit/s."""
    assert [round(listener_bps(way, rate) / 1000) for rate in (32_000, 48_000, 64_000)] == pytest.approx(kbit, abs=1)


def test_ten_million_can_be_carried_out() -> None:
    """A CDN carries the sound; what is left for the edges is a few machines, even when the CDN leaks."""
    found = plan(10_000_000)
    assert found.cdn
    assert found.edge_processes < 64
    assert found.origin_requests_per_s == plan(1_000_000).origin_requests_per_s < 1000


def test_a_thousand_need_no_cdn() -> None:
    """Two processes: one could carry them, the other is there when it dies."""
    found = plan(1_000)
    assert not found.cdn
    assert found.edge_processes == 2


def test_the_door_is_asked_as_often_as_it_says() -> None:
    """The pause that ``door.json`` gives to who waits is the plan's."""
    space = Space(SpaceId("talk"), "Talk", State.SCHEDULED)
    first, last = retry_s(space, 1.9e9)
    assert (first + last) / 2 == capacity.WAITING_POLL_S


@pytest.mark.parametrize("wrong", [{"listeners": 0}, {"bitrate_bps": 64}, {"arrive_s": 0.0}])
def test_numbers_without_sense_are_refused(wrong: dict[str, float]) -> None:
    """Kilobits given as bits are the usual slip."""
    with pytest.raises(BadInput):
        plan(**{"listeners": 1000, **wrong})  # type: ignore[arg-type]


def test_a_plan_names_servers_and_what_leaks() -> None:
    """A CDN does what it sells; what remains for us are a few servers, whatever leaks through."""
    found = plan(10_000_000, bitrate_bps=64_000)
    assert found.cdn
    assert found.origin_bps == pytest.approx(0.018 * 744e9, rel=0.01)
    assert (found.edge_processes, found.edge_servers) == (29, 3)
    assert found.waiting_bps == pytest.approx(24e9)
    assert plan(1_000).edge_servers == 1

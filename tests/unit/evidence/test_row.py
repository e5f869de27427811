"""A row: its bytes, and who can read them."""

from __future__ import annotations

import statistics

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.evidence.kernel import KernelSecond
from stentor.evidence.kinds import Kind
from stentor.evidence.row import MOST_BYTES, EdgeRoom, EdgeSecond, SpaceSecond, decode, encode, line, only, read_line
from stentor.evidence.sources import COSTLIEST, KindSum, Late, Reach, ReachSum
from stentor.house.counts.verdicts import LiveVerdicts
from tests.support.nights import Night, replay

USUAL = EdgeSecond(
    "edge-0-machine", 1_900_000_000_000, 12_000, 40, 7_000, 3, 2, 40, 1, 1, {"head": 2, "idle": 9},
    [0, 6_900, 40, 60, 0], (40, 38, 2), {"waiting": 300, "full": 3}, 90_000_000, 310, 3, 12, 1024,
    spaces={
        "friday": SpaceSecond(
            11_800, 150, 200, 35, 36_000, 4, 140, 300, bytes(3 * 30), first_sound=[0, 0, 1, 9, 20, 4, 1],
            stayed=bytes(3 * 30), told=bytes(4 * 60), let_in=bytes(4 * 20), shares=150.5, mean=11_790.25,
            ways={"mail": 3, "push": 20}, asking_mean=149.75,
        ),
    },
    costliest=[(2**31 + number, 300 + number, 1 + number) for number in range(COSTLIEST)],
    stages=[ReachSum(300, 7_000, 40, 5)] * len(Reach),
    kinds=[KindSum(300, 7_000, 40, 1_200, 1_100, 30, 20, 3, 200, 5, Late(3, 40, 500, 6, 7), 140, 20, None, 9)]
    * len(Kind),
    room=EdgeRoom(12_000, 20_000, 10**9, 1000),
    kernel=KernelSecond(3, 3, 0, 0, 0, 40, 20, 700, 0, 4, 9_000_000, 95_000_000, 0, 90_000),
    span_ms=1_003,
)  # fmt: skip
"""All of a busy second: 64 sources that cost most, every kind, the kernel; only networks are missing."""


def test_a_usual_row_is_small() -> None:
    """1.8 kB where it is full, a third of them its 64 sources; a calm evening's has 0.4, a flood's 0.7. What rows take
    at an edge is measured in tests/unit/edge/test_row_sizes.py."""
    assert len(encode(USUAL)) < 1800
    assert decode(encode(USUAL)) == USUAL
    assert 0.3 < 1 - len(encode(msgspec.structs.replace(USUAL, costliest=[]))) / len(encode(USUAL)) < 0.4
    for night in (Night(3, "steady", load=0.7), Night(7, "push", "page flood", share=0.8, load=2.0)):
        assert 300 < statistics.median(len(encode(row)) for row in replay(night).rows) < 700


def test_what_says_nothing_takes_nothing() -> None:
    """Arrays end with the last field that says something; a row that an older edge wrote whole is the same row."""
    quiet = EdgeSecond("edge-0", 1_900_000_000_000, 3, kinds=[KindSum()] * len(Kind), stages=[ReachSum()] * len(Reach))
    whole = msgspec.msgpack.encode(quiet)
    assert len(encode(quiet)) < len(whole) / 3
    assert decode(whole) == decode(encode(quiet)) == quiet
    assert decode(msgspec.msgpack.encode(USUAL)) == USUAL
    told = msgspec.structs.replace(quiet, span_ms=1001, kinds=[KindSum(hls=3), *[KindSum()] * 9, KindSum(0, 1)])
    assert decode(encode(told)) == told
    assert read_line(line(told)) == read_line(msgspec.json.encode(told) + b"\n") == told


def test_what_a_house_keeps_of_a_full_row_is_smaller() -> None:
    """A kilobyte and a half: the sketches of a space are not needed for a verdict."""
    verdicts = LiveVerdicts()
    verdicts.hear("friday", USUAL)
    assert 1000 < len(verdicts._rows["friday"][0]) < 1600


@given(st.builds(EdgeSecond, edge=st.text(max_size=20), at_ms=st.integers(0, 2**53), costliest=st.just([])))
def test_every_row_reads_as_it_was_written(row: EdgeSecond) -> None:
    assert decode(encode(row)) == row
    assert read_line(line(row)) == row
    assert line(row).count(b"\n") == 1


def test_a_row_of_one_space_says_nothing_of_others() -> None:
    both = msgspec.structs.replace(USUAL, spaces={**USUAL.spaces, "other": SpaceSecond(7)})
    assert only(both, "friday") == USUAL
    assert only(both, "monday") is None


@pytest.mark.parametrize("data", [b"", b"\n", b"[1]", b"{}", line(USUAL)[:-9], b"[" * 10_000, b" " * 300_000])
def test_what_is_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_line(data)


def test_a_later_version_can_be_read() -> None:
    """It adds fields at the end of a row and of a space's part; an earlier one has less."""
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(USUAL))
    fields[msgspec.structs.fields(EdgeSecond).index(_field("spaces"))]["friday"] += [1]
    assert decode(msgspec.msgpack.encode([*fields, {"new": 1}])) == USUAL
    assert decode(msgspec.msgpack.encode(fields[:5])).accepted == USUAL.accepted


def _field(name: str) -> msgspec.structs.FieldInfo:
    return next(field for field in msgspec.structs.fields(EdgeSecond) if field.name == name)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"{}", msgspec.msgpack.encode(["edge", -1]), bytes(MOST_BYTES + 1)])
def test_what_is_no_row_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)


def test_the_largest_second_fits() -> None:
    """Twenty thousand come in it, as many have come a minute before, and the costliest sources are full."""
    space = SpaceSecond(clients=bytes(3 * 16_384), stayed=bytes(3 * 16_384))
    row = EdgeSecond("edge", 1, spaces={"friday": space}, costliest=[(2**64 - 1, 2**31, 2**31)] * COSTLIEST)
    assert decode(encode(row)) == row

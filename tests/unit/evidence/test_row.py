"""A row: its bytes, and who can read them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.evidence.row import MOST_BYTES, EdgeSecond, SpaceSecond, decode, encode, line, only, read_line
from stentor.evidence.sources import COSTLIEST

USUAL = EdgeSecond(
    "edge-0-machine", 1_900_000_000_000, 12_000, 40, 700, turned_away={"waiting": 3}, sent_bytes=90_000_000, cpu_ms=310,
    spaces={"friday": SpaceSecond(11_800, 150, 20, 35, 36_000, 4, 140, 3, bytes(3 * 30))},
    costliest=[(2**63 + number, 10, 1) for number in range(20)],
)  # fmt: skip


def test_a_usual_row_is_small() -> None:
    """Half a kilobyte a second and edge."""
    assert len(encode(USUAL)) < 550
    assert decode(encode(USUAL)) == USUAL


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
    fields = msgspec.msgpack.decode(encode(USUAL))
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

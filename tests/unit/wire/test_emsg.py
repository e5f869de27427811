"""Event messages: what is written is read and moved, nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import emsg
from stentor.wire.box import Box, boxes, full_box


def only(data: bytes | bytearray) -> Box:
    (found,) = boxes(data)
    return found


@given(st.binary(max_size=300), st.integers(0, 2**63), st.integers(0, 2**32 - 1), st.integers(0, 2**40))
def test_an_event_comes_back(pulse: bytes, time: int, duration: int, ident: int) -> None:
    """Time, length, number (32 bits of it) and the pulse."""
    data = emsg.emsg(pulse, decode_time=time, duration=duration, id=ident)
    expected = emsg.Emsg(emsg.PULSE_SCHEME, "", 48_000, time, duration, ident & 0xFFFF_FFFF, pulse)
    assert emsg.parse(data, only(data)) == expected


@pytest.mark.parametrize(
    "data",
    [
        full_box(b"emsg", 0, 0, bytes(40)),
        full_box(b"emsg", 1, 0, bytes(8)),
        full_box(b"emsg", 1, 0, bytes(20), b"no end"),
        full_box(b"emsg", 1, 0, bytes(20), b"\xff\0\0"),
    ],
    ids=["version", "short", "endless", "utf-8"],
)
def test_other_boxes_are_malformed(data: bytes) -> None:
    """Version 0, cut ones, and texts that are none."""
    with pytest.raises(Malformed):
        emsg.parse(data, only(data))


def test_only_version_1_is_moved() -> None:
    """Version 0 has no time of its own, and a cut box no room for one."""
    for data in (full_box(b"emsg", 0, 0, bytes(40)), full_box(b"emsg", 1, 0, bytes(8))):
        with pytest.raises(Malformed):
            emsg.shift(bytearray(data), only(data), 5)


def test_an_event_is_never_moved_before_zero() -> None:
    """Times are not negative."""
    data = bytearray(emsg.emsg(b"", decode_time=10, duration=1, id=1))
    emsg.shift(data, only(data), -20)
    assert emsg.parse(data, only(data)).time == 0

"""AMF0: the specification's own forms, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import amf
from stentor.wire.amf import AmfValue

_plain: st.SearchStrategy[AmfValue] = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=40)
)
_values = st.one_of(_plain, st.dictionaries(st.text(min_size=1, max_size=20), _plain, max_size=5))


@given(st.lists(_values, max_size=6))
def test_what_is_written_is_read(values: list[AmfValue]) -> None:
    """In order, and the same."""
    assert amf.decode(amf.encode(*values)) == values


def test_the_bytes_are_those_of_the_specification() -> None:
    """2.2, 2.4, 2.5, 2.7: marker, then big-endian."""
    assert amf.encode("live", 5, None, {"a": True}) == (
        b"\x02\x00\x04live\x00@\x14\0\0\0\0\0\0\x05\x03\x00\x01a\x01\x01\x00\x00\x09"
    )
    assert amf.decode(b"\x08\0\0\0\1\0\1a\x05\0\0\x09" b"\x0a\0\0\0\2\x05\1\1" b"\x0c\0\0\0\2hi") == [
        {"a": None}, [None, True], "hi",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x40",
        b"\x02\x00\x05abc",
        b"\x03\x00\x01a",
        b"\x0b" + bytes(10),
        b"\x0a\xff\xff\xff\xff",
        b"\x03\0\1a" * 40,
    ],
    ids=["half a number", "half a text", "an open object", "a date", "a list of four thousand million", "too deep"],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        amf.decode(data)

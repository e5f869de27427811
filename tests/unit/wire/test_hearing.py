"""Hearings on the bus: what is written is read, and nothing else is."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.errors import Malformed
from stentor.wire import hearing
from stentor.wire.hearing import Hearing


def test_what_edges_tell_is_read() -> None:
    heard = [Hearing(5, b"player-1", b"holder-1"), Hearing(7, b"player-2", b"holder-2")]
    found = hearing.decode(hearing.encode("friday", heard))
    assert (found.space, found.heard) == ("friday", heard)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"space": "friday"}),
        hearing.encode("friday", [Hearing(5, b"short", b"holder-1")]),
        hearing.encode("friday", [Hearing(-5, b"player-1", b"holder-1")]),
        hearing.encode("friday", [Hearing(5, b"player-1", b"holder-1")] * (hearing.MOST + 1)),
    ],
)
def test_anything_else_is_refused(payload: bytes) -> None:
    with pytest.raises(Malformed):
        hearing.decode(payload)

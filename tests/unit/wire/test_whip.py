"""WHIP over the bus: requests and replies come back, nothing else is taken for them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Malformed
from stentor.wire import whip

REQUEST = whip.WhipRequest("POST", "evening", None, "claim", "application/sdp", b"v=0", "")


@given(st.builds(whip.WhipRequest), st.builds(whip.WhipReply, status=st.integers(200, 599)))
def test_messages_come_back(request_: whip.WhipRequest, reply: whip.WhipReply) -> None:
    """What is encoded is decoded."""
    assert whip.decode_request(whip.encode(request_)) == request_
    assert whip.decode_reply(whip.encode(reply)) == reply


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_malformed(data: bytes) -> None:
    """No bytes raise anything but Malformed."""
    with pytest.raises(Malformed):
        whip.decode_request(data)
    with pytest.raises(Malformed):
        whip.decode_reply(data)


def test_there_is_a_limit_both_ways() -> None:
    """128 kB."""
    with pytest.raises(Malformed, match="limit"):
        whip.encode(msgspec.structs.replace(REQUEST, body=bytes(131_072)))
    with pytest.raises(Malformed, match="limit"):
        whip.decode_request(bytes(131_073))


def test_a_reply_has_a_status_of_http() -> None:
    """Nothing that a server could not send."""
    with pytest.raises(Malformed, match="status"):
        whip.decode_reply(whip.encode(whip.WhipReply(42, {}, b"")))

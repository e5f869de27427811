"""Replies in pieces, and when a player runs dry."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.rehearsal.behaviour import Get, HttpAnswer, StartStream
from stentor.rehearsal.order import Format
from stentor.rehearsal.visitor import MOST_HEAD_BYTES, Visitor

REPLY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\ncontent-length: 5\r\n\r\nlater"


def visitor() -> Visitor:
    found = Visitor(Format.AAC, 0.0, 100.0, slow=False, source="")
    found.want = Get("/")
    return found


@given(st.lists(st.integers(0, len(REPLY)), max_size=6))
def test_a_reply_comes_in_any_pieces(cuts: list[int]) -> None:
    """However the network cuts it, there is one answer, with the last piece."""
    one = visitor()
    edges = [0, *sorted(cuts), len(REPLY)]
    pieces = [piece for start, end in pairwise(edges) if (piece := REPLY[start:end])]
    assert [one.answer(piece) for piece in pieces] == [None] * (len(pieces) - 1) + [HttpAnswer(429, 7.0, b"later")]


def test_a_stream_has_no_length() -> None:
    """Its answer is the first sound; a document without a length, and a head without end, are no replies."""
    one = visitor()
    one.want = StartStream("/live.aac")
    assert one.answer(b"HTTP/1.1 200 OK\r\n\r\nsound") == HttpAnswer(200, None, b"sound")
    with pytest.raises(ConnectionResetError):
        visitor().answer(b"HTTP/1.1 200 OK\r\n\r\nsound")
    with pytest.raises(ConnectionResetError):
        visitor().answer(b"x" * (MOST_HEAD_BYTES + 1))


def test_a_player_of_hls_runs_dry_when_nothing_came_in_time() -> None:
    """It plays what it has; what comes later than that is a stall, and playing begins anew."""
    one = visitor()
    assert not one.sound(3.84, 10.0)
    assert not one.sound(3.84, 10.1)
    assert not one.sound(3.84, 17.6)
    assert one.sound(3.84, 30.0)
    assert one.stalls == 1
    assert not one.sound(3.84, 33.8)


def test_a_player_of_a_stream_holds_three_seconds() -> None:
    """Its longest pause is kept; above 3.2 s it had nothing to play."""
    one = visitor()
    one.heard_at = 1.0
    assert not one.more(3.0)
    assert not one.more(4.0)
    assert one.more(7.5)
    assert (one.pause_s, one.stalls) == (3.5, 1)

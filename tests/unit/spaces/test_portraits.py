"""Portraits of seats: what the space knows of them, and where they are found."""

from __future__ import annotations

import msgspec
import pytest

from stentor.base.errors import NotFound
from stentor.base.units import SeatId
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces import portraits
from stentor.spaces.model import Seat, Space
from stentor.spaces.rules import apply, decide
from tests.support.spaces import CREATE, HOST, do


def test_a_seat_is_pictured_again_and_no_more() -> None:
    """With another picture the address is another; what is so already is no event; without a picture none is there."""
    there = do(do(None, CREATE), c.PictureSeat(HOST, 5))
    assert portraits.addresses(there, "/s/talk") == {HOST: f"/s/talk/portraits/{HOST}?v=5"}
    assert decide(there, c.PictureSeat(HOST, 5), 1.0) == []
    there = do(there, c.PictureSeat(HOST, 6))
    assert portraits.address(there.seats[HOST], "/s/talk") == f"/s/talk/portraits/{HOST}?v=6"
    assert portraits.addresses(do(there, c.PictureSeat(HOST, None)), "/s/talk") == {}
    with pytest.raises(NotFound):
        decide(there, c.PictureSeat(SeatId("gone"), 5), 1.0)


def test_a_picture_goes_after_the_end_too() -> None:
    """Whoever takes their picture away is not shown beside the recording either."""
    over = do(do(None, CREATE), c.PictureSeat(HOST, 5), c.OpenDoors(), c.GoLive(), c.End())
    assert do(over, c.PictureSeat(HOST, None)).seats[HOST].picture_ms is None


def test_what_was_stored_before_is_read() -> None:
    """Spaces and events of programs that knew no portraits."""
    old = msgspec.json.decode(msgspec.json.encode(do(None, CREATE)))
    for seat in old["seats"].values():
        del seat["picture_ms"]
    read = msgspec.json.decode(msgspec.json.encode(old), type=Space)
    assert all(isinstance(seat, Seat) and seat.picture_ms is None for seat in read.seats.values())
    claimed = e.decode(b'{"kind":"SeatClaimed","at_ms":1,"seat":"%s","account":"a"}' % HOST.encode())
    assert apply(read, claimed).seats[HOST].picture_ms is None


def test_keys_lie_in_the_folder_of_the_account() -> None:
    """Deleting what is in the folder deletes every version."""
    assert portraits.key("a1", 5) == f"{portraits.folder('a1')}/5"

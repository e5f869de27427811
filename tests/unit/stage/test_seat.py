"""Of several devices that want one seat the one that took it last has it, and all others have stopped asking."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stentor.base.errors import Conflict
from stentor.base.units import SeatId
from stentor.spaces.model import Role
from stentor.stage.seat import StageSeat


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40), st.sets(st.integers(0, 39)))
def test_whatever_the_order_of_arrivals_and_new_starts_the_last_device_wins(
    arrivals: list[int], starts: set[int]
) -> None:
    """Devices (numbered by when they took the seat) come and come again; a stage that starts anew knows nothing.

    Who was told once that another device has the seat does not come again. In the end each of the others comes once
    more, as every page does whose connection has ended.
    """
    seat, gone = StageSeat(SeatId("ann"), "Ann", Role.SPEAKER), set[int]()
    for index, device in enumerate([*arrivals, *sorted(set(arrivals)), max(arrivals)]):
        if index in starts:
            seat = StageSeat(SeatId("ann"), "Ann", Role.SPEAKER)
        if device in gone:
            continue
        try:
            seat.take_over(device, now=0.0)
        except Conflict:
            gone.add(device)
    assert seat.taken_ms == max(arrivals)
    assert max(arrivals) not in gone

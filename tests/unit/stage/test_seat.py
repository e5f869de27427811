"""Of several devices that want one seat the one that took it last has it, and all others have stopped asking."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stentor.audio.mixer import Mix
from stentor.audio.pcm import SILENCE, Block
from stentor.base.errors import Conflict
from stentor.base.units import SeatId
from stentor.spaces.model import Role
from stentor.stage.seat import AFTER_ASIDE_TICKS, Gathered, StageSeat


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


def test_who_speaks_aside_is_silent_in_the_mix_and_heard_by_the_others_on_the_stage() -> None:
    """Nobody hears themselves; what comes shortly after the end was still said aside."""
    seats = {name: StageSeat(SeatId(name), name, Role.SPEAKER) for name in ("ann", "bob", "eve")}
    ann, bob = SILENCE + np.float32(0.25), SILENCE + np.float32(0.5)
    seats["ann"].speak_aside(True)

    def apart() -> tuple[dict[str, Block | None], dict[str, Block]]:
        return Gathered.parted(seats, {"ann": ann, "bob": bob, "eve": None})

    blocks, aside = apart()
    assert aside == {"ann": ann}
    assert blocks["ann"] is SILENCE
    assert blocks["bob"] is bob
    mix = Mix(full=bob, minus={"bob": SILENCE}, shared=bob, talking=frozenset({"bob"}), levels_dbfs={})
    heard = Gathered(0, 0, True, blocks, {}, aside, None, farewell=False).heard(mix)
    levels = {"full": heard.full, "bob": heard.minus["bob"], "ann": heard.minus["ann"], "eve": heard.shared}
    assert {name: float(block[0]) for name, block in levels.items()} == {
        "full": 0.5,
        "bob": 0.25,
        "ann": 0.5,
        "eve": 0.75,
    }
    seats["ann"].speak_aside(False)
    assert [bool(apart()[1]) for _ in range(AFTER_ASIDE_TICKS + 1)] == [True] * AFTER_ASIDE_TICKS + [False]

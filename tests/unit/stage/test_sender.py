"""Ticks over a bus that comes and goes."""

from __future__ import annotations

from collections import Counter

from stentor.stage.sender import AGAIN_AFTER_TICKS, TickSender


class Bus:
    """Keeps what is published while it is there."""

    def __init__(self) -> None:
        self.epoch = 1
        self.there = True
        self.published: list[tuple[str, bytes]] = []

    async def publish(self, subject: str, payload: bytes) -> None:
        if self.there:
            self.published.append((subject, payload))


async def test_each_tick_goes_out_once() -> None:
    """On a bus that stays."""
    bus = Bus()
    sender = TickSender(bus, "tick.a")
    ticks = [bytes([number]) for number in range(100)]
    for tick in ticks:
        await sender.send(tick)
    assert bus.published == [("tick.a", tick) for tick in ticks]


async def test_ticks_of_an_outage_are_sent_again() -> None:
    """Those that nobody heard, several times, because the programme may come back a little later."""
    bus = Bus()
    sender = TickSender(bus, "tick.a")
    ticks = [bytes([number]) for number in range(60)]
    for number, tick in enumerate(ticks):
        if number == 20:
            bus.there = False
        if number == 30:
            bus.there, bus.epoch = True, 2
        await sender.send(tick)
    counts = Counter(payload for _, payload in bus.published)
    assert set(counts) == set(ticks)
    assert all(counts[tick] == len(AGAIN_AFTER_TICKS) for tick in ticks[20:30])
    assert counts[ticks[59]] == 1, "it is over soon"

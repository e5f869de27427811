"""Ticks over a bus that comes and goes."""

from __future__ import annotations

from collections import Counter

from stentor.stage.sender import AGAIN_AFTER_TICKS, BATCH, TickSender


class Bus:
    """Keeps what is published while it is there."""

    def __init__(self) -> None:
        self.epoch = 1
        self.there = True
        self.published: list[tuple[str, bytes]] = []

    async def publish(self, subject: str, payload: bytes) -> None:
        if self.there:
            self.published.append((subject, payload))


def ticks_in(bus: Bus) -> list[bytes]:
    """One byte each."""
    return [bytes([byte]) for _, payload in bus.published for byte in payload]


async def test_each_tick_goes_out_once() -> None:
    """On a bus that stays; a message ends with each half of a chunk."""
    bus = Bus()
    sender = TickSender(bus, "tick.a", batches=lambda: True)
    for number in range(3, 96):
        await sender.send(number, bytes([number]))
    assert ticks_in(bus) == [bytes([number]) for number in range(3, 96)]
    assert [payload[-1] for _, payload in bus.published] == list(range(7, 96, BATCH))


async def test_the_last_ticks_are_not_kept_back() -> None:
    """When nobody is heard any more, what waits for a whole message goes out."""
    bus = Bus()
    sender = TickSender(bus, "tick.a", batches=lambda: True)
    await sender.send(0, b"a")
    await sender.send(1, b"b")
    assert bus.published == []
    await sender.flush()
    await sender.flush()
    assert bus.published == [("tick.a", b"ab")]


async def test_ticks_of_an_outage_are_sent_again() -> None:
    """Those that nobody heard, several times, because the programme may come back a little later; the first at once."""
    bus = Bus()
    sender = TickSender(bus, "tick.a", batches=lambda: True)
    for number in range(64):
        if number == 20:
            bus.there = False
        if number == 33:
            bus.there, bus.epoch = True, 2
        await sender.send(number, bytes([number]))
        if number == 33:
            assert ticks_in(bus)[-25:] == [bytes([each]) for each in range(9, 34)]
    counts = Counter(ticks_in(bus))
    assert set(counts) == {bytes([number]) for number in range(64)}
    assert all(counts[bytes([number])] == len(AGAIN_AFTER_TICKS) for number in range(18, 30))
    assert counts[bytes([63])] == 1, "it is over soon"


async def test_an_older_programme_gets_single_ticks() -> None:
    """Also those that wait already when it comes."""
    bus, news = Bus(), [True]
    sender = TickSender(bus, "tick.a", batches=lambda: news[0])
    for number in range(10):
        news[0] = number < 9
        await sender.send(number, bytes([number]))
    assert [payload for _, payload in bus.published] == [bytes(range(8)), b"\x08", b"\x09"]

"""A rehearsal from many machines: the load generators on the bus get a share each, and one report comes of it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from stentor.base.errors import BadInput, Malformed, NotAllowed, Overloaded
from stentor.bus.connection import Bus
from stentor.client.report import spread_ms
from stentor.rehearsal import share
from stentor.rehearsal.order import CrowdTally
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearsed import Machine, Rehearsed
from stentor.rehearsal.share import GeneratorOffer, OrderAnswer, Share, Word, WordReader

GATHER_S: Final = 5.0
"""So long may it take until as many generators as are wanted have offered themselves; each does twice a second."""
LEAD_S: Final = 4.0
"""From the orders to the first listener: processes start meanwhile. A second more for each 50,000 to be drawn."""
SILENT_S: Final = 10.0
"""A generator that says nothing for so long is gone; it says something each second."""
LOOK_S: Final = 1.0


class Hand:
    """What one generator was ordered, and what it has said since."""

    def __init__(self, mine: Share, clock_s: float, now: float) -> None:
        self.share = mine
        self.clock_s = clock_s
        self.tallies: dict[int, CrowdTally] = {}
        self.processes = 0
        self.heard_at = now
        self.ended = False
        self.failed = ""
        self._reader = WordReader()

    def hear(self, piece: bytes, now: float) -> None:
        """A message of its."""
        self.heard_at = now
        try:
            word = self._reader.take(piece)
        except Malformed as error:
            self.failed = error.detail
            return
        if word is not None:
            self._take(word)

    def _take(self, word: Word) -> None:
        self.processes = word.processes or self.processes
        if word.tally is not None:
            self.tallies[word.index] = word.tally
        self.ended = self.ended or word.ended
        self.failed = self.failed or word.failed

    def gone(self, now: float) -> bool:
        """Nothing more is to be expected, for now at least."""
        return self.ended or now - self.heard_at > SILENT_S

    def machine(self) -> Machine:
        """Its line of the report."""
        tallies = self.tallies.values()
        late = spread_ms([late_s for tally in tallies for late_s in tally.late_s])
        lost = ""
        if self.failed:
            lost = f"failed in the middle: {self.failed}"
        elif not self.ended:
            lost = "vanished: what they met after its last word is not known"
        elif len(self.tallies) < self.processes or not all(tally.last for tally in tallies):
            lost = "told only a part of what they met"
        come, heard = (sum(getattr(tally, name) for tally in tallies) for name in ("come", "heard"))
        return Machine(
            self.share.name, self.share.size, self.processes, round(self.clock_s * 1000), come, heard,
            late.p95 if late else None, lost,
        )  # fmt: skip


async def rehearse_from(
    bus: Bus,
    machines: int,
    plan: RehearsalPlan,
    *,
    secret: bytes,
    on_progress: Callable[[Rehearsed, int], None] = lambda report, playing: None,
) -> Rehearsed:
    """Carries the plan out from the first ``machines`` generators that offer themselves on the bus.

    Each gets a share by its processors and begins at the same moment, whatever its clock says. Raises
    :class:`Overloaded` when there are too few, :class:`NotAllowed` when one refuses: then nobody comes. One that
    fails or vanishes later is told of in the report, with what it had said until then.
    """
    plan.check()
    if machines > plan.listeners:
        raise BadInput("There is no listener for each machine.", field="machines")
    offers = await offered(bus, machines)
    run = secrets.token_hex(8)
    begins = time.time() + LEAD_S + plan.listeners / 50_000
    report = Rehearsed.of(plan, begins)
    now = asyncio.get_running_loop().time
    weights = [min(max(1, offer.processors), plan.listeners // machines) for offer, _ in offers]
    said = asyncio.Event()
    hands: dict[str, Hand] = {}
    for index, (offer, clock_s) in enumerate(offers):
        slots = sum(weights[:index]), sum(weights[: index + 1])
        mine = Share(run=run, name=offer.name, plan=plan, slots=slots, of=sum(weights), at=begins + clock_s)
        hands[offer.name] = Hand(mine, clock_s, now())

    def hear(subject: str, piece: bytes) -> None:
        hand = hands.get(subject.rpartition(".")[2])
        if hand is not None:
            hand.hear(piece, now())
            said.set()
            tallies = [tally for each in hands.values() for tally in each.tallies.values()]
            report.count(tallies)
            on_progress(report, sum(tally.playing for tally in tallies))

    unsubscribe = await bus.subscribe(share.word_subject(run, "*"), hear)
    try:
        await asyncio.gather(*(_order(bus, hand, secret) for hand in hands.values()))
        while not all(hand.gone(now()) for hand in hands.values()):
            said.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await said.wait()
    finally:
        for name in hands:
            await bus.publish(share.stop_subject(name), run.encode())
        await unsubscribe()
    report.judge([tally for hand in hands.values() for tally in hand.tallies.values()])
    return msgspec.structs.replace(
        report,
        machines=[hand.machine() for hand in hands.values()],
        processes=sum(hand.processes for hand in hands.values()),
    )


async def offered(bus: Bus, machines: int) -> list[tuple[GeneratorOffer, float]]:
    """The first generators that offer themselves, and how far the clock of each is ahead of ours, in seconds."""
    found: dict[str, tuple[GeneratorOffer, float]] = {}
    enough = asyncio.Event()

    def hear(subject: str, payload: bytes) -> None:
        try:
            offer = msgspec.json.decode(payload, type=GeneratorOffer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        if len(found) < machines:
            found[offer.name] = offer, offer.at - time.time()
        if len(found) >= machines:
            enough.set()

    unsubscribe = await bus.subscribe(share.OFFERS, hear)
    try:
        async with asyncio.timeout(GATHER_S):
            await enough.wait()
    except TimeoutError as error:
        names = ", ".join(found) or "none"
        raise Overloaded(
            f"{len(found)} of {machines} load generators are free on the bus ({names}): run stentor crowd on more.",
            retry_after_s=GATHER_S,
        ) from error
    finally:
        await unsubscribe()
    return list(found.values())


async def _order(bus: Bus, hand: Hand, secret: bytes) -> None:
    """Raises :class:`NotAllowed` when it refuses, :class:`Overloaded` when it does not answer."""
    reply = await bus.request(share.order_subject(hand.share.name), share.sign(hand.share, secret))
    answer = msgspec.json.decode(reply, type=OrderAnswer)
    if answer.refused:
        raise NotAllowed(f"{hand.share.name} refuses: {answer.refused}")

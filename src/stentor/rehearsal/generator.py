"""A load generator: a machine that offers itself on the bus and drives its share of a rehearsal's crowd.

It obeys whoever has the installation's secret, one order at a time, and sends listeners to the public address that it
was configured with and nowhere else, unless its operator has allowed more.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.errors import StentorError
from stentor.bus.connection import Bus
from stentor.rehearsal import rehearse, share
from stentor.rehearsal.order import CrowdTally
from stentor.rehearsal.plan import taken_apart
from stentor.rehearsal.share import GeneratorOffer, OrderAnswer, Share, Word

OFFER_S: Final = 0.5
SOON_S: Final = 60.0
"""An order is for the next minute: one that somebody kept is worth nothing later."""
MOST_S: Final = 6 * 3600.0
WORD_S: Final = 1.0


def own_name() -> str:
    """This process's name on the bus: the machine's, and a number of its own."""
    return f"{re.sub(r'[^A-Za-z0-9-]', '-', socket.gethostname())}-{os.getpid()}"


class Generator:
    """One of them. ``addresses`` are those it may send listeners to, as ``https://audience.example.org``."""

    def __init__(self, bus: Bus, name: str, *, public: str, addresses: Iterable[str]) -> None:
        self._bus = bus
        self._name = name
        self._public = public
        self._addresses = {taken_apart(f"{each.rstrip('/')}/s/any").address for each in addresses}
        self._log = log.get("generator")
        self._driving: asyncio.Task[None] | None = None
        self._last = ""
        """The run of the newest order: the same one does not begin twice."""

    async def run(self) -> None:
        """For ever."""
        await self._bus.serve(share.order_subject(self._name), self._ordered)
        await self._bus.subscribe(share.stop_subject(self._name), self._stop)
        processors = len(os.sched_getaffinity(0))
        self._log.info("generator-ready", name=self._name, addresses=sorted(self._addresses))
        try:
            while True:
                if self._driving is not None and self._driving.done():
                    driven, self._driving = self._driving, None
                    if not driven.cancelled():
                        driven.result()  # what it raises is a bug
                if self._driving is None:
                    offer = GeneratorOffer(self._name, processors, time.time())
                    await self._bus.publish(share.offer_subject(self._name), msgspec.json.encode(offer))
                await asyncio.sleep(OFFER_S)
        finally:
            if self._driving is not None:
                self._driving.cancel()
                await asyncio.wait([self._driving])

    async def _ordered(self, order: bytes) -> bytes:
        try:
            mine = share.read(order, self._public)
            refused = self._refusal(mine)
        except StentorError as error:
            refused = error.detail
        if refused:
            self._log.warning("order-refused", why=refused)
        else:
            self._last = mine.run
            self._driving = asyncio.create_task(self._drive(mine), name="drive a share")
        return msgspec.json.encode(OrderAnswer(refused))

    def _refusal(self, mine: Share) -> str:
        """Why not; empty when the order is to be obeyed. Raises :class:`BadInput`."""
        mine.plan.check()
        where = mine.plan.target.address
        ahead_s = mine.at - time.time()
        if self._driving is not None:
            return "It drives another rehearsal."
        if mine.name != self._name or mine.run == self._last or not 0 < ahead_s < SOON_S or mine.plan.for_s > MOST_S:
            return "The order is for another machine or another time; are the clocks right?"
        if not 0 <= mine.slots[0] < mine.slots[1] <= mine.of <= mine.plan.listeners:
            return "The order leaves it nothing to do."
        if where not in self._addresses:
            return f"It sends listeners to {', '.join(sorted(self._addresses))} only; start it with --allow {where}."
        return ""

    def _stop(self, subject: str, payload: bytes) -> None:
        """The rehearsal is over, whatever we still do."""
        if self._driving is not None and payload.decode("ascii", "replace") == self._last:
            self._driving.cancel()

    async def _drive(self, mine: Share) -> None:
        """The whole share, to its end, and what came of it."""
        self._log.info("rehearsal-begins", run=mine.run, page=mine.plan.page, listeners=mine.size)
        newest: dict[int, CrowdTally] = {}
        failed = ""
        processes = 0

        over = asyncio.Event()

        async def tell() -> None:
            """What is new, once a second; and that we are here, when nothing is."""
            while not over.is_set():
                for index in list(newest) or [-1]:
                    await self._say(mine.run, Word(processes, index, newest.pop(index, None)))
                with suppress(TimeoutError):
                    async with asyncio.timeout(WORD_S):
                        await over.wait()

        telling = asyncio.create_task(tell(), name="tell of a share")
        try:
            address = await rehearse.resolved(mine.plan.target)
            hands = rehearse.dealt(await asyncio.to_thread(mine.visits), 0)
            processes = len(hands)
            seed = mine.plan.seed + mine.slots[0] * rehearse.MOST_PROCESSES
            await rehearse.drive(mine.plan, address, hands, at=mine.at, told=newest.__setitem__, seed=seed)
        except* StentorError as errors:
            failed = str(errors.exceptions[0])
        except* asyncio.CancelledError:
            telling.cancel()
            raise
        over.set()
        await telling
        for index, tally in newest.items():
            await self._say(mine.run, Word(processes, index, tally))
        await self._say(mine.run, Word(processes, ended=True, failed=failed))
        self._log.info("rehearsal-ended", run=mine.run, failed=failed)

    async def _say(self, run: str, word: Word) -> None:
        for piece in share.pieces(word):
            await self._bus.publish(share.word_subject(run, self._name), piece)

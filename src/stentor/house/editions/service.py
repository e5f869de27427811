"""Editions as the house sees them: the archive makes a listener cut, the house orders it and signs its edit list.

The house has the key of reports, and the archive has none: so nobody who takes the archive over can sign.
"""

from __future__ import annotations

import asyncio
from typing import Final

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.detached import Detached
from stentor.base.errors import Conflict, Malformed, NotFound, Overloaded, Removed
from stentor.bus.connection import heed_cancel
from stentor.house.spaces.service import Spaces
from stentor.spaces.model import Space, State
from stentor.store import editions
from stentor.store.editions import CutOrder, EditionState
from stentor.wire.edits import EditList

LOOK_S: Final = 5.0


class Editions:
    """``run`` is a task of the role; every house may run it: the same list gets the same signature."""

    def __init__(self, spaces: Spaces, secret: bytes) -> None:
        self._spaces, self._objects, self._signer = spaces, spaces.objects, Detached(secret)
        self._log = log.get("house")

    async def order(self, space: Space) -> None:
        """Orders the listener cut of a space anew; does nothing while its recording is not complete, or is gone."""
        if space.state is State.REPLAY and space.recorded:
            await editions.put(self._objects, editions.wanted(space, unix_ms(self._spaces.clock())))

    async def order_again(self, space: Space) -> None:
        """The same, for somebody who asks. Raises :class:`Conflict` before the recording is complete, Removed."""
        if not space.recorded:
            raise Removed("This recording was removed on request.")
        if space.state is not State.REPLAY:
            detail = "A listener cut is made when the recording is complete; this space is not there yet."
            raise Conflict(detail, code="recording-unfinished", state=space.state.value)
        await self.order(space)

    async def found(self, space: Space) -> tuple[CutOrder | None, EditList | None]:
        """What is ordered, and what is there. Raises :class:`Overloaded`."""
        order = await editions.ordered(self._objects, space.id)
        if not space.recorded:
            return order, None
        return order, await editions.made(self._objects, space.id, len(space.removals))

    async def signed(self, space: Space) -> bool:
        return await editions.is_signed(self._objects, space.id, len(space.removals))

    async def run(self) -> None:
        """For ever: signs what the archive has made."""
        while True:
            heed_cancel()
            await asyncio.sleep(LOOK_S)
            try:
                for order in await editions.orders(self._objects):
                    if order.state is EditionState.MADE:
                        await self.sign(order)
            except Overloaded as error:
                self._log.warning("editions-wait", detail=error.detail)

    async def sign(self, order: CutOrder) -> None:
        """Signs the edit list of an order that is done, and takes the order away."""
        try:
            space = await self._spaces.load(order.space)
            key = editions.edits_key(space.id, len(space.removals))
            text = await self._objects.get(key)
            found = await editions.read(self._objects, space.id, len(space.removals))
        except (NotFound, Malformed) as error:  # removed meanwhile; the next order makes it anew
            self._log.warning("edition-not-signed", space=order.space, detail=error.detail)
            await self._objects.delete(editions.order_key(order.space))
            return
        comment = f"edits of {found.space}, recording {found.last_hash[:16]}, {found.cut_ms} ms"
        await self._objects.put(f"{key}.minisig", self._signer.minisign(text, comment))
        await self._objects.put(f"{key}.sig", self._signer.ssh(text))
        there = await editions.ordered(self._objects, order.space)
        if there is not None and there.asked_ms == order.asked_ms:
            await self._objects.delete(editions.order_key(order.space))
        self._log.info("edition-signed", space=space.id, cut_ms=found.cut_ms)

"""Half of the key by which all edges seal TLS tickets. Stream ``TLS``, in the memory of the bus only.

Edges alone may write and read it (``bus.permissions``). The other half is what edges have in common, so that this one
alone opens nothing. An edge that finds none makes it; of two that do so at once the bus takes one's. The bus forgets it
after :data:`stentor.bus.streams.TICKETS_S` by its own clock, and whichever edge looks next makes another.
"""

from __future__ import annotations

import secrets

import nats.js.errors
from nats.js.kv import KeyValue

from stentor.base.errors import Overloaded
from stentor.bus.connection import RECONNECT_S, Bus
from stentor.bus.stored import FAILED
from stentor.bus.streams import TLS

KEY = "tickets"
BYTES = 32


class TicketSalt:
    """As one edge sees it."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def agreed(self) -> bytes:
        """What all edges have now. Raises :class:`Overloaded` without the bus, and when another was quicker."""
        try:
            return await self._bus.while_connected(self._ask())
        except nats.js.errors.KeyWrongLastSequenceError as error:
            raise Overloaded("Another edge was quicker.", retry_after_s=RECONNECT_S) from error
        except FAILED as error:
            raise Overloaded(f"The bus does not answer: {error!r}.", retry_after_s=1.0) from error

    async def _ask(self) -> bytes:
        kv = KeyValue(name=TLS, stream=TLS, pre="tls.", js=self._bus.js, direct=True)
        try:
            return (await kv.get(KEY)).value or b""
        except nats.js.errors.KeyNotFoundError:
            made = secrets.token_bytes(BYTES)
            await kv.create(KEY, made)
            return made

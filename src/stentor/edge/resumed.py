"""TLS sessions that any edge resumes: their tickets are sealed with a key that all edges have.

Each begins with a key of its own, which OpenSSL made, and takes the common one when the bus has it. Tickets of another
key are good for nothing, which a client notices by a whole handshake only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from stentor.base import log, ticket_key, ticket_probe
from stentor.base.errors import Overloaded
from stentor.base.tls import Tls
from stentor.bus.connection import Bus
from stentor.bus.ticket_salt import TicketSalt

LOOK_S = 5.0
"""How often an edge looks whether there is another key: one small request."""
NO_COMMON_KEY = "Tickets are sealed with a key of this process: who comes to another one shakes hands in full."


class CommonTickets:
    """``run`` is a task of the role; ``shared`` is a secret that all edges have."""

    def __init__(self, bus: Bus, tls: Tls, shared: bytes) -> None:
        self._salt, self._tls, self._shared = TicketSalt(bus), tls, shared
        self._known = b""
        self._log = log.get("tls")

    async def run(self, tried: Sequence[str] = ()) -> None:
        """Takes the key of all, and each that follows, for ever; ends where none can be set."""
        if reason := await ticket_probe.trouble(tried or ticket_probe.command(*self._tls.files)):
            self._log.info("tickets-own", reason=f"{reason} {NO_COMMON_KEY}")
            return
        while True:
            with suppress(Overloaded):  # the bus is away, or another edge was quicker: soon again
                self._take(await self._salt.agreed())
            await asyncio.sleep(LOOK_S)

    def _take(self, salt: bytes) -> None:
        if salt == self._known:
            return
        self._tls.seal(ticket_key.derived(self._shared, salt))
        self._known = salt
        self._log.info("tickets-common")

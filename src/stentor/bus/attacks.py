"""The attack file on the bus: JetStream stream ``ATTACKS``, one subject ``attack.<edge>`` an edge, for 72 hours."""

from __future__ import annotations

import msgspec

from stentor.base.errors import Malformed
from stentor.bus.connection import Bus
from stentor.bus.stored import StoredMessages
from stentor.bus.streams import ATTACKS
from stentor.evidence import attack
from stentor.evidence.attack import HostileSources


class AttackFile:
    """What edges told of hostile sources; nothing where ``STENTOR_ATTACK_FILE`` was off."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def tell(self, sources: HostileSources) -> None:
        """At most once; without the bus it is lost."""
        await self._bus.publish(f"attack.{sources.edge}", msgspec.json.encode(sources))

    async def read(self) -> list[HostileSources]:
        """All of it. Raises :class:`Overloaded` without the bus, or where it is of an older version."""
        reader, found = StoredMessages(self._bus, ATTACKS, "attack.*"), []
        while messages := await reader.next():
            for message in messages:
                try:
                    found.append(attack.decode(message.data))
                except Malformed:
                    continue
        return found

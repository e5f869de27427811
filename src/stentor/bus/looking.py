"""``looked.<key>``: a courier has looked for somebody or something elsewhere, and somebody here waits to hear of it.

The order is a job of the queue as any other (:mod:`stentor.bus.jobs`); only its answer does not wait in the database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from stentor.bus.connection import Bus, Unsubscribe

LOOK: Final = "look-elsewhere"
"""The kind of the jobs. Payload: ``handle`` and ``server`` of somebody, or the ``uri`` of anything."""
_ALL: Final = "looked.*"


class LookedUp(msgspec.Struct, frozen=True):
    """What stands elsewhere, as it is known here from now on: a person or a post by its number; neither, and then
    ``trouble`` is the code of what went wrong."""

    actor: int | None = None
    post: int | None = None
    trouble: str = ""


_decoder = msgspec.json.Decoder(LookedUp)


async def tell(bus: Bus, key: str, found: LookedUp) -> None:
    """Says what became of the job with a key, to whichever house waits for it; nobody is no error."""
    await bus.publish(f"looked.{key}", msgspec.json.encode(found))


async def follow(bus: Bus, hear: Callable[[str, LookedUp], None]) -> Unsubscribe:
    """Calls ``hear`` with the key and what was found, whoever has asked. Returns the way to stop."""

    def heard(subject: str, payload: bytes) -> None:
        try:
            found = _decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            bus.log.error("looked-unread", subject=subject)
        else:
            hear(subject.partition(".")[2], found)

    return await bus.subscribe(_ALL, heard)

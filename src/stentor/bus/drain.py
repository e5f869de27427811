"""``drain.<role>.<instance>``: a process is told over the bus to hand over its work and end, as by SIGTERM."""

from __future__ import annotations

from stentor.base.drain import Drain
from stentor.bus.connection import Bus

ASKED_S = 2.0


def subject(role: str, instance: str) -> str:
    return f"drain.{role}.{instance}"


async def heed(bus: Bus, role: str, instance: str, drain: Drain) -> None:
    """Listens for it as long as the bus lives; whoever asks hears that it has begun."""

    async def begin(_: bytes) -> bytes:
        drain.begin()
        return b"draining"

    await bus.serve(subject(role, instance), begin)


async def ask(bus: Bus, role: str, instance: str) -> None:
    """Tells a process to go. Raises :class:`Overloaded` when none of that name answers."""
    await bus.request(subject(role, instance), b"", timeout_s=ASKED_S)

"""``drain.<role>.<instance>``: a process is told over the bus to hand over its work and end, as by SIGTERM."""

from __future__ import annotations

from stentor.base.drain import Drain
from stentor.bus.connection import Bus


def subject(role: str, instance: str) -> str:
    return f"drain.{role}.{instance}"


async def heed(bus: Bus, role: str, instance: str, drain: Drain) -> None:
    """Listens for it as long as the bus lives."""
    await bus.subscribe(subject(role, instance), lambda _, __: drain.begin())


async def ask(bus: Bus, role: str, instance: str) -> None:
    """Tells a process to go; whether it does its heartbeat shows."""
    await bus.publish(subject(role, instance), b"")

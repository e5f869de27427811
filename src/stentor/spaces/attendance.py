"""Whether a host is there, and when a space without one ends by itself: music for nobody costs for ever."""

from __future__ import annotations

import msgspec

from stentor.base.errors import SetupError
from stentor.spaces.model import TALKING, Space

HOUR_MS = 3_600_000


class EndAfter(msgspec.Struct, frozen=True):
    """So long may a space go on without a host on its stage, in ms; 0 is for ever."""

    live_ms: int = 2 * HOUR_MS
    waiting_ms: int = 12 * HOUR_MS
    """With open doors, before it goes live."""


def parse(text: str) -> EndAfter:
    """Hours live and hours waiting, as ``2,12``; raises :class:`SetupError` for anything else."""
    try:
        live, waiting = (float(part) for part in text.split(","))
    except ValueError:
        live = waiting = -1.0
    if not (0 <= live <= 8760 and 0 <= waiting <= 8760):
        raise SetupError("STENTOR_END_AFTER needs two numbers of hours, live and waiting, such as 2,12; 0 means never.")
    return EndAfter(round(live * HOUR_MS), round(waiting * HOUR_MS))


def apply(space: Space, at_ms: int) -> Space:
    """The space with the time since when it has no host, after something happened at ``at_ms``."""
    hostless_ms = None if not space.on_air or space.hosted else space.hostless_ms or at_ms
    return space if hostless_ms == space.hostless_ms else msgspec.structs.replace(space, hostless_ms=hostless_ms)


def ends_ms(space: Space, after: EndAfter) -> int | None:
    """When the space ends by itself (wall clock, ms); None while it does not.

    What is announced waits for its time: nobody ends who lets music play days ahead.
    """
    if space.hostless_ms is None:
        return None
    if space.state in TALKING:
        return space.hostless_ms + after.live_ms if after.live_ms else None
    since_ms = max(space.hostless_ms, space.scheduled_ms or 0)
    return since_ms + after.waiting_ms if after.waiting_ms else None

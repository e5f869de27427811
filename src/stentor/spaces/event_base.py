"""What every event has; the events are in ``spaces.events`` and, by subject, beside it."""

from __future__ import annotations

import msgspec


class EventBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=True):
    """Base of all events; ``at_ms`` is the wall clock (ms, UTC), never before the event that came before."""

    at_ms: int

"""How wide the door is: follows from what the edges carry and how many wait. Pure.

The door is open (``p`` = 1) until the listeners reach :data:`TARGET` of the capacity. Then it becomes *narrow*: those
who are inside stay and may come back, newcomers wait at ``p`` = 0. Whenever there is room, ``p`` rises by the share of
those waiting for whom there is room, and waits until they have come. It never falls while the door is narrow, and the
door opens wholly when there is room for everybody who waits.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

TARGET = 0.75
"""Share of the capacity that is filled: the rest is for those who come before the door is narrow, and come back."""
CALM = 0.95
"""The door opens wholly only when everybody who waits would leave this share of the target."""
SETTLE_S = 2.0
"""After the retry window has passed everybody let in has come, but for this: heartbeats and caches."""
LEAST_RETRY_S = 6
MOST_RETRY_S = 60
ASKING_PER_EDGE = 1000
"""Requests a second that those who wait may cost an edge process."""
MOST_STEP = 0.25


class EdgesSeen(msgspec.Struct, frozen=True):
    """What the edges say together."""

    capacity: int
    """Listeners that all edges can carry."""
    listeners: int
    """Of all spaces: they share the edges."""
    waiting: int = 0
    """Devices outside this space's door."""
    all_waiting: int = 0
    """At the doors of all spaces."""
    edges: int = 1
    promised: int = 0
    """Whom the doors of other spaces have let in and who have not come yet."""


class Width(msgspec.Struct, frozen=True):
    """How wide the door of one space is."""

    p: float = 1.0
    epoch: int = 0
    """Counts how often it became narrow."""
    narrow_ms: int = 0
    """Since when it is narrow (wall clock); tickets from before are those of people inside."""
    settles_at: float = 0.0
    """When (the caller's clock, seconds) all who were let in by the last step have come."""
    retry_s: tuple[int, int] = (2, LEAST_RETRY_S)
    pace: float = 0.0
    """By how much ``p`` has risen a minute, lately."""
    stepped_at: float = 0.0
    promised: int = 0
    """How many the last step has let in; they come until ``settles_at``."""


def look(width: Width, sight: EdgesSeen, now: float, *, now_ms: int, held: bool = False) -> Width:
    """The width after a look at ``now`` (seconds, any steady clock); ``held`` freezes it (the limited audience)."""
    room = round(sight.capacity * TARGET) - sight.listeners
    if held:
        return width if width.p < 1.0 else narrowed(width, now, now_ms)
    if width.p >= 1.0:
        return narrowed(width, now, now_ms) if room <= 0 < sight.capacity else width
    retry_s = window(sight)
    room -= sight.promised
    if now < width.settles_at or room <= 0:
        return msgspec.structs.replace(width, retry_s=retry_s)
    settles_at = now + retry_s[1] + SETTLE_S
    if sight.all_waiting <= room * CALM:
        return Width(p=1.0, epoch=width.epoch, narrow_ms=width.narrow_ms, settles_at=settles_at, promised=sight.waiting)
    step = min(MOST_STEP, (1.0 - width.p) * room / sight.all_waiting)  # their places are spread evenly above p
    p = min(1.0, width.p + step) if sight.waiting else width.p
    minutes = max(1e-9, (now - width.stepped_at) / 60)
    return msgspec.structs.replace(
        width,
        p=p,
        settles_at=settles_at,
        retry_s=retry_s,
        pace=0.5 * width.pace + 0.5 * (p - width.p) / minutes,
        stepped_at=now,
        promised=round(sight.waiting * (p - width.p) / (1.0 - width.p)),
    )


def coming(widths: Iterable[Width], now: float) -> int:
    """How many these doors have let in who have not come yet."""
    return sum(width.promised for width in widths if now < width.settles_at)


def narrowed(width: Width, now: float, now_ms: int) -> Width:
    """The door as it is when it has just become narrow."""
    return Width(p=0.0, epoch=width.epoch + 1, narrow_ms=now_ms, settles_at=now + SETTLE_S, stepped_at=now)


def window(sight: EdgesSeen) -> tuple[int, int]:
    """Between which seconds those who wait ask again: the longer, the more they are."""
    asked = sight.all_waiting / (ASKING_PER_EDGE * max(1, sight.edges))
    longest = min(MOST_RETRY_S, max(LEAST_RETRY_S, round(2 * asked)))
    return max(2, longest // 3), longest

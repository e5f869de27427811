"""One budget of arrivals a second for all that sends people here. Pure.

Whoever sends asks for a moment before, and says how many people may come of it; the next one gets the moment after. So
two that send at once share the budget, and ten do. What has one address for many people (a server of others, a service
of push messages) goes first where it is large, while nobody else comes, and in no order that anybody could guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil
from typing import Final, NamedTuple, TypeVar

from stentor.crowd.capacity import BUSY, JOIN_US

RESPONSE: Final = 0.3
"""Of those who are told, so many come. Assumed, until a site has measured it (:func:`response`)."""
DOUBT: Final = 200
"""The assumption weighs as much as so many people of whom it is known whether they came."""
AHEAD_MS: Final = 15 * 60_000
"""So long before a talk its reminders may begin to go out: people hear the music until then."""
LAST_MS: Final = 3 * 60_000
"""Who is told last has so long to come."""
LEAST_PER_S: Final = 5.0
"""While people wait at a door: what is said goes out, and hardly adds to them."""
HURRY_S: Final = 60.0
"""Within so long after they were told, at the soonest, most of those who come have come. Assumed."""
SHARE: Final = 0.8
"""Of the budget that is planned: a large group comes in a hurry, and is not spread."""
HUB_PEOPLE: Final = 100
"""So many are told by a hub of feeds that it is on. Assumed: no hub says how many subscribe."""
HOOK_PEOPLE: Final = 20
"""So many by a program that hears of a space. Assumed: most hand it on to a group or a channel."""

Group = TypeVar("Group")


class ArrivalSlot(NamedTuple):
    """When something goes out, and until when the budget is spoken for after it. Milliseconds since 1970."""

    at_ms: int
    free_ms: int


def budget_per_s(edges: int, certified_per_s: float = 0.0, *, waiting: int = 0) -> float:
    """Arrivals a second: what a readiness certificate of this site has shown, else what the processes of the edges are
    reckoned to bear (half a processor of handshakes each). While people wait at a door, next to none."""
    if waiting:
        return LEAST_PER_S
    return max(LEAST_PER_S, certified_per_s or edges * BUSY * 1e6 / JOIN_US)


def response(told: int, came: int) -> float:
    """The share of those who come, as it was measured here; with little to go by, near to :data:`RESPONSE`."""
    return min(1.0, (came + DOUBT * RESPONSE) / (told + DOUBT))


def reserve(free_ms: int, now_ms: int, people: int, per_s: float, rate: float = RESPONSE) -> ArrivalSlot:
    """The moment for ``people`` who are told together, of whom the share ``rate`` comes; ``free_ms`` is what the last
    one left."""
    [at_ms], next_ms = reserve_all(free_ms, now_ms, [people], per_s, rate)
    return ArrivalSlot(at_ms, next_ms)


def reserve_all(
    free_ms: int, now_ms: int, groups: Sequence[int], per_s: float, rate: float = RESPONSE
) -> tuple[list[int], int]:
    """The moments for some groups, one after the other, and until when the budget is spoken for after them. Parts of
    milliseconds are added up and not lost: many groups are of one person."""
    moments, free = [], float(max(free_ms, now_ms))
    for people in groups:
        moments.append(ceil(free))
        free += people * rate * 1000 / (SHARE * per_s)
    return moments, ceil(free)


def in_turn(groups: Iterable[Group], people: Callable[[Group], int], chance: Callable[[], float]) -> list[Group]:
    """The groups as they go out: by size in steps of four, the largest first; within a step in any order."""
    return sorted(groups, key=lambda group: (-(people(group).bit_length() // 2), chance()))


def needed_s(people: int, per_s: float, rate: float = RESPONSE) -> float:
    """How long it takes until all are told."""
    return people * rate / (SHARE * per_s)


def begins_ms(at_ms: int, people: int, per_s: float, rate: float = RESPONSE) -> int:
    """When sending begins, so that the last are told :data:`LAST_MS` before it starts at ``at_ms``; :data:`AHEAD_MS`
    before at most."""
    return at_ms - min(AHEAD_MS, LAST_MS + round(needed_s(people, per_s, rate) * 1000))


def coming(
    told: Sequence[tuple[int, int]], until_ms: int, *, hurry_s: float = HURRY_S, rate: float = RESPONSE
) -> list[float]:
    """How many come in each second from the first that was told on, when ``told`` are moments with how many people:
    most at once, then fewer, half of those who are left in each ``hurry_s`` (an exponential)."""
    if not told:
        return []
    first = min(at_ms for at_ms, _ in told)
    seconds = [0.0] * (max(0, until_ms - first) // 1000 + 1)
    for at_ms, people in told:
        seconds[(at_ms - first) // 1000] += people * rate
    keep, left = 0.5 ** (1 / hurry_s), 0.0
    found = []
    for new in seconds:
        left += new
        found.append(left * (1 - keep))
        left *= keep
    return found

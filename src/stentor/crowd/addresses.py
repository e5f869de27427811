"""How much one address may have of an edge: so that one machine cannot take all of it.

Limits are wide: behind one address may stand a school or a mobile network. They are no verdict on anybody; they bound
what a single source can do. An IPv6 client counts by its /64, which is what one customer gets. Pure.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

PREFIX_BITS = 64
MOST_PAST = 3
"""Seconds that have ended and are kept until :meth:`Addresses.past` is asked."""
ALONE = "#"
"""How a source begins that is one connection, not an address."""
COUNTED = "@"


def source(address: str) -> str:
    """What is counted as one: an IPv4 address, or the first half of an IPv6 address; empty for what is neither."""
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else f"{int(parsed) >> (128 - PREFIX_BITS):x}::/{PREFIX_BITS}"
    return address


def limited(number: str, itself: str) -> str:
    """The source of a connection that is limited alone, and counted for the source ``itself``, if that is not empty."""
    return f"{number}{COUNTED}{itself}" if itself else number


def itself_of(one: str) -> str:
    """For whom such a connection is counted; empty for any other source."""
    return one.partition(COUNTED)[2]


class Addresses:
    """Counts by source. A limit of 0 is none.

    ``proxy`` says whose connections are those of many people. Nobody knows then who is behind one until a request says
    it, so each such connection counts as a source of its own: what comes through it is limited, and shuts out nobody.
    Requests are counted by the second, which costs each of them a tenth of what a :class:`RateLimit` does.
    """

    def __init__(self, *, connections: int, requests: int, proxy: Callable[[str], bool]) -> None:
        self.refused_connections = 0
        self.refused_requests = 0
        self._most_connections, self._most_requests = connections, requests
        self._proxy = proxy
        self._numbers = itertools.count()
        self._open: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._came: dict[str, int] = {}
        """Connections of this second."""
        self._past: deque[tuple[dict[str, int], dict[str, int]]] = deque(maxlen=MOST_PAST)
        self._told: tuple[dict[str, int], dict[str, int]] = {}, {}
        """What :meth:`past` has told of the second that was under way then."""

    def enter(self, address: str) -> str | None:
        """Counts a connection; returns its source for :meth:`leave`, None when it is too many."""
        one = source(address)
        already = self._open.get(one, 0)
        if not already and (not one or self._proxy(address)):
            self._came[ALONE] = self._came.get(ALONE, 0) + 1
            return f"{ALONE}{next(self._numbers)}"
        self._came[one] = self._came.get(one, 0) + 1
        if 0 < self._most_connections <= already:
            self.refused_connections += 1
            return None
        self._open[one] = already + 1
        return one

    def leave(self, one: str) -> None:
        """A connection that was counted is gone."""
        left = self._open.get(one, 0) - 1
        if left > 0:
            self._open[one] = left
        else:
            self._open.pop(one, None)

    def ask(self, one: str) -> bool:
        """Counts a request; False when there were too many in this second."""
        asked = self._asked[one] = self._asked.get(one, 0) + 1
        if 0 < self._most_requests < asked:
            self.refused_requests += 1
            return False
        return True

    def second(self) -> None:
        """A new second begins."""
        if len(self._past) == MOST_PAST:  # what was told of is in the oldest, which goes
            self._told = {}, {}
        self._past.append((self._asked, self._came))
        self._asked, self._came = {}, {}

    def past(self) -> tuple[dict[str, int], dict[str, int]]:
        """Requests and connections by source, refused ones too, since the last call, whenever seconds began.

        Proxies that name nobody are one source, :data:`ALONE`.
        """
        now = self._asked, self._came
        sums: tuple[dict[str, int], dict[str, int]] = {}, {}
        for which, whole in enumerate(sums):
            for sign, counted in ((-1, self._told), *((1, second) for second in (*self._past, now))):
                for one, times in counted[which].items():
                    key = (itself_of(one) or ALONE) if one.startswith(ALONE) else one
                    whole[key] = whole.get(key, 0) + sign * times
        self._past.clear()
        self._told = dict(self._asked), dict(self._came)
        return _some(sums[0]), _some(sums[1])


def _some(times: dict[str, int]) -> dict[str, int]:
    return {one: number for one, number in times.items() if number}

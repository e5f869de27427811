"""Who listens at this house, and what each of them is told.

Each house reads the same happenings (``store.happenings``), so it does not matter where somebody posts and
where somebody listens. One question finds all readers of a post, and its words are made once for most of them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Set
from typing import Final

from stentor.base.errors import Overloaded
from stentor.house.streaming.messages import StreamEvent
from stentor.social.streams import StreamKind, StreamName

MOST_CLIENTS: Final = 2000
"""Of one house: 60 MB, and as many requests as an edge passes on at once."""
MOST_OF_ACCOUNT: Final = 20
"""Some telephones, and some pages of each: an app that opens one for each list has ten."""
MOST_STREAMS: Final = 50
"""Of one connection."""
MOST_WAITING: Final = 100
"""Events that wait for a client that is slow; one more and it is closed: it reads timelines when it is back."""
REMEMBERED: Final = 400
"""Posts that a client was told of lately: it is told when one is changed or gone."""
RETRY_S: Final = 30.0
BEGINS_S: Final = 5.0
END: Final = b""
"""In a client's queue: nothing more comes."""
Encoding = Callable[[StreamEvent, StreamName], bytes]


class StreamClient:
    """One connection of an app. ``notices`` and ``posts``: what its token lets it be told of."""

    def __init__(self, me: int, encode: Encoding, *, posts: bool = True, notices: bool = True) -> None:
        self.me, self.posts, self.notices = me, posts, notices
        self.names: set[StreamName] = set()
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING + 1)  # one is for END
        self.dropped = False
        self._encode = encode
        self._sent: OrderedDict[int, set[StreamName]] = OrderedDict()

    def tell(self, event: StreamEvent, name: StreamName, post: int | None = None) -> bool:
        """Lets it wait to be sent; False when too much waits already, and then nothing more comes."""
        if self.dropped:
            return False
        if self.waiting.qsize() >= MOST_WAITING:
            self.end()
            return False
        self.waiting.put_nowait(self._encode(event, name))
        if post is not None:
            self._sent.setdefault(post, set()).add(name)
            self._sent.move_to_end(post)
            if len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)
        return True

    def end(self) -> None:
        """Nothing more comes: what waits is thrown away."""
        self.dropped = True
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(END)

    def told_of(self, post: int) -> Set[StreamName]:
        """In which streams it was told of a post."""
        return self._sent.get(post, set()) & self.names


class Hub:
    """All who listen at this house."""

    def __init__(self) -> None:
        self._of: dict[int, set[StreamClient]] = defaultdict(set)
        self._open = 0
        self.dropped = self.told = 0
        self.came = asyncio.Event()
        """Somebody listens."""
        self.following = asyncio.Event()
        """What happens from now on is told."""

    def join(self, client: StreamClient) -> None:
        """It listens from now on. Raises :class:`Overloaded` when there are too many."""
        if self._open >= MOST_CLIENTS:
            raise Overloaded("Too many apps listen here; try again.", retry_after_s=RETRY_S)
        if len(self._of.get(client.me, ())) >= MOST_OF_ACCOUNT:
            said = "Too many of your apps listen here at once; close one."
            raise Overloaded(said, retry_after_s=RETRY_S, status=429, code="too-many-streams")
        self._open += 1
        self._of[client.me].add(client)
        self.came.set()

    async def begun(self) -> None:
        """Waits until what happens is told: who is told that they listen misses nothing from then on. Raises
        :class:`Overloaded`."""
        try:
            async with asyncio.timeout(BEGINS_S):
                await self.following.wait()
        except TimeoutError:
            raise Overloaded("Nothing can be told at the moment; try again.", retry_after_s=RETRY_S) from None

    def leave(self, client: StreamClient) -> None:
        there = self._of.get(client.me)
        if there is None or client not in there:
            return
        there.discard(client)
        self._open -= 1
        if not there:
            del self._of[client.me]
        if not self._of:
            self.came.clear()

    @property
    def people(self) -> Set[int]:
        return self._of.keys()

    def clients(self, me: int) -> Iterable[StreamClient]:
        return tuple(self._of.get(me, ()))

    def lists(self) -> set[int]:
        """Those that somebody listens to."""
        found: set[int] = set()
        for clients in self._of.values():
            for each in clients:
                found |= {int(name.of) for name in each.names if name.kind is StreamKind.LIST}
        return found

    def tell(self, client: StreamClient, event: StreamEvent, name: StreamName, post: int | None = None) -> None:
        """One event in one stream of one client, which is dropped when it is too slow."""
        before = client.dropped
        if client.tell(event, name, post):
            self.told += 1
        elif not before:
            self.dropped += 1

    def end(self) -> None:
        """The house goes."""
        for clients in self._of.values():
            for each in clients:
                each.end()

    def numbers(self) -> dict[str, float]:
        """For the heartbeat."""
        return {"streams_open": self._open, "streams_told": self.told, "streams_dropped": self.dropped}

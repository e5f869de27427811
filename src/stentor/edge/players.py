"""How many players ask for playlists: clients, not requests, so that asking often makes nobody into a crowd.

A player is a connection. One that is gone still counts until the round ends, but all that are gone from one source are
one player together: some close after each reply. What one source may add is what it holds open at once; requests add
nothing, connections made and closed one after the other add one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from stentor.crowd.addresses import ALONE
from stentor.edge.reply import Reply
from stentor.wire.http import Request


class Caller(Protocol):
    """A connection, as far as it is counted."""

    client: str
    """Where its request is from; behind a proxy one connection may speak for many."""


class Counting(Protocol):
    """Where callers are counted."""

    def gone(self, caller: Caller) -> None:
        """A connection that asked is closed."""


class Waiter(Caller, Protocol):
    """One whose reply can be held back."""

    asks: Counting | None
    """Where it asked last; told when the connection is closed."""

    def hold(self, request: Request, forget: Callable[[], object]) -> None: ...
    def release(self, reply: Reply) -> None: ...


class Round:
    """Who asked in one round. Each call costs a look or two into a table."""

    __slots__ = ("_asked", "_open", "count")

    def __init__(self) -> None:
        self.count = 0
        """Players: by source the connections that are still there, and at least one."""
        self._asked: dict[Caller, tuple[str, ...]] = {}
        self._open: dict[str, int] = {}

    @property
    def hidden(self) -> bool:
        """Whether somebody asked through a proxy that names nobody."""
        return ALONE in self._open

    def ask(self, caller: Caller) -> None:
        """A request of ``caller`` for a playlist."""
        known, source = self._asked.get(caller, ()), caller.client
        if source.startswith(ALONE):  # a proxy that names nobody
            source = ALONE
        if source in known or len(known) >= MOST_SOURCES:
            return
        self._asked[caller] = (*known, source)
        already = self._open.get(source)
        self._open[source] = (already or 0) + 1
        if already != 0:
            self.count += 1

    def gone(self, caller: Caller) -> None:
        """The connection is closed."""
        for source in self._asked.pop(caller, ()):
            left = self._open[source] = self._open[source] - 1
            if left:
                self.count -= 1


MOST_SOURCES = 256
"""Of one connection of a proxy in a round; what it speaks for beyond them is not counted."""


class Players:
    """Who asks once a round: those of this round, or of the one before while fewer have asked in this one."""

    __slots__ = ("_before", "_now")

    def __init__(self) -> None:
        self._now, self._before = Round(), Round()

    @property
    def count(self) -> int:
        return max(self._now.count, self._before.count)

    @property
    def hidden(self) -> bool:
        return self._now.hidden or self._before.hidden

    def ask(self, caller: Caller) -> None:
        self._now.ask(caller)

    def gone(self, caller: Caller) -> None:
        self._now.gone(caller)
        self._before.gone(caller)

    def turn(self) -> None:
        """A new round begins."""
        self._now, self._before = Round(), self._now

"""Who asks for playlists, as far as HLS needs to know: connections whose reply can be held back, and their sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from stentor.base import grid
from stentor.crowd.players import Caller
from stentor.edge.reply import Document, Reply
from stentor.evidence.sources import Trace
from stentor.wire.http import Request
from stentor.wire.playlist import Directives


class Counting(Protocol):
    """Where callers are counted."""

    def gone(self, caller: Caller) -> None:
        """A connection that asked is closed."""


class Waiter(Caller, Protocol):
    """One whose reply can be held back."""

    asks: Counting | None
    """Where it asked last; told when the connection is closed."""
    trace: Trace | None
    """What is counted of its client."""

    def hold(self, request: Request, forget: Callable[[], object]) -> None: ...
    def release(self, reply: Reply) -> None: ...


class Held(NamedTuple):
    request: Request
    since: float  # monotonic seconds


class PlaylistAsk(NamedTuple):
    """What a playlist's address means until the window moves on."""

    name: str
    """Of the rendition, or of the captions."""
    directives: Directives
    document: Document | None
    """None for who has to wait."""
    sound: bool
    """Whether who asks listens: who reads along asks for the sound as well."""
    turn: tuple[int, int]
    blocking: bool


def takes(waiter: Waiter, parts: int) -> int:
    """Counts parts of sound for whoever asked for them; returns how many."""
    if waiter.trace is not None:
        waiter.trace.parts += parts
    return parts


def turn(newest: int, awaited: Directives | None) -> tuple[int, int]:
    """In which part a player asks, and after how many it will ask again; ``awaited`` is what it wants to wait for.

    A low-latency player asks once for each part, and says for which: it may be late, and is not there twice for that.
    """
    if awaited is None or awaited.msn is None:
        return newest, grid.PARTS_PER_SEGMENT
    if awaited.part is None:
        return newest, 1
    return min(newest, awaited.msn * grid.PARTS_PER_SEGMENT + awaited.part - 1), 1

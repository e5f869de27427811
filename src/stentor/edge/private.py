"""Private spaces at one edge: which keys are good, whose pass a request brings, and who was shut out.

Nobody is asked: keys and passes are arithmetic (``spaces.private``), and the house says on the bus whose passes hold no
more. Whoever brings neither is answered exactly as where there is no such space.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from stentor.base.clock import Clock
from stentor.bus.revocations import EVERY_SPACE, Revocation, RevokedPasses
from stentor.edge.protocol import Connection
from stentor.edge.reply import NO_STORE, Reply
from stentor.spaces import private
from stentor.spaces.model import Space, Visibility
from stentor.wire.http import Request

WITH_PASS = frozenset({"live.aac", "live.opus", "live.mp4", "recording.m4a"})
"""What no cache keeps: for these a key is not enough, so that a listener who is shut out can be told from others."""
LONGEST_PASS = 64


class WayIn(NamedTuple):
    """A request that may be answered: what is asked for below the key, and whose pass it brought if it needs one."""

    below: str
    path: list[str]
    holder: tuple[str, bytes, int] | None = None
    """Space, holder, and when the pass was given (ms)."""


class PrivateSpaces:
    """Of one edge; ``doors`` is the key that house and edges share."""

    def __init__(self, doors: bytes, clock: Clock) -> None:
        self._secret, self._clock = private.secret(doors), clock
        self._revoked = RevokedPasses()
        self._keys: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}
        self._playing: dict[tuple[str, bytes], Connection] = {}
        """Of spaces with tickets: the stream that each holder hears here."""

    def enter(self, space: Space, path: list[str], request: Request) -> WayIn | Reply | None:
        """How ``path`` (below ``/s/{space}``) is to be answered; None as where there is no such space."""
        now = self._clock()
        good = self._good(space, now)
        if len(path) > 1 and path[0] == private.BELOW:
            inner = path[2:]
            if path[1] in good and not _needs_pass(space, inner):
                return WayIn(private.below(path[1]), inner)
            found = self.holder(space, request, now)
            if found is None or not _is_key(path[1]):
                return None
            if path[1] in good:
                return WayIn(private.below(path[1]), inner, found)
        elif self.holder(space, request, now) is None:
            return None
        else:
            inner = path
        rest = "".join(f"/{quote(part)}" for part in inner)
        query = request.target.partition(b"?")
        asked = (query[1] + query[2]).decode("ascii", "replace")
        address = f"/s/{space.id}{private.below(good[0])}{rest}{asked}"
        return Reply(307, {"Location": address, "Cache-Control": NO_STORE}, now=now)

    def hides(self, space: Space, request: Request) -> bool:
        """Whether for this request there is no such space."""
        return space.private and self.enter(space, request.path.split("/")[3:], request) is None

    def reacts(self, space: Space, below: list[str], request: Request) -> bool:
        """Whether a reaction may come by an address with this key, or with none to a space that is not private."""
        if not space.private:
            return not below
        found = self.enter(space, [*below, "react"], request)
        return isinstance(found, WayIn)

    def holder(self, space: Space, request: Request, now: float) -> tuple[str, bytes, int] | None:
        """Whose pass a request brings, in its query or a cookie, if it still holds."""
        text = request.query.get("pass") or _cookie(request.headers.get("cookie", ""), f"{private.COOKIE}{space.id}=")
        if not 0 < len(text) <= LONGEST_PASS:
            return None
        found = private.check(self._secret, space.id, text, now=now)
        if found is None or self._revoked.has(space.id, found):
            return None
        return space.id, found.holder, found.issued_ms

    def hears(self, space: Space, holder: tuple[str, bytes, int], connection: Connection) -> None:
        """A stream begins; of two with the same ticket the one before ends."""
        connection.holder = holder
        if space.visibility is not Visibility.TICKETS:
            return
        if len(self._playing) > MOST_KEYS:
            self._playing = {who: each for who, each in self._playing.items() if not each.transport.is_closing()}
        before = self._playing.get(holder[:2])
        self._playing[holder[:2]] = connection
        if before is not None and before is not connection and before.holder == holder:
            before.go()

    def revoke(self, told: Revocation, connections: list[Connection]) -> None:
        """The house has said it: streams of these passes end."""
        holder = bytes.fromhex(told.holder)
        self._revoked.hear(told)
        for connection in connections:
            there = connection.holder
            if there is None or there[1] != holder or told.space not in (EVERY_SPACE, there[0]):
                continue
            if there[2] < told.version:
                connection.holder = None
                connection.transport.close()

    def forget(self, key: str) -> None:
        """No pass that it was about holds any more."""
        self._revoked.forget(key)

    def _good(self, space: Space, now: float) -> tuple[str, ...]:
        """The keys that are good now; made once in a quarter of an hour."""
        until, known = self._keys.get((space.id, space.turn), (0.0, ()))
        if now < until and known:
            return known
        known = private.keys(self._secret, space, now)
        if len(self._keys) > MOST_KEYS:
            self._keys.clear()
        self._keys[space.id, space.turn] = now - now % private.OVERLAP_S + private.OVERLAP_S, known
        return known


MOST_KEYS = 1000
"""Kept; each costs 5 µs to make anew."""


def _needs_pass(space: Space, path: list[str]) -> bool:
    if path and path[-1] in WITH_PASS:
        return True
    return space.visibility is Visibility.TICKETS and path[:1] == ["hls"]


def _is_key(text: str) -> bool:
    return len(text) == 2 * private.KEY_BYTES and text.isascii() and text.isalnum()


def _cookie(header: str, name: str) -> str:
    """The value of a cookie whose name ends so; over https it has a prefix of its own."""
    start = header.find(name)
    return header[start + len(name) :].partition(";")[0].strip() if start >= 0 else ""

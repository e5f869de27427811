"""Private spaces at one edge: which keys are good, whose pass a request brings, and who was shut out.

Nobody is asked: keys and passes are arithmetic (``spaces.private``), and the house says on the bus whose passes hold no
more. Whoever brings neither is answered exactly as where there is no such space.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import NamedTuple
from urllib.parse import quote

from stentor.base.clock import Clock, unix_ms
from stentor.bus.documents import Gone
from stentor.bus.revocations import Revocation, Revocations, RevokedPasses
from stentor.edge.gate import client_of
from stentor.edge.hearing import TicketHearings, player_of
from stentor.edge.protocol import Connection
from stentor.edge.reply import NO_STORE, Reply
from stentor.edge.worker import Worker
from stentor.spaces import private
from stentor.spaces.model import Space
from stentor.spaces.private import Pass
from stentor.spaces.visibility import Visibility
from stentor.wire.http import Request

WITH_PASS = frozenset({"live.aac", "live.opus", "live.mp4", "recording.m4a", "edition.m4a"})
"""What no cache keeps: for these a key is not enough, so that a listener who is shut out can be told from others."""
FILES = frozenset({"hls", "replay", "overflow"})
"""What players fetch file by file. In a space with tickets its address has a part that is one listener's."""
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
        self.hearings = TicketHearings(clock)
        """Of spaces with tickets: who hears with each."""

    def enter(
        self, space: Space, path: list[str], request: Request, connection: Connection | None = None
    ) -> WayIn | Reply | None:
        """How ``path`` (below ``/s/{space}``) is to be answered; None as where there is no such space.

        On a ``connection`` somebody begins to hear by it. Raises :class:`Conflict` when their ticket is used elsewhere.
        """
        now = self._clock()
        good = self._good(space, now)
        if len(path) < 2 or path[0] != private.BELOW:
            return None if self.holder(space, request, now) is None else _redirect(space, good[0], path, request, now)
        key, inner = path[1], path[2:]
        if key in good and not _needs_pass(space, inner):
            if inner == ["ticket"] and space.visibility is Visibility.TICKETS and connection is not None:
                self._require_here(space, self._pass(space, request, now), request, connection)
            return WayIn(private.below(key), inner)
        if not _is_key(key):
            return None
        if _is_listener(space, inner):
            if not self._is_heard(space, inner[1], now):
                return None
            if key in good:
                return WayIn(f"{private.below(key)}/{private.LISTENER}/{inner[1]}", inner[2:])
            return _redirect(space, good[0], inner, request, now)
        found = self._pass(space, request, now)
        if found is None:
            return None
        if connection is not None and space.visibility is Visibility.TICKETS:
            self._require_here(space, found, request, connection)
        if _in_files(space, inner):
            return self._began(space, good[0], inner, found, request, connection)
        if key in good:
            return WayIn(private.below(key), inner, (space.id, found.holder, found.issued_ms))
        return _redirect(space, good[0], inner, request, now)

    def hides(self, space: Space, request: Request) -> bool:
        """Whether for this request there is no such space."""
        return space.private and self.enter(space, request.parts[2:], request) is None

    def reacts(self, space: Space, below: list[str], request: Request) -> bool:
        """Whether a reaction may come by an address with this key, or with none to a space that is not private."""
        if not space.private:
            return not below
        found = self.enter(space, [*below, "react"], request)
        return isinstance(found, WayIn)

    def holder(self, space: Space, request: Request, now: float) -> tuple[str, bytes, int] | None:
        """Whose pass a request brings, in its query or a cookie, if it still holds."""
        found = self._pass(space, request, now)
        return None if found is None else (space.id, found.holder, found.issued_ms)

    def _pass(self, space: Space, request: Request, now: float) -> Pass | None:
        text = request.query.get("pass") or _cookie(request.headers.get("cookie", ""), f"{private.COOKIE}{space.id}=")
        if not 0 < len(text) <= LONGEST_PASS:
            return None
        found = private.check(self._secret, space.id, text, now=now)
        return None if found is None or self._revoked.has(space.id, found) else found

    def _require_here(self, space: Space, given: Pass | None, request: Request, connection: Connection) -> None:
        if given is not None:
            self.hearings.require((space.id, given.holder), _player(request, connection))

    def _began(
        self, space: Space, key: str, path: list[str], given: Pass, request: Request, connection: Connection | None
    ) -> Reply | None:
        """A player asks for a playlist with a ticket's pass: it is led to an address that is its own."""
        if not path[-1].endswith(".m3u8"):
            return None
        now = self._clock()
        begun_ms: int = unix_ms(now)
        if connection is not None:
            begun_ms = self.hearings.begin((space.id, given.holder), _player(request, connection))
        own = private.issue_listener(self._secret, space.id, private.ListenerKey(given, begun_ms))
        return _redirect(space, key, [private.LISTENER, own, *path], request, now)

    def _is_heard(self, space: Space, text: str, now: float) -> bool:
        """Whether a player of HLS is the one that this ticket has now; the one that began last is."""
        found = private.check_listener(self._secret, space.id, text, now=now) if len(text) <= LONGEST_PASS else None
        if found is None or self._revoked.has(space.id, found.given):
            return False
        return self.hearings.plays((space.id, found.given.holder), found.begun_ms)

    def hears(self, space: Space, holder: tuple[str, bytes, int], request: Request, connection: Connection) -> None:
        """A stream begins; of two with the same ticket the one before ends."""
        connection.holder = holder
        if space.visibility is Visibility.TICKETS:
            self.hearings.begin(holder[:2], _player(request, connection), connection)

    async def follow(self, revocations: Revocations, worker: Worker) -> None:
        """Ends the streams of those who were shut out as soon as the house tells; for ever."""
        async with aclosing(revocations.watch()) as following:
            async for told in following:
                if isinstance(told, Gone):
                    self.forget(told.key)
                else:
                    self.revoke(told, worker.connections)

    def revoke(self, told: Revocation, connections: list[Connection]) -> None:
        """The house has said it: streams of these passes end."""
        self._revoked.hear(told)
        for connection in connections:
            if connection.holder is not None and told.ends(connection.holder):
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


def _player(request: Request, connection: Connection) -> bytes:
    return player_of(request.query.get("player", ""), client_of(request, connection) or "")


def _needs_pass(space: Space, path: list[str]) -> bool:
    kept = space.visibility is Visibility.TICKETS and path[:1] in (["cut"], ["evidence"])
    return kept or bool(path and path[-1] in WITH_PASS) or _is_listener(space, path) or _in_files(space, path)


def _in_files(space: Space, path: list[str]) -> bool:
    """Whether players would hear the sound of a space with tickets by this path, and nobody knew who they are."""
    return space.visibility is Visibility.TICKETS and path[:1] != [] and path[0] in FILES


def _is_listener(space: Space, path: list[str]) -> bool:
    """Whether it has who listens in it, and leads to such files."""
    own = space.visibility is Visibility.TICKETS and len(path) > 2 and path[0] == private.LISTENER
    return own and path[2] in (*FILES, "captions.vtt")


def _redirect(space: Space, key: str, path: list[str], request: Request, now: float) -> Reply:
    """To the same below another key."""
    rest = "".join(f"/{quote(part)}" for part in path)
    query = request.target.partition(b"?")
    asked = (query[1] + query[2]).decode("ascii", "replace")
    address = f"/s/{space.id}{private.below(key)}{rest}{asked}"
    return Reply(307, {"Location": address, "Cache-Control": NO_STORE}, now=now)


def _is_key(text: str) -> bool:
    return len(text) == 2 * private.KEY_BYTES and text.isascii() and text.isalnum()


def _cookie(header: str, name: str) -> str:
    """The value of a cookie whose name ends so; over https it has a prefix of its own."""
    start = header.find(name)
    return header[start + len(name) :].partition(";")[0].strip() if start >= 0 else ""

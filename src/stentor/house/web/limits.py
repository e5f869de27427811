"""How many requests the house works on at once, in lanes: whoever leads or speaks has one of their own, and so have
those who comment, with an account or as guests, and apps that listen.

A flood of the public pages fills its own lane and is refused there, early and cheaply; the host's buttons go on
working. A request leaves its lane when its answer begins: a peer that reads slowly holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stentor.base.errors import Overloaded, problem
from stentor.crowd.patience import Patience
from stentor.house.web.problems import headers_of

RETRY_S = 2.0
AT_ONCE = 20
"""Requests of a lane under way. The house has one interpreter: more at once only makes a queue. A limit that followed
the delays answered no more of a flood."""
MOST_WAITING = 500
"""Requests that wait for room in a lane. With 0.1 s of patience more would mean 5,000 a second."""
ALWAYS = frozenset({"/healthz"})
"""Who watches over the house must not take a full one for a dead one."""
COMMENTS, GUESTS = "/comments", "/guest-comments"
"""How the addresses end to which comments are written, with an account and without."""
INBOX = "/inbox"
"""How the addresses begin to which other servers send."""
PATIENT_S = 10.0
"""So long an app waits that is to listen for hours: after a restart all of them come at once, and whom one sends away
comes again with the others."""
MOST_PATIENT = 2000
"""Of those at once: as many as a house has listeners."""
Known = Callable[[Scope], bool]
"""Whether a request shows that it comes from somebody with a seat, a session or the admin's token; or from an app with
a token, that is to listen."""


class Lane:
    """Requests of one kind; ``patient`` ones wait for their turn. ``refused`` and ``busy`` are for the heartbeat."""

    def __init__(self, *, patient: bool = False) -> None:
        self.busy = 0
        self.refused = 0
        self._patience, self._patient = Patience(), patient
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Waits for room; raises :class:`Overloaded` when there is none in time."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not self._waiting:
            self._patience.empty(now)
            if self.busy < AT_ONCE:
                self.busy += 1
                return
        if len(self._waiting) >= (MOST_PATIENT if self._patient else MOST_WAITING):
            raise self._full()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait([turn], timeout=PATIENT_S if self._patient else self._patience.wait_s(now))
        except asyncio.CancelledError:
            if turn.done():
                self.leave()
            raise
        finally:
            if not turn.done():
                self._waiting.remove(turn)
        if not turn.done():
            raise self._full()

    def leave(self) -> None:
        """The answer begins."""
        self.busy -= 1
        now = asyncio.get_running_loop().time()
        while self._waiting and self.busy < AT_ONCE:
            # in a standing queue the oldest are about to give up: the newest still has somebody who waits
            newest = not self._patient and self._patience.standing(now)
            turn = self._waiting.pop() if newest else self._waiting.popleft()
            self.busy += 1
            turn.set_result(None)

    def _full(self) -> Overloaded:
        self.refused += 1
        return Overloaded("The house has more to do than it can; try again in a moment.", retry_after_s=RETRY_S)


class Lanes:
    """All lanes."""

    def __init__(self, known: Known, listens: Known) -> None:
        self.control, self.public, self.comments, self.guests = Lane(), Lane(), Lane(), Lane()
        self.inbox, self.streams = Lane(), Lane(patient=True)
        self._known, self._listens = known, listens

    def of(self, scope: Scope) -> Lane:
        written = scope["path"] if scope.get("method") == "POST" else ""
        if written.startswith(INBOX):
            return self.inbox  # other servers come all at once, and again if they are sent away
        if written.endswith(COMMENTS):
            return self.comments  # who comments is signed in, as hosts are: a flood of them must not take their lane
        if written.endswith(GUESTS):
            return self.guests  # anybody can be one: a flood of them must take nobody's
        if self._listens(scope):
            return self.streams  # neither a flood of the public pages nor the buttons of hosts
        return self.control if self._known(scope) else self.public

    def calm(self) -> bool:
        """Whether nobody waits for the beginning of an answer."""
        return not any(each.busy for each in (self.control, self.public, self.comments, self.guests, self.inbox))

    def numbers(self) -> dict[str, float]:
        """For the heartbeat."""
        named = {"control": self.control, "public": self.public, "comments": self.comments, "guests": self.guests}
        named |= {"inbox": self.inbox, "streams": self.streams}
        return {
            f"{name}_{what}": float(value)
            for name, lane in named.items()
            for what, value in (("busy", lane.busy), ("refused", lane.refused))
        }


def limited(app: ASGIApp, lanes: Lanes) -> ASGIApp:
    """``app``, with no more requests at once than :class:`Lanes` let through; the others get a problem document."""

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"] in ALWAYS:
            await app(scope, receive, send)
            return
        lane = lanes.of(scope)
        try:
            await lane.enter()
        except Overloaded as error:
            await _refuse(send, error)
            return
        await _pass(app, lane, scope, receive, send)

    return outer


async def _pass(app: ASGIApp, lane: Lane, scope: Scope, receive: Receive, send: Send) -> None:
    inside = True

    def leave() -> None:
        nonlocal inside
        if inside:
            inside = False
            lane.leave()

    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            leave()
        await send(message)

    try:
        await app(scope, receive, watched)
    finally:
        leave()


async def _refuse(send: Send, error: Overloaded) -> None:
    body = msgspec.json.encode(problem(error))
    # closing makes who floods pay for a new connection each time
    fields = {**headers_of(error), "content-length": str(len(body)), "connection": "close"}
    headers = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

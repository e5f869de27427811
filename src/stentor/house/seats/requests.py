"""Requests to speak at the house: who asks gets a token, hosts see the line, a crowd that looks costs little."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Sequence

from stentor.base.clock import unix_ms
from stentor.base.errors import Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.units import SeatId, SpaceId, space_id
from stentor.house.seats import schema
from stentor.house.seats.addresses import AskingAddresses
from stentor.house.spaces.invitations import Invitations
from stentor.house.spaces.service import Spaces
from stentor.spaces import requests
from stentor.spaces.model import Asking, Role, Seat, Space
from stentor.spaces.requests import SpeakRequest
from stentor.spaces.rights import Actor
from stentor.store.requests import Requests

LIMIT = Bucket(burst=20, refill_ms=15_000)
"""Of an address: people in one hall share one."""
KEPT_S = 1.0
"""How old the line may be that a person who waits is shown; what this process changes shows at once."""
MOST_KEPT = 256
"""Spaces whose line is remembered; beyond it the one read longest ago is read anew."""

_Line = tuple[Space, Sequence[SpeakRequest]]


def _too_many(wait_s: float) -> Overloaded:
    said = "Too many requests came from your address; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-requests")


class RequestQueue:
    """The lines of all spaces."""

    def __init__(self, spaces: Spaces, invitations: Invitations) -> None:
        self._spaces, self._invitations = spaces, invitations
        self._store = Requests(spaces.store.work)
        self._limit = RateLimit(LIMIT, _too_many)
        self._kept: OrderedDict[SpaceId, tuple[float, _Line]] = OrderedDict()
        self._reading = asyncio.Lock()
        self._addresses = AskingAddresses()

    async def ask(
        self, space: str, name: str, *, earlier: str, address: str, account: str = "", device: str = ""
    ) -> schema.RequestView:
        """Puts a person into the line; ``earlier`` is the id of a request that the same browser made before.

        ``account`` is the one that is signed in there, if any, ``device`` the one that was the last to sign in there.

        Raises what :func:`requests.admit` does, and :class:`Overloaded` (429) when too many come from one address.
        """
        now = self._spaces.clock()
        self._limit.spend(address, now)
        request = SpeakRequest(SeatId(earlier or f"ask-{secrets.token_hex(8)}"), name, unix_ms(now))

        def admit(before: Space, waiting: Sequence[SpeakRequest], asked: SpeakRequest) -> SpeakRequest:
            near = self._addresses.near(before, address)
            return requests.admit(before, waiting, asked, account, device=device, near=near)

        if account and (await self._spaces.load(space)).asking is Asking.MEMBERS:
            await self._store.require_listed(space_id(space), account)
        line = await self._store.add(space_id(space), request, admit, account=account, device=device)
        self._addresses.keep(line[0].id, request.id, address)
        self._spaces.follow_up(space_id(space))
        self._keep(line)
        seat = Seat(id=request.id, name=name, role=Role.SPEAKER)
        return self._view(line, request.id, self._invitations.issue(line[0], seat, None).token)

    async def own(self, space: str, request: SeatId, token: str) -> schema.RequestView:
        """What has become of a request, for its person."""
        return self._view(await self._look(space_id(space)), request, token)

    async def waiting(self, space: str) -> schema.RequestList:
        """The line, as it is now."""
        self._keep(line := await self._store.look(space_id(space)))
        return _listed(line)

    async def look(self, space: SpaceId) -> tuple[Space, schema.RequestList]:
        """A space and its line, at most :data:`KEPT_S` old, for pages that follow both."""
        line = await self._look(space)
        return line[0], _listed(line)

    def forget(self, space: SpaceId) -> None:
        """The space has changed: whoever looks next reads it anew."""
        self._kept.pop(space, None)

    async def drop(self, space: str, request: SeatId) -> None:
        """Takes a request out of the line: its person withdraws it, or a host declines it."""
        await self._store.drop(space_id(space), request)
        self._spaces.follow_up(space_id(space))

    async def accept(
        self,
        space: str,
        request: SeatId,
        actor: Actor,
        *,
        instead: SeatId | None = None,
        role: Role = Role.SPEAKER,
    ) -> schema.RequestList:
        """Gives the person who asks a seat in that role, that of ``instead`` on a full stage.

        Raises :class:`NotFound` for one who does not wait any more, :class:`Conflict` (``stage-full``).
        """
        await self._spaces.accept(self._store, space_id(space), request, actor, instead=instead, role=role)
        return await self.waiting(space)

    async def _look(self, space: SpaceId) -> _Line:
        """The line, at most :data:`KEPT_S` old; whoever comes while it is read gets the same."""
        async with self._reading:
            kept = self._kept.get(space)
            if kept is not None and asyncio.get_running_loop().time() - kept[0] < KEPT_S:
                return kept[1]
            line = await self._store.look(space)
            self._keep(line)
            return line

    def _keep(self, line: _Line) -> None:
        self._kept[line[0].id] = (asyncio.get_running_loop().time(), line)
        self._kept.move_to_end(line[0].id)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def _view(self, line: _Line, request: SeatId, token: str) -> schema.RequestView:
        space, waiting = line
        standing = requests.standing(space, waiting, request)
        return schema.RequestView(
            state=standing.state,
            title=space.title,
            place=standing.place,
            waiting=standing.waiting,
            token=token,
            link=self._invitations.page(space.id, token),
        )


def _listed(line: _Line) -> schema.RequestList:
    return schema.RequestList(requests=[schema.Waiting(each.id, each.name, each.asked_ms) for each in line[1]])

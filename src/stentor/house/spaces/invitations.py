"""Invitations: a seat for a person, and the link that is the key to it."""

from __future__ import annotations

import secrets

from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import NotAllowed
from stentor.base.units import SeatId, seat_id
from stentor.bus.status import Statuses
from stentor.house.spaces import schema
from stentor.house.spaces.service import Spaces
from stentor.spaces import commands as c
from stentor.spaces import rights, tokens
from stentor.spaces.model import Role, Seat, Space
from stentor.spaces.rights import Actor, Look


class Invitations:
    """Signs invitations, short where all houses in ``statuses`` read that; ``key`` never leaves it."""

    def __init__(self, spaces: Spaces, statuses: Statuses, settings: Settings, key: bytes) -> None:
        self._spaces, self._statuses, self._key = spaces, statuses, key
        self._house = settings.house_address
        self.max_seats = settings.max_seats

    async def invite(self, space: str, wish: schema.NewInvitation, actor: Actor) -> schema.InvitationView:
        """A new seat and its link, or a new link for the seat that ``wish`` names: then older ones hold no more."""
        found = await self._spaces.load(space)
        if wish.seat is not None and wish.seat in found.seats:
            found = await self._spaces.change(space, c.RenewLink(SeatId(wish.seat)), actor)
            return self.issue(found, found.seats[wish.seat], wish.expires_s)
        seat = seat_id(wish.seat or secrets.token_hex(6))
        found = await self._spaces.change(space, c.GiveSeat(seat, wish.name, Role(wish.role)), actor)
        return self.issue(found, found.seats[seat], wish.expires_s)

    async def waiting(self, space: str, actor: Actor) -> schema.InvitationList:
        """The links of who is invited and not on the stage, for whoever could make these links anew.

        A seat that is an account's needs no link, and shows none.
        """
        found = await self._spaces.load(space)
        rights.require(actor, Look.BACKSTAGE, found)
        away = [seat for seat in found.seats.values() if not (seat.connected or seat.account)]
        shown = [seat for seat in away if rights.allowed(actor, c.RenewLink(seat.id), found)]
        return schema.InvitationList([self.issue(found, seat, None) for seat in shown])

    def page(self, space: str, token: str) -> str:
        """The speaker's page with a token in its address, where no server ever reads it."""
        beside = token.removeprefix(f"{space}.")  # of a short one: its space stands in the path already
        return f"{self._house}/stage/{space}#{f't={beside}' if beside != token else f'token={token}'}"

    def issue(self, space: Space, seat: Seat, expires_s: int | None) -> schema.InvitationView:
        """The link of a seat, kept nowhere; for ``expires_s`` seconds, or a week from now or the announced time."""
        now_ms = unix_ms(self._spaces.clock())
        if expires_s is None:
            expires_ms = max(now_ms, space.scheduled_ms or 0) + schema.INVITATION_S * 1000
        else:
            expires_ms = now_ms + expires_s * 1000
        token = self._sign(space, seat, expires_ms)
        return schema.InvitationView(
            space=space.id,
            seat=seat.id,
            name=seat.name,
            role=seat.role,
            token=token,
            link=self.page(space.id, token),
            whip=f"{self._house}/whip/{space.id}",
            expires_ms=expires_ms,
        )

    def passing(self, space: Space, account: str) -> tokens.Invitation | None:
        """The seat that belongs to an account, for the stage; None when it has none."""
        seat = space.seat_of(account)
        return None if seat is None else tokens.Invitation(space.id, seat.id, seat.name, seat.role, 0, seat.generation)

    async def claim(self, space: str, token: str, account: str) -> tuple[Space, Seat]:
        """Makes the seat of an invitation an account's, for whoever has both. Raises what ``tokens.verify`` raises."""
        invitation = tokens.verify(token, self._key, now=self._spaces.clock())
        if invitation.space != space:
            raise NotAllowed("This invitation is for another space.", code="other-space")
        actor = rights.seated(invitation.seat, invitation.generation)
        found = await self._spaces.change(space, c.ClaimSeat(invitation.seat, account), actor)
        return found, found.seats[invitation.seat]

    def _sign(self, space: Space, seat: Seat, expires_ms: int) -> str:
        wish = tokens.Invitation(space.id, seat.id, seat.name, seat.role, expires_ms, seat.generation)
        short = self._statuses.reads_short_links(self._spaces.clock())
        return tokens.sign_short(wish, self._key) if short else tokens.sign(wish, self._key)

"""Invitations: a seat for a person, and the link that is the key to it."""

from __future__ import annotations

import secrets

from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.units import SeatId, seat_id
from stentor.house import schema
from stentor.house.desk import Desk
from stentor.spaces import commands as c
from stentor.spaces import rights, tokens
from stentor.spaces.model import Role, Seat, Space
from stentor.spaces.rights import Actor


class Invitations:
    """Signs invitations; ``key`` never leaves it."""

    def __init__(self, desk: Desk, settings: Settings, key: bytes) -> None:
        self._desk, self._key = desk, key
        self._house = settings.house_address
        self.max_seats = settings.max_seats

    async def invite(self, space: str, wish: schema.NewInvitation, actor: Actor) -> schema.InvitationView:
        """A new seat and its link, or a new link for the seat that ``wish`` names."""
        found = await self._desk.load(space)
        if wish.seat is not None and wish.seat in found.seats:
            return self.issue(found, self._own_link(found, wish.seat, actor), wish.expires_s)
        seat = seat_id(wish.seat or secrets.token_hex(6))
        found = await self._desk.change(space, c.GiveSeat(seat, wish.name, Role(wish.role)), actor)
        return self.issue(found, found.seats[seat], wish.expires_s)

    def page(self, space: str, token: str) -> str:
        """The speaker's page with a token in its address."""
        return f"{self._house}/stage/{space}#token={token}"

    def issue(self, space: Space, seat: Seat, expires_s: int | None) -> schema.InvitationView:
        """The link of a seat; it holds for ``expires_s`` seconds, or a week from now or from the announced time."""
        now_ms = unix_ms(self._desk.clock())
        if expires_s is None:
            expires_ms = max(now_ms, space.scheduled_ms or 0) + schema.INVITATION_S * 1000
        else:
            expires_ms = now_ms + expires_s * 1000
        token = tokens.sign(tokens.Invitation(space.id, seat.id, seat.name, seat.role, expires_ms), self._key)
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

    def _own_link(self, space: Space, seat: str, actor: Actor) -> Seat:
        """The seat, for whoever could also take it away: a link lets its holder speak in that name."""
        rights.require(actor, c.RemoveSeat(SeatId(seat)), space)
        return space.seats[seat]

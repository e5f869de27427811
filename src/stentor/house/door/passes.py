"""Passes: links to the listener's page for those who need no place at a narrow door (``crowd.door``)."""

from __future__ import annotations

from stentor.base.config import Settings
from stentor.crowd import door
from stentor.crowd.door import Class
from stentor.house.door import schema
from stentor.house.spaces.service import Spaces
from stentor.spaces import commands as c
from stentor.spaces import rights
from stentor.spaces.rights import Actor


class Passes:
    """Signs passes with the doors' key, which never leaves it."""

    def __init__(self, spaces: Spaces, settings: Settings, key: bytes) -> None:
        self._spaces, self._key = spaces, key
        self._audience = settings.audience_address

    async def issue(self, space: str, wish: schema.NewPass, actor: Actor) -> schema.PassView:
        """A link for anybody who has it; whoever may limit the audience may give it out."""
        found = await self._spaces.load(space)
        rights.require(actor, c.LimitAudience(), found)
        expires_s = round(self._spaces.clock()) + wish.expires_s
        text = door.make_pass(self._key, found.id, Class[wish.kind.upper()], expires_s=expires_s)
        return schema.PassView(wish.kind, f"{self._audience}/s/{found.id}#pass={text}", expires_s * 1000)

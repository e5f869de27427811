"""Moving to another server, and from one: what people ask for, which couriers look into (``courier.finding``)."""

from __future__ import annotations

from typing import Final

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import BadInput, Conflict
from stentor.fediverse.sites import named
from stentor.house.federation.service import FederationDesk
from stentor.store.moving import AGAIN_MS, MovesTable
from stentor.store.work import Work

WAITING: Final = "waiting"
"""The trouble of what is being looked into."""


class OtherAccount(msgspec.Struct, frozen=True):
    """An account elsewhere: its address, and its name where that is known."""

    uri: str
    name: str


class MovingView(msgspec.Struct, frozen=True):
    """Who somebody is besides, where they have gone, and what became of what they asked for last."""

    aliases: list[OtherAccount]
    moved_to: OtherAccount | None
    moved_ms: int | None
    again_ms: int | None
    """From then on they may move once more; None: now."""
    asked: str
    trouble: str


class MoveDesk:
    """Of all people here. Without the fediverse it refuses what changes something."""

    def __init__(self, work: Work, federation: FederationDesk, clock: Clock) -> None:
        self.on = federation.on
        self._table, self._federation, self._clock = MovesTable(work), federation, clock

    async def standing(self, me: int) -> MovingView:
        """How it stands with somebody."""
        found = await self._table.of(me)
        uris = [*found.aliases, *([found.moved_to] if found.moved_to else [])]
        names = await self._table.names(uris)
        again_ms = found.moved_ms + AGAIN_MS if found.moved_ms is not None else 0
        return MovingView(
            aliases=[OtherAccount(each, names.get(each, "")) for each in found.aliases],
            moved_to=OtherAccount(found.moved_to, names.get(found.moved_to, "")) if found.moved_to else None,
            moved_ms=found.moved_ms,
            again_ms=again_ms if again_ms > self._now_ms else None,
            asked=found.asked,
            trouble=found.trouble,
        )

    async def ask(self, me: int, address: str, *, leave: bool) -> None:
        """Has somebody looked for whose address is ``@name@server``: to name them as oneself, or to ``leave`` for them.

        Raises :class:`BadInput`, :class:`Conflict` (``federation-off``, ``moved-lately``)."""
        self._require_on()
        handle, server = named(address)
        home = self._federation.home
        if server in (home.name, home.authority):
            raise BadInput("This is an account of this site; name one of another server.", field="address")
        if leave and (await self.standing(me)).again_ms is not None:
            raise Conflict("This account has moved lately; wait 30 days.", code="moved-lately")
        name = f"{handle}@{server}"
        await self._table.asks(me, f"@{name}", WAITING)
        why = "move" if leave else "alias"
        key = f"{why} {me} {self._now_ms}"
        await self._federation.telling.look_for(why, key, name, subject=f"actor {me}", actor=f"{me}")

    async def drop(self, me: int, uri: str) -> None:
        """Names somebody as oneself no more; nobody's is no error."""
        self._require_on()
        await self._table.drop_alias(me, uri, now_ms=self._now_ms)

    async def stay(self, me: int) -> None:
        """Is here again; who has gone along stays there."""
        self._require_on()
        await self._table.stay(me, now_ms=self._now_ms)

    def _require_on(self) -> None:
        if not self.on:
            raise Conflict("This site is part of no fediverse.", code="federation-off")

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())

"""Destinations as hosts manage them; couriers send (``courier.simulcast``)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.errors import Conflict, NotFound
from stentor.base.seal import Seal
from stentor.bus.status import Statuses
from stentor.house.simulcast import schema
from stentor.house.simulcast.schema import DestinationView
from stentor.house.spaces.service import Spaces
from stentor.spaces import checks
from stentor.spaces.simulcast import (
    NEWS,
    SEALED,
    DestinationKind,
    DestinationSecret,
    DestinationSeen,
    SimulcastDestination,
)
from stentor.store.destinations import Destinations, SealedDestination
from stentor.wire import icecast, ingest, rtmp, srt


class SimulcastDesk:
    """Makes, changes and shows them."""

    def __init__(self, spaces: Spaces, statuses: Statuses, seal: Seal) -> None:
        self._table = Destinations(spaces.store.work)
        self._spaces, self._statuses, self._seal = spaces, statuses, seal

    async def list(self, space: str) -> Sequence[DestinationView]:
        """Those of a space, and how they stand."""
        seen = self._seen(space)
        return [schema.view(one, seen.get(one.number)) for one in await self._table.list(space)]

    async def find(self, number: str) -> SealedDestination:
        """One; raises :class:`NotFound`."""
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise NotFound("There is no such destination.", code="no-destination")
        return await self._table.find(int(number))

    async def make(self, wish: schema.NewDestination, *, space: str, by: str) -> DestinationView:
        """A new one. Raises :class:`BadInput` for an address that is none, :class:`Conflict` for one too many, and for
        a private space, which is sent to nobody."""
        if (await self._spaces.load(space)).private:
            raise Conflict("A private space is heard here alone; make it public first.", code="simulcast-private")
        server, secret = _parted(wish.kind, wish.server, DestinationSecret(wish.key, wish.passphrase))
        made = await self._table.add(
            SimulcastDestination(
                number=0, space=space, name=checks.name(wish.name), kind=wish.kind, server=server,
                on=wish.on, made_ms=unix_ms(self._spaces.clock()), made_by=by,
            ),
            self._seal.close(secret.text.encode(), SEALED),
        )  # fmt: skip
        await self._tell()
        return schema.view(made, None)

    async def change(self, found: SealedDestination, wish: schema.DestinationChange) -> DestinationView:
        """What is left out stays. Raises as :meth:`make`."""
        one, sealed, server = found.destination, None, found.destination.server
        if wish.key is not None or wish.passphrase is not None or wish.server is not None:
            had = DestinationSecret.read(self._seal.open(found.sealed, SEALED).decode())
            secret = DestinationSecret(
                had.key if wish.key is None else wish.key,
                had.passphrase if wish.passphrase is None else wish.passphrase,
                had.path,
            )
            server, secret = _parted(one.kind, server if wish.server is None else wish.server, secret)
            sealed = self._seal.close(secret.text.encode(), SEALED)
        changed = msgspec.structs.replace(
            one,
            server=server,
            name=one.name if wish.name is None else checks.name(wish.name),
            on=one.on if wish.on is None else wish.on,
        )
        await self._table.change(changed, sealed)
        await self._tell()
        return schema.view(changed, self._seen(one.space).get(one.number) if one.on else None)

    async def delete(self, number: int) -> None:
        """Sends there no more, and forgets the key. Raises :class:`NotFound`."""
        await self._table.delete(number)
        await self._tell()

    async def _tell(self) -> None:
        await self._spaces.bus.publish(NEWS, b"")

    def _seen(self, space: str) -> dict[int, DestinationSeen]:
        return {each.number: each for each in self._statuses.destinations(space, self._spaces.clock())}


def _parted(kind: DestinationKind, server: str, secret: DestinationSecret) -> tuple[str, DestinationSecret]:
    """What may be shown of an address, and what may not. Raises :class:`BadInput` for what is none of its kind."""
    match kind:
        case DestinationKind.SRT:
            server, key, passphrase = srt.parted(server, secret.key, secret.passphrase)
            srt.address(server, key, passphrase)
            return server, DestinationSecret(key, passphrase)
        case DestinationKind.WHIP:
            server, path = ingest.parted(server, secret.key, secret.path)
            return server, DestinationSecret(secret.key.strip(), path=path)
        case DestinationKind.ICECAST:
            key = icecast.address(server, secret.key).password
            return server.strip(), DestinationSecret(key)
        case DestinationKind.RTMP:
            server, key = rtmp.parted(server, secret.key)
            return server, DestinationSecret(key)

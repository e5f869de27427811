"""Pictures of people: the database has the picture, the object store the portrait, the board which seats have one.

Edges serve portraits to the audience, so that nobody of it ever asks the house.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.errors import CallerError, Overloaded
from stentor.house.spaces.service import Spaces
from stentor.house.uploads.readers import Readers
from stentor.house.who.shared_limit import SharedLimit
from stentor.people import picture
from stentor.people.model import Account
from stentor.spaces import commands as c
from stentor.spaces import portraits, rights
from stentor.spaces.model import Seat, Space


class SeatPictures:
    """Shows them at seats."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces, self._objects = spaces, spaces.objects
        self._accounts = spaces.store.accounts
        self._log = log.get("house")

    async def show(self, space: Space, seat: Seat, account: Account) -> Space:
        """Gives a seat that has become an account's the account's portrait; without it when the store fails."""
        square = None if account.picture_ms is None else await self._accounts.picture(account.handle)
        if account.picture_ms is None or square is None:
            return space
        try:
            if await self._objects.size(portraits.key(account.id, account.picture_ms)) is None:  # older than portraits
                await self._store(account.id, account.picture_ms, square)
        except Overloaded as error:
            self._log.warning("portrait-not-kept", space=space.id, detail=error.detail)
            return space
        return await self._spaces.change(space.id, c.PictureSeat(seat.id, account.picture_ms), rights.HOUSE)

    async def _store(self, account: str, picture_ms: int, square: bytes) -> None:
        portrait = await asyncio.to_thread(picture.portrait, square)
        await self._objects.put(portraits.key(account, picture_ms), portrait)


class Pictures(SeatPictures):
    """Sets and removes them, too."""

    def __init__(self, spaces: Spaces, limit: SharedLimit, readers: Readers) -> None:
        super().__init__(spaces)
        self._limit, self._readers = limit, readers

    async def set(self, account: Account, data: bytes) -> None:
        """Sets an account's picture, at all its seats too; raises :class:`BadInput` for what is none.

        Raises :class:`Overloaded` when the object store fails; then nothing has changed.
        """
        await self._limit.spend(f"picture {account.id}")
        square = await self._readers.picture(account.id, data)
        now_ms = max(unix_ms(self._spaces.clock()), (account.picture_ms or 0) + 1)
        await self._store(account.id, now_ms, square)
        await self._accounts.set_picture(account.id, square, now_ms=now_ms)
        await self._tell(account.id, now_ms)
        await self._delete(account.id, but=now_ms)

    async def remove(self, account: Account) -> None:
        """Takes an account's picture away, from all its seats too.

        Raises :class:`Overloaded` when the object store fails: nobody sees it any more, but it is still kept there.
        """
        await self._accounts.set_picture(account.id, None, now_ms=unix_ms(self._spaces.clock()))
        await self._tell(account.id, None)
        await self._delete(account.id)

    async def _tell(self, account: str, picture_ms: int | None) -> None:
        """Says it on the board, for every seat of the account."""
        for space, seat in await self._spaces.seats_of(account):
            if seat.picture_ms == picture_ms:
                continue
            with suppress(CallerError):  # the seat was taken away this moment
                await self._spaces.change(space.id, c.PictureSeat(seat.id, picture_ms), rights.HOUSE)

    async def _delete(self, account: str, *, but: int | None = None) -> None:
        kept = None if but is None else portraits.key(account, but)
        for key, _ in await self._objects.list(portraits.folder(account)):
            if key != kept:
                await self._objects.delete(key)

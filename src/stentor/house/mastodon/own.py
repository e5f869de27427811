"""What somebody says of themselves, changed by an app as by their own page."""

from __future__ import annotations

from stentor.base.clock import unix_ms
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.service import Spaces
from stentor.people.model import Account


class OwnAccount:
    """One's own name, bio and picture."""

    def __init__(self, spaces: Spaces, pictures: Pictures) -> None:
        self._spaces, self._pictures, self._accounts = spaces, pictures, spaces.store.accounts

    async def change(self, account: Account, name: str | None, bio: str | None, *, public: bool | None) -> None:
        """What is None stays. ``public``: whether they want a public page."""
        if public is not None and public != (account.hidden_ms is None):
            await self._accounts.hide(account.id, None if public else unix_ms(self._spaces.clock()))
        if name is not None or bio is not None:
            await self._accounts.change(account.id, name=name, bio=bio)
        for each in self._spaces.of_people:
            each()

    async def picture(self, account: Account, data: bytes) -> None:
        """Raises :class:`BadInput`, :class:`Overloaded`."""
        await self._pictures.set(account, data)

    async def no_picture(self, account: Account) -> None:
        """Raises :class:`Overloaded`."""
        await self._pictures.remove(account)

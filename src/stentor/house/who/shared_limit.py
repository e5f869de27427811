"""The limit on everything that could be guessed or done too often with credentials, over all houses of a site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotAllowed, NotSignedIn, Overloaded
from stentor.store.attempts import AttemptsTable


class SharedLimit:
    """A bucket a key, such as an address or a handle.

    What can be guessed (a password) spends a try before it is looked at, so that many at once count as many, and gets
    it back when it was right. What nobody can guess is looked at first (:meth:`counted`).
    """

    def __init__(self, table: AttemptsTable, clock: Clock) -> None:
        self._table, self._clock = table, clock

    async def spend(self, *keys: str) -> None:
        """Raises :class:`Overloaded` (429) when one of the keys has no try left; else each has one less."""
        wait_ms = await self._table.spend(keys, now_ms=unix_ms(self._clock()))
        if wait_ms > 0:
            raise Overloaded(
                "There were too many tries; wait a little.",
                retry_after_s=wait_ms / 1000,
                status=429,
                code="too-many-tries",
            )

    @asynccontextmanager
    async def counted(self, *keys: str) -> AsyncIterator[None]:
        """For what nobody can guess, such as a recovery code: a right one is never refused, whoever has tried before.

        A wrong one (:class:`NotSignedIn` or :class:`NotAllowed` within) spends a try, and raises :class:`Overloaded`
        when there is none left.
        """
        try:
            yield
        except (NotSignedIn, NotAllowed):
            await self.spend(*keys)
            raise

    async def refund(self, *keys: str) -> None:
        """Gives the try back."""
        await self._table.refund(keys)

"""Accounts that were deleted, in the object store: a backup that is older must not bring them back.

An entry is the account's id, which is random and says nothing of anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import Final

from stentor.base.errors import NotFound
from stentor.people import digests
from stentor.store.objects import Objects
from stentor.store.spaces import Store

FOLDER: Final = "forgotten"


async def note(objects: Objects, account: str) -> None:
    """Puts an account on the list. Raises :class:`Overloaded`."""
    await objects.put(f"{FOLDER}/{account}", b"deleted\n")


async def collect(places: Iterable[Objects]) -> set[str]:
    """All accounts on the lists of some places. Raises :class:`Overloaded` for one that does not answer."""
    return {key.removeprefix(f"{FOLDER}/") for place in places for key, _ in await place.list(FOLDER)}


async def carry_out(objects: Objects, store: Store, accounts: Collection[str], *, now_ms: int) -> int:
    """Deletes again those that are there, and keeps the list; how many there were. Jobs do the rest in the house."""
    count = 0
    for account in sorted(accounts):
        await note(objects, account)
        try:
            nobody = digests.digest(secrets.token_urlsafe(24))
            await store.accounts.deletions.delete(account, by=None, digest=nobody, now_ms=now_ms)
        except NotFound:
            continue
        count += 1
    return count

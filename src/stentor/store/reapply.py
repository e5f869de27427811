"""What was removed after a backup was made is removed again when it is restored, before anything is served.

The lists are found where the restored site keeps its recordings, and in other places that the operator names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from stentor.base import log
from stentor.base.errors import NotFound
from stentor.base.units import SpaceId
from stentor.spaces import board, withdrawal
from stentor.spaces import events as e
from stentor.spaces.model import Space
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals
from stentor.store.objects import Objects
from stentor.store.spaces import Store

Lists = dict[SpaceId, Withdrawal]
"""By space."""


async def collect(places: Iterable[Objects]) -> Lists:
    """All that was removed, as the places say. Raises :class:`Overloaded` for one that does not answer."""
    found: Lists = {}
    for place in places:
        async for each in withdrawals.each(place):
            known = found.get(each.space, Withdrawal(each.space))
            found[each.space] = withdrawal.joined(known, each)
    return found


async def carry_out(objects: Objects, store: Store, older: Lists, later: Lists) -> int:
    """Removes what ``later`` has and ``older`` (the backup's) has not; says of how many spaces."""
    count = 0
    for space in older.keys() | later.keys():
        there = older.get(SpaceId(space), Withdrawal(SpaceId(space)))
        wanted = later.get(space, there)
        found = withdrawal.joined(there, wanted)
        version = max(there.version, wanted.version) + 1  # newer than what an edge may have kept
        found = msgspec.structs.replace(found, version=version)
        await objects.put(withdrawal.key(space), withdrawal.encode(found))
        if (found.removals, found.gone) != (there.removals, there.gone):
            await withdrawals.erase(objects, found)
            if found.gone:
                await objects.delete(board.key(space))  # as it was; the house writes what is left to tell
            await _record(store, found)
            count += 1
    return count


async def _record(store: Store, found: Withdrawal) -> None:
    """Writes into the record of the space what is not there."""

    def missing(space: Space) -> Sequence[e.Event]:
        return [
            *(
                e.RecordingRemoved(at_ms=r.at_ms, from_ms=r.from_ms, to_ms=r.to_ms, who=r.who, reason=r.reason)
                for r in found.removals
                if r not in space.removals
            ),
            *(
                [e.SpaceRemoved(at_ms=found.gone.at_ms, who=found.gone.who, reason=found.gone.reason)]
                if found.gone and not space.removed
                else []
            ),
        ]

    try:
        await store.change(found.space, missing)
    except NotFound:  # it was made after the backup
        log.get("store").info("removed-space-unknown", space=found.space)

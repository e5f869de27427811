"""What was removed, as this edge knows it: told by the bus at once, and read beside the recordings every half minute.

It is asked before anything of a recording is served, and it is stronger than every copy that is kept here.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from stentor.base.clock import Clock
from stentor.base.errors import Malformed, Overloaded, Removed
from stentor.base.units import SpaceId
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import withdrawals
from stentor.store.objects import Objects

KEPT_S = 30.0
TRUSTED_S = 60.0
"""So old may the answer be when the object store does not give one; nothing is served after that."""
KEPT = 2000


class Withdrawn:
    """By space, the :data:`KEPT` that were asked for last."""

    def __init__(self, objects: Objects, monotonic: Clock) -> None:
        self._objects, self._monotonic = objects, monotonic
        self._known: OrderedDict[str, tuple[float, Withdrawal]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Withdrawal]] = {}

    def hear(self, found: Withdrawal) -> bool:
        """What the bus says; whether it is new."""
        _, known = self._known.get(found.space, (0.0, Withdrawal(found.space)))
        if found.version <= known.version:
            return False
        self._keep(found)
        return True

    def gone(self, space: str) -> bool:
        """Whether the whole space is known to be removed."""
        return space in self._known and self._known[space][1].gone is not None

    def silenced(self, space: str) -> bool:
        """Whether nothing of its recording is known to be left."""
        return space in self._known and self._known[space][1].whole is not None

    async def get(self, space: str) -> Withdrawal:
        """What was removed of a space. Raises :class:`Overloaded` when nobody can say."""
        age_s, known = float("inf"), None
        if space in self._known:
            read_s, known = self._known[space]
            age_s = self._monotonic() - read_s
        if known is not None and age_s < KEPT_S:
            return known
        reading = self._reading.get(space)
        if reading is None:
            reading = self._reading[space] = asyncio.create_task(self._read(space), name=f"withdrawn {space}")
            reading.add_done_callback(lambda _: self._reading.pop(space, None))
        try:
            return await asyncio.shield(reading)
        except Overloaded:
            if known is None or age_s > TRUSTED_S:
                raise
            return known

    async def _read(self, space: str) -> Withdrawal:
        try:
            found = await withdrawals.read(self._objects, space) or Withdrawal(SpaceId(space))
        except Malformed as error:
            raise Overloaded("What was removed of this recording cannot be read.", retry_after_s=60.0) from error
        known = self._known.get(space)
        if known is not None and known[1].version > found.version:
            found = known[1]  # the bus was quicker
        self._keep(found)
        return found

    def _keep(self, found: Withdrawal) -> None:
        self._known[found.space] = self._monotonic(), found
        self._known.move_to_end(found.space)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)


def require(found: Withdrawal) -> Withdrawal:
    """Raises :class:`Removed` when nothing of the recording is left."""
    if found.whole is not None:
        raise Removed("This recording was removed on request.", removed_ms=found.whole.at_ms)
    return found

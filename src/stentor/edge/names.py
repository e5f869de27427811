"""The names beside recordings, from the object store (``spaces.names``)."""

from __future__ import annotations

from collections import OrderedDict

from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.errors import Malformed, NotFound
from stentor.spaces import names
from stentor.spaces.model import Space, State
from stentor.spaces.names import Names
from stentor.store.objects import Objects
from stentor.wire import emsg

GROWING_S = 2.0
FINAL_S = 60.0
"""How old they may be here."""
KEPT = 100


class RecordedNames:
    """Those of the newest :data:`KEPT` recordings."""

    def __init__(self, objects: Objects, *, monotonic: Clock) -> None:
        self._objects, self._monotonic = objects, monotonic
        self._kept: OrderedDict[str, tuple[float, Names]] = OrderedDict()

    async def get(self, space: str, *, patience_s: float = 0.0) -> Names:
        """None where a recording has them inside, as those of before. Raises :class:`Overloaded`."""
        known = self._kept.get(space)
        if known is not None and self._monotonic() - known[0] < patience_s:
            return known[1]
        try:
            found = names.decode(await self._objects.get(names.key(space)))
        except NotFound:
            found = Names()
        except Malformed as error:
            log.get("edge").warning("names-damaged", space=space, reason=error.detail)
            found = Names()
        self._kept[space] = self._monotonic(), found
        self._kept.move_to_end(space)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    async def put_into(self, segment: bytes, space: Space) -> bytes:
        """A stored segment as it is heard live: with names. Raises :class:`Overloaded`."""
        found = await self.get(space.id, patience_s=FINAL_S if space.state is State.REPLAY else GROWING_S)
        if not found.names and not space.erased:
            return segment
        try:
            return emsg.replaced(segment, lambda message: names.named(message, found, space.erased))
        except Malformed:  # a damaged object is served as it is
            return segment

    def forget(self, space: str) -> None:
        self._kept.pop(space, None)

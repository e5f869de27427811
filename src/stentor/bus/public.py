"""Which public documents have changed lately. KV bucket ``public``, key ``{kind}.{id}``,
value = ``social.public.Changed``.

Only the house writes, after the document itself is in the object store. The bus forgets each after an hour: who was
away longer asks the object store anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from stentor.base.errors import Overloaded
from stentor.bus.connection import Bus
from stentor.bus.documents import Documents, Gone
from stentor.bus.stored import FAILED, Message, StoredMessages
from stentor.social.public import Changed, subject

KEPT_S: Final = 3600.0
HEARD_S: Final = 10.0
"""A reader asks the bus every five seconds for what it missed; one that got no answer for so long is cut off."""
MOST_SEEN: Final = 20_000
"""Documents of which is known what was told last. What is told of others may be heard twice, which costs a look."""


class _NotedReader(StoredMessages):
    """Tells of each answer of the bus."""

    def __init__(self, bus: Bus, bucket: str, answered: Callable[[], None]) -> None:
        super().__init__(bus, f"KV_{bucket}", f"$KV.{bucket}.>")
        self._answered = answered

    async def next(self) -> list[Message]:
        found = await super().next()
        self._answered()
        return found


class PublicChanges(Documents[Changed]):
    """The list as one process sees it. What comes is a change also where its version is lower: another house has told
    it, by a clock of its own."""

    bucket = "public"
    kind = Changed

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self._answered_s = float("-inf")

    def key(self, document: Changed) -> str:
        return subject(document.key)

    def hearing(self) -> bool:
        """Whether the bus has answered :meth:`watch` lately, and is connected."""
        return self.bus.connected and self._monotonic() - self._answered_s < HEARD_S

    async def put(self, document: Changed, *, anew: bool = True) -> None:
        """Tells everybody. Raises :class:`Overloaded` without the bus."""
        name = f"$KV.{self.bucket}.{self.key(document)}"
        try:
            await self.bus.js.publish(name, msgspec.json.encode(document), msg_ttl=KEPT_S)
        except FAILED as error:
            raise Overloaded(f"The bus did not take {name}: {error!r}.", retry_after_s=1.0) from error

    def _reader(self) -> StoredMessages:
        return _NotedReader(self.bus, self.bucket, self._note)

    def _note(self) -> None:
        self._answered_s = self._monotonic()

    @staticmethod
    def _monotonic() -> float:
        return asyncio.get_running_loop().time()

    def _change(self, subject: str, payload: bytes, seen: dict[str, int]) -> Changed | Gone | None:
        key, document = self._key_of(subject), self._decode(payload)
        if document is None or seen.get(key) == document.version:
            return None
        seen.pop(key, None)
        seen[key] = document.version
        if len(seen) > MOST_SEEN:
            del seen[next(iter(seen))]
        return document

"""Passes that hold no more, for edges. KV bucket ``revoked``, key ``{space}.{holder}`` (``_`` for every
space, and for every holder).

Only the house writes. The bus forgets each when no pass that it is about holds any more (``spaces.private.PASS_S``).
"""

from __future__ import annotations

from itertools import product

import msgspec

from stentor.base.errors import Overloaded
from stentor.bus.documents import Documents
from stentor.bus.stored import FAILED
from stentor.spaces.private import PASS_S, Pass

KEPT_S = PASS_S + 600.0
EVERY_SPACE = EVERY_HOLDER = "_"


class Revocation(msgspec.Struct, frozen=True):
    """Passes of this holder that were given before ``version`` (ms) open nothing."""

    space: str
    holder: str
    """Hexadecimal; ``_`` for all."""
    version: int

    def ends(self, given: tuple[str, bytes, int]) -> bool:
        """Whether it is about a pass: its space, its holder, and when it was given (ms)."""
        space, holder, issued_ms = given
        mine = self.holder in (EVERY_HOLDER, holder.hex()) and self.space in (EVERY_SPACE, space)
        return mine and issued_ms < self.version


class Revocations(Documents[Revocation]):
    """The list as one process sees it."""

    bucket = "revoked"
    kind = Revocation

    def key(self, document: Revocation) -> str:
        return f"{document.space}.{document.holder}"

    async def put(self, document: Revocation, *, anew: bool = True) -> None:
        """Tells everybody; readers pass over an older version. Raises :class:`Overloaded` without the bus."""
        subject = f"$KV.{self.bucket}.{self.key(document)}"
        try:
            await self.bus.js.publish(subject, msgspec.json.encode(document), msg_ttl=KEPT_S)
        except FAILED as error:
            raise Overloaded(f"The bus did not take a revocation: {error!r}.", retry_after_s=1.0) from error


class RevokedPasses:
    """What one process knows of them: ``hear`` and ``forget`` as the list changes."""

    def __init__(self) -> None:
        self._before_ms: dict[tuple[str, str], int] = {}
        """By space and holder."""

    def hear(self, told: Revocation) -> None:
        key = told.space, told.holder
        self._before_ms[key] = max(told.version, self._before_ms.get(key, 0))

    def forget(self, key: str) -> None:
        """No pass that it was about holds any more; ``key`` is that of the bucket."""
        space, _, holder = key.partition(".")
        self._before_ms.pop((space, holder), None)

    def has(self, space: str, given: Pass) -> bool:
        """Whether a pass to that space opens nothing any more."""
        if not self._before_ms:
            return False
        meant = product((space, EVERY_SPACE), (given.holder.hex(), EVERY_HOLDER))
        return any(given.issued_ms < self._before_ms.get(each, 0) for each in meant)

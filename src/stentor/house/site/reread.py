"""What is set in the database and may be changed by another house: read again every few seconds."""

from __future__ import annotations

import asyncio
from typing import Final

from stentor.base import log
from stentor.base.errors import Overloaded
from stentor.bus.connection import heed_cancel

PERIOD_S: Final = 5.0
"""So soon another house's changes are seen."""


class Reread:
    """``run`` is a task of the role. ``named`` is what the log calls it."""

    named = ""

    async def read(self) -> None:
        """Reads it; raises :class:`Overloaded`."""
        raise NotImplementedError

    async def begin(self) -> None:
        """Reads it once; where that fails, what is known stays."""
        try:
            await self.read()
        except Overloaded as error:
            log.get("house").warning(self.named, detail=error.detail)

    async def run(self) -> None:
        """Reads it again and again, for ever."""
        while True:
            heed_cancel()
            await self.begin()
            await asyncio.sleep(PERIOD_S)

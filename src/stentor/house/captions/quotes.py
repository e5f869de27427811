"""Quotes for whoever may hear the recording: signed in the name of this installation, and not kept."""

from __future__ import annotations

from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.detached import Detached
from stentor.base.errors import Conflict, Malformed, NotFound, Overloaded, Removed
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.house.spaces.service import Spaces
from stentor.store import quotes
from stentor.store.quotes import MadeQuote

LIMIT = Bucket(burst=20, refill_ms=200)
"""Of all spaces together: one takes 10 ms of a processor and reads up to seven segments."""


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("Many want quotes at the moment; try again.", retry_after_s=max(2.0, wait_s))


class Quotes:
    """Makes each anew: of the same recording and transcript it is the same."""

    def __init__(self, spaces: Spaces, secret: bytes, settings: Settings) -> None:
        self._spaces, self._signer, self._audience = spaces, Detached(secret), settings.audience_address
        self._limit = RateLimit(LIMIT, _too_many)

    async def make(self, space: str, at_ms: int) -> MadeQuote:
        """Raises :class:`NotFound` for what is not there, not yet, or not any more, and :class:`Overloaded`."""
        found = await self._spaces.load(space)
        self._limit.spend("", unix_ms(self._spaces.clock()) / 1000)
        try:
            return await quotes.make(self._spaces.objects, found, at_ms, self._signer, self._audience)
        except (Conflict, Removed) as error:
            raise NotFound(error.detail, code=error.error_code) from error
        except Malformed as error:
            raise NotFound("The recording or its transcript is damaged.", code="recording-damaged") from error

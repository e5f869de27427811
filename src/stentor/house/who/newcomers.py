"""What an account may do in its first hours: a few comments and requests to speak at once, and then slowly.

Whoever makes accounts to flood a space gets little out of each; somebody who has just come hardly notices.
"""

from __future__ import annotations

from typing import Final

from stentor.base.clock import unix_ms
from stentor.base.errors import Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.people.model import Account, SiteRole

LIMIT: Final = Bucket(burst=5, refill_ms=20_000)
"""Five at once, and then three a minute."""
HOUR_MS: Final = 3_600_000


def _too_new(wait_s: float) -> Overloaded:
    said = "This account is new: it writes a few times at once, and then three times a minute. Wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="new-account")


class Newcomers:
    """Of the whole site; ``hours`` is how long an account is new, 0 for not at all."""

    def __init__(self, hours: int) -> None:
        self._new_ms = hours * HOUR_MS
        self._limit = RateLimit(LIMIT, _too_new)

    def spend(self, account: Account, now: float) -> None:
        """A try of an account; raises :class:`Overloaded` (429, ``new-account``) for one too many of a new member."""
        if account.role is SiteRole.MEMBER and unix_ms(now) - account.created_ms < self._new_ms:
            self._limit.spend(account.id, now)

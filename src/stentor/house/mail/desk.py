"""All of mail that requests have to do with."""

from __future__ import annotations

from typing import NamedTuple

from stentor.base.clock import Clock
from stentor.base.errors import Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.house.accounts.people import People
from stentor.house.mail import schema
from stentor.house.mail.addresses import MailAddresses
from stentor.house.mail.letters import Letters
from stentor.house.mail.post import PostOffice
from stentor.house.mail.settings import MailSettings
from stentor.people import mail

TRIAL_LIMIT = Bucket(burst=30, refill_ms=10_000)
"""Of test mails: somebody looks for a mistake, and nobody makes a mill of it."""


def _too_many(wait_s: float) -> Overloaded:
    said = "Too many test mails were sent; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-mails")


class Mailing(NamedTuple):
    """What of mail runs by itself."""

    settings: MailSettings
    """By which server."""
    post: PostOffice
    """Orders."""
    letters: Letters
    """Writes and sends."""


class MailDesk:
    """What people and administrators do with it."""

    def __init__(self, mailing: Mailing, people: People, clock: Clock) -> None:
        self.settings, self.post, self.letters = mailing
        self.accounts = people.store
        self.addresses = MailAddresses(people, self.post, clock)
        self._trials, self._clock = RateLimit(TRIAL_LIMIT, _too_many), clock

    async def test(self, to: str, language: str) -> schema.MailTested:
        """Sends a mail now; raises :class:`NotSent` with what went wrong."""
        address = mail.address(to, "to")
        self._trials.spend("site", self._clock())
        await self.settings.read()
        await self.letters.deliver(self.letters.trial(address, language))
        return schema.MailTested(address)

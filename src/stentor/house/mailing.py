"""Puts mail together: by which server it goes, who orders it, who writes it, and the one who sends it."""

from __future__ import annotations

import random

from stentor.base.clock import Clock
from stentor.base.config import Settings
from stentor.base.keys import Keys
from stentor.bus.lease import Lease
from stentor.house.duty.jobs import JobKeeper
from stentor.house.mail.desk import Mailing
from stentor.house.mail.letters import Letters
from stentor.house.mail.post import KIND, PostOffice
from stentor.house.mail.settings import MailSettings
from stentor.house.moderation.receipts import Receipts
from stentor.house.site.service import SiteKeeper
from stentor.people.mail import patience_ms
from stentor.store.moderation import CasesTable
from stentor.store.spaces import Store


async def mailing_of(
    settings: Settings, store: Store, site: SiteKeeper, own: Keys, lease: Lease, clock: Clock
) -> tuple[Mailing, JobKeeper]:
    """All of mail, and what sends it where the ``lease`` is ours: one sender for the whole site, one mail after the
    other, with a queue of its own, so that a slow server holds nothing else up."""
    by = MailSettings(store.accounts.mail, own.invitations)
    await by.begin()
    post, receipts = PostOffice(store.work, by, clock), Receipts(own.invitations)

    def report_link(number: int) -> str:
        return f"{settings.house_address}/report/{receipts.made('report', number)}"

    letters = Letters(store.accounts, CasesTable(store.work), site, by, post, settings, clock, report_link=report_link)
    sends = JobKeeper(
        post.jobs,
        {KIND: letters.send},
        lease,
        clock,
        at_once=1,
        patience=lambda attempts: patience_ms(attempts, random.random()),
        number="mail_waiting",
    )
    return Mailing(by, post, letters), sends

"""All of mail as the house wires it: by which server it goes, who orders it, who writes it, and those who send it; and
what else brings people here: reminders, of which many go by mail, and outlets.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any, Final, NamedTuple

from stentor.base.config import Settings
from stentor.base.keys import SEALING, Keys
from stentor.base.receipts import Receipts
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.bus.jobs import JobQueue
from stentor.house.duty.jobs import JobKeeper
from stentor.house.mail.desk import Mailing
from stentor.house.mail.letters import Letters
from stentor.house.mail.post import KIND, REMINDERS, PostOffice
from stentor.house.mail.reminder_letters import ReminderLetters
from stentor.house.mail.settings import MailSettings
from stentor.house.outlets.browser import BrowserConnecting
from stentor.house.outlets.newsletter_letters import PURPOSES, NewsletterLetters
from stentor.house.outlets.newsletters import NewsletterDesk
from stentor.house.outlets.service import OutletDesk, OutletMoney
from stentor.house.pace.budget import ArrivalBudget
from stentor.house.reach.reminders import ReminderDesk
from stentor.house.reach.reminding import ReminderTeller
from stentor.house.site.service import SiteKeeper
from stentor.house.spaces.service import Spaces
from stentor.people.mail import patience_ms
from stentor.spaces.reminders import LINKS
from stentor.store.jobs import Job, Jobs
from stentor.store.moderation import CasesTable
from stentor.store.newsletters import NewslettersTable
from stentor.store.outlet_costs import OutletCosts
from stentor.store.outlets import OutletsTable
from stentor.store.reach import ReachTable
from stentor.store.reminders import RemindersTable

MAILS: Final = (KIND, REMINDERS)
"""Kinds of jobs that have queues of their own."""


class MailParts(NamedTuple):
    """What requests have to do with."""

    mail: Mailing
    reminders: ReminderDesk
    budget: ArrivalBudget
    outlets: OutletDesk
    browsers: BrowserConnecting


class MailQueues:
    """Each with one sender for the whole site, one mail after the other: a slow server holds nothing else up."""

    def __init__(self, keepers: list[JobKeeper]) -> None:
        self._keepers = keepers

    def numbers(self) -> dict[str, float]:
        """For the heartbeat."""
        return {name: number for keeper in self._keepers for name, number in keeper.numbers().items()}

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            for keeper in self._keepers:
                group.create_task(keeper.run(), name="mails")


async def mailing_of(
    settings: Settings, spaces: Spaces, budget: ArrivalBudget, site: SiteKeeper, own: Keys, jobs: JobKeeper
) -> tuple[MailParts, MailQueues]:
    """All of it; what reminders do by themselves is among the other ``jobs``."""
    store, clock = spaces.store, spaces.clock
    by = MailSettings(store.accounts.mail, own.invitations)
    await by.begin()
    post, receipts = PostOffice(store.work, by, clock), Receipts(own.invitations)

    def report_link(number: int) -> str:
        return f"{settings.house_address}/report/{receipts.made('report', number)}"

    letters = Letters(store.accounts, CasesTable(store.work), site, by, post, settings, clock, report_link=report_link)
    sealing, table = own.sealing or derive(own.invitations, SEALING), RemindersTable(store.work)
    queued, links = JobQueue(spaces.bus), Receipts(derive(sealing, LINKS))
    reminders = ReminderDesk(
        table, queued, post, links, sealing, clock, messages=settings.federation == "on"
    )  # fmt: skip
    letter_table, outlet_table = NewslettersTable(store.work), OutletsTable(store.work)
    newsletters = NewsletterDesk(letter_table, post, budget, links, Seal(sealing), clock)
    outlets = OutletDesk(
        outlet_table, ReachTable(store.work), queued, Seal(sealing), budget, clock,
        settings.audience_address, settings.house_address, newsletters,
        OutletMoney(OutletCosts(store.work), settings.x_client_id, settings.x_post_cost, settings.x_month_budget),
    )  # fmt: skip
    jobs.also(outlets.handlers())
    jobs.also(ReminderTeller(table, queued, post, budget, sealing, clock).handlers())
    told = ReminderLetters(
        letters, table, sealing, clock,
        link=lambda number: f"{settings.house_address}{reminders.link(number)}",
        page=lambda space: f"{settings.audience_address}/s/{space}",
    )  # fmt: skip

    news = NewsletterLetters(
        letters, letter_table, outlet_table, Seal(sealing), clock,
        link=lambda number: f"{settings.house_address}{newsletters.link(number)}", site=settings.audience_address,
    )  # fmt: skip

    async def remind(job: Job) -> str | None:
        return await (news if job.payload["purpose"] in PURPOSES else told).send(job)

    def queue(of: Jobs, kind: str, handler: Any, number: str) -> JobKeeper:
        patience = lambda attempts: patience_ms(attempts, random.random())  # noqa: E731
        return JobKeeper(of, {kind: handler}, jobs.lease, clock, at_once=1, patience=patience, number=number)

    mails = queue(post.jobs, KIND, letters.send, "mail_waiting")
    reminded = queue(post.reminders, REMINDERS, remind, "reminders_waiting")
    connecting = BrowserConnecting(outlets, lambda: site.look.name)
    return MailParts(Mailing(by, post, letters), reminders, budget, outlets, connecting), MailQueues([mails, reminded])

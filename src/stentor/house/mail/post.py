"""What mail is ordered: jobs in the database, so that nothing is lost when a house dies. They name ids, and no secret.

Links are made when a mail is written, not when it is ordered, so no key to an account waits anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.house.mail.settings import MailSettings
from stentor.people.mail import NEWS_MS, Purpose
from stentor.store.jobs import Jobs, JobTrouble, Wanted
from stentor.store.work import Work

KIND: Final = "mail"
REMINDERS: Final = "reminder-mail"
"""Those of reminders have a queue of their own: a way back into an account does not wait for thousands of them."""
STAFF: Final = "staff"
"""The key of the job that finds out whom to tell of new reports."""
MOST_WAITING: Final = 1000
"""More is not of use within the day; a server that is away for long keeps no more than this."""
FULL_RETRY_S: Final = 600.0
MOST_TROUBLES: Final = 10
MOST_REMINDERS: Final = 20_000
"""One sender of mail gets through them within the hour."""


class PostOffice:
    """Orders mails. Where none is sent it orders none, and says nothing."""

    def __init__(self, work: Work, settings: MailSettings, clock: Clock) -> None:
        self.jobs, self.reminders = Jobs(work, only=KIND), Jobs(work, only=REMINDERS)
        self._settings, self._clock = settings, clock
        self._log = log.get("house")

    @property
    def on(self) -> bool:
        """Whether this site sends mail."""
        return self._settings.on

    async def to_account(self, purpose: Purpose, accounts: Sequence[str]) -> None:
        """To people with an account; raises :class:`Overloaded` when too many wait."""
        if not self.on:
            return
        if await self.jobs.waiting() + len(accounts) > MOST_WAITING:
            raise Overloaded("Too many mails wait to be sent; try again later.", retry_after_s=FULL_RETRY_S)
        await self._add([_wanted(purpose, account) for account in accounts])

    async def to_reporter(self, purpose: Purpose, reports: Sequence[int]) -> None:
        """To people without an account, about their reports; none when too many wait."""
        await self._if_room([_wanted(purpose, str(report)) for report in reports])

    async def to_reminded(self, reminders: Sequence[int], wish: Mapping[str, str | int], *, after_ms: int) -> None:
        """To people who asked to be reminded; raises :class:`Overloaded` when too many wait."""
        if not self.on:
            return
        if await self.reminders.waiting() + len(reminders) > MOST_REMINDERS:
            raise Overloaded("Too many mails wait to be sent; try again later.", retry_after_s=FULL_RETRY_S)
        subject = f"mail {wish['purpose']}"
        wanted = [Wanted(REMINDERS, str(each), subject, wish) for each in reminders]
        await self.reminders.add(wanted, now_ms=unix_ms(self._clock()), after_ms=after_ms)

    async def news(self) -> None:
        """Moderators are told that there is something new: now, or an hour after they were told last."""
        if not self.on:
            return
        now_ms = unix_ms(self._clock())
        last_ms = await self.jobs.newest(STAFF)
        if last_ms is None or last_ms <= now_ms:
            after_ms = max(0, (last_ms or 0) + NEWS_MS - now_ms)
            await self._if_room([_wanted(Purpose.REPORTS, STAFF)], after_ms)

    async def waiting(self) -> int:
        return await self.jobs.waiting()

    async def troubles(self) -> Sequence[JobTrouble]:
        """What did not go out lately, and why."""
        return await self.jobs.troubles(limit=MOST_TROUBLES)

    async def _if_room(self, wanted: Sequence[Wanted], after_ms: int = 0) -> None:
        if not self.on:
            return
        if await self.jobs.waiting() + len(wanted) > MOST_WAITING:
            self._log.warning("mail-full", purpose=wanted[0].subject if wanted else "")
            return
        await self._add(wanted, after_ms)

    async def _add(self, wanted: Sequence[Wanted], after_ms: int = 0) -> None:
        await self.jobs.add(wanted, now_ms=unix_ms(self._clock()), after_ms=after_ms)


def _wanted(purpose: Purpose, key: str) -> Wanted:
    return Wanted(KIND, key, f"mail {purpose.value}", {"purpose": purpose.value})

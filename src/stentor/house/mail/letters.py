"""Writes a mail that was ordered, as things stand when it goes out, and sends it: the handler of those jobs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.base.errors import NotFound
from stentor.base.texts import Catalogue
from stentor.house.mail import sender
from stentor.house.mail.post import STAFF, PostOffice
from stentor.house.mail.sender import NotSent, trouble
from stentor.house.mail.settings import MailSettings
from stentor.house.site.service import SiteKeeper
from stentor.people import mail
from stentor.people.digests import digest
from stentor.people.mail import CONFIRM_MS, LINK_MS, Letter, Purpose
from stentor.people.model import Challenge
from stentor.store.accounts import Accounts
from stentor.store.jobs import Job
from stentor.store.mail import may_be_written_to
from stentor.store.moderation import CasesTable

TOKEN_BYTES = 24
ID_BYTES = 16
LAST_FOR_MS = {Purpose.CONFIRM: CONFIRM_MS, Purpose.WAY_BACK: LINK_MS}
PATHS = {Purpose.CONFIRM: "confirm", Purpose.WAY_BACK: "way-back"}
"""Below ``/account``, with the token behind."""


class Letters:
    """``report_link`` gives the link under which whoever made a report sees what became of it."""

    def __init__(
        self,
        accounts: Accounts,
        cases: CasesTable,
        site: SiteKeeper,
        settings: MailSettings,
        post: PostOffice,
        config: Settings,
        clock: Clock,
        *,
        report_link: Callable[[int], str],
    ) -> None:
        self._accounts, self._cases, self._site = accounts, cases, site
        self._settings, self._post, self._clock = settings, post, clock
        self._home = config.house_address
        self._report_link = report_link
        self._catalogue = Catalogue("stentor.house.mail")

    async def send(self, job: Job) -> str | None:
        """Writes and sends a mail; gives the code of why it was given up. Raises :class:`NotSent` to be tried again."""
        purpose = Purpose(str(job.payload["purpose"]))
        late = unix_ms(self._clock()) - job.made_ms > mail.life_ms(purpose)
        if not self._settings.on or (late and job.attempts):
            return job.trouble or trouble("mail-off").error_code
        if job.key == STAFF:
            await self._tell_staff()
            return None
        letter = await self._letter(purpose, job.key)
        if letter is None:
            return None
        try:
            await self.deliver(letter)
        except NotSent as error:
            if error.for_good:
                return error.error_code
            raise
        return None

    async def deliver(self, letter: Letter) -> None:
        """Hands a mail over now; raises :class:`NotSent`."""
        wishes = self._settings.wishes
        if not wishes.server:
            raise trouble("mail-off")
        message = mail.written(
            letter,
            sender=wishes.sender,
            name=self._site.look.name,
            number=secrets.token_hex(ID_BYTES),
            domain=urlsplit(self._home).hostname or "localhost",
            at_s=self._clock(),
        )
        await sender.send(wishes, self._settings.password(), message)

    def trial(self, to: str, language: str) -> Letter:
        """What administrators send to see whether it works."""
        return self._filled("trial", to, language, home=self._home)

    async def _tell_staff(self) -> None:
        if await self._cases.open():
            await self._post.to_account(Purpose.REPORTS, await self._accounts.mail.staff())

    async def _letter(self, purpose: Purpose, key: str) -> Letter | None:
        """None where it is of no use any more: the person, the address or the report is gone."""
        match purpose:
            case Purpose.RECEIVED | Purpose.DECIDED:
                return await self._of_report(purpose, int(key))
            case Purpose.REPORTS:
                return await self._of_reports(key)
        return await self._with_link(purpose, key)

    async def _with_link(self, purpose: Purpose, key: str) -> Letter | None:
        found = await self._accounts.mail.address(key)
        if found is None:
            return None
        try:
            account = await self._accounts.get(key)
        except NotFound:
            return None
        if purpose is Purpose.WAY_BACK and not may_be_written_to(account, found):
            return None
        token, now_ms = secrets.token_urlsafe(TOKEN_BYTES), unix_ms(self._clock())
        made = Challenge(
            challenge=digest(token),
            purpose=purpose.value,
            account=account.id,
            expires_ms=now_ms + LAST_FOR_MS[purpose],
        )
        await self._accounts.challenge(made, now_ms=now_ms)
        link = f"{self._home}/account/{PATHS[purpose]}/{token}"
        return self._filled(purpose.value, found.address, found.language, handle=account.handle, link=link)

    async def _of_reports(self, key: str) -> Letter | None:
        found, waiting = await self._accounts.mail.address(key), await self._cases.open()
        if found is None or found.confirmed_ms is None or not waiting:
            return None
        link, off = f"{self._home}/admin/moderation", f"{self._home}/account"
        name = "reports" if waiting > 1 else "report"
        return self._filled(name, found.address, found.language, count=waiting, link=link, off=off)

    async def _of_report(self, purpose: Purpose, number: int) -> Letter | None:
        try:
            _, made = await self._cases.case_of(number)
        except NotFound:
            return None
        if not mail.is_address(made.mail):
            return None
        to, link = mail.address(made.mail), self._report_link(number)
        return self._filled(purpose.value, to, made.language, number=number, link=link)

    def filled(self, name: str, to: str, language: str, /, *, number: str, off: str, **values: object) -> Letter:
        """A mail of the texts ``name``; see :class:`Letter` for the rest."""
        return msgspec.structs.replace(self._filled(name, to, language, **values), number=number, off=off)

    def _filled(self, name: str, to: str, language: str, /, **values: object) -> Letter:
        site = self._site.look.name

        def say(part: str) -> str:
            return self._catalogue.text(language, f"{name}.{part}", site=site, **values)

        foot = self._catalogue.text(language, "letter.foot", site=site, home=self._home)
        return Letter(to, say("subject"), f"{say('text')}\n\n{foot}\n", language)

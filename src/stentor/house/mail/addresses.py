"""The addresses that people give, and the way back into an account whose key is lost."""

from __future__ import annotations

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, NotFound, NotSignedIn, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.crowd.addresses import source
from stentor.house.accounts.people import People
from stentor.house.mail import schema
from stentor.house.mail.post import PostOffice
from stentor.people import mail, rights
from stentor.people.digests import digest
from stentor.people.mail import Purpose
from stentor.people.model import Account
from stentor.people.record import Deed
from stentor.store.mail import may_be_written_to

MAIL_LIMIT = Bucket(burst=3, refill_ms=20 * 60_000)
"""Of mails to one person: nobody's letter box is filled by strangers."""
ASKED_LIMIT = Bucket(burst=10, refill_ms=60_000)
"""Of who asks for a way back, from one place."""


def _too_many(wait_s: float) -> Overloaded:
    said = "Enough mails were sent; wait until they have come, or a while."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-mails")


class MailAddresses:
    """Of people with an account. ``ip`` is where a request comes from, for limits."""

    def __init__(self, people: People, post: PostOffice, clock: Clock) -> None:
        self._people, self._accounts, self._table = people, people.store, people.store.mail
        self._post, self._clock = post, clock
        self._mails, self._asked = RateLimit(MAIL_LIMIT, _too_many), RateLimit(ASKED_LIMIT, _too_many)
        self._log = log.get("house")

    async def own(self, account: Account) -> schema.OwnMail:
        """Where somebody reads mail."""
        return schema.own(await self._table.address(account.id), sends=self._post.on)

    async def change(self, account: Account, wish: schema.OwnMailChange, language: str) -> schema.OwnMail:
        """Sets it, and asks there whether it is theirs; raises :class:`BadInput`, :class:`Conflict` without mail."""
        if wish.mail is not msgspec.UNSET:
            await self._give(account, wish.mail.strip(), language)
        if wish.reports is not msgspec.UNSET:
            await self._table.want_reports(account.id, wish.reports)
        return await self.own(account)

    async def _give(self, account: Account, address: str, language: str) -> None:
        if not address:
            await self._table.take(account.id)
            await self._people.note(account, Deed.MAIL_TAKEN, account)
            return
        if not self._post.on:
            raise Conflict("This site sends no e-mail, so an address would be of no use.", code="mail-off")
        address = mail.address(address)
        self._spend(account.id, address)
        if await self._table.give(account.id, address, language):
            await self._people.note(account, Deed.MAIL_GIVEN, account)
        found = await self._table.address(account.id)
        if found is not None and found.confirmed_ms is None:
            await self._post.to_account(Purpose.CONFIRM, [account.id])

    async def confirm(self, token: str) -> str:
        """Notes that an address is its person's, by the link that was sent there; their handle."""
        account = await self._found(token, Purpose.CONFIRM)
        await self._table.confirm(account.id, unix_ms(self._clock()))
        await self._people.note(account, Deed.MAIL_CONFIRMED, account)
        return account.handle

    async def lost(self, who: str, ip: str) -> None:
        """Sends the way back to whom it may be sent. Says nothing of who has an account here, or an address."""
        if not self._post.on:
            raise Conflict("This site sends no e-mail. Ask an administrator, or use a recovery code.", code="mail-off")
        self._asked.spend(source(ip), self._clock())
        for account in await self._meant(who.strip()):
            try:
                self._spend(account.id)
                await self._post.to_account(Purpose.WAY_BACK, [account.id])
            except Overloaded:  # nobody learns by it that there is such an account
                self._log.warning("way-back-not-sent", account=account.id[:8])

    async def _meant(self, who: str) -> list[Account]:
        if mail.is_address(who):
            found = [await self._accounts.get(each) for each in await self._table.accounts_of(mail.address(who))]
        else:
            one = await self._accounts.find(who.lower().removeprefix("@"))
            found = [one] if one else []
        return [each for each in found if may_be_written_to(each, await self._table.address(each.id))]

    async def whose(self, token: str) -> Account:
        """Whose account a link leads back into, while it holds; raises :class:`NotSignedIn`."""
        return await self._found(token, Purpose.WAY_BACK, keep=True)

    async def come_back(self, token: str, password: str) -> Account:
        """Whose link it is, which counts once; with another ``password`` all their sessions end.

        Raises :class:`NotSignedIn`; :class:`BadInput` for a password that will not do and :class:`NotAllowed` for an
        account that is suspended: the link is there still.
        """
        account = await self.whose(token)
        rights.require_active(account)
        hashed = await self._people.hashed(password, account) if password else ""
        await self._found(token, Purpose.WAY_BACK)
        if hashed:
            await self._accounts.set_password(account.id, hashed)
            await self._accounts.end(account.id)
            await self._people.note(account, Deed.PASSWORD, account)
        await self._people.note(account, Deed.WAY_BACK, account)
        return account

    def _spend(self, *keys: str) -> None:
        for key in keys:
            self._mails.spend(key, self._clock())

    async def _found(self, token: str, purpose: Purpose, *, keep: bool = False) -> Account:
        now_ms = unix_ms(self._clock())
        found = await self._accounts.answered(digest(token), purpose.value, now_ms=now_ms, keep=keep)
        gone = NotSignedIn("This link was used, or is too old; ask for a new one.", code="link-gone")
        if found is None:
            raise gone
        try:
            return await self._accounts.get(found.account)
        except NotFound:
            raise gone from None

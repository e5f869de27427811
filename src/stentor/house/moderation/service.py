"""Reports, the queue, and decisions. Nobody whom a report is about learns here who made it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import msgspec

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.receipts import Receipts
from stentor.base.units import SpaceId
from stentor.crowd.addresses import source
from stentor.house.accounts.people import People
from stentor.house.mail.post import PostOffice
from stentor.house.moderation import schema
from stentor.house.moderation.effects import Effects
from stentor.house.moderation.elsewhere import PeopleElsewhereDesk
from stentor.house.moderation.flags import FlagTaker
from stentor.house.moderation.things import Knowing, Things
from stentor.house.spaces.service import Spaces
from stentor.people import moderation
from stentor.people.mail import Purpose
from stentor.people.model import Account
from stentor.people.moderation import Action, CaseDecision, CaseReport, CaseState, Thing, ThingKind
from stentor.people.record import Deed
from stentor.social import reported
from stentor.store.comments import CommentsTable
from stentor.store.decisions import CARRY_OUT, TAKE_BACK, DecisionsTable
from stentor.store.jobs import Job
from stentor.store.moderation import CasesTable
from stentor.store.reported import ReportedTable

ACCOUNT_LIMIT = Bucket(burst=10, refill_ms=60_000)
ADDRESS_LIMIT = Bucket(burst=5, refill_ms=120_000)
"""Of people without an account at one address: five at once, then one every two minutes."""
STRANGERS_LIMIT = Bucket(burst=60, refill_ms=10_000)
"""Of all of them together: no more than moderators can look at, however many addresses there are."""
WRITTEN_LIMIT = Bucket(burst=3, refill_ms=4 * 3_600_000)
"""Of mails to an address that somebody left, since it may be another's."""
CONTEXT = 5
"""Comments before and after the one that was reported."""
NOTED = {
    Action.WARN: Deed.WARNED,
    Action.MUTE: Deed.MUTED,
    Action.BAN_SPACE: Deed.SHUT_OUT,
    Action.LIMIT: Deed.LIMITED,
    Action.LABEL: Deed.POST_LABELLED,
}
"""What of decisions stands in the record of accounts; a suspension does already."""

_Doing = Callable[[CaseDecision, Thing, Account | None, Account | None], Awaitable[None]]


def _too_many(wait_s: float) -> Overloaded:
    said = "Too many reports came at once; wait a little and send it again."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-reports")


class CaseDesk:
    """Of the whole site."""

    def __init__(
        self,
        spaces: Spaces,
        people: People,
        effects: Effects,
        settings: Settings,
        receipts: Receipts,
        post: PostOffice,
    ) -> None:
        self._spaces, self._people, self._effects, self._post = spaces, people, effects, post
        self.house, self.receipts = settings.house_address, receipts
        self.elsewhere = PeopleElsewhereDesk(spaces.store.work, spaces.store.accounts, spaces.clock)
        self._cases, self._decisions = CasesTable(spaces.store.work), DecisionsTable(spaces.store.work)
        self._comments, self._reported_posts = CommentsTable(spaces.store.work), ReportedTable(spaces.store.work)
        homes = (settings.house_address, settings.audience_address, *settings.house_others)
        self.things = Things(spaces, homes)
        self._flags = FlagTaker(spaces.store.work, self.things, spaces.store.accounts, post, spaces.clock)
        self._accounts = RateLimit(ACCOUNT_LIMIT, _too_many)
        self._addresses = RateLimit(ADDRESS_LIMIT, _too_many)
        self._strangers = RateLimit(STRANGERS_LIMIT, _too_many)
        self._written = RateLimit(WRITTEN_LIMIT, _too_many)
        self._log = log.get("house")

    # Reporting

    async def report(
        self, wish: schema.NewReport, account: Account | None, address: str, language: str, knows: Knowing
    ) -> schema.ReportView:
        """Keeps a report, and lets moderators know. What is too much is refused before anything is looked up."""
        now = self._spaces.clock()
        made = moderation.report(
            CaseReport(
                at_ms=unix_ms(now),
                account=account.id if account else "",
                why=wish.why,
                text=wish.text,
                address=wish.id if wish.kind is ThingKind.ADDRESS else "",
                name=wish.name,
                mail=wish.mail,
                language=language,
            ),
            good_faith=wish.good_faith,
        )
        if account:
            self._accounts.spend(account.id, now)
        else:
            self._addresses.spend(source(address), now)
            self._strangers.spend("all", now)
        thing = await self.things.find(wish.kind, wish.id, wish.space, knows, reader=made.account)
        posts = await self.things.posts(thing, wish.posts, made.account)
        await self.things.keep_pictures(thing.account, posts)
        number = await self._cases.report(thing, made, posts)
        self._log.info("reported", kind=thing.kind.value, why=wish.why.value, known=account is not None)
        await self._write(Purpose.RECEIVED, [msgspec.structs.replace(made, number=number)])
        await self._post.news()
        return self._view(number, made, None)

    async def outcome(self, receipt: str) -> schema.ReportView:
        """What became of a report, for whoever has its link; raises :class:`NotFound`."""
        number = self.receipts.read("report", receipt)
        case, made = await self._cases.case_of(number)
        return self._view(number, made, next(iter(await self._decisions.of_case(case)), None))

    # The queue

    async def open(self) -> int:
        """How many cases wait."""
        return await self._cases.open()

    async def queue(self, state: CaseState, before: int) -> schema.CaseList:
        """A page of it, the newest first."""
        found = await self._cases.list(state, before=before)
        return schema.CaseList(
            open=await self._cases.open(),
            answers=[schema.decision(each) for each in await self._decisions.waiting()],
            cases=[schema.case(each, await self._name(each.thing)) for each in found],
        )

    async def case(self, number: int) -> schema.CaseDetail:
        """One case; raises :class:`NotFound`."""
        found = await self._cases.get(number)
        thing = found.thing
        about = await self._account(thing.account)
        return schema.CaseDetail(
            case=schema.case(found, about.name if about else thing.name),
            reports=[await self._reported(each) for each in await self._cases.reports(number)],
            context=await self._context(thing),
            posts=[schema.reported(number, each) for each in await self._reported_posts.of_case(number)],
            person=schema.person(about, limited=await self._effects.limited(about.id)) if about else None,
            history=_views(await self._decisions.of_account(thing.account) if thing.account else [], but=number),
            cases_about=await self._cases.about(thing.account) if thing.account else 0,
            decisions=_views(await self._decisions.of_case(number)),
            possible=list(moderation.possible(thing)),
            server=thing.server,
            stands=(await self.elsewhere.severity(thing.name)).value if thing.server else "none",
        )

    async def decide(self, number: int, ruling: schema.CaseRuling, by: Account | None) -> schema.CaseDetail:
        """Decides a case and carries it out; raises what :func:`moderation.decide` does."""
        found = await self._cases.get(number)
        about = await self._account(found.thing.account)
        now_ms = unix_ms(self._spaces.clock())
        made = moderation.decide(
            found, by, about, ruling.action, ruling.reason, ruling.hours, ruling.basis, now_ms=now_ms,
            label=ruling.label,
        )  # fmt: skip
        if ruling.forward:
            await self._flags.forward(found, made.reason)
        made = await self._decisions.add(made)
        await self._carry_out(made, found.thing, by, about)
        await self._write(Purpose.DECIDED, await self._cases.reports(number))
        self._log.info("decided", case=number, action=made.action.value)
        return await self.case(number)

    async def reply(self, number: int, wish: schema.DecisionReply, by: Account | None) -> schema.DecisionView:
        """Says something to a person's answer, and perhaps takes the decision back."""
        found = await self._decisions.get(number)
        about = await self._account(found.account)
        moderation.require_rank(by, about)
        text = moderation.reply(found, wish.text)
        await self._decisions.reply(number, text, unix_ms(self._spaces.clock()), lift=wish.lift)
        if wish.lift:
            await self._take_back(found, (await self._cases.get(found.case)).thing, by, about)
        self._log.info("replied", decision=number, lift=wish.lift)
        return schema.decision(await self._decisions.get(number))

    # What decisions do

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[str | None]]]:
        """By kind, for the keeper of jobs: what a house that died has decided and not done, and what other servers
        report. Again does no harm."""
        again = {CARRY_OUT: partial(self._again, self._carry_out), TAKE_BACK: partial(self._again, self._take_back)}
        return {**again, **self._flags.handlers()}

    async def _again(self, do: _Doing, job: Job) -> None:
        found = await self._decisions.get(int(job.key))
        thing = (await self._cases.get(found.case)).thing
        await do(found, thing, await self._account(found.by), await self._account(found.account))

    async def _carry_out(self, made: CaseDecision, thing: Thing, by: Account | None, about: Account | None) -> None:
        if made.lifted_ms is not None:
            return
        await self._effects.carry_out(made, thing, by, about)
        if about and (deed := _deed(made.action, thing)):
            await self._people.note(by, deed, about)
        await self._decisions.carried_out(made.number, unix_ms(self._spaces.clock()))

    async def _take_back(self, made: CaseDecision, thing: Thing, by: Account | None, about: Account | None) -> None:
        if about:
            await self._effects.undo(made, thing, by, about)
            await self._people.note(by, Deed.LIFTED, about)
        await self._decisions.carried_out(made.number, unix_ms(self._spaces.clock()))

    async def picture(self, number: int, key: str) -> bytes:
        """A picture of a post of a case, as it was reported; raises :class:`NotFound`."""
        for each in await self._reported_posts.of_case(number):
            if key in {one.key for one in each.reported.pictures}:
                return await self._spaces.objects.get(reported.picture(each.account, key))
        raise NotFound("There is no such picture.", code="media-not-found")

    # Whom it is about

    async def own(self, account: Account) -> schema.OwnDecisions:
        """What was decided about somebody."""
        found = await self._decisions.of_account(account.id)
        return schema.OwnDecisions([await self._own(each) for each in found if each.action is not Action.NONE])

    async def decision(self, receipt: str) -> schema.OwnDecision:
        """One decision, for whoever has its link; raises :class:`NotFound`."""
        return await self._own(await self._decisions.get(self.receipts.read("decision", receipt)))

    async def answer(self, receipt: str, text: str) -> schema.OwnDecision:
        """Keeps what a person says to a decision; raises what :func:`moderation.answer` does."""
        found = await self._decisions.get(self.receipts.read("decision", receipt))
        now_ms = unix_ms(self._spaces.clock())
        await self._decisions.answer(found.number, moderation.answer(found, text, now_ms), now_ms)
        return await self.decision(receipt)

    async def why_suspended(self, account: str) -> str:
        """The link to the decision that suspended an account; empty where an administrator did it without one."""
        for each in await self._decisions.of_account(account):
            if each.action is Action.BAN_SITE and each.lifted_ms is None:
                return self._decision_link(each.number)
        return ""

    # Within

    async def _write(self, purpose: Purpose, reports: Sequence[CaseReport]) -> None:
        """To those without an account who left an address, each once for a thing that they reported."""
        known = {each.mail.strip().lower(): each.number for each in reports if not each.account and each.mail}
        if purpose is Purpose.RECEIVED and any(self._written.wait_s(mail, self._spaces.clock()) for mail in known):
            return  # whose address it is has had enough of these
        for mail in known:
            self._written.note(mail, self._spaces.clock())
        await self._post.to_reporter(purpose, list(known.values()))

    async def _own(self, found: CaseDecision) -> schema.OwnDecision:
        thing = (await self._cases.get(found.case)).thing
        answerable = found.answerable(unix_ms(self._spaces.clock()))
        return schema.OwnDecision(
            schema.decision(found), thing.kind, thing.text, answerable, self._decision_link(found.number)
        )

    def _decision_link(self, number: int) -> str:
        return f"{self.house}/account/decision/{self.receipts.made('decision', number)}"

    def _view(self, number: int, made: CaseReport, decided: CaseDecision | None) -> schema.ReportView:
        link = f"{self.house}/report/{self.receipts.made('report', number)}"
        return schema.ReportView(number, made.at_ms, link, decided is not None, decided.action if decided else None)

    async def _account(self, account: str) -> Account | None:
        if not account:
            return None
        try:
            return await self._people.store.get(account)
        except NotFound:
            return None

    async def _name(self, thing: Thing) -> str:
        about = await self._account(thing.account)
        return about.name if about else thing.name

    async def _reported(self, made: CaseReport) -> schema.ReportedView:
        by = await self._account(made.account)
        return schema.ReportedView(
            made.at_ms, by.handle if by else "", made.why, made.text, made.address, made.name, made.mail
        )

    async def _context(self, thing: Thing) -> list[schema.ContextView]:
        if thing.kind is not ThingKind.COMMENT or not thing.id:
            return []
        number = int(thing.id)
        found = await self._comments.around(SpaceId(thing.space), number, CONTEXT)
        return [schema.ContextView(each.id, each.name, each.text, each.at_ms, each.id == number) for each in found]


def _deed(action: Action, thing: Thing) -> Deed | None:
    if action is Action.HIDE:
        return Deed.POST_REMOVED if thing.kind is ThingKind.POST else None
    return NOTED.get(action)


def _views(found: Sequence[CaseDecision], but: int = 0) -> list[schema.DecisionView]:
    return [schema.decision(each) for each in found if each.case != but]

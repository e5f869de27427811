"""Reports from server to server (``Flag``): what comes makes a case as anybody's report does; what goes is wished."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Conflict, NotFound
from stentor.house.mail.post import PostOffice
from stentor.house.moderation.things import Things
from stentor.people.moderation import Case, CaseReport, ReportReason, Thing, ThingKind
from stentor.social.reported import ReportedPost
from stentor.store.accounts import Accounts
from stentor.store.flags import FLAGGED, FlagsTable
from stentor.store.jobs import Job
from stentor.store.moderation import CasesTable
from stentor.store.reported import ReportedTable
from stentor.store.work import Work


class FlagTaker:
    """Takes what couriers have written down (``store.flags``), and tells other servers: never who has reported."""

    def __init__(self, work: Work, things: Things, accounts: Accounts, post: PostOffice, clock: Clock) -> None:
        self._cases, self._reported, self._flags = CasesTable(work), ReportedTable(work), FlagsTable(work)
        self._things, self._accounts, self._post, self._clock = things, accounts, post, clock

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[str | None]]]:
        """By kind, for the keeper of jobs."""
        return {FLAGGED: self.take}

    async def take(self, job: Job) -> str | None:
        """Makes a case of one, or adds it to the case that there is; again does no harm. Raises :class:`Overloaded`."""
        said = {name: str(value) for name, value in job.payload.items()}
        if said["uri"] and await self._cases.has_address(said["uri"]):
            return None
        snapshots = [await self._reported.snapshot(int(each)) for each in said["posts"].split(",") if each]
        posts = [each for each in snapshots if each is not None]
        try:
            thing = await self._thing(said["account"], posts)
        except NotFound as error:
            return error.error_code
        await self._things.keep_pictures(thing.account, posts)
        made = CaseReport(
            at_ms=unix_ms(self._clock()), why=ReportReason.OTHER, text=said["text"], address=said["uri"],
            name=said["server"][:80],
        )  # fmt: skip
        try:
            await self._cases.report(thing, made, posts)
        except Conflict as error:  # a hundred have reported it already
            return error.error_code
        await self._post.news()
        return None

    async def forward(self, case: Case, says: str) -> None:
        """Tells the server of whoever a case is about, with the posts that were reported; not by whom they were.

        Raises :class:`Conflict` (``nobody-elsewhere``) for somebody of here."""
        if not case.thing.server:
            raise Conflict("This is about somebody of this site.", code="nobody-elsewhere")
        posts = [each.reported.id for each in await self._reported.of_case(case.number)]
        now_ms = unix_ms(self._clock())
        if not await self._flags.forward(case.number, case.thing.name, posts, says, now_ms=now_ms):
            raise Conflict("Whoever this is about is not known any more.", code="nobody-elsewhere")

    async def _thing(self, account: str, posts: list[ReportedPost]) -> Thing:
        """The one post that it is about, or the person, with several of theirs or none."""
        if len(posts) == 1:
            [post] = posts
            return Thing(ThingKind.POST, f"{post.id}", account=account, text=post.says, at_ms=post.created_ms)
        person = await self._accounts.get(account)
        return Thing(ThingKind.PERSON, person.handle, account=account, text=f"{person.name}\n{person.bio}".strip())

"""Posts at the house: what somebody may post, and how often. Who may read what says ``social.visible`` alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import UNSET

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.base.errors import BadInput, Conflict, Overloaded, StentorError
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.house.media.service import MediaDesk
from stentor.house.social import schema
from stentor.house.social.newcomers import NewPosters
from stentor.house.social.views import AUDIENCES, PostViews
from stentor.house.spaces.service import Spaces
from stentor.house.uploads.readers import Readers
from stentor.house.who.newcomers import Newcomers
from stentor.people.model import Account, SiteRole
from stentor.social import filters, ids, pictures, text, visible
from stentor.social.filters import PostRules
from stentor.social.ids import PostIds
from stentor.social.model import OPEN, Audience, Picture, PostPoll
from stentor.social.thread import arrange
from stentor.social.word_filters import FilterContext, Sieve
from stentor.spaces import checks
from stentor.store.actors import ActorsTable
from stentor.store.blocks import BlocksTable
from stentor.store.happenings import HappeningsTable
from stentor.store.later import LaterTable, ScheduledPost
from stentor.store.media import MediaTable
from stentor.store.notifications import NotificationsTable
from stentor.store.posts import Composed, PostsTable, Rewritten, missing
from stentor.store.reading import Reading
from stentor.store.timelines import TimelinesTable
from stentor.store.word_filters import WordFiltersTable
from stentor.store.work import Work

SOONEST_MS: Final = 5 * 60_000
"""A post is scheduled at least so far ahead, as everywhere else; what is sooner can be posted by hand."""
FARTHEST_MS: Final = 366 * 86_400_000
LIMIT: Final = Bucket(burst=30, refill_ms=12_000)
"""Posts of an account: 30 at once, as a thread has, and then 300 an hour."""
TOUCHES: Final = Bucket(burst=60, refill_ms=1000)
"""Likes, boosts, follows and the like: 60 at once, and then one a second."""


def _too_many(wait_s: float) -> Overloaded:
    said = "That is a lot at once; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-posts")


class PostDesk:
    """All posts. ``ids`` makes the numbers of everything here."""

    def __init__(
        self, work: Work, media: MediaDesk, ids_: PostIds, clock: Clock, newcomers: Newcomers, new_posters: NewPosters
    ) -> None:
        self.table, self.later, self.actors = PostsTable(work), LaterTable(work), ActorsTable(work)
        self.notices, self.blocks, self.filters = NotificationsTable(work), BlocksTable(work), WordFiltersTable(work)
        self.happenings = HappeningsTable(work)
        self.media, self.views, self.clock = media, PostViews(clock), clock
        self._ids, self._newcomers, self._timelines = ids_, newcomers, TimelinesTable(work, clock)
        self._limit, self._touches = RateLimit(LIMIT, _too_many), RateLimit(TOUCHES, _too_many)
        self._new_posters = new_posters
        self.rules: Callable[[], PostRules] = PostRules
        """What the site wants in no post."""
        self._log = log.get("house")

    @property
    def now_ms(self) -> int:
        return unix_ms(self.clock())

    def new_id(self) -> int:
        return self._ids.new(self.now_ms)

    def touch(self, account: Account) -> None:
        """Something small is done; raises :class:`Overloaded` (429)."""
        self._touches.spend(account.id, self.clock())

    async def view(self, post: int, viewer: int | None) -> schema.PostView:
        """A post as somebody sees it; raises :class:`NotFound`."""
        return self.views.post(await self.table.one(post, viewer))

    async def write(self, account: Account, wanted: schema.NewPost, *, key: str = "") -> schema.PostView:
        """Posts something; under a ``key`` once in a day, also when a house died before it could answer.

        Raises :class:`BadInput`, :class:`NotFound`, :class:`NotAllowed`, :class:`Overloaded`."""
        self._spend(account, wanted.text)
        me = await self.actors.of_account(account.id)
        written = await self._judged(self.composed(wanted), account)
        await self._show(written, me)
        post = await self.table.add(self.new_id(), me, written, now_ms=self.now_ms, key=key)
        return await self.view(post, me)

    async def announcement(self, account: Account, wanted: schema.NewPost) -> Composed:
        """What announces a space, held where the site's lists say so. Raises :class:`BadInput`."""
        return await self._judged(self.composed(wanted), account)

    async def schedule(self, account: Account, wanted: schema.NewPost, at_ms: int) -> schema.ScheduledView:
        """Keeps a post until its time; looks at it now, so that what is wrong with it is said at once."""
        self._spend(account, wanted.text)
        self._require_time(at_ms)
        me = await self.actors.of_account(account.id)
        written, made = await self._judged(self.composed(wanted), account), self.new_id()
        kept = msgspec.structs.replace(wanted, at_ms=None)
        await self.later.schedule(made, me, msgspec.json.encode(kept).decode(), written.media, at_ms=at_ms)
        return schema.ScheduledView(f"{made}", kept, at_ms, "")

    async def move(self, account: Account, scheduled: int, at_ms: int) -> None:
        """Another time for a scheduled post."""
        self._require_time(at_ms)
        await self.later.move(scheduled, await self.actors.of_account(account.id), at_ms)

    async def post_due(self, scheduled: ScheduledPost) -> None:
        """Posts what its author has scheduled, exactly once; what cannot be posted is noted with it."""
        wanted = msgspec.json.decode(scheduled.body, type=schema.NewPost)
        post = self.new_id()
        try:
            written = await self._judged(self.composed(wanted, at_ms=scheduled.at_ms))
            await self._show(written, scheduled.actor)
            if await self.later.take(scheduled, post, written, now_ms=self.now_ms):
                self._log.info("scheduled-posted", late_ms=self.now_ms - scheduled.at_ms)
        except Overloaded:
            raise
        except StentorError as error:
            self._log.warning("scheduled-refused", code=error.error_code)
            await self.later.trouble(scheduled.id, error.error_code)

    async def change(self, account: Account, post: int, wanted: schema.PostChange) -> schema.PostView:
        """Changes one's own post; raises what :meth:`write` raises."""
        me = await self.actors.of_account(account.id)
        current = await self.table.one(post, me)
        self._spend(account, current.post.text if wanted.text is UNSET else wanted.text, before=current.post.text)
        says = current.post.text if wanted.text is UNSET else text.check(wanted.text)
        media = None if wanted.media is UNSET else numbers(wanted.media)
        if not (
            says
            or (current.media if media is None else media)
            or current.poll
            or current.post.quote_of
            or current.post.space
        ):
            raise nothing()
        if media is not None and visible.is_file(current.post):
            await self._show_media(media)
        rewritten = Rewritten(
            text=None if wanted.text is UNSET else says,
            html=_html(says),
            handles=text.mentions(says),
            tags=text.tags(says),
            warning=None if wanted.warning is UNSET else text.warning(wanted.warning),
            language=None if wanted.language is UNSET else _language(wanted.language),
            media=media,
            alts={} if wanted.alts is UNSET else {_number(id_): pictures.alt(alt) for id_, alt in wanted.alts.items()},
        )
        rewritten = await self._rejudged(rewritten, current, account)
        await self.media.forget(await self.table.change(post, me, rewritten, now_ms=self.now_ms))
        changed = await self.table.one(post, me)
        if changed.post.visibility is Audience.WITHHELD:
            await self.media.hide(changed.media)
        return self.views.post(changed)

    async def remove(self, post: int, author: int | None, *, keep_pictures: bool = False) -> None:
        """Deletes a post, its boosts and its pictures, for good; ``keep_pictures``: these wait for another post."""
        out = await self.table.remove(post, author, now_ms=self.now_ms)
        await (self.media.hide(out) if keep_pictures else self.media.forget(out))

    async def history(self, post: int, viewer: int | None) -> schema.Versions:
        """What a post said, the oldest first, and what it says now. Raises :class:`NotFound`."""
        found, earlier = await self.table.versions(post, viewer)
        now = found.post
        versions = [schema.VersionView(*each) for each in earlier]
        last = schema.VersionView(now.text, now.html, now.warning, now.edited_ms or now.created_ms)
        return schema.Versions([*versions, last])

    async def thread(self, post: int, viewer: int | None) -> schema.Thread:
        """What a post answers and what answers it, as far as it is for the reader. Raises :class:`NotFound`."""
        before, after = await self.around(post, viewer)
        return schema.Thread(
            await self.shown(before, viewer, FilterContext.THREAD),
            await self.shown(after, viewer, FilterContext.THREAD),
        )

    async def around(self, post: int, viewer: int | None) -> tuple[list[Reading], list[Reading]]:
        """The same as posts that are not sifted yet; without those of who is muted."""
        await self.table.one(post, viewer)
        before, after = arrange(post, await self._timelines.thread(post))
        found = await self.table.read([*before, *after], viewer)
        if viewer is not None:
            muted = await self.blocks.muted_among(viewer, {each.post.author for each in found}, now_ms=self.now_ms)
            found = [each for each in found if each.post.author not in muted]
        above = set(before)
        return (
            [each for each in found if each.post.id in above],
            [each for each in found if each.post.id not in above],
        )

    async def shown(
        self, found: Sequence[Reading], viewer: int | None, context: FilterContext | None
    ) -> list[schema.PostView]:
        """Posts as somebody sees them in some place, without what they do not want to read there."""
        if viewer is None or context is None:
            return self.views.posts(found)
        return self.views.sifted(found, await self.sieve(viewer, context))

    async def sieve(self, viewer: int, context: FilterContext) -> Sieve:
        """Somebody's word filters for some place."""
        return Sieve(await self.filters.of(viewer), context, now_ms=self.now_ms)

    async def boost(self, me: int, post: int) -> schema.PostView:
        """Carries a post on to one's followers."""
        made = await self.table.boost(self.new_id(), me, post, now_ms=self.now_ms)
        return await self.view(made, me)

    async def forget_old(self) -> None:
        """Deletes notifications that are too old to be kept, mutes that are over, and what all who listen know."""
        for table in (self.notices, self.blocks, self.happenings):
            while await table.purge(self.now_ms):
                pass

    def composed(self, wanted: schema.NewPost, *, at_ms: int | None = None) -> Composed:
        """What is to be posted, as the store takes it; raises :class:`BadInput`."""
        says, media = text.check(wanted.text), numbers(wanted.media)
        if not (says or media or wanted.poll or wanted.quote or wanted.space):
            raise nothing()
        return Composed(
            text=says,
            html=_html(says),
            handles=text.mentions(says),
            tags=text.tags(says),
            warning=text.warning(wanted.warning),
            language=_language(wanted.language),
            visibility=AUDIENCES[wanted.visibility],
            reply_to=_number(wanted.reply_to) if wanted.reply_to else None,
            quote_of=_number(wanted.quote) if wanted.quote else None,
            media=media,
            poll=self._poll(wanted.poll, at_ms) if wanted.poll else None,
            space=wanted.space,
        )

    def _poll(self, wanted: schema.NewPostPoll, at_ms: int | None) -> PostPoll:
        answers = tuple(checks.poll_text(each, field="answers") for each in wanted.answers)
        if len(set(answers)) != len(answers):
            raise BadInput("Each answer of a poll is another one.", field="answers")
        begins_ms = self.now_ms if at_ms is None else max(at_ms, self.now_ms)
        return PostPoll(answers=answers, ends_ms=begins_ms + wanted.open_s * 1000, several=wanted.several)

    def _require_time(self, at_ms: int) -> None:
        if not SOONEST_MS <= at_ms - self.now_ms <= FARTHEST_MS:
            raise Conflict("A post is scheduled for 5 minutes to a year from now.", field="at_ms", code="bad-time")

    def _spend(self, account: Account, says: str, *, before: str = "") -> None:
        now = self.clock()
        self._limit.spend(account.id, now)
        self._newcomers.spend(account, now)
        if len(says) <= text.MOST_CODE_POINTS:  # what is longer is refused in any case
            self._new_posters.spend(account, says, now, before=before)

    async def _judged(self, written: Composed, account: Account | None = None) -> Composed:
        """Held where the site's lists say so; not for those who keep order. Raises :class:`BadInput`."""
        if account is not None and account.role is not SiteRole.MEMBER:
            return written
        alts = [each.alt for each in (await self.media.table.get(written.media)).values()]
        answers = written.poll.answers if written.poll else ()
        held = filters.judge(self.rules(), (written.text, written.warning, *answers, *alts))
        return msgspec.structs.replace(written, held=held)

    async def _rejudged(self, written: Rewritten, current: Reading, account: Account) -> Rewritten:
        """The same of what is changed; what stays is not judged again."""
        if account.role is not SiteRole.MEMBER:
            return written
        new = set(written.media or ()) - {each.id for each in current.media}
        alts = [each.alt for each in (await self.media.table.get(sorted(new))).values()]
        held = filters.judge(self.rules(), (written.text or "", written.warning or "", *written.alts.values(), *alts))
        return msgspec.structs.replace(written, held=held)

    async def _show(self, written: Composed, me: int) -> None:
        """Files first, then the post. A reply is never wider than what it answers, nor its files."""
        if not written.media or written.held or written.visibility not in OPEN:
            return
        if written.reply_to is not None:
            answered = await self.table.one(written.reply_to, me)
            if visible.reply_audience(written.visibility, answered.post) not in OPEN:
                return
        await self._show_media(written.media)

    async def _show_media(self, media: Sequence[int]) -> None:
        found: Mapping[int, Picture] = await self.media.table.get(media)
        await self.media.show(found.values())


def post_desk(spaces: Spaces, settings: Settings) -> PostDesk:
    """The desk of a house. Its numbers are its own: they begin with random bits."""
    numbers_, newcomers = PostIds(secrets.randbits(ids.BITS)), Newcomers(settings.new_account_hours)
    work, clock = spaces.store.work, spaces.clock
    media = MediaDesk(MediaTable(work), spaces.objects, Readers(), numbers_, clock, newcomers)
    return PostDesk(work, media, numbers_, clock, newcomers, NewPosters(settings))


def parse_id(value: str) -> int:
    """An id in an address; raises :class:`NotFound` for what is none."""
    found = ids.parse(value)
    if found is None:
        raise missing()
    return found


def nothing() -> BadInput:
    return BadInput("A post has text, a picture, a poll, a quote or a space.", code="empty-post", field="text")


def _html(says: str) -> Callable[[Mapping[str, str]], str]:
    return lambda pages: text.html(says, pages)


def _language(wanted: str | None) -> str:
    return "" if wanted is None else checks.language(wanted)


def numbers(wanted: Sequence[str]) -> list[int]:
    """The ids of pictures, each once; raises :class:`BadInput`."""
    return list(dict.fromkeys(_number(each) for each in wanted))


def _number(value: str) -> int:
    found = ids.parse(value)
    if found is None:
        raise BadInput("An id has up to 19 digits.", field="id")
    return found

"""People: oneself, others, and how one stands to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from stentor.base.errors import BadInput
from stentor.house.clients.asking import Ask, Paged, Paging
from stentor.house.clients.ways import AppWay, Needs
from stentor.house.federation.looking import LookingDesk
from stentor.house.mastodon.api_timelines import TimelineWays
from stentor.house.mastodon.entities import AccountEntity, CredentialAccount, RelationshipEntity, maybe
from stentor.house.mastodon.own import OwnAccount
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.social.api_follows import Relations
from stentor.people import checks as people_checks
from stentor.social import ids, text
from stentor.social.ids import LARGEST
from stentor.social.model import Author
from stentor.social.word_filters import FilterContext
from stentor.spaces import checks
from stentor.store.follows import FollowsTable
from stentor.store.profiles import Profile
from stentor.store.timelines import OnlyPosts, TimelinesTable

_MOST: Final = 80
_MOST_RELATIONS: Final = 40
"""Each asks the database twice."""
LONGEST_MUTE_S: Final = 10 * 366 * 86_400


class FollowWish(msgspec.Struct, frozen=True):
    reblogs: bool | None = None
    notify: bool | None = None


class MuteWish(msgspec.Struct, frozen=True):
    notifications: bool = True
    duration: int | None = None
    """In seconds; 0 for good."""


class ProfileWish(msgspec.Struct, frozen=True):
    """What is to be another one about oneself."""

    display_name: str | None = None
    note: str | None = None
    locked: bool | None = None
    discoverable: bool | None = None
    """False: no public page."""


class AccountWays:
    """``own`` changes what somebody says of themselves, ``looking`` finds who is elsewhere and not known yet."""

    def __init__(self, shapes: StatusShapes, timelines: TimelineWays, own: OwnAccount, looking: LookingDesk) -> None:
        self.looking = looking
        self.shapes, self.desk, self._timelines, self._own = shapes, shapes.desk, timelines, own
        work = self.desk.table.work
        self.follows, self.table = FollowsTable(work), TimelinesTable(work, self.desk.clock)
        self.relations = Relations(self.desk)

    def ways(self) -> list[AppWay]:
        nobody, accounts = Needs.NOBODY, "/v1/accounts"
        return [
            AppWay("GET", f"{accounts}/verify_credentials", "profile", self.verify),
            AppWay("PATCH", f"{accounts}/update_credentials", "write:accounts", self.update),
            AppWay("DELETE", "/v1/profile/avatar", "write:accounts", self.no_picture),
            AppWay("GET", f"{accounts}/relationships", "read:follows", self.relationships),
            AppWay("GET", f"{accounts}/lookup", "read:accounts", self.lookup, nobody),
            AppWay("GET", f"{accounts}/search", "read:accounts", self.search),
            AppWay("GET", f"{accounts}/familiar_followers", "read:follows", self.familiar),
            AppWay("GET", accounts, "read:accounts", self.several, nobody),
            AppWay("GET", f"{accounts}/{{id}}", "read:accounts", self.look, nobody),
            AppWay("GET", f"{accounts}/{{id}}/statuses", "read:statuses", self.statuses, nobody),
            AppWay("GET", f"{accounts}/{{id}}/followers", "read:accounts", self._people("followers"), nobody),
            AppWay("GET", f"{accounts}/{{id}}/following", "read:accounts", self._people("following"), nobody),
            AppWay("GET", f"{accounts}/{{id}}/featured_tags", "read:accounts", self._none, nobody),
            AppWay("GET", f"{accounts}/{{id}}/lists", "read:lists", self.lists),
            AppWay("POST", f"{accounts}/{{id}}/follow", "write:follows", self.follow),
            AppWay("POST", f"{accounts}/{{id}}/unfollow", "write:follows", self.unfollow),
            AppWay("POST", f"{accounts}/{{id}}/remove_from_followers", "write:follows", self.shake_off),
            AppWay("POST", f"{accounts}/{{id}}/block", "write:blocks", self._block(on=True)),
            AppWay("POST", f"{accounts}/{{id}}/unblock", "write:blocks", self._block(on=False)),
            AppWay("POST", f"{accounts}/{{id}}/mute", "write:mutes", self.mute),
            AppWay("POST", f"{accounts}/{{id}}/unmute", "write:mutes", self.unmute),
        ]

    async def verify(self, ask: Ask) -> CredentialAccount:
        return await self.own(ask.me)

    async def own(self, me: int) -> CredentialAccount:
        """Oneself, with how many wait to follow."""
        found = await self.shapes.profiles.one(me)
        asking = await self.follows.followers(me, before=LARGEST, most=_MOST, asked=True)
        return self.shapes.people.own(found, len(asking))

    async def update(self, ask: Ask) -> CredentialAccount:
        """What is not sent stays."""
        wish = ask.wish(ProfileWish)
        name = checks.name(wish.display_name) if wish.display_name is not None else None
        bio = people_checks.bio(wish.note) if wish.note is not None else None
        picture = ask.fields.get("avatar")
        if picture is not None and isinstance(picture, str):
            raise BadInput("Send a picture as a part of a form.", field="avatar", code="bad-picture")
        if wish.locked is not None:
            await self.follows.set_approves(ask.me, wish.locked)
        await self._own.change(ask.account, name, bio, public=wish.discoverable)
        if picture is not None:
            await self._own.picture(ask.account, await picture.read())
        return await self.own(ask.me)

    async def no_picture(self, ask: Ask) -> CredentialAccount:
        """Without a picture of one's own there is that of everybody."""
        await self._own.no_picture(ask.account)
        return await self.own(ask.me)

    async def person(self, ask: Ask) -> Profile:
        """Whom the address names; raises :class:`NotFound`."""
        return await self.shapes.profiles.one(ask.number())

    async def look(self, ask: Ask) -> AccountEntity:
        return self.shapes.people.account(await self.person(ask))

    async def several(self, ask: Ask) -> list[AccountEntity]:
        return await self.accounts(_numbers(ask))

    async def accounts(self, numbers: Sequence[int]) -> list[AccountEntity]:
        """Those who are there, in their order."""
        known = await self.shapes.profiles.of(numbers)
        shown = [known[each] for each in numbers if each in known and not known[each].author.suspended]
        return [self.shapes.people.account(each) for each in shown]

    async def lookup(self, ask: Ask) -> AccountEntity:
        """By ``name`` or ``name@server``, of those who are known here; with ``resolve`` also others, for who is signed
        in."""
        await self.resolve(ask, ask.text("acct"))
        found = await self.desk.actors.find(self._handle(ask.text("acct")))
        return self.shapes.people.account(await self.shapes.profiles.one(found.number))

    async def resolve(self, ask: Ask, text: str) -> None:
        """Somebody elsewhere is known from now on, if that is asked for. Nobody who is not signed in makes us ask other
        servers."""
        if ask.flag("resolve") and ask.viewer is not None:
            await self.looking.person(text.strip(), account=ask.account.id)

    def _handle(self, text: str) -> str:
        """A handle as it is looked up: without the name of this site."""
        name, _, domain = text.strip().lstrip("@").partition("@")
        return name.lower() if domain.lower() in ("", self.shapes.people.home.name) else f"{name}@{domain}"

    async def search(self, ask: Ask) -> list[AccountEntity]:
        """Whose handle begins so; who wants no public page is found by the whole handle only. ``resolve`` as above."""
        await self.resolve(ask, ask.text("q"))
        word, asked = self._handle(ask.text("q")), ask.paging(most=_MOST, usual=40)
        numbers = await self.shapes.profiles.beginning(word, ask.me, asked.most, followed=ask.flag("following"))
        known = await self.shapes.profiles.of(numbers)
        apart = await self.desk.blocks.apart(ask.me, numbers)
        shown = [known[each] for each in numbers if each in known and each not in apart]
        return [
            self.shapes.people.account(each)
            for each in shown
            if not each.author.suspended and (not (each.hidden or each.limited) or each.author.address == word)
        ]

    async def statuses(self, ask: Ask) -> Paged:
        author, viewer = (await self.person(ask)).author.number, ask.viewer
        if ask.flag("pinned"):
            return Paged(await self.shapes.some(await self.table.pinned(author), viewer, FilterContext.ACCOUNT))
        only = OnlyPosts(
            replies=not ask.flag("exclude_replies"), boosts=not ask.flag("exclude_reblogs"),
            pictures=ask.flag("only_media"), tag=text.tag(ask.text("tagged")),
        )  # fmt: skip

        async def read(asked: Paging) -> Sequence[int]:
            return await self.table.profile(
                viewer, author, before=asked.before, after=asked.after, most=asked.most, rising=asked.rising, only=only
            )

        return await self._timelines.page(ask, read, FilterContext.ACCOUNT)

    def _people(self, which: str) -> Callable[[Ask], Awaitable[Paged]]:
        async def people(ask: Ask) -> Paged:
            asked, of = ask.paging(most=_MOST, usual=40), (await self.person(ask)).author.number
            read = self.follows.followers if which == "followers" else self.follows.following
            return await self.told(await read(of, before=asked.before, most=asked.most), asked)

        return people

    async def told(self, found: Sequence[Author], asked: Paging) -> Paged:
        """A page of people, the newest accounts first."""
        if not found:
            return Paged([])
        numbers = [each.number for each in found]
        return Paged(await self.accounts(numbers), numbers[0], numbers[-1], len(found) >= asked.most)

    async def _none(self, ask: Ask) -> list[Any]:
        """There are none of these here."""
        return []

    async def familiar(self, ask: Ask) -> list[dict[str, Any]]:
        """Who of those whom one follows follows somebody, too: not counted here, so nobody."""
        return [{"id": f"{each}", "accounts": []} for each in _numbers(ask)]

    async def lists(self, ask: Ask) -> list[dict[str, Any]]:
        """Which lists of one's own somebody is in."""
        there = await self.follows.lists_with(ask.me, (await self.person(ask)).author.number)
        return [
            {"id": f"{each.id}", "title": each.name, "replies_policy": "list", "exclusive": False}
            for each in await self.follows.lists(ask.me)
            if each.id in there
        ]

    async def relationships(self, ask: Ask) -> list[RelationshipEntity]:
        known = await self.shapes.profiles.of(numbers := _numbers(ask)[:_MOST_RELATIONS])
        return [await self.relationship(ask.me, known[each].author) for each in numbers if each in known]

    async def relationship(self, me: int, other: Author) -> RelationshipEntity:
        """How one stands to somebody."""
        stands = await self.relations.view(me, other)
        return RelationshipEntity(
            id=f"{other.number}", following=stands.following, showing_reblogs=stands.following and stands.boosts,
            notifying=stands.following and stands.notify, followed_by=stands.followed_by, blocking=stands.blocking,
            blocked_by=stands.blocked_by, muting=stands.muting, muting_notifications=stands.muting_notifications,
            muting_expires_at=maybe(stands.muted_until_ms), requested=stands.asked, requested_by=stands.asks,
            domain_blocking=stands.domain_blocked,
        )  # fmt: skip

    async def _now(self, ask: Ask) -> RelationshipEntity:
        return await self.relationship(ask.me, (await self.person(ask)).author)

    async def follow(self, ask: Ask) -> RelationshipEntity:
        """Again changes the wishes; those that are not sent stay."""
        self.desk.touch(ask.account)
        wish, other = ask.wish(FollowWish), await self.person(ask)
        stands = await self.follows.standing(ask.me, other.author.number)
        there = stands.following or stands.asked
        boosts = (stands.boosts if there else True) if wish.reblogs is None else wish.reblogs
        notify = (stands.notify if there else False) if wish.notify is None else wish.notify
        await self.follows.follow(ask.me, other.author.number, boosts=boosts, notify=notify, now_ms=self.desk.now_ms)
        return await self._now(ask)

    async def unfollow(self, ask: Ask) -> RelationshipEntity:
        await self.follows.unfollow(ask.me, (await self.person(ask)).author.number, now_ms=self.desk.now_ms)
        return await self._now(ask)

    async def shake_off(self, ask: Ask) -> RelationshipEntity:
        """Somebody follows oneself no more."""
        await self.follows.unfollow((await self.person(ask)).author.number, ask.me, now_ms=self.desk.now_ms)
        return await self._now(ask)

    def _block(self, *, on: bool) -> Callable[[Ask], Awaitable[RelationshipEntity]]:
        async def block(ask: Ask) -> RelationshipEntity:
            self.desk.touch(ask.account)
            other = (await self.person(ask)).author.number
            if on:
                await self.desk.blocks.block(ask.me, other, now_ms=self.desk.now_ms)
            else:
                await self.desk.blocks.unblock(ask.me, other, now_ms=self.desk.now_ms)
            return await self._now(ask)

        return block

    async def mute(self, ask: Ask) -> RelationshipEntity:
        self.desk.touch(ask.account)
        wish, other = ask.wish(MuteWish), (await self.person(ask)).author.number
        lasts_s = min(wish.duration or 0, LONGEST_MUTE_S)
        until_ms = self.desk.now_ms + lasts_s * 1000 if lasts_s > 0 else None
        await self.desk.blocks.mute(ask.me, other, until_ms=until_ms, notifications=wish.notifications)
        return await self._now(ask)

    async def unmute(self, ask: Ask) -> RelationshipEntity:
        await self.desk.blocks.unmute(ask.me, (await self.person(ask)).author.number)
        return await self._now(ask)


def _numbers(ask: Ask) -> list[int]:
    """Ids of people in the query; what is none is nobody."""
    asked = ask.fields.get("id", [])
    found = [ids.parse(str(each)) for each in (asked if isinstance(asked, list) else [asked])[:_MOST]]
    return list(dict.fromkeys(each for each in found if each is not None))

"""People and posts as apps are told of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from stentor.base.clock import unix_ms
from stentor.fediverse.sites import Home
from stentor.house.mastodon.entities import (
    AccountEntity,
    AccountSource,
    CredentialAccount,
    FilterEntity,
    FilterKeyword,
    FilterResult,
    MediaAttachment,
    PollEntity,
    PollOption,
    PreviewCard,
    QuoteEntity,
    RoleEntity,
    StatusEntity,
    StatusMention,
    StatusTag,
    StatusVisibility,
    day,
    maybe,
    stamp,
)
from stentor.house.media import schema as media_schema
from stentor.house.media.passes import MediaPasses
from stentor.house.social.service import PostDesk
from stentor.house.social.views import hits
from stentor.people.model import SiteRole
from stentor.social.model import Audience, Author, Consented, Picture
from stentor.social.visible import is_file, sees_results
from stentor.social.word_filters import FilterAction, FilterContext, FilterHit, WordFilter
from stentor.spaces.model import Space
from stentor.store.profiles import Beside, Profile, ProfilesTable, Surroundings
from stentor.store.reading import Reading

VISIBILITIES: Final[dict[Audience, StatusVisibility]] = {
    Audience.PUBLIC: "public",
    Audience.UNLISTED: "unlisted",
    Audience.FOLLOWERS: "private",
    Audience.MENTIONED: "direct",
}
CONTEXTS: Final = {
    FilterContext.HOME: "home",
    FilterContext.NOTIFICATIONS: "notifications",
    FilterContext.PUBLIC: "public",
    FilterContext.THREAD: "thread",
    FilterContext.ACCOUNT: "account",
}
_QUOTES: Final = {Consented.ASKED: "pending", Consented.GRANTED: "accepted", Consented.REVOKED: "revoked"}
_ROLES: Final = {SiteRole.ADMIN: ("3", "Admin"), SiteRole.MODERATOR: ("2", "Moderator"), SiteRole.MEMBER: ("-99", "")}
_NOTHING: Final = Beside()


class PersonShapes:
    """People. ``avatar`` and ``header`` are addresses of pictures for those who have none."""

    def __init__(self, home: Home, *, avatar: str, header: str) -> None:
        self.home, self._avatar, self.header = home, avatar, header

    def account(self, found: Profile) -> AccountEntity:
        return AccountEntity(**self._values(found))

    def own(self, found: Profile, asking: int) -> CredentialAccount:
        """Oneself; ``asking`` is how many wait to follow."""
        source = AccountSource(note=found.bio, follow_requests_count=asking)
        return CredentialAccount(**self._values(found), source=source, role=_role(found.role))

    def page(self, author: Author, known: Profile | None = None) -> str:
        """Where somebody's page is."""
        if author.account is not None:
            return f"{self.home.files}/@{author.handle}"
        return known.page if known and known.page else f"https://{author.domain}/@{author.handle}"

    def mention(self, author: Author) -> StatusMention:
        return StatusMention(f"{author.number}", author.handle, author.address, self.page(author))

    def _values(self, found: Profile) -> dict[str, Any]:
        who = found.author
        there = f"{self.home.house}/api/v1/accounts/{who.handle}/picture?v={who.picture_ms}"
        avatar = there if who.picture_ms is not None and who.account is not None else self._avatar
        return {
            "id": f"{who.number}",
            "username": who.handle,
            "acct": who.address,
            "display_name": who.name,
            "locked": found.approves,
            "discoverable": not (found.limited or found.hidden),
            "noindex": found.limited or found.hidden,
            "created_at": f"{day(found.made_ms)}T00:00:00.000Z",
            "note": "".join(f"<p>{escape(line)}</p>" for line in found.bio.split("\n") if line.strip()),
            "url": self.page(who, found),
            "uri": found.uri or self.home.actor(who.number),
            "avatar": avatar,
            "avatar_static": avatar,
            "header": self.header,
            "header_static": self.header,
            "followers_count": found.followers,
            "following_count": found.following,
            "statuses_count": found.posts,
            "last_status_at": day(found.last_ms) if found.last_ms is not None else None,
            "roles": [_role(found.role)] if found.role is not SiteRole.MEMBER else [],
        }


class StatusShapes:
    """Posts, as somebody sees them in some place."""

    def __init__(self, desk: PostDesk, people: PersonShapes, passes: MediaPasses) -> None:
        self.desk, self.people, self._passes = desk, people, passes
        self.profiles = ProfilesTable(desk.table.work)

    async def all(
        self, found: Sequence[Reading], viewer: int | None, context: FilterContext | None = None
    ) -> list[StatusEntity]:
        """In their order, without those that a filter of the viewer's hides in that place."""
        sieve = await self.desk.sieve(viewer, context) if viewer is not None and context is not None else None
        around = await self.profiles.around(found)
        shown = []
        for each in found:
            met = hits(each, sieve) if sieve else []
            if each.author.number in around.people and not any(hit.filter.action is FilterAction.HIDE for hit in met):
                shown.append(self._status(each, around, viewer, met))
        return shown

    async def some(
        self, ids: Iterable[int], viewer: int | None, context: FilterContext | None = None
    ) -> list[StatusEntity]:
        """Those of some posts that the viewer may read."""
        return await self.all(await self.desk.table.read(list(ids), viewer), viewer, context)

    async def one(self, post: int, viewer: int | None) -> StatusEntity:
        """Raises :class:`NotFound`. Filters only warn here: who asks for one post wants to see it."""
        found = await self.desk.table.one(post, viewer)
        sieve = await self.desk.sieve(viewer, FilterContext.THREAD) if viewer is not None else None
        met = hits(found, sieve) if sieve else []
        return self._status(found, await self.profiles.around([found]), viewer, met)

    def attachment(self, each: Picture, *, public: bool, viewer: int | None) -> MediaAttachment:
        """A picture of a post; ``public``: of one that everybody may read."""
        seen = media_schema.media(each, public=public)
        base = self.people.home.files if public else self.people.home.house
        large, small = (
            f"{base}{url}" if public else self._passes.given(f"{base}{url}", each.id, viewer)
            for url in (seen.url, seen.small_url)
        )
        sizes = {"original": _size(seen.width, seen.height), "small": _size(seen.small_width, seen.small_height)}
        if each.focus:
            sizes["focus"] = dict(zip("xy", map(float, each.focus.split(",")), strict=True))
        return MediaAttachment(
            id=seen.id, url=large, preview_url=small, meta=sizes, description=seen.alt or None,
            blurhash=seen.blurhash or None,
        )  # fmt: skip

    def _status(
        self, found: Reading, around: Surroundings, viewer: int | None, met: Sequence[FilterHit] = ()
    ) -> StatusEntity:
        post, mark, home = found.post, found.mark, self.people.home
        beside = around.posts.get(post.id, _NOTHING)
        here = found.author.account is not None
        carried = self._status(found.boost, around, viewer) if found.boost else None
        marks = {} if mark is None else {
            "favourited": mark.liked, "reblogged": mark.boosted, "bookmarked": mark.bookmarked, "muted": mark.muted,
            "filtered": [self.result(each) for each in met],
        } | ({"pinned": mark.pinned} if found.mine else {})  # fmt: skip
        seen = post.visibility if post.taken_from is None else post.taken_from
        return StatusEntity(
            id=f"{post.id}",
            created_at=stamp(post.created_ms),
            in_reply_to_id=f"{post.reply_to}" if post.reply_to is not None else None,
            in_reply_to_account_id=f"{post.reply_author}" if post.reply_author is not None else None,
            sensitive=bool(post.before),
            spoiler_text=post.before,
            visibility=VISIBILITIES.get(seen, "direct"),
            language=post.language or None,
            uri=beside.uri or home.post(post.id),
            url=beside.uri if not here else f"{home.files}/@{found.author.handle}/{post.id}",
            replies_count=found.tally.replies,
            reblogs_count=found.tally.boosts,
            favourites_count=found.tally.likes,
            quotes_count=found.tally.quotes,
            edited_at=maybe(post.edited_ms),
            content=self.html(post.html) if carried is None else carried.content,
            reblog=carried,
            account=self.people.account(around.people[found.author.number]),
            media_attachments=[self.attachment(each, public=is_file(post), viewer=viewer) for each in found.media],
            mentions=[self.people.mention(each) for each in beside.named],
            tags=[StatusTag(each, f"{home.files}/tags/{each}") for each in beside.tags],
            card=self._card(found.space) if found.space else None,
            poll=self.poll(found, viewer) if found.poll else None,
            quote=self._quote(found, around, viewer),
            **marks,  # type: ignore[arg-type]
        )

    def html(self, ours: str) -> str:
        """Our HTML with whole addresses."""
        return (
            ours.replace('href="/', f'href="{self.people.home.files}/')
            .replace('class="mention"', 'class="u-url mention"')
            .replace('class="tag" rel="tag"', 'class="mention hashtag" rel="tag"')
        )

    def poll(self, found: Reading, viewer: int | None) -> PollEntity:
        """The poll of a post that has one. It has the id of its post."""
        poll, mark = found.poll, found.mark
        assert poll is not None
        ended = unix_ms(self.desk.clock()) >= poll.ends_ms
        voted = list(mark.voted) if mark else []
        seen = sees_results(ended=ended, voted=bool(voted), own=mark is not None and found.mine)
        options = [
            PollOption(text, votes if seen else None) for text, votes in zip(poll.answers, poll.votes, strict=True)
        ]
        mine = {"voted": bool(voted) or found.mine, "own_votes": voted} if viewer is not None else {}
        return PollEntity(
            id=f"{found.post.id}", expires_at=stamp(poll.ends_ms), expired=ended, multiple=poll.several,
            votes_count=sum(poll.votes) if seen else 0, voters_count=poll.voters, options=options,
            **mine,  # type: ignore[arg-type]
        )  # fmt: skip

    def result(self, hit: FilterHit) -> FilterResult:
        return FilterResult(self.filter(hit.filter), list(hit.words))

    def filter(self, found: WordFilter) -> FilterEntity:
        """A word filter; the number of a word is its place."""
        words = [FilterKeyword(f"{found.id}{at:02d}", each.text, each.whole) for at, each in enumerate(found.words)]
        return FilterEntity(
            id=f"{found.id}", title=found.title, context=[CONTEXTS[each] for each in found.contexts],
            expires_at=maybe(found.until_ms), filter_action="hide" if found.action is FilterAction.HIDE else "warn",
            keywords=words,
        )  # fmt: skip

    def _quote(self, found: Reading, around: Surroundings, viewer: int | None) -> QuoteEntity | None:
        post = found.post
        if post.quote_of is None or post.quote_state is None:
            return None
        inner = self._status(found.quote, around, viewer) if found.quote else None
        gone = post.quote_state is Consented.GRANTED and inner is None
        return QuoteEntity("deleted" if gone else _QUOTES[post.quote_state], inner)  # type: ignore[arg-type]

    def _card(self, space: Space) -> PreviewCard:
        """A space, whose card stands in a post."""
        home = self.people.home
        seen = self.desk.views.card(space)
        return PreviewCard(
            url=f"{home.files}{seen.page}", title=seen.title, description=seen.host, provider_name=home.name,
            provider_url=home.files,
        )  # fmt: skip


def _size(width: int, height: int) -> dict[str, Any]:
    aspect = round(width / height, 4) if height else 1.0
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": aspect}


def _role(role: SiteRole) -> RoleEntity:
    number, name = _ROLES[role]
    return RoleEntity(number, name, highlighted=bool(name))

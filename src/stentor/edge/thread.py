"""Reads what a page of posts is made of, and notes of which documents: the posts, who wrote them, what they carry."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from markupsafe import Markup

from stentor.base.errors import NotFound, Removed
from stentor.base.texts import LANGUAGES
from stentor.base.times import moment
from stentor.edge.carried import CarriedCard, CarriedSpaces
from stentor.edge.published import PublicFiles
from stentor.social import pictures, public
from stentor.social.model import Picture
from stentor.social.public import HandleOwner, PersonCard, PostList, PublicPost
from stentor.spaces import told

DEEPEST: Final = 3
"""Steps that an answer is set in."""
MOST_ABOVE: Final = 40

D = TypeVar("D")


class ShownPicture(msgspec.Struct, frozen=True):
    """A picture of a post; both addresses, and the size of the small one in pixels."""

    small: str
    large: str
    width: int
    height: int
    alt: str


class ShownPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post as pages show it."""

    post: PublicPost
    author: PersonCard
    html: Markup
    address: str
    iso: str
    when: str
    edited: str = ""
    answers: PersonCard | None = None
    carried_by: PersonCard | None = None
    quote: ShownPost | None = None
    space: CarriedCard | None = None
    pictures: tuple[ShownPicture, ...] = ()
    depth: int = 0

    @property
    def title(self) -> str:
        """What it says in short: of nothing but a space that space's phase and title."""
        said = self.post.warning or self.post.text
        return said or (f"{self.space.chip}: {self.space.card.space.title}" if self.space else "")

    @property
    def told(self) -> str:
        """What it says, and of its space what is so: for those who show a link, and for feeds."""
        if self.post.warning or self.space is None:
            return self.post.warning or self.post.text
        space = f"{self.space.card.space.title} – {self.space.said}"
        return f"{self.post.text}\n\n{space}" if self.post.text else space


class PageReader:
    """One page. ``files`` are the keys of all that was read, also of what is not there."""

    def __init__(
        self,
        files: PublicFiles,
        carried: CarriedSpaces,
        language: str,
    ) -> None:
        self._store, self._carried, self._language = files, carried, language
        self.files: set[str] = set()
        self.changed = False
        """Something of it has changed meanwhile."""
        self.lively = False
        """A space stands on it."""

    async def require_post(self, number: int) -> tuple[PublicPost, PersonCard]:
        """A post and who wrote it; raises :class:`NotFound`, and :class:`Removed` for what is there no more."""
        post = await self._get(public.key(public.POST, number), PublicPost)
        if post.gone:
            raise Removed("This post was deleted, or is not for everybody any more.")
        return post, self._require(await self._card(post.author))

    async def post(self, number: int) -> PublicPost:
        """A post of somebody here, also a boost; raises :class:`NotFound`, and :class:`Removed`."""
        found = await self.any_post(number)
        if found.remote:
            raise NotFound("This post is elsewhere.", code="no-such-page")
        return found

    async def any_post(self, number: int) -> PublicPost:
        """A post of anybody's; raises :class:`NotFound`, and :class:`Removed`."""
        found = await self._get(public.key(public.POST, number), PublicPost)
        if found.gone:
            raise Removed("This post was deleted, or is not for everybody any more.")
        return found

    async def space(self, name: str, wanted: str) -> CarriedCard | None:
        """A space that a post carries, in the language of the post or of the space."""
        self.lively = True
        language = wanted.partition("-")[0].lower()
        if language not in LANGUAGES:
            found = await self._carried.card(name, LANGUAGES[0])
            language = told.language_of(found.card.space, wanted) if found is not None else LANGUAGES[0]
        return await self._carried.card(name, language)

    async def person(self, number: int) -> PersonCard:
        """Somebody with a public page, or the site itself; raises :class:`NotFound`, and :class:`Removed`."""
        return self._require(await self._card(number))

    async def listed(self, number: int) -> PostList:
        """What somebody has posted and pinned; empty where there is nothing."""
        try:
            return await self._get(public.key(public.PROFILE, number), PostList)
        except NotFound:
            return PostList(version=0)

    async def require_person(self, handle: str) -> PersonCard:
        """Whose handle it is; raises :class:`NotFound`, and :class:`Removed`."""
        owner = await self._get(public.key(public.HANDLE, handle), HandleOwner)
        card = self._require(await self._card(owner.number))
        if card.handle != handle:
            raise _nobody()
        return card

    def _require(self, card: PersonCard) -> PersonCard:
        if card.state.suspended or card.state.gone:
            raise Removed("This account is not there any more, or is suspended.")
        if not card.state.shown:
            raise _nobody()
        return card

    async def thread(self, post: PublicPost) -> tuple[list[ShownPost], ShownPost, list[ShownPost]]:
        """What a post answers, itself, and what answers it: below each the answers to it."""
        root = post.root or post.id
        first = [] if root == post.id else [root]
        try:
            listed = (await self._get(public.key(public.THREAD, root), PostList)).ids
        except NotFound:
            listed = ()
        found = {each.post.id: each for each in await self._shown([*first, *listed])}
        shown = await self._one(post.id)
        if shown is None:
            raise _nobody()
        above: list[ShownPost] = []
        at = post.reply_to
        while at is not None and at in found and len(above) < MOST_ABOVE:
            above.append(found[at])
            at = found[at].post.reply_to
        answers: dict[int | None, list[ShownPost]] = defaultdict(list)
        for each in found.values():
            answers[each.post.reply_to].append(each)
        return above[::-1], shown, list(_below(post.id, answers))

    async def profile(self, card: PersonCard) -> tuple[list[ShownPost], list[ShownPost], PostList]:
        """What somebody pinned, their newest posts, and the page itself."""
        page = await self.listed(card.number)
        pinned = await self._shown(page.pinned)
        return pinned, await self._shown(page.ids), page

    async def older(self, key: str) -> tuple[list[ShownPost], PostList]:
        """A page of somebody's older posts, and the page itself; raises :class:`NotFound`."""
        page = await self._get(key, PostList)
        return await self._shown(page.ids), page

    async def list_of(self, key: str, *, most: int | None = None) -> tuple[list[ShownPost], PostList]:
        """The posts of a list of the site's, without those of people who stand in none; and the page itself, of version
        0 where there is none."""
        try:
            page = await self._get(key, PostList)
        except NotFound:
            return [], PostList(version=0)
        shown = await self._shown(page.ids[:most])
        return [each for each in shown if each.post.listed and not each.author.state.limited], page

    async def _shown(self, numbers: Iterable[int]) -> list[ShownPost]:
        """Those of the posts that are there."""
        found = await asyncio.gather(*(self._one(each) for each in numbers))
        return [each for each in found if each is not None]

    async def _one(self, number: int, *, inside: bool = False) -> ShownPost | None:
        try:
            post = await self._get(public.key(public.POST, number), PublicPost)
            if post.gone or not (author := await self._card(post.author)).state.shown:
                return None
            if post.boost_of is not None:
                carried = None if inside else await self._one(post.boost_of, inside=True)
                return msgspec.structs.replace(carried, carried_by=author) if carried else None
            quote = await self._one(post.quote_of, inside=True) if post.quote_of and not inside else None
        except NotFound:
            return None
        at = datetime.fromtimestamp(post.created_ms / 1000, UTC)
        edited = datetime.fromtimestamp(post.edited_ms / 1000, UTC) if post.edited_ms else None
        return ShownPost(
            post=post,
            author=author,
            html=Markup(post.html),  # made by social.text, which escapes everything
            address=f"{author.page}/{post.id}",
            iso=f"{at:%Y-%m-%dT%H:%M:%SZ}",
            when=moment(post.created_ms, self._language),
            edited=f"{edited:%Y-%m-%dT%H:%M:%SZ}" if edited else "",
            answers=await self._known(post.reply_author),
            quote=quote,
            space=await self._space(post.space),
            pictures=tuple(_picture(each) for each in post.media),
        )

    async def _known(self, number: int | None) -> PersonCard | None:
        if number is None:
            return None
        try:
            card = await self._card(number)
        except NotFound:
            return None
        return card if card.state.shown else None

    async def _space(self, space: str | None) -> CarriedCard | None:
        if space is None:
            return None
        self.lively = True
        return await self._carried.card(space, self._language)

    async def _card(self, number: int) -> PersonCard:
        return await self._get(public.key(public.CARD, number), PersonCard)

    async def _get(self, key: str, kind: type[D]) -> D:
        self.files.add(key)
        return await self._store.get(key, kind)


def _below(number: int, answers: dict[int | None, list[ShownPost]], depth: int = 0) -> Iterable[ShownPost]:
    """The answers to a post, each followed by those to it."""
    waiting = [(each, depth) for each in reversed(answers.get(number, []))]
    while waiting:
        each, deep = waiting.pop()
        yield msgspec.structs.replace(each, depth=min(deep, DEEPEST))
        waiting += [(answer, deep + 1) for answer in reversed(answers.get(each.post.id, []))]


def _picture(media: Picture) -> ShownPicture:
    width, height = pictures.smaller(media.width, media.height)
    small, large = pictures.address(media.key, small=True), pictures.address(media.key)
    return ShownPicture(small, large, width, height, media.alt)


def _nobody() -> NotFound:
    return NotFound("There is nobody at this address.", code="no-such-page")

"""Finds what a report is about, as it is now: the words that stand there, and whose they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from stentor.base.errors import BadInput, NotFound
from stentor.house.spaces.service import Spaces
from stentor.people.moderation import ADDRESS_CHARACTERS, Thing, ThingKind, lines
from stentor.social import ids, pictures
from stentor.social.reported import ReportedPost, picture
from stentor.spaces.model import Role, Space
from stentor.store.actors import ActorsTable
from stentor.store.comments import CommentsTable
from stentor.store.guest_comments import GuestCommentsTable
from stentor.store.posts import PostsTable, missing
from stentor.store.reported import ReportedTable
from stentor.store.requests import Requests

LONGEST_NUMBER = 9


Knowing = Callable[[Space], Awaitable[bool]]
"""Whether there is a private space for whoever reports."""


async def _nobody(_: Space) -> bool:
    return False


class Things:
    """Looks things up. ``homes`` are the addresses of the site."""

    def __init__(self, spaces: Spaces, homes: tuple[str, ...]) -> None:
        self._spaces = spaces
        work = spaces.store.work
        self._comments, self._guests, self._line = CommentsTable(work), GuestCommentsTable(work), Requests(work)
        self._posts, self._actors, self._reported = PostsTable(work), ActorsTable(work), ReportedTable(work)
        self._hosts = frozenset(urlsplit(home).netloc.lower() for home in homes)

    async def find(
        self, kind: ThingKind, name: str, space: str, knows: Knowing = _nobody, *, reader: str = ""
    ) -> Thing:
        """The thing; raises :class:`NotFound`, :class:`BadInput` for an address that is not of this site.

        Of a private space only who ``knows`` it reports anything; its address is kept as it was written. A post is
        there for the ``reader``, an account, who may read it.
        """
        match kind:
            case ThingKind.COMMENT:
                return await self._comment(await self._space(space, knows), _number(name))
            case ThingKind.GUEST_COMMENT:
                found = await self._guests.find((await self._space(space, knows)).id, _number(name))
                return Thing(kind, name, space, "", found.guest, found.name, found.text, found.at_ms)
            case ThingKind.SEAT:
                return await self._seat(await self._space(space, knows), name)
            case ThingKind.PERSON:
                return await self._person(name)
            case ThingKind.SPACE:
                return _space(await self._space(name, knows))
            case ThingKind.POST:
                return await self._post(name, reader)
        return await self._address(name)

    async def posts(self, thing: Thing, names: Sequence[str], reader: str) -> list[ReportedPost]:
        """What is kept with a report: the post itself, or those of a person that it names and its reader may read.
        Raises :class:`NotFound`, :class:`BadInput` for those of somebody else."""
        if thing.kind is not ThingKind.POST:
            for each in names:
                one = await self._post(each, reader)
                if (one.account, one.name) != (thing.account, thing.name):
                    raise BadInput("Report posts of the person whom you report.", field="posts")
        wanted = [thing.id] if thing.kind is ThingKind.POST else dict.fromkeys(names)
        found = [await self._reported.snapshot(int(each)) for each in wanted]
        if any(each is None for each in found):
            raise missing()
        return [each for each in found if each is not None]

    async def keep_pictures(self, account: str, posts: Sequence[ReportedPost]) -> None:
        """Copies the pictures of posts to where only moderators see them; what is gone already stays so."""
        objects = self._spaces.objects
        if not account:  # those of people elsewhere are there
            return
        for each in (each for post in posts for each in post.pictures):
            kept = picture(account, each.key)
            if await objects.size(kept) is None:
                with suppress(NotFound):
                    await objects.put(kept, await objects.get(pictures.closed(pictures.name(each.key))))

    async def _space(self, name: str, knows: Knowing = _nobody) -> Space:
        try:
            found = await self._spaces.load(name)
        except BadInput:
            found = None
        if found is None or (found.private and not await knows(found)):
            raise NotFound("There is no such space.", code="space-not-found")
        return found

    async def _comment(self, space: Space, number: int) -> Thing:
        author = await self._comments.author(space.id, number)
        found = [each for each in await self._comments.around(space.id, number, 0) if each.id == number]
        if not found:
            raise NotFound("There is no such comment; it may have been removed.", code="comment-not-found")
        comment = found[0]
        # no name: the account has it
        return Thing(ThingKind.COMMENT, str(number), space.id, author, text=comment.text, at_ms=comment.at_ms)

    async def _seat(self, space: Space, seat: str) -> Thing:
        there = space.seats.get(seat)
        if there is not None:
            name = "" if there.account else there.name
            return Thing(ThingKind.SEAT, seat, space.id, there.account, "", name, there.name)
        _, waiting = await self._line.look(space.id)
        asked = next((each for each in waiting if each.id == seat), None)
        if asked is None:
            raise NotFound("Nobody with this seat is here any more.", code="seat-not-found")
        account = await self._line.account_of(space.id, asked.id)
        return Thing(ThingKind.SEAT, seat, space.id, account, "", "" if account else asked.name, asked.name)

    async def _person(self, handle: str) -> Thing:
        if "@" in handle:
            other = await self._actors.find(handle.lower())
            return Thing(ThingKind.PERSON, other.address, name=other.address, text=other.name)
        found = await self._spaces.store.accounts.find(handle)
        if found is None:
            raise NotFound("There is no such account.", code="account-not-found")
        return Thing(ThingKind.PERSON, found.handle, account=found.id, text=f"{found.name}\n{found.bio}".strip())

    async def _post(self, name: str, reader: str) -> Thing:
        number = ids.parse(name)
        viewer = await self._actors.of_account(reader) if reader else None
        found = await self._posts.one(number, viewer) if number is not None else None
        if found is None or found.post.boost_of is not None:
            raise missing()
        reported = await self._reported.snapshot(found.post.id)
        if reported is None:
            raise missing()
        account, at_ms = found.author.account or "", found.post.created_ms
        name = "" if account else found.author.address
        return Thing(ThingKind.POST, str(found.post.id), account=account, name=name, text=reported.says, at_ms=at_ms)

    async def _address(self, written: str) -> Thing:
        """A page of the site: that of a space, a person or a post stands for them."""
        address = lines(written, ADDRESS_CHARACTERS, "id", needed=True, one=True)
        try:
            parts = urlsplit(address if "://" in address else f"https://{address}")
        except ValueError as error:
            raise BadInput("Write the address as it stands in the browser.", field="id") from error
        if parts.scheme not in ("http", "https") or parts.netloc.lower() not in self._hosts:
            raise BadInput("Write the address of a page of this site, as it stands in the browser.", field="id")
        path = unquote(parts.path).split("/")
        try:
            if path[1:2] == ["s"] and len(path) > 2:
                return _space(await self._space(path[2]))
            if len(path) == 2 and path[1].startswith("@"):
                return await self._person(path[1][1:])
            if len(path) == 3 and path[1].startswith("@"):
                return await self._post(path[2], "")
        except NotFound:
            pass  # a page all the same, perhaps one that is gone
        return Thing(ThingKind.ADDRESS, address)


def _space(space: Space) -> Thing:
    host = next((seat for seat in space.seats.values() if seat.role is Role.HOST), None)
    text = f"{space.title}\n{space.description}".strip()
    return Thing(ThingKind.SPACE, space.id, space.id, host.account if host else "", text=text)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise NotFound("There is no such comment; it may have been removed.", code="comment-not-found")
    return int(text)

"""Pictures that people upload for their posts: kept for a day, and as long as the post that they are put into."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.house.uploads.readers import Readers
from stentor.house.who.newcomers import Newcomers
from stentor.people.model import Account
from stentor.social import ids, pictures, reported
from stentor.social.ids import PostIds
from stentor.social.model import Picture
from stentor.store.actors import ActorsTable
from stentor.store.deletions import MEDIA as ERASE_MEDIA
from stentor.store.jobs import Job
from stentor.store.media import HIDE_MEDIA, MediaTable
from stentor.store.objects import Objects
from stentor.store.withheld import SHOW_MEDIA

MOST_BYTES: Final = 16 * 1024 * 1024
"""A photo of a telephone has 2 to 8 MB, a screenshot in PNG up to 12."""
LIMIT: Final = Bucket(burst=20, refill_ms=60_000)
"""Of an account: five posts full of pictures at once, and then one picture a minute. Each costs a second of a
processor."""

UNPOSTED_MS: Final = 86_400_000
"""So long a picture waits to be posted."""
SWEPT_AT_ONCE: Final = 100
SWEPT: Final = 1000
"""In one go; the rest comes ten minutes later."""


def _too_many(wait_s: float) -> Overloaded:
    said = "These are many pictures at once; wait a little before the next one."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-pictures")


class MediaDesk:
    """The pictures of all posts."""

    def __init__(
        self, table: MediaTable, objects: Objects, readers: Readers, ids: PostIds, clock: Clock, newcomers: Newcomers
    ) -> None:
        self.table, self.objects, self._readers, self._ids, self._clock = table, objects, readers, ids, clock
        self._limit, self._newcomers = RateLimit(LIMIT, _too_many), newcomers
        self._actors = ActorsTable(table.work)

    async def upload(self, account: Account, actor: int, data: bytes) -> Picture:
        """Keeps a picture, which nobody else sees before it is posted.

        Raises :class:`BadInput` (``bad-picture``, ``picture-too-large``), :class:`Overloaded`.
        """
        now = self._clock()
        self._limit.spend(account.id, now)
        self._newcomers.spend(account, now)
        return await self.keep(account.id, actor, data)

    async def keep(self, owner: str, actor: int, data: bytes, *, alt: str = "") -> Picture:
        """The same of a picture that nobody uploads by hand: as many as there are."""
        made = await self.adopt(owner, actor, data, alt=alt)
        await self.table.add(made)
        return made

    async def adopt(self, owner: str, actor: int, data: bytes, *, alt: str = "") -> Picture:
        """Makes a picture anew: its files are there, and no row is yet. Raises :class:`BadInput`,
        :class:`Overloaded`."""
        photo = await self._readers.photo(owner, data)
        key = secrets.token_hex(16)
        await self.objects.put(pictures.closed(pictures.name(key)), photo.large)
        await self.objects.put(pictures.closed(pictures.name(key, small=True)), photo.small)
        return Picture(
            id=self._ids.new(unix_ms(self._clock())), actor=actor, key=key, alt=alt, blurhash=photo.blurhash,
            width=photo.width, height=photo.height,
        )  # fmt: skip

    async def read(self, found: Picture, *, small: bool) -> bytes:
        """A picture's file; raises :class:`NotFound`."""
        try:
            return await self.objects.get(pictures.closed(pictures.name(found.key, small=small)))
        except NotFound:
            raise missing() from None

    async def show(self, found: Iterable[Picture]) -> None:
        """Puts pictures where edges read, before a post says so. Raises :class:`Overloaded`."""
        for each in found:
            for small in (False, True):
                name = pictures.name(each.key, small=small)
                if await self.objects.size(pictures.public(name)) is None:
                    await self.objects.put(pictures.public(name), await self.objects.get(pictures.closed(name)))

    async def hide(self, found: Iterable[Picture]) -> None:
        """Takes them away from there: not everybody may see the post any more."""
        for each in found:
            for small in (False, True):
                await self.objects.delete(pictures.public(pictures.name(each.key, small=small)))

    async def forget(self, found: Iterable[Picture]) -> None:
        """Deletes pictures for good: files first, so that what fails is done again by the keeper."""
        for each in found:
            await self.hide([each])
            for small in (False, True):
                await self.objects.delete(pictures.closed(pictures.name(each.key, small=small)))
            await self.table.remove(each.id)

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """By kind, for the keeper of jobs. Again does no harm."""
        return {HIDE_MEDIA: self._leave, SHOW_MEDIA: self._follow, ERASE_MEDIA: self._erase}

    async def _follow(self, job: Job) -> None:
        """Whoever is suspended has no picture at an edge; whoever is back has those of before."""
        with suppress(NotFound):  # the account is gone: another job deletes its pictures
            async for some in self._all_of(await self._actors.of_account(job.key)):
                hidden = await self._hide_closed(some)
                await self.show(each for each in some if each not in hidden)

    async def _leave(self, job: Job) -> None:
        """What was in a post that is gone, or not for everybody any more, is at no edge."""
        found = await self.table.get([int(each) for each in f"{job.payload['media']}".split()])
        hidden = await self._hide_closed(list(found.values()))
        shown = await self.table.open_to_all([each.id for each in hidden])
        await self.show(each for each in hidden if each.id in shown)  # it was posted once more meanwhile

    async def _hide_closed(self, media: Sequence[Picture]) -> list[Picture]:
        """Takes those away that are not for everybody; which these are."""
        shown = await self.table.open_to_all([each.id for each in media])
        hidden = [each for each in media if each.id not in shown]
        await self.hide(hidden)
        return hidden

    async def _erase(self, job: Job) -> None:
        """All of somebody whose account was deleted, also what was kept with reports."""
        async for some in self._all_of(int(job.payload["actor"])):
            await self.forget(some)
        for key, _ in await self.objects.list(reported.folder(job.key)):
            await self.objects.delete(key)

    async def _all_of(self, actor: int) -> AsyncIterator[list[Picture]]:
        after = 0
        while found := await self.table.of_actor(actor, after, SWEPT_AT_ONCE):
            yield found
            after = found[-1].id

    async def sweep(self) -> None:
        """Deletes pictures that are in no post, draft or scheduled post for a day, or whose post or person is gone; up
        to :data:`SWEPT` of them."""
        before = ids.at(unix_ms(self._clock()) - UNPOSTED_MS)
        for _ in range(SWEPT // SWEPT_AT_ONCE):
            found = await self.table.orphans(before, SWEPT_AT_ONCE)
            await self.forget(found)
            if len(found) < SWEPT_AT_ONCE:
                break


def missing() -> NotFound:
    """There is no such picture, or not for whoever asks: nobody learns which."""
    return NotFound("There is no such picture.", code="media-not-found")

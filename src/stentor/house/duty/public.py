"""Writes the documents that public pages are made of, when something of them has changed: edges join them.

What has changed stands in the outbox, which is written in the transaction of the change itself. First the document goes
into the object store, then the bus tells edges, then the row goes: whoever dies in between is followed by another one
who does it again. What is gone comes first, also while thousands of others wait, and twice a second at most a document
is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import Overloaded
from stentor.bus.connection import heed_cancel
from stentor.bus.lease import Lease
from stentor.bus.public import PublicChanges
from stentor.house.spaces.service import Spaces
from stentor.social import public
from stentor.social.public import Changed, HandleOwner, PersonCard, PublicPost, Published
from stentor.store.older import OlderPagesTable
from stentor.store.outbox import ChangedDocument, Outbox
from stentor.store.public import PublicTable

PERIOD_S: Final = 0.5
"""What is posted is at every edge within a second."""
AT_ONCE: Final = 500
"""Rows of a round."""
SLICE: Final = 16
"""Of them that are written before others get a turn."""
PUTS_AT_ONCE: Final = 16
LEFT_MS: Final = 2000
ORDER: Final = (public.POST, public.TALLY, public.CARD, public.THREAD, public.OLDER, public.PROFILE, public.TAG)
"""Lists come after what is in them."""
_OF_NEWEST: Final = (public.POST, public.CARD)


class PublicKeeper:
    """``run`` is a task of the role. The house that has the lease works at once; the others do what it leaves, so that
    what is deleted goes also where there is no bus, and nobody has the lease."""

    def __init__(self, spaces: Spaces, lease: Lease, clock: Clock) -> None:
        self._lease, self._clock = lease, clock
        self._objects, self._changes = spaces.objects, PublicChanges(spaces.bus)
        self._outbox, self._table = Outbox(spaces.store.work), PublicTable(spaces.store.work)
        self._older = OlderPagesTable(spaces.store.work)
        self._last = 0
        self._silent: Overloaded | None = None
        """Why nothing is told in this round any more: what is to be read is written all the same."""
        self._broken = set[ChangedDocument]()
        """What cannot be written as it stands, until it changes: it holds nothing else up."""
        self._log = log.get("house")

    async def run(self) -> None:
        """For ever."""
        while True:
            heed_cancel()
            full = False
            try:
                full = await self.work() >= AT_ONCE
            except Overloaded as error:
                self._log.warning("public-not-written", detail=error.detail)
            await asyncio.sleep(0 if full else PERIOD_S)

    async def work(self) -> int:
        """Writes what waits, and tells of it; how many rows there were. Raises :class:`Overloaded`.

        A few at a time, with pauses as long as they took: whoever asks this house for something waits for few.
        """
        late_ms = None if self._lease.held else unix_ms(self._clock()) - LEFT_MS
        first = set(await self._outbox.pressing(AT_ONCE, before_ms=late_ms))
        found = first | set(await self._outbox.waiting(AT_ONCE, before_ms=late_ms))
        self._broken &= found  # what has changed meanwhile is tried again
        rows = sorted(found - self._broken, key=lambda row: (row not in first, ORDER.index(row.kind)))
        if not rows:
            return 0
        self._silent = None
        await self._withdraw(rows)
        newest, looked_s = any(row.kind in _OF_NEWEST for row in rows), asyncio.get_running_loop().time()
        for at in range(0, len(rows), SLICE):
            some, last = rows[at : at + SLICE], at + SLICE >= len(rows)
            began_s = asyncio.get_running_loop().time()
            if began_s - looked_s > PERIOD_S:
                await self._press(found, late_ms)
                looked_s = began_s
            await self._write_whole(some, newest=newest and last)
            if not last and self._silent is None:
                await asyncio.sleep(asyncio.get_running_loop().time() - began_s)
        if self._silent is not None:
            raise self._silent
        return len(rows)

    async def _press(self, known: set[ChangedDocument], late_ms: int | None) -> None:
        """What takes something away, and came while others are written, waits for none of them."""
        rows = sorted(set(await self._outbox.pressing(AT_ONCE, before_ms=late_ms)) - known)
        known.update(rows)
        await self._withdraw(rows)
        for at in range(0, len(rows), SLICE):
            await self._write_whole(rows[at : at + SLICE], newest=at + SLICE >= len(rows))

    async def _withdraw(self, rows: Sequence[ChangedDocument]) -> None:
        """What is gone is gone before anything else is written."""
        await self._withdraw_posts({int(row.id) for row in rows if row.kind == public.POST})

    async def _withdraw_posts(self, posts: set[int]) -> None:
        gone = await self._table.closed(posts) if posts else set()
        await self._put(
            {public.key(public.POST, each): PublicPost(id=each, version=self._version(), gone=True) for each in gone}
        )

    async def _write_whole(self, rows: Sequence[ChangedDocument], *, newest: bool) -> None:
        """All of them; where that fails one by one, without those it fails for."""
        try:
            await self._write(rows, newest=newest)
        except Overloaded:
            raise
        except Exception:  # noqa: BLE001 the outermost boundary of a document: a broken one holds no others up
            if len(rows) > 1:
                for row in rows:
                    await self._write_whole([row], newest=newest and row is rows[-1])
                return
            self._log.exception("document-not-written", kind=rows[0].kind, id=rows[0].id)
            self._broken.update(rows)

    async def _write(self, rows: Sequence[ChangedDocument], *, newest: bool) -> None:
        made = await self._made(rows)
        if newest:
            made[public.key(public.NEWEST, public.THE_NEWEST)] = await self._table.newest(self._version())
        await self._put(made)
        # One that was taken back while it was written is written once more: the deletion came before this look.
        await self._withdraw_posts({each.id for each in made.values() if isinstance(each, PublicPost)})
        if self._silent is None:
            await self._outbox.written(rows)

    async def _made(self, rows: Sequence[ChangedDocument]) -> dict[str, Published]:
        """The documents, by their keys; of posts those that are there."""
        version = self._version()
        kinds: dict[str, list[str]] = {}
        for row in rows:
            kinds.setdefault(row.kind, []).append(row.id)
        made: dict[str, Published] = {}
        posts = {int(each) for kind in (public.TALLY, public.POST) for each in kinds.get(kind, ())}
        for number, post in (await self._table.posts(posts, version)).items() if posts else ():
            if not post.gone:
                made[public.key(public.POST, number)] = post
        roots = {int(each) for each in kinds.get(public.THREAD, ())}
        for root, thread in (await self._table.threads(roots, version)).items() if roots else ():
            made[public.key(public.THREAD, root)] = thread
        made |= await self._older_pages(kinds, version)
        for person in kinds.get(public.PROFILE, ()):
            made[public.key(public.PROFILE, person)] = await self._table.profile(int(person), version)
        for tag in kinds.get(public.TAG, ()):
            key, listed = public.key(public.TAG, tag), await self._table.tag(tag, version)
            if listed.ids or listed.more or await self._objects.size(key) is not None:
                made[key] = listed  # words that only people elsewhere use get no document
        people = {int(each) for kind in (public.CARD, public.PROFILE) for each in kinds.get(kind, ())}
        cards = await self._table.cards(people, version) if people else {}
        await self._forget_pages(cards.values())
        for card in cards.values():
            made |= self._of_person(card)
        return made

    async def _older_pages(self, kinds: Mapping[str, Sequence[str]], version: int) -> dict[str, Published]:
        """Pages of older posts that are others now: they come before the pages that lead to them."""
        posts = [int(each) for each in kinds.get(public.POST, ())]
        pages = dict.fromkeys(await self._older.with_posts(posts, now_ms=version))
        if ends := [int(each) for each in kinds.get(public.OLDER, ())]:
            pages |= dict.fromkeys(await self._older.ending(ends))
        for kind in (public.PROFILE, public.TAG):
            for name in kinds.get(kind, ()):
                pages |= dict.fromkeys(await self._older.cut(kind, name, now_ms=version))
        found = await self._older.read(list(pages), version)
        return {public.older_key(*page): listed for page, listed in found.items()}

    async def _forget_pages(self, cards: Iterable[PersonCard]) -> None:
        """Those of people who are gone; they hold numbers, and nobody comes to them any more."""
        for card in cards:
            while card.state.gone and (pages := await self._older.forget(public.PROFILE, f"{card.number}", AT_ONCE)):
                for at in range(0, len(pages), PUTS_AT_ONCE):
                    some = pages[at : at + PUTS_AT_ONCE]
                    await asyncio.gather(*(self._objects.delete(public.older_key(*each)) for each in some))

    @staticmethod
    def _of_person(card: PersonCard) -> dict[str, Published]:
        """Their card, and under their handle whose it is. Of who is gone neither has the handle."""
        key = public.key(public.CARD, card.number)
        if card.state.gone or not card.handle:
            return {key: card}
        owner = HandleOwner(number=card.number, version=card.version)
        return {key: card, public.key(public.HANDLE, card.handle): owner}

    async def _put(self, documents: Mapping[str, Published]) -> None:
        """Writes documents, and tells of them once they are there: without a bus they are read all the same."""
        for some in _parts(documents):
            await asyncio.gather(*(self._objects.put(key, msgspec.json.encode(each)) for key, each in some))
        for some in _parts(documents) if self._silent is None else ():
            told = (Changed(key=key, version=each.version, gone=_is_gone(each)) for key, each in some)
            try:
                await asyncio.gather(*(self._changes.put(each) for each in told))
            except Overloaded as error:
                self._silent = error
                return

    def _version(self) -> int:
        """It rises also when the clock is set back, while this house lives."""
        self._last = max(self._last + 1, unix_ms(self._clock()))
        return self._last


def _is_gone(document: Published) -> bool:
    return isinstance(document, PublicPost) and document.gone


def _parts(documents: Mapping[str, Published]) -> Iterator[list[tuple[str, Published]]]:
    """As many as are written at once."""
    waiting = list(documents.items())
    for at in range(0, len(waiting), PUTS_AT_ONCE):
        yield waiting[at : at + PUTS_AT_ONCE]

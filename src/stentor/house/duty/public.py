"""Writes the documents that public pages are made of, when something of them has changed: edges join them.

What has changed stands in the outbox, which is written in the transaction of the change itself. First the document goes
into the object store, then the bus tells edges, then the row goes: whoever dies in between is followed by another one
who does it again. What is gone comes first, and once a second at most anything is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
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
from stentor.store.outbox import ChangedDocument, Outbox
from stentor.store.public import PublicTable

PERIOD_S: Final = 1.0
AT_ONCE: Final = 500
"""Rows of a round."""
PUTS_AT_ONCE: Final = 16
LEFT_MS: Final = 2000


class PublicKeeper:
    """``run`` is a task of the role. The house that has the lease works at once; the others do what it leaves, so that
    what is deleted goes also where there is no bus, and nobody has the lease."""

    def __init__(self, spaces: Spaces, lease: Lease, clock: Clock) -> None:
        self._lease, self._clock = lease, clock
        self._objects, self._changes = spaces.objects, PublicChanges(spaces.bus)
        self._outbox, self._table = Outbox(spaces.store.work), PublicTable(spaces.store.work)
        self._last = 0
        self._log = log.get("house")

    async def run(self) -> None:
        """For ever."""
        while True:
            heed_cancel()
            full = False
            try:
                full = await self.work() == AT_ONCE
            except Overloaded as error:
                self._log.warning("public-not-written", detail=error.detail)
            await asyncio.sleep(0 if full else PERIOD_S)

    async def work(self) -> int:
        """Writes what waits, and tells of it; how many rows there were. Raises :class:`Overloaded`."""
        late_ms = None if self._lease.held else unix_ms(self._clock()) - LEFT_MS
        rows = await self._outbox.waiting(AT_ONCE, before_ms=late_ms)
        if not rows:
            return 0
        made = await self._made(rows)
        await self._put(dict(sorted(made.items(), key=lambda each: not _is_gone(each[1]))))
        # One that was taken back while it was written is written once more: the deletion came before this look.
        written = {each.id: key for key, each in made.items() if isinstance(each, PublicPost) and not each.gone}
        late = await self._table.closed(written) if written else set()
        await self._put({written[each]: PublicPost(id=each, version=self._version(), gone=True) for each in late})
        await self._outbox.written(rows)
        return len(rows)

    async def _made(self, rows: Sequence[ChangedDocument]) -> dict[str, Published]:
        """The documents, by their keys."""
        version = self._version()
        kinds: dict[str, list[str]] = {}
        for row in rows:
            kinds.setdefault(row.kind, []).append(row.id)
        made: dict[str, Published] = {}
        counted, posted = ({int(each) for each in kinds.get(kind, ())} for kind in (public.TALLY, public.POST))
        for number, post in (await self._table.posts(counted | posted, version)).items():
            if number in posted or not post.gone:
                made[public.key(public.POST, number)] = post
        for root in kinds.get(public.THREAD, ()):
            made[public.key(public.THREAD, root)] = await self._table.thread(int(root), version)
        for person in kinds.get(public.PROFILE, ()):
            made[public.key(public.PROFILE, person)] = await self._table.profile(int(person), version)
        for tag in kinds.get(public.TAG, ()):
            made[public.key(public.TAG, tag)] = await self._table.tag(tag, version)
        if public.POST in kinds or public.CARD in kinds:
            made[public.key(public.NEWEST, public.THE_NEWEST)] = await self._table.newest(version)
        people = {int(each) for kind in (public.CARD, public.PROFILE) for each in kinds.get(kind, ())}
        for card in (await self._table.cards(people, version)).values() if people else ():
            made |= self._of_person(card)
        return made

    @staticmethod
    def _of_person(card: PersonCard) -> dict[str, Published]:
        """Their card, and under their handle whose it is. Of who is gone neither has the handle."""
        key = public.key(public.CARD, card.number)
        if card.state.gone:
            return {key: card}
        owner = HandleOwner(number=card.number, version=card.version)
        return {key: card, public.key(public.HANDLE, card.handle): owner}

    async def _put(self, documents: Mapping[str, Published]) -> None:
        """Writes documents, and tells of them once all are there: without a bus they are read all the same."""
        for some in _parts(documents):
            await asyncio.gather(*(self._objects.put(key, msgspec.json.encode(each)) for key, each in some))
        for some in _parts(documents):
            told = (Changed(key=key, version=each.version, gone=_is_gone(each)) for key, each in some)
            await asyncio.gather(*(self._changes.put(each) for each in told))

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

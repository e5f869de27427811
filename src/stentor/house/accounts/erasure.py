"""What is still to be done when an account has been deleted: jobs, each for one space or one folder of objects.

The database forgot the name in the transaction that decided (``store.deletions``). Here it goes from what was made of
it: the state of spaces, their documents, transcripts, chapters and recordings, portraits, what edges show of comments.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import msgspec

from stentor.base.clock import unix_ms
from stentor.base.errors import Conflict, Malformed, NotFound
from stentor.base.units import SeatId
from stentor.house.comments.chat import ChatKeeper
from stentor.house.spaces.service import Spaces
from stentor.spaces import board, names, outline, portraits, rights
from stentor.spaces import commands as c
from stentor.spaces.model import OVER, Role, Space, State, erased_name
from stentor.store import forgotten
from stentor.store.deletions import CHAT, LIST, PERSON, PORTRAITS
from stentor.store.jobs import Job
from stentor.store.objects import Objects
from stentor.wire import cue, manifest

Instead = Mapping[str, str]
"""What stands instead of the name, by seat."""


class Erasure:
    """The handlers of those jobs. ``copies`` are further places that keep the list of who was deleted."""

    def __init__(self, spaces: Spaces, chats: ChatKeeper, *, copies: tuple[Objects, ...] = ()) -> None:
        self._spaces, self._chats, self._objects, self._copies = spaces, chats, spaces.objects, copies

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """By kind, for the keeper of jobs."""
        return {PORTRAITS: self._portraits, PERSON: self._person, CHAT: self._chat, LIST: self._list}

    async def _portraits(self, job: Job) -> None:
        for key, _ in await self._objects.list(portraits.folder(job.key)):
            await self._objects.delete(key)

    async def _list(self, job: Job) -> None:
        """So that a backup from before does not bring the account back."""
        for place in (self._objects, *self._copies):
            await forgotten.note(place, job.key)

    async def _chat(self, job: Job) -> None:
        await self._chats.changed(job.key)

    async def _person(self, job: Job) -> None:
        """Makes somebody nobody in a space, and whoever was to lead it alone does so no more."""
        account = str(job.payload["account"])
        try:
            space = await self._spaces.load(job.key)
        except NotFound:
            return  # it was removed, with all that is in it
        numbers = await self._spaces.store.accounts.deletions.numbers(space.id, account)
        forget = [c.ErasePerson(SeatId(seat), account, number) for seat, number in numbers.items()]
        space = await self._spaces.change(space.id, [*departure(space, account), *forget], rights.ADMIN)
        if not board.belongs(space, unix_ms(self._spaces.clock())):
            await self._spaces.publish(space)
        instead = {seat: erased_name(number) for seat, number in numbers.items()}
        await self._chapters(space, instead)
        await self._transcript(space, instead)
        await self._recording(space, instead)

    async def _chapters(self, space: Space, instead: Instead) -> None:
        key = manifest.outline_key(space.id)
        with suppress(NotFound, Malformed):  # there is none, or nobody can read it
            found = outline.decode(await self._objects.get(key))
            turns = [
                msgspec.structs.replace(turn, name=instead[turn.seat]) if turn.seat in instead else turn
                for turn in found.turns
            ]
            if turns != found.turns:
                await self._objects.put(key, outline.encode(msgspec.structs.replace(found, turns=turns)))

    async def _transcript(self, space: Space, instead: Instead) -> None:
        """Raises :class:`Conflict` while it is still written: then it is done afterwards."""
        key = cue.object_key(space.id)
        with suppress(NotFound, Malformed):
            found = cue.decode_transcript(await self._objects.get(key))
            cues = [
                msgspec.structs.replace(each, name=instead[each.seat]) if each.seat in instead else each
                for each in found.cues
            ]
            if cues == found.cues:
                return
            if space.state not in OVER:
                raise Conflict("The captions of this space are being written.", code="space-on-air")
            await self._objects.put(key, cue.encode_transcript(msgspec.structs.replace(found, cues=cues)))

    async def _recording(self, space: Space, instead: Instead) -> None:
        """Raises :class:`Conflict` while the archive adds names."""
        key = names.key(space.id)
        with suppress(NotFound, Malformed):
            found = names.decode(await self._objects.get(key))
            named = found.renamed(instead)
            if named == found:
                return
            if space.state not in OVER:
                raise Conflict("This space is being recorded.", code="space-on-air")
            await self._objects.put(key, names.encode(named))


def departure(space: Space, account: str) -> list[c.Command]:
    """How somebody leaves a space that is not over: the seat goes, and the successor leads.

    A space that nobody else leads is called off before it begins. One that is on air goes on without its host, whose
    links open nothing any more, until it ends by itself (``spaces.attendance``).
    """
    if space.state in OVER:
        return []
    own = sorted(
        (seat for seat in space.seats.values() if seat.account == account), key=lambda seat: seat.role is Role.HOST
    )
    led = any(seat.role is Role.CO_HOST and seat.account != account for seat in space.seats.values())
    wishes: list[c.Command] = []
    for seat in own:
        if seat.role is not Role.HOST or led:
            wishes.append(c.RemoveSeat(seat.id))
        elif space.state is State.SCHEDULED:
            wishes.append(c.Cancel())
        else:
            wishes.append(c.RenewLink(seat.id))
    return wishes

"""Archives that come in parts: when a connection breaks, what is here stays here, and the next part goes on from it.

Nothing but the object store knows of them: so whichever house is asked knows how far one is, also after it was killed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.house.imports import parts
from stentor.house.imports.schema import ImportView, UploadView
from stentor.house.imports.service import MOST_ARCHIVE_BYTES, TOO_LARGE, ImportDesk
from stentor.people.model import Account
from stentor.store.objects import Objects

MOST_PART_BYTES: Final = 4 * 1024 * 1024
"""What is lost at most when a connection breaks; and what a request holds in memory."""


class Uploads:
    """One of each account at a time: a new one ends the one before. All may raise :class:`Overloaded`."""

    def __init__(self, desk: ImportDesk, objects: Objects) -> None:
        self._desk, self._objects = desk, objects

    async def begin(self, account: Account, me: int) -> UploadView:
        """Raises :class:`Overloaded` for one too many at once."""
        self._desk.spend(account)
        await parts.delete_all(self._objects, parts.folder(me))
        made = self._desk.desk.new_id()
        await self._objects.put(f"{parts.folder(me, made)}/{parts.BEGUN}", b"")
        return _view(made, 0)

    async def look(self, me: int, upload: int) -> UploadView:
        """How far one is. Raises :class:`NotFound`."""
        return _view(upload, _bytes(await self._parts(me, upload)))

    async def add(self, me: int, upload: int, at: int, data: bytes) -> UploadView:
        """Takes the part that begins at a byte. Raises :class:`BadInput`, :class:`Conflict` where that is not the next
        one, :class:`NotFound`."""
        received = _bytes(await self._parts(me, upload))
        if at != received:
            raise Conflict(f"The next part begins at {received}.", code="wrong-part", received=received)
        if not data:
            raise BadInput("A part has at least one byte.", field="body")
        if received + len(data) > MOST_ARCHIVE_BYTES:
            raise TOO_LARGE
        await self._objects.put(f"{parts.folder(me, upload)}/{at:012}", data)
        return _view(upload, received + len(data))

    async def end(self, account: Account, me: int, upload: int, name: str) -> ImportView:
        """All parts are here: an archive is made of them. Raises what :meth:`ImportDesk.begin_archive` does, and
        :class:`NotFound`; the parts stay where it is refused."""
        whole = self._whole(await self._parts(me, upload))
        made = await self._desk.begin_archive(account, me, name, whole, spent=True)
        await parts.delete_all(self._objects, parts.folder(me, upload))
        return made

    async def forget(self, me: int, upload: int) -> None:
        """Takes one away that is not to go on."""
        await parts.delete_all(self._objects, parts.folder(me, upload))

    async def _parts(self, me: int, upload: int) -> list[tuple[str, int]]:
        found = await self._objects.list(parts.folder(me, upload))
        if not found:
            raise NotFound("There is no such upload of yours.", code="import-not-found")
        return [(key, size) for key, size in found if not key.endswith(parts.BEGUN)]

    async def _whole(self, found: list[tuple[str, int]]) -> AsyncIterator[bytes]:
        for key, _ in found:
            yield await self._objects.get(key)


def _bytes(found: list[tuple[str, int]]) -> int:
    return sum(size for _, size in found)


def _view(upload: int, received: int) -> UploadView:
    return UploadView(id=f"{upload}", received=received, most_bytes=MOST_PART_BYTES)

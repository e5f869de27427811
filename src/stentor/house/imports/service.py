"""Files that people bring along: taken, looked at, and put in line. ``house.imports.keeper`` does what is in them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from stentor.base.errors import BadInput, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.fediverse.archive import PostToImport
from stentor.house.imports.keeper import key_of
from stentor.house.imports.schema import ImportTroubleView, ImportView
from stentor.house.social.service import PostDesk
from stentor.people.model import Account
from stentor.social import imports
from stentor.social.imports import ImportKind, ImportLine
from stentor.store.imports import ImportedFile, ImportRow, ImportsTable
from stentor.store.objects import Objects

MOST_ARCHIVE_BYTES: Final = 4 * 1024**3
"""Of an archive as it comes. Who has more of them leaves the films out, or sends ``outbox.json`` alone."""
LIMIT: Final = Bucket(burst=20, refill_ms=30_000)
"""Files of an account: all that Mastodon gives are eight."""
MOST_SHOWN: Final = 200
"""Lines that could not be done."""
LONGEST_SHOWN: Final = 120
TOO_LARGE: Final = BadInput("An archive has 4 GB at most.", code="archive-too-large", field="file")


def _too_many(wait_s: float) -> Overloaded:
    said = "These are many files at once; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-imports-at-once")


class ImportDesk:
    """Takes the files."""

    def __init__(self, desk: PostDesk, objects: Objects) -> None:
        self.desk, self.table, self._objects = desk, ImportsTable(desk.table.work), objects
        self._limit = RateLimit(LIMIT, _too_many)

    def spend(self, account: Account) -> None:
        """A file of somebody's; raises :class:`Overloaded` for one too many at once."""
        self._limit.spend(account.id, self.desk.clock())

    async def begin_list(
        self, account: Account, me: int, name: str, data: bytes, wanted: ImportKind | None
    ) -> ImportView:
        """Takes a CSV file. Raises :class:`BadInput`, :class:`Conflict`, :class:`Overloaded`."""
        self.spend(account)
        kind, rows = await asyncio.to_thread(imports.read, data, name, wanted)
        made = self.desk.new_id()
        lines = [msgspec.json.encode(each).decode() for each in rows]
        await self._forget(await self.table.begin(made, me, kind, name, lines, key="", now_ms=self.desk.now_ms))
        return view(await self.table.one(made, me))

    async def begin_archive(
        self, account: Account, me: int, name: str, parts: AsyncIterator[bytes], *, spent: bool = False
    ) -> ImportView:
        """Takes an archive, which is looked into later; ``spent`` where it was counted before it came. Raises
        :class:`BadInput`, :class:`Conflict`, :class:`Overloaded`."""
        if not spent:
            self.spend(account)
        made = self.desk.new_id()
        with tempfile.TemporaryFile(prefix="stentor-move") as file:
            size = 0
            async for part in parts:
                size += len(part)
                if size > MOST_ARCHIVE_BYTES:
                    raise TOO_LARGE
                await asyncio.to_thread(file.write, part)
            if not size:
                raise BadInput("Choose a file first.", code="no-file", field="file")
            file.seek(0)
            await self._objects.put_file(key_of(made), file)
        begin = self.table.begin(made, me, ImportKind.ARCHIVE, name, None, key=key_of(made), now_ms=self.desk.now_ms)
        try:
            await self._forget(await begin)
        except BaseException:
            await self._objects.delete(key_of(made))
            raise
        return view(await self.table.one(made, me))

    async def of(self, me: int) -> list[ImportView]:
        return [view(each) for each in await self.table.of(me)]

    async def look(self, me: int, move: int) -> tuple[ImportView, list[ImportTroubleView]]:
        """One of somebody's, and what could not be done. Raises :class:`NotFound`."""
        found = await self.table.one(move, me)
        return view(found), [trouble(found, each) for each in await self.table.failures(move, MOST_SHOWN)]

    async def forget(self, me: int, move: int) -> None:
        """Takes one out of the list, and stops it. Raises :class:`NotFound`."""
        await self._forget([await self.table.forget(move, me)])

    async def _forget(self, keys: Sequence[str]) -> None:
        for key in filter(None, keys):
            await self._objects.delete(key)


def view(move: ImportedFile) -> ImportView:
    """As people see it."""
    failed = {code: many for code, many in move.results.items() if code not in ("", "done", "there")}
    return ImportView(
        id=f"{move.id}", kind=move.kind.value, name=move.name, state=move.state.value, made_ms=move.made_ms,
        ended_ms=move.ended_ms, trouble=move.trouble, total=move.total, tried=move.tried, worked=move.worked,
        results=failed, left_out=dict(move.left_out),
    )  # fmt: skip


def trouble(move: ImportedFile, row: ImportRow) -> ImportTroubleView:
    """A line that could not be done, in a few words."""
    if move.kind is ImportKind.ARCHIVE:
        post = msgspec.json.decode(row.body, type=PostToImport)
        return ImportTroubleView(row.number, f"{post.uri} {post.text}"[:LONGEST_SHOWN], row.result)
    line = msgspec.json.decode(row.body, type=ImportLine)
    return ImportTroubleView(row.number, f"{line.list} {line.what}".strip()[:LONGEST_SHOWN], row.result)

"""One's posts, pictures, people and what else is kept about oneself, as a ZIP file: made while it is sent, so that it
takes no more memory when it is large. Of what others wrote it says only where it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from stentor.base.errors import NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.house.social import schema
from stentor.house.social.service import PostDesk
from stentor.house.who.sessions import Sessions
from stentor.social import pictures
from stentor.social.reported import ReportedVersion
from stentor.store import held
from stentor.store import social_tables as tables
from stentor.store.archive import ArchiveTable

PAGE: Final = 100
LIMIT: Final = Bucket(burst=3, refill_ms=1_200_000)
"""Of an account: three at once, and then one in twenty minutes. Each reads everything that somebody has posted."""
_Request = Request[Any, Any, Any]


class ArchivedPost(msgspec.Struct, frozen=True):
    """A line of ``posts.jsonl``: the post as its author sees it, and what it said before."""

    post: schema.PostView
    versions: list[ReportedVersion]
    pictures: list[str]
    """The names of their files in ``media/``, in the order of the post's."""


class ArchivedWriting(msgspec.Struct, frozen=True):
    """``later.json``: what is not posted yet."""

    drafts: list[schema.DraftView]
    scheduled: list[schema.ScheduledView]


class Outlet(io.RawIOBase):
    """What was written since last time; it cannot go back, so sizes stand behind each file."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        found, self._written = bytes(self._written), bytearray()
        return found


def _too_many(wait_s: float) -> Overloaded:
    said = "The archive was fetched several times just now; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-archives")


class ArchiveDesk:
    """Makes archives."""

    def __init__(self, desk: PostDesk) -> None:
        self._desk, self._table = desk, ArchiveTable(desk.table.work)
        self._limit = RateLimit(LIMIT, _too_many)

    def spend(self, account: str) -> None:
        """Raises :class:`Overloaded` (429)."""
        self._limit.spend(account, self._desk.clock())

    async def of(self, me: int, account: str) -> AsyncIterator[bytes]:
        """The file, in parts. Where something does not answer it breaks off: a ZIP without its end is none."""
        outlet = Outlet()
        with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as made:
            circle = await self._table.circle(me)
            made.writestr("people.json", msgspec.json.encode(circle))
            made.writestr("later.json", msgspec.json.encode(await self._later(me)))
            yield outlet.taken()
            for name, table in (("likes.jsonl", tables.likes), ("bookmarks.jsonl", tables.bookmarks)):
                with made.open(name, "w") as file:
                    at = 0
                    while (page := await self._table.marked(table, me, at, PAGE))[1]:
                        at = page[1]
                        file.write(b"".join(msgspec.json.encode(each) + b"\n" for each in page[0]))
                        yield outlet.taken()
            async for _ in self._keep(made, account):
                yield outlet.taken()
            keys: list[str] = []
            with made.open("posts.jsonl", "w") as file:
                async for lines, some in self._posts(me):
                    file.write(lines)
                    keys += some
                    yield outlet.taken()
            for key in keys:
                try:
                    data = await self._desk.media.objects.get(pictures.closed(pictures.name(key)))
                except NotFound:
                    continue  # deleted meanwhile
                made.writestr(zipfile.ZipInfo(f"media/{pictures.name(key)}"), data)  # stored: WebP is small already
                yield outlet.taken()
        yield outlet.taken()

    async def _keep(self, made: zipfile.ZipFile, account: str) -> AsyncIterator[None]:
        """What else is kept about somebody, a file a table in which there is something."""
        for name in held.tables():
            at, rows = 0, await held.read(self._desk.table.work, name, account, 0)
            if not rows:
                continue
            with made.open(f"kept/{name}.jsonl", "w") as file:
                while rows:
                    file.write(b"".join(msgspec.json.encode(each) + b"\n" for each in rows))
                    yield
                    at += len(rows)
                    rows = await held.read(self._desk.table.work, name, account, at)

    async def _posts(self, me: int) -> AsyncIterator[tuple[bytes, list[str]]]:
        at = 0
        while True:
            found, versions, last = await self._table.posts(me, at, PAGE)
            if not last:
                return
            at, lines, keys = last, bytearray(), list[str]()
            for each in found:
                own = [picture.key for picture in each.media]
                line = ArchivedPost(
                    self._desk.views.post(each), versions.get(each.post.id, []), [pictures.name(key) for key in own]
                )
                lines += msgspec.json.encode(line) + b"\n"
                keys += own
            yield bytes(lines), keys

    async def _later(self, me: int) -> ArchivedWriting:
        later, read = self._desk.later, msgspec.json.Decoder(schema.NewPost).decode
        return ArchivedWriting(
            [schema.DraftView(f"{each.id}", read(each.body), each.changed_ms) for each in await later.drafts(me)],
            [
                schema.ScheduledView(f"{each.id}", read(each.body), each.at_ms, each.trouble)
                for each in await later.scheduled(me)
            ],
        )


def handlers(desk: PostDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """The archive's one address."""
    archives = ArchiveDesk(desk)

    @get(
        "/account/archive",
        summary="One's posts, pictures, people and what else is kept, as a ZIP file",
        media_type="application/zip",
    )
    async def archive(request: _Request) -> Stream:
        _, account = await sessions.fresh(request)
        archives.spend(account.id)
        name = f'attachment; filename="stentor-{account.handle}.zip"'
        headers = {"content-disposition": name, "cache-control": "no-store"}
        parts = archives.of(await desk.actors.of_account(account.id), account.id)
        return Stream(parts, media_type="application/zip", headers=headers)

    return [archive]

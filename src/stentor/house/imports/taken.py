"""One's posts as an archive of Mastodon's form, which other programs read and bring along: made while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from stentor.base.errors import NotFound
from stentor.fediverse import writing
from stentor.fediverse.sites import Home
from stentor.house.social.api_archive import Outlet
from stentor.house.social.service import PostDesk
from stentor.social import pictures
from stentor.social.model import Picture
from stentor.store.archive import ArchiveTable
from stentor.store.noted import NotedPosts
from stentor.store.reading import Reading

PAGE: Final = 100
FOLDER: Final = "media_attachments"
_BEGIN: Final = b'{"@context":"https://www.w3.org/ns/activitystreams","id":"outbox.json","type":"OrderedCollection",'


class TakenArchive:
    """``actor.json``, ``outbox.json`` (the oldest first), and the pictures. Bookmarks are a list (``exports``)."""

    def __init__(self, desk: PostDesk, home: Home) -> None:
        self._desk, self._home = desk, home
        work = desk.table.work
        self._table, self._noted = ArchiveTable(work), NotedPosts(work, home)

    async def of(self, me: int, handle: str, name: str) -> AsyncIterator[bytes]:
        """The file, in parts. Where something does not answer it breaks off: a ZIP without its end is none."""
        outlet, pictured = Outlet(), list[Picture]()
        with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as made:
            own = self._home.actor(me)
            actor = {
                "@context": writing.CONTEXT, "id": own, "type": "Person", "preferredUsername": handle, "name": name,
                "outbox": "outbox.json",
            }  # fmt: skip
            made.writestr("actor.json", msgspec.json.encode(actor))
            yield outlet.taken()
            with made.open("outbox.json", "w") as file:
                file.write(_BEGIN + b'"orderedItems":[')
                first = True
                async for lines, media in self._posts(me):
                    file.write((b"" if first else b",") + b",".join(lines) if lines else b"")
                    first, pictured = first and not lines, pictured + media
                    yield outlet.taken()
                file.write(b"]}")
            for each in pictured:
                try:
                    data = await self._desk.media.objects.get(pictures.closed(pictures.name(each.key)))
                except NotFound:
                    continue  # deleted meanwhile
                made.writestr(zipfile.ZipInfo(f"{FOLDER}/{pictures.name(each.key)}"), data)
                yield outlet.taken()
        yield outlet.taken()

    async def _posts(self, me: int) -> AsyncIterator[tuple[list[bytes], list[Picture]]]:
        at = 0
        while True:
            found, _, last = await self._table.posts(me, at, PAGE)
            if not last:
                return
            at = last
            made = [await self._activity(each) for each in found]
            media = [picture for each in found if each.boost is None for picture in each.media]
            yield [msgspec.json.encode(each) for each in made if each is not None], media

    async def _activity(self, found: Reading) -> Any:
        """What a post or a boost is to others; None for what is gone meanwhile, or withheld."""
        post = found.post
        if post.boost_of is not None:
            uri, owner = await self._noted.address(post.boost_of)
            kept = self._home, post.id, post.author, uri, owner, post.created_ms, post.visibility
            return writing.announce(*kept) if uri else None
        noted = await self._noted.get(post.id, now_ms=self._desk.now_ms)
        if noted is None:
            return None
        made: Any = writing.create(self._home, noted)
        for each, media in zip(made["object"]["attachment"], found.media, strict=False):
            each["url"] = f"/{FOLDER}/{pictures.name(media.key)}"
        return made

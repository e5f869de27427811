"""Pictures for posts. There is nothing else: a sound belongs into a space."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile

from stentor.base.errors import BadInput
from stentor.house.clients.asking import Ask
from stentor.house.clients.limits import HEAVY
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.entities import MediaAttachment
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.media.service import MOST_BYTES, missing
from stentor.social import pictures
from stentor.social.model import Picture
from stentor.social.visible import is_file

WRITE: Final = "write:media"
_FORM: Final = 64 * 1024
"""What a form has beside its file."""


class PictureWish(msgspec.Struct, frozen=True):
    description: str | None = None
    focus: str | None = None


class MediaWays:
    """A picture is decoded before the answer: there is none that is still worked on, and none that is answered with 202
    or 206."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk = shapes, shapes.desk

    def ways(self) -> list[AppWay]:
        upload = (AppWay("POST", f"/{v}/media", WRITE, self.upload, window=HEAVY, most_bytes=MOST_BYTES + _FORM)
                  for v in ("v1", "v2"))  # fmt: skip
        return [
            *upload,
            AppWay("GET", "/v1/media/{id}", WRITE, self.look),
            AppWay("PUT", "/v1/media/{id}", WRITE, self.change),
            AppWay("DELETE", "/v1/media/{id}", WRITE, self.remove),
        ]

    async def upload(self, ask: Ask) -> MediaAttachment:
        file, wish = ask.fields.get("file"), ask.wish(PictureWish)
        if not isinstance(file, UploadFile):
            raise BadInput("Send a picture as the part “file” of a form.", field="file", code="bad-picture")
        alt, focus = pictures.alt(wish.description or ""), focus_of(wish.focus)
        made = await self.desk.media.upload(ask.account, ask.me, await file.read())
        if alt or focus:
            await self.desk.media.table.describe(made.id, ask.me, alt, focus=focus)
            made = msgspec.structs.replace(made, alt=alt, focus=focus or "")
        return self.shapes.attachment(made, public=False, viewer=ask.me)

    async def look(self, ask: Ask) -> MediaAttachment:
        return await self._told(ask, await self._mine(ask))

    async def change(self, ask: Ask) -> MediaAttachment:
        """What is not sent stays."""
        found, wish = await self._mine(ask), ask.wish(PictureWish)
        alt = pictures.alt(wish.description) if wish.description is not None else None
        await self.desk.media.table.describe(found.id, ask.me, alt, focus=focus_of(wish.focus))
        return await self._told(ask, await self._mine(ask))

    async def remove(self, ask: Ask) -> Any:
        """One that is in no post yet."""
        found = await self._mine(ask)
        if found.post is not None:
            said = {"error": "Media attachment is currently used by a status"}
            return Response(msgspec.json.encode(said), status_code=422, media_type="application/json")
        await self.desk.media.forget([found])
        return {}

    async def _mine(self, ask: Ask) -> Picture:
        number = ask.number()
        found = (await self.desk.media.table.get([number])).get(number)
        if found is None or found.actor != ask.me:
            raise missing()
        return found

    async def _told(self, ask: Ask, found: Picture) -> MediaAttachment:
        shown = await self.desk.table.read([found.post], None) if found.post is not None else []
        public = bool(shown) and is_file(shown[0].post)
        return self.shapes.attachment(found, public=public, viewer=ask.me)


def focus_of(text: str | None) -> str | None:
    """Two numbers from -1 to 1, as they are kept; None for what was not said. Raises :class:`BadInput`."""
    if text is None or not text.strip():
        return None
    try:
        x, y = (float(each) for each in text.split(",", 1))
    except ValueError:
        x = y = 2.0
    if not (-1 <= x <= 1 and -1 <= y <= 1):
        raise BadInput("A focus is two numbers from -1 to 1, such as 0.5,-0.2.", field="focus")
    return f"{x:.2f},{y:.2f}"

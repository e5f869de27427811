"""How much was reported and decided on this site: a page and a file, of one object that houses write."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.errors import NotFound, Overloaded
from stentor.base.texts import LANGUAGES
from stentor.base.times import moment
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document, Reply
from stentor.people.moderation import TRANSPARENCY_KEY, Transparency
from stentor.people.site import SiteLook
from stentor.store.objects import Objects
from stentor.wire.http import Request

PERIOD_S: Final = 60.0
TEXT_CACHE: Final = "public, max-age=0, s-maxage=10, stale-while-revalidate=10, stale-if-error=600"
JSON: Final = "application/json"


class TransparencyPages:
    """``run`` is a task of the role. Before a house has written anything there is no page."""

    def __init__(self, objects: Objects, pages: ListenerPages, clock: Clock) -> None:
        self._objects, self._pages, self._clock = objects, pages, clock
        self._read = b""
        self._found: Transparency | None = None
        self._made: dict[str, tuple[SiteLook, Document]] = {}
        self._decoder = msgspec.json.Decoder(Transparency)
        self._log = log.get("edge")

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.read()
            await asyncio.sleep(PERIOD_S)

    async def read(self) -> None:
        """Reads the object; what was known stays when the store fails."""
        try:
            read = await self._objects.get(TRANSPARENCY_KEY)
            if read != self._read:
                self._found, self._read = self._decoder.decode(read), read
                self._made.clear()
        except NotFound:
            return
        except (Overloaded, msgspec.DecodeError) as error:
            self._log.warning("transparency-not-read", reason=str(error))

    def answer(self, path: list[str], request: Request) -> Reply | None:
        """The reply for ``path``; None where the address is not one of these, or nothing is known."""
        if self._found is None or path not in (["transparency"], ["transparency.json"]):
            return None
        if path[0].endswith(".json"):
            return Document(self._read, JSON, TEXT_CACHE, now=self._clock()).answer(request.headers)
        asked = request.query.get("lang", "")
        language = asked if asked in LANGUAGES else LANGUAGES[0]
        look, document = self._made.get(language, (None, None))
        if document is None or look is not self._pages.look:
            document = self._page(self._found, language)
            self._made[language] = self._pages.look, document
        return document.answer(request.headers)

    def _page(self, found: Transparency, language: str) -> Document:
        return self._pages.public(
            "transparency",
            language,
            TEXT_CACHE,
            self._clock(),
            path="/transparency",
            months=found.months,
            at=moment(found.made_ms, language),
        )

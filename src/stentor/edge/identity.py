"""What the site is called and looks like, and its texts, out of one object that houses write (``people.site``); and
what makes an app of it: the manifest, and the page that a browser keeps for when there is no network.

It is read every :data:`PERIOD_S` by nobody's request; pages that are made from then on say the new name.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from markupsafe import Markup

from stentor.base import log
from stentor.base.clock import Clock
from stentor.base.errors import NotFound, Overloaded
from stentor.base.texts import LANGUAGES
from stentor.edge import samples
from stentor.edge.page import ListenerPages
from stentor.edge.reply import Document, Reply
from stentor.edge.transparency import TEXT_CACHE, TransparencyPages
from stentor.people import site
from stentor.people.picture import SIDE_PIXELS, TYPE
from stentor.people.site import SiteLook
from stentor.store.objects import Objects
from stentor.wire.http import Request

PERIOD_S: Final = 2.0
FILE_CACHE: Final = "public, max-age=3600"
"""Another logo has another address; who asks without its version has today's within the hour."""
CSS: Final = "text/css; charset=utf-8"
MANIFEST: Final = "application/manifest+json"
WORKER: Final = "sw.js"
"""It stands beside ``/``, since a worker is for what is below its own address only."""
APP: Final = ("manifest.webmanifest", "offline", WORKER, "parts", "parts-front")
PAPER, ACCENT = "#fbf9f5", "#046480"
"""As in ``design.css``: while an app starts, nothing of it has been read yet."""
SHARED: Final = {"title": "title", "text": "text", "url": "url"}
"""What other apps hand over, by the names of fields of the address where one writes."""
SHORT_CHARACTERS: Final = 12
"""What is readable below an icon."""


def short_name(name: str) -> str:
    """As many words as fit; of a longer word its beginning."""
    found = ""
    for word in name.split():
        if len(longer := f"{found} {word}".strip()) > SHORT_CHARACTERS:
            break
        found = longer
    return found or name[:SHORT_CHARACTERS]


class SiteIdentity:
    """``run`` is a task of the role. Where no house has written the object, the site is called Stentor."""

    def __init__(self, objects: Objects, pages: ListenerPages, clock: Clock) -> None:
        self._objects, self._pages, self._clock = objects, pages, clock
        self.transparency = TransparencyPages(objects, pages, clock)
        self._read = b""
        self._made: dict[tuple[str, str], Document] = {}
        self._decoder = msgspec.json.Decoder(SiteLook)
        self._log = log.get("edge")

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.read()
            await asyncio.sleep(PERIOD_S)

    async def read(self) -> bool:
        """Reads the object, and says whether something has changed; what was known stays when the store fails."""
        try:
            found = await self._objects.get(site.KEY)
            if found == self._read:
                return False
            self._pages.look, self._read = self._decoder.decode(found), found
        except NotFound:
            return False
        except (Overloaded, msgspec.DecodeError) as error:
            self._log.warning("site-not-read", reason=str(error))
            return False
        self._made.clear()
        return True

    def answer(self, path: list[str], request: Request) -> Reply | None:
        """The reply for ``path``; None where there is no such file or text."""
        if (reply := self.transparency.answer(path, request)) is not None:
            return reply
        if len(path) != 1 or path[0] not in ("logo", "site.css", *APP, *self._pages.look.pages):
            return None
        asked = request.query.get("lang", "")
        language = asked if asked in LANGUAGES else LANGUAGES[0]
        if (path[0], language) not in self._made and (made := self._make(path[0], language)) is not None:
            self._made[path[0], language] = made
        found = self._made.get((path[0], language))
        return found.answer(request.headers) if found else None

    def _make(self, name: str, language: str) -> Document | None:
        look, now = self._pages.look, self._clock()
        files = {"logo": (look.logo, TYPE), "site.css": (look.styles.encode(), CSS)}
        if name in files:
            body, kind = files[name]
            return Document(body, kind, FILE_CACHE, now=now, X_Content_Type_Options="nosniff") if body else None
        match name:
            case "manifest.webmanifest":
                return Document(self._manifest(language), MANIFEST, TEXT_CACHE, now=now)
            case "offline" | "parts":
                return self._pages.public(name, language, TEXT_CACHE, now, path=f"/{name}")
            case "parts-front":
                known = samples.shown(self._pages.address("icon-192.png"))
                return self._pages.public(name, language, TEXT_CACHE, now, path=f"/{name}", **known)
            case "sw.js":
                return self._pages.worker(TEXT_CACHE, now)
        return self._pages.public(
            "text", language, TEXT_CACHE, now, path=f"/{name}", about=name, text=Markup(look.pages[name])
        )

    def _manifest(self, language: str) -> bytes:
        """What a browser asks that puts the site on a home screen (W3C Web Application Manifest)."""
        look, static = self._pages.look, self._pages.address
        ours = [
            {"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": static("icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static("icon-512.png"), "sizes": "512x512", "type": "image/png"},
            {"src": static("icon-full.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ]
        logo = {"src": look.logo_address, "sizes": f"{SIDE_PIXELS}x{SIDE_PIXELS}", "type": TYPE}
        target = {"action": "/home/compose", "method": "GET", "params": SHARED}
        return msgspec.json.encode(
            ({"share_target": target} if self._pages.together else {})
            | {
                "id": "/",
                "start_url": "/",
                "scope": "/",
                "name": look.name,
                "short_name": short_name(look.name),
                "description": self._pages.catalogue.text(language, "front.about"),
                "lang": language,
                "display": "standalone",
                "background_color": PAPER,
                "theme_color": look.accent or ACCENT,
                "icons": [logo] if look.logo else ours,
            }
        )

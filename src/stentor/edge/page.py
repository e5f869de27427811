"""The listener's page: one static shell a space and state, with everything it needs to work without JavaScript.

It comes in the space's language; the script offers the reader's own. The content security policy allows nothing
inline and nothing from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

import msgspec
from markupsafe import Markup

from stentor.base import hsts, static, texts
from stentor.base.html import Templates
from stentor.base.rendition import BY_NAME
from stentor.base.static import Static
from stentor.crowd.orders import Orders
from stentor.edge import told
from stentor.edge.door import door, shown_state
from stentor.edge.reply import ANYBODY, HTML, Document, Reply, brief
from stentor.edge.shown import download
from stentor.evidence import report_page
from stentor.people.site import SiteLook
from stentor.spaces import about, phase, portraits
from stentor.spaces.front import people
from stentor.spaces.model import ON_AIR, Role, Space, State
from stentor.spaces.switches import Switch
from stentor.wire.clip import Cut
from stentor.wire.http import Request

PACKAGE = "stentor.edge"
Fields = Mapping[str, str] | None
OPUS = BY_NAME["opus-24"]
PAGE_CACHE = "public, max-age=5, stale-while-revalidate=30"
CLIP_CACHE = "public, max-age=60"
MOST_NAMED = 12
"""Beside the host, before the talk: a stage that is full."""
CROWD = 500
"""Listeners for whom no picture is loaded before the sound."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{elsewhere}; "
    "media-src 'self'{elsewhere} blob:; img-src 'self' data:; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors "
)


class ListenerPages:
    """The pages and the files they load; read once when the process starts."""

    def __init__(self, *, address: str, house: str = "", overflow: str = "", now: float) -> None:
        self.catalogue = texts.Catalogue(*told.PACKAGES)
        self.look = SiteLook()
        """What the site is called and looks like, as was read last."""
        self.page_of: Callable[[str], str] = lambda account: ""
        """The address of the page of an account's person; empty for who has none."""
        self.fingerprint = ""
        """Of the key that reports are signed with; empty where they are not."""
        self._address, self._house, self._overflow = address, house, overflow
        self.together = bool(house) and (not address or urlsplit(address).netloc == urlsplit(house).netloc)
        """Whether the pages of the house are at the same address."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(overflow)) if overflow else ""
        self._strict = {hsts.NAME.replace("-", "_"): value} if (value := hsts.value(address, house)) else {}
        self._policy = POLICY.format(elsewhere=f" {origin}" if origin else "")
        words = {
            f"texts-{name}.json": msgspec.json.encode(told.texts(self.catalogue, name)) for name in texts.LANGUAGES
        }
        self._static = Static(PACKAGE, words | {"report.css": report_page.STYLES.encode()})
        self._files = {
            (name, cache): Document(file.body, file.content_type, cache, now=now, X_Content_Type_Options="nosniff")
            for name, file in self._static.files.items()
            for cache in (static.IMMUTABLE, static.ASK_AGAIN)
        }
        translations = {name: self._static(f"texts-{name}.json") for name in texts.LANGUAGES}
        self._templates = Templates(
            PACKAGE,
            self.catalogue,
            address=address,
            translations=translations,
            static=self._static,
            opus=OPUS.name,
        )

    @property
    def app(self) -> str:
        """What this is called."""
        return self.look.name

    def space(
        self,
        space: Space,
        orders: Orders,
        now: float,
        *,
        listeners: int = 0,
        embedded: bool = False,
        language: str = "",
        below: str = "",
    ) -> Document:
        """The page of a space as it is now; ``embedded`` is the smaller one that any site may show in a frame,
        ``language`` another one than what is spoken, ``below`` the key of a private space."""
        language = language or texts.negotiate(space.language)
        known = door(
            space,
            orders,
            address=self._address,
            house=self._house,
            overflow=self._overflow,
            now=now,
            listeners=listeners,
            below=below,
        )
        chip, card = told.card(space, self.catalogue, language, now)
        return self._document(
            "space",
            language,
            PAGE_CACHE,
            now,
            embedded=embedded,
            space=space,
            state=shown_state(space),
            base=f"/s/{space.id}{below}",
            below=below,
            languages=texts.NAMES,
            on_air=space.state in ON_AIR,
            fingerprint=self.fingerprint if space.state is State.SCHEDULED else "",
            chip=chip,
            card=card,
            planned=space.state is State.SCHEDULED and space.scheduled_ms is not None,
            narrow=orders.narrow,
            clips=space.allows(Switch.CLIPS),
            file=download(space),
            host_page=self.page_of(space.host.account) if space.host else "",
            host_picture=_picture(space, listeners, below),
            cover=_cover(space, listeners, below),
            seats=[seat for seat in space.seats.values() if seat.connected],
            to_come=_named(space),
            house=self._house,
            report=f"{self._house}/report?kind=space&id={space.id}",
            asks=f"{self._house}/ask/{space.id}" if self._house and space.hears_requests else "",
            texts={**told.texts(self.catalogue, language, written=True), "app": self.app},
            phases=phase.document(),
            door=json.loads(known),
        )

    def clip(self, space: Space, cut: Cut, now: float, below: str = "") -> Document:
        """The page of some seconds of a recording; it needs no script."""
        base = f"/s/{space.id}{below}"
        return self._document(
            "clip",
            texts.negotiate(space.language),
            CLIP_CACHE,
            now,
            space=space,
            state="clip",
            base=base,
            below=below,
            file=f"{base}/clip.m4a?from={cut.start_s:g}&to={cut.end_s:g}",
            cut=cut,
            clock=_clock,
        )

    def report(
        self, space: Space, below: str, article: Markup, summary: str, language: str, cache: str, now: float
    ) -> Document:
        """The page around a report; ``below`` is the key of a private space."""
        base, title = f"/s/{space.id}{below}", report_page.CATALOGUE.text(language, "report.title", title=space.title)
        shown = {"base": base, "path": f"{base}/report", "listed": space.listed, "title": title}
        return self.public("report", language, cache, now, **shown, article=article, description=summary)

    def frame(self, space: Space, home: str, width: int, height: int) -> str:
        """What other sites put into their pages to show a space."""
        return self._templates.render("frame", "en", space=space, home=home, width=width, height=height)

    def nowhere(self, request: Request, now: float, state: str = "unknown", status: int = 404, **extra: str) -> Reply:
        """The page for an address where there is no space, or none any more."""
        language = texts.negotiate(request.headers.get("accept-language", ""))
        on = quote(request.path) if state == "away" else "/"
        _, first, name, *_ = [*request.path.split("/"), "", ""]
        enter = f"/enter/{quote(name, safe='')}" if (first, state) == ("s", "unknown") and name else ""
        cache = brief(request.path)
        text = self._document(
            "nowhere", language, cache, now, space=None, state=state, status=status, on=on, enter=enter
        ).body
        fields = {"Content-Type": HTML, "Cache-Control": cache, "Vary": "Accept, Accept-Language", **ANYBODY}
        fields |= {name.replace("_", "-"): value for name, value in extra.items()}
        return Reply(status, fields, text, now=now)

    def public(
        self, name: str, language: str, cache: str, now: float, fields: Fields = None, /, **values: object
    ) -> Document:
        """A page for everybody that is not of one space; ``fields`` are more of its header's."""
        shown = {"space": None, "state": name, "house": self._house, "languages": texts.NAMES}
        query = "" if language == texts.LANGUAGES[0] else f"?lang={language}"
        return self._document(name, language, cache, now, fields, embedded=False, query=query, **shown, **values)

    def address(self, name: str) -> str:
        """Where the file ``name`` is."""
        return self._static(name)

    def worker(self, cache: str, now: float) -> Document:
        """The service worker, which may ask this site only."""
        file = self._static.files["worker.js"]
        return Document(
            file.body,
            file.content_type,
            cache,
            now=now,
            X_Content_Type_Options="nosniff",
            Content_Security_Policy="default-src 'none'; connect-src 'self'",
        )

    def static(self, path: list[str]) -> Document:
        """``[version, …file]``: for ever when the version is this one; raises :class:`stentor.base.errors.NotFound`."""
        name = "/".join(path[1:])
        return self._files[name, self._static.find(path[0], name)[1]]

    def _document(
        self,
        template: str,
        language: str,
        cache: str,
        now: float,
        fields: Fields = None,
        /,
        *,
        embedded: bool = False,
        **values: object,
    ) -> Document:
        shown = {"embedded": embedded, "app": self.app, "look": self.look}
        text = self._templates.render(template, language, **shown, **values)
        extra = {
            "Content_Security_Policy": self._policy + ("*" if embedded else "'self'"),
            "X_Content_Type_Options": "nosniff",
            **self._strict,
            **(fields or {}),
        }
        return Document(text.encode(), HTML, cache, now=now, **extra)


def _picture(space: Space, listeners: int, below: str) -> str:
    """Where the host's picture is; in a crowd the page asks for it late (``portraits.js``)."""
    if space.host is None or (space.on_air and listeners > CROWD):
        return ""
    return portraits.address(space.host, f"/s/{space.id}{below}") or ""


def _cover(space: Space, listeners: int, below: str) -> str:
    """Where the cover is; a crowd on its way to the sound does without it. Large once the talk is over."""
    if space.on_air and listeners > CROWD:
        return ""
    return about.cover_address(space.about, f"/s/{space.id}{below}", small=space.state is not State.REPLAY)


def _clock(at_s: float) -> str:
    """``12:34``, ``1:02:03``."""
    minutes, seconds = divmod(int(at_s), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


def _named(space: Space) -> list[tuple[str, str]]:
    """Who is to come besides the host; afterwards who was there, with the key of their role's name, for as long as the
    recording."""
    if space.state not in (State.SCHEDULED, State.REPLAY):
        return []
    named = people(space)[1 : 1 + MOST_NAMED]
    if space.state is State.SCHEDULED:
        return [(seat.name, "") for seat in named]
    return [(seat.name, "co_host" if seat.role is Role.CO_HOST else "guest") for seat in named]

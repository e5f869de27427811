"""The pages: spaces, the stage, asking to speak, comments, and those about accounts; the HTML, and what it loads."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import HttpMethod, Request, Response, Router, get, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from stentor.base.errors import BadInput, NotFound
from stentor.base.texts import Catalogue, negotiate
from stentor.house.accounts.people import People
from stentor.house.accounts.schema import profile
from stentor.house.spaces.desk import Desk
from stentor.house.spaces.schema import SpaceRow
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.people import checks, rights
from stentor.people.model import Account, SiteRole
from stentor.spaces.model import ON_AIR, Space, State
from stentor.spaces.rights import Look, allowed

PACKAGE = "stentor.house"
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
READ = [HttpMethod.GET, HttpMethod.HEAD]
IMMUTABLE = "public, max-age=31536000, immutable"
LONGEST_CODE = 40
TEMPLATES = (
    *("frame", "spaces", "stage", "invite", "ask", "comments", "notice", "sign-in", "sign-up"),
    *("account", "accounts", "deletion"),
)
_Request = Request[Any, Any, Any]


class Static:
    """Everything under ``static/``, read once. Its address has a hash of it all, so that browsers keep it for ever."""

    def __init__(self) -> None:
        folder = resources.files(PACKAGE) / "static"
        self.files = {
            entry.name: entry.read_bytes() for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        }
        digest = hashlib.sha256(b"".join(name.encode() + data for name, data in self.files.items()))
        self.version = digest.hexdigest()[:12]
        self.address = f"/static/{self.version}"

    def response(self, version: str, name: str) -> Response[bytes]:
        """A file; an address of another version gets today's file, to be asked for again next time."""
        if name not in self.files:
            raise NotFound("There is no such file.")
        cache = IMMUTABLE if version == self.version else "no-cache"
        kind = TYPES[name.rpartition(".")[2]]
        return Response(self.files[name], headers={"content-type": kind, "cache-control": cache})


class Me(msgspec.Struct, frozen=True):
    """Who looks at a page, and where it is."""

    path: str = "/"
    account: Account | None = None
    creates: bool = False

    @property
    def admin(self) -> bool:
        return self.account is not None and self.account.role is SiteRole.ADMIN


class Pages:
    """Makes the HTML. Everything that comes from people goes through ``html.escape``."""

    def __init__(self, static: Static) -> None:
        self.static = static
        self.catalogue = Catalogue(PACKAGE)
        folder = resources.files(PACKAGE) / "templates"
        self.templates = {name: Template((folder / f"{name}.html").read_text("utf-8")) for name in TEMPLATES}

    def spaces(self, rows: Iterable[SpaceRow], language: str, me: Me) -> str:
        """The list of spaces."""
        say = self._say(language)
        items = "\n".join(self._row(row, language) for row in rows) or f"<li>{say('spaces.none')}</li>"
        words = {
            "heading": "spaces.title", "noscript": "spaces.noscript", "create_title": "create.title",
            "create_name": "create.name", "create_host": "create.host",
            "create_host_hint": "create.host_hint", "create_when": "create.when",
            "create_do": "create.do", "admin_title": "admin.title", "admin_token": "admin.token",
            "admin_hint": "admin.token_hint", "admin_enter": "admin.enter", "admin_forget": "admin.forget",
        }  # fmt: skip
        values = {name: say(key) for name, key in words.items()}
        body = self.templates["spaces"].substitute(values, rows=items, invite=self._fill("invite", language))
        page = {"creates": me.creates, "admin": me.admin}
        return self._frame(say("spaces.title"), body, language, me, module="spaces.js", page=page)

    def stage(self, space: Space, listen: str, language: str, me: Me) -> str:
        """The page of a speaker; who it is for says the session, or the token, which only the browser knows."""
        say = self._say(language)
        body = self._fill(
            "stage",
            language,
            space_title=html.escape(space.title),
            state=space.state.value,
            state_text=say(f"state.{space.state.value}"),
            listen=html.escape(listen),
            invite=self._fill("invite", language),
        )
        name = html.escape(self.catalogue.text(language, "stage.title", title=space.title))
        seated = me.account is not None and space.seat_of(me.account.id) is not None
        page = {"id": space.id, "account": me.account is not None, "seated": seated}
        return self._frame(name, body, language, me, module="stage.js", page=page)

    def ask(self, space: str, title: str, listen: str, language: str, me: Me) -> str:
        """The page where somebody of the audience asks to speak."""
        say = self._say(language)
        words = {
            "heading": "ask.heading", "noscript": "ask.noscript", "hint": "ask.hint", "name": "ask.name",
            "do": "ask.do", "withdraw": "ask.withdraw", "go": "ask.go", "listen_on": "ask.listen",
        }  # fmt: skip
        body = self.templates["ask"].substitute(
            {name: say(key) for name, key in words.items()},
            space_title=html.escape(title),
            listen=html.escape(listen),
        )
        name = html.escape(self.catalogue.text(language, "ask.title", title=title))
        return self._frame(name, body, language, me, module="ask.js", page={"id": space})

    def comments(self, space: Space, listen: str, language: str, me: Me, *, moderates: bool) -> str:
        """The page where people write comments; ``listen`` is the listener's page."""
        values = {
            "space_title": html.escape(space.title),
            "listen": html.escape(listen),
            "sign_in": f"/sign-in?next=/comments/{space.id}",
        }
        name = f"{self._say(language)('comments.title')}: {values['space_title']}"
        read = f"{listen}/comments.json"
        page = {"id": space.id, "read": read, "account": me.account is not None, "moderates": moderates}
        body = self._fill("comments", language, **values)
        return self._frame(name, body, language, me, module="comments.js", page=page)

    def people(self, name: str, title: str, language: str, me: Me, **page: object) -> str:
        """The page ``name`` about accounts."""
        body = self._fill(name, language)
        return self._frame(self._say(language)(title), body, language, me, module=f"{name}.js", page=page)

    def notice(self, heading: str, sentence: str, language: str, me: Me) -> str:
        """A page that says one thing; both are keys of texts."""
        say = self._say(language)
        body = self.templates["notice"].substitute(
            heading=say(heading), sentence=say(sentence), home=say("notice.home")
        )
        return self._frame(say(heading), body, language, me)

    def _fill(self, name: str, language: str, **values: str) -> str:
        """A template with these values (HTML already); any other ``$a_b_c`` in it is the text ``a.b_c``."""
        say, template = self._say(language), self.templates[name]
        words = {word: say(word.replace("_", ".", 1)) for word in template.get_identifiers() if word not in values}
        return template.substitute(words | values)

    def _row(self, row: SpaceRow, language: str) -> str:
        say = self._say(language)
        when = _when(row)
        times = html.escape(self.catalogue.text(language, when[0], when=_iso(when[1]))) if when else ""
        label = say("spaces.replay" if row.state is State.REPLAY else "spaces.listen")
        kind = "button primary" if row.state in ON_AIR else "button"
        link = f'<a class="{kind}" href="{html.escape(row.listen)}">{label}</a>'
        if row.state is State.CANCELLED:
            link = ""
        return (
            f'<li><div class="titles"><h2>{html.escape(row.title)}</h2>'
            f'<span class="state" data-state="{row.state.value}">{say(f"state.{row.state.value}")}</span></div>'
            f'<p class="quiet">{times}</p><div class="buttons">{link}</div></li>'
        )

    def _who(self, language: str, me: Me) -> str:
        """The corner of every page that says who is signed in."""
        say = self._say(language)
        if me.account is None:
            return f'<nav class="who"><a href="/sign-in?next={quote(me.path)}">{say("signin.title")}</a></nav>'
        shown = profile(me.account)
        image = f'<img src="{html.escape(shown.picture)}" alt="" width="28" height="28">' if shown.picture else ""
        name = html.escape(shown.name)
        more = f'<a href="/accounts">{say("accounts.title")}</a>' if me.admin else ""
        return f'<nav class="who" aria-label="{say("people.account")}">{image}<a href="/account">{name}</a>{more}</nav>'

    def _say(self, language: str) -> Any:
        return lambda key: html.escape(self.catalogue.text(language, key))

    def _frame(
        self,
        title: str,
        body: str,
        language: str,
        me: Me,
        *,
        module: str = "",
        page: Mapping[str, object] | None = None,
    ) -> str:
        """The whole document; ``title`` and ``body`` are HTML already."""
        script = ""
        if module:
            texts = self.catalogue.texts["en"] | self.catalogue.texts[language]
            script = (
                f'<script type="application/json" id="texts">{_data(texts)}</script>\n'
                f'<script type="application/json" id="page">{_data(page or {})}</script>\n'
                f'<script type="module" src="{self.static.address}/{module}"></script>'
            )
        say = self._say(language)
        return self.templates["frame"].substitute(
            language=language,
            title=title,
            app=say("app.name"),
            tagline=say("app.tagline"),
            skip=say("app.skip"),
            static=self.static.address,
            who=self._who(language, me),
            body=body,
            script=script,
        )


Looking = Callable[[_Request], Awaitable[Me]]
"""Who looks at a page."""


def routes(desk: Desk, views: Views, callers: Callers, people: People, *, provider: str) -> Router:
    """All pages, and what they load."""
    static = Static()
    pages = Pages(static)

    async def look(request: _Request) -> Me:
        account = await callers.account(request)
        creates = account is not None and rights.creates(account.role, people.creators)
        return Me(checks.local_path(request.url.path), account, creates)

    @get("/static/{version:str}/{name:str}", include_in_schema=False)
    async def file(version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
        return static.response(version, name)

    handlers = [*_of_spaces(pages, desk, views, callers, look), *_of_accounts(pages, look, provider), file]
    return Router("/", route_handlers=handlers)


def _of_spaces(pages: Pages, desk: Desk, views: Views, callers: Callers, look: Looking) -> list[HTTPRouteHandler]:
    """``/``, ``/stage/{space}``, ``/ask/{space}`` and ``/comments/{space}``."""

    @route("/", http_method=READ, include_in_schema=False)
    async def home(request: _Request) -> Response[str]:
        return _html(pages.spaces((await views.rows()).spaces, _language(request), await look(request)))

    @route("/stage/{space:str}", http_method=READ, include_in_schema=False)
    async def stage(request: _Request, space: FromPath[str]) -> Response[str]:
        language, me = _language(request), await look(request)
        try:
            found = await desk.load(space)
        except (NotFound, BadInput):
            return _html(pages.notice("notice.space_title", "notice.space", language, me), status=404)
        return _html(pages.stage(found, views.listen(found.id), language, me))

    @route("/ask/{space:str}", http_method=READ, include_in_schema=False)
    async def ask(request: _Request, space: FromPath[str]) -> Response[str]:
        language, me = _language(request), await look(request)
        try:
            found = await desk.load(space)
        except (NotFound, BadInput):
            return _html(pages.notice("notice.space_title", "notice.space", language, me), status=404)
        return _html(pages.ask(found.id, found.title, views.listen(found.id), language, me))

    @route("/comments/{space:str}", http_method=READ, include_in_schema=False)
    async def comments(request: _Request, space: FromPath[str]) -> Response[str]:
        language, me = _language(request), await look(request)
        try:
            found = await desk.load(space)
        except (NotFound, BadInput):
            return _html(pages.notice("notice.space_title", "notice.space", language, me), status=404)
        moderates = me.account is not None and allowed(callers.acting(me.account), Look.COMMENTS, found)
        return _html(pages.comments(found, views.listen(found.id), language, me, moderates=moderates))

    return [home, stage, ask, comments]


def _of_accounts(pages: Pages, look: Looking, provider: str) -> list[HTTPRouteHandler]:
    """``/sign-in``, ``/sign-up``, ``/account``, ``/accounts`` and ``/account/deletion/{token}``."""

    @route("/sign-in", http_method=READ, include_in_schema=False)
    async def sign_in(request: _Request) -> Response[str]:
        following = checks.local_path(request.query_params.get("next", "/"))
        page = {"next": following, "provider": provider, "problem": _problem(request)}
        return _html(pages.people("sign-in", "signin.title", _language(request), await look(request), **page))

    @route("/sign-up", http_method=READ, include_in_schema=False)
    async def sign_up(request: _Request) -> Response[str]:
        language, me = _language(request), await look(request)
        return _html(pages.people("sign-up", "signup.title", language, me, provider=provider))

    @route("/account", http_method=READ, include_in_schema=False)
    async def account(request: _Request) -> Response[str] | Redirect:
        me = await look(request)
        if me.account is None:
            return Redirect("/sign-in?next=/account", status_code=303, headers={"cache-control": "no-store"})
        page = {"provider": provider, "problem": _problem(request)}
        return _html(pages.people("account", "account.title", _language(request), me, **page))

    @route("/accounts", http_method=READ, include_in_schema=False)
    async def accounts(request: _Request) -> Response[str] | Redirect:
        language, me = _language(request), await look(request)
        if me.account is None:
            return Redirect("/sign-in?next=/accounts", status_code=303, headers={"cache-control": "no-store"})
        if not me.admin:
            return _html(pages.notice("accounts.title", "notice.accounts", language, me), status=403)
        return _html(pages.people("accounts", "accounts.title", language, me, handle=me.account.handle))

    @route("/account/deletion/{token:str}", http_method=READ, include_in_schema=False)
    async def deletion(request: _Request, token: FromPath[str]) -> Response[str]:
        # Nobody is signed in to an account that is gone; whoever looks has the link, and it goes no further.
        page = {"token": quote(token, safe="")}
        return _html(pages.people("deletion", "deletion.title", _language(request), Me(), **page))

    return [sign_in, sign_up, account, accounts, deletion]


def _html(document: str, *, status: int = 200) -> Response[str]:
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "vary": "Accept-Language, Cookie",
    }
    return Response(document, status_code=status, headers=headers)


def _language(request: _Request) -> str:
    return negotiate(request.headers.get("accept-language", ""))


def _problem(request: _Request) -> str:
    """The code of what went wrong at the sign-in provider; the page has a sentence for each it knows."""
    return str(request.query_params.get("problem", ""))[:LONGEST_CODE]


def _data(value: object) -> str:
    """JSON that is safe inside a script element: no ``<`` can end it."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _when(row: SpaceRow) -> tuple[str, int] | None:
    """The key of the sentence about a space's time, and the time in ms."""
    if row.state is State.SCHEDULED:
        return ("spaces.starts", row.scheduled_ms) if row.scheduled_ms else None
    if row.ended_ms:
        return "spaces.ended_at", row.ended_ms
    if row.live_ms:
        return "spaces.live_since", row.live_ms
    return ("spaces.open_since", row.doors_open_ms) if row.doors_open_ms else None


def _iso(ms: int) -> str:
    """A time for those without JavaScript; with it the page shows the reader's own zone."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")

"""The two pages: the list of spaces, and the stage for a speaker with an invitation; the HTML, and what it loads."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import resources
from string import Template
from typing import Any

from litestar import HttpMethod, Request, Response, Router, get, route
from litestar.params import FromPath

from stentor.base.errors import BadInput, NotFound
from stentor.base.texts import Catalogue, negotiate
from stentor.house.callers import Callers
from stentor.house.desk import Desk
from stentor.house.people import People
from stentor.house.schema import SpaceRow
from stentor.house.views import Views
from stentor.spaces.model import ON_AIR, State

PACKAGE = "stentor.house"
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
READ = [HttpMethod.GET, HttpMethod.HEAD]
IMMUTABLE = "public, max-age=31536000, immutable"
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


class Pages:
    """Makes the HTML. Everything that comes from people goes through ``html.escape``."""

    def __init__(self, static: Static) -> None:
        self.static = static
        self.catalogue = Catalogue(PACKAGE)
        folder = resources.files(PACKAGE) / "templates"
        self.templates = {
            name: Template((folder / f"{name}.html").read_text("utf-8"))
            for name in ("frame", "spaces", "stage", "notice")
        }

    def spaces(self, rows: Iterable[SpaceRow], language: str) -> str:
        """The list of spaces."""
        items = "\n".join(self._row(row, language) for row in rows)
        say = self._say(language)
        words = {
            "heading": "spaces.title", "noscript": "spaces.noscript", "create_title": "create.title",
            "create_name": "create.name", "create_host": "create.host", "create_when": "create.when",
            "create_do": "create.do", "admin_title": "admin.title", "admin_token": "admin.token",
            "admin_hint": "admin.token_hint", "admin_enter": "admin.enter", "admin_forget": "admin.forget",
            "invite_name": "invite.name", "invite_role": "invite.role", "invite_do": "invite.do",
            "role_speaker": "role.speaker", "role_co_host": "role.co_host", "close": "do.close",
        }  # fmt: skip
        values = {name: say(key) for name, key in words.items()}
        body = self.templates["spaces"].substitute(values, rows=items or f"<li>{say('spaces.none')}</li>")
        return self._frame(say("spaces.title"), body, language, module="spaces.js")

    def stage(self, space: str, title: str, state: State, listen: str, language: str) -> str:
        """The page of a speaker; who it is for stands in the token, which only the browser knows."""
        say = self._say(language)
        words = {
            "noscript": "stage.noscript", "level": "stage.level", "microphone": "stage.microphone",
            "default_microphone": "stage.default_microphone", "ready": "status.ready", "join": "stage.join",
            "mute": "stage.mute", "hear": "stage.hear", "leave": "stage.leave", "headphones": "stage.headphones",
            "hint_mute": "stage.hint_mute", "people": "stage.people", "nobody": "stage.nobody",
            "listen_link": "stage.listen_link",
        }  # fmt: skip
        body = self.templates["stage"].substitute(
            {name: say(key) for name, key in words.items()},
            space_title=html.escape(title),
            state=state.value,
            state_text=say(f"state.{state.value}"),
            listen=html.escape(listen),
        )
        name = html.escape(self.catalogue.text(language, "stage.title", title=title))
        return self._frame(name, body, language, module="stage.js", page={"id": space})

    def notice(self, heading: str, sentence: str, language: str) -> str:
        """A page that says one thing; both are keys of texts."""
        say = self._say(language)
        body = self.templates["notice"].substitute(
            heading=say(heading), sentence=say(sentence), home=say("notice.home")
        )
        return self._frame(say(heading), body, language)

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

    def _say(self, language: str) -> Any:
        return lambda key: html.escape(self.catalogue.text(language, key))

    def _frame(
        self, title: str, body: str, language: str, *, module: str = "", page: dict[str, str] | None = None
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
            body=body,
            script=script,
        )


def routes(desk: Desk, views: Views, callers: Callers, people: People) -> Router:
    """``/``, ``/stage/{space}`` and the files they load."""
    static = Static()
    pages = Pages(static)

    @route("/", http_method=READ, include_in_schema=False)
    async def home(request: _Request) -> Response[str]:
        return _html(pages.spaces((await views.rows()).spaces, _language(request)))

    @route("/stage/{space:str}", http_method=READ, include_in_schema=False)
    async def stage(request: _Request, space: FromPath[str]) -> Response[str]:
        language = _language(request)
        try:
            found = await desk.load(space)
        except (NotFound, BadInput):
            return _html(pages.notice("notice.space_title", "notice.space", language), status=404)
        return _html(pages.stage(found.id, found.title, found.state, views.listen(found.id), language))

    @get("/static/{version:str}/{name:str}", include_in_schema=False)
    async def file(version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
        return static.response(version, name)

    return Router("/", route_handlers=[home, stage, file])


def _html(document: str, *, status: int = 200) -> Response[str]:
    headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store", "vary": "Accept-Language"}
    return Response(document, status_code=status, headers=headers)


def _language(request: _Request) -> str:
    return negotiate(request.headers.get("accept-language", ""))


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

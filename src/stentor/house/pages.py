"""The pages: spaces, administration, the stage, asking to speak, comments, accounts; the HTML, and what it loads."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import HttpMethod, Request, Response, Router, get, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from stentor.base.errors import BadInput, NotFound, StentorError
from stentor.base.html import Templates
from stentor.base.static import Static
from stentor.base.texts import NAMES, Catalogue
from stentor.base.times import moment
from stentor.house.accounts.oidc_login import OidcLogin
from stentor.house.accounts.people import People
from stentor.house.accounts.schema import profile
from stentor.house.accounts.views import AccountViews
from stentor.house.site.service import SiteKeeper
from stentor.house.spaces.schema import SpaceRow
from stentor.house.spaces.views import Views
from stentor.house.web.language import language_of, zone_of
from stentor.house.web.problems import comes_again
from stentor.house.web.sentences import sentence
from stentor.house.who.callers import Callers
from stentor.people import checks, rights
from stentor.people.model import Account, SignUp, SiteRole
from stentor.people.scopes import Scope
from stentor.spaces.hooks import SPACE_TYPES
from stentor.spaces.model import ON_AIR, Space, State
from stentor.spaces.phase import Phase
from stentor.spaces.rights import Look, allowed

PACKAGE = "stentor.house"
READ = [HttpMethod.GET, HttpMethod.HEAD]
LONGEST_CODE = 40
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "vary": "Accept-Language, Cookie",
}
SECTIONS = (
    ("/admin", "sections.overview", "wave"),
    ("/mine", "sections.spaces", "mic"),
    ("/accounts", "sections.people", "people"),
    ("/admin/groups", "groups.section", "lock"),
    ("/admin/moderation", "moderation.title", "chat"),
    ("/admin/servers", "servers.section", "outside"),
    ("/admin/site", "sections.site", "settings"),
    ("/admin/mail", "mail.section", "share"),
    ("/admin/tonight", "sections.tonight", "check"),
    ("/admin/backups", "sections.backups", "download"),
    ("/admin/webhooks", "sections.webhooks", "outside"),
    ("/admin/design", "sections.design", "react"),
)
"""What administrators go to: the address, the key of its name, and its picture."""
SILENT = (
    Phase.UNPLANNED, Phase.SCHEDULED, Phase.NO_SHOW, Phase.ENDED, Phase.UNFINISHED, Phase.REMOVED, Phase.UNRECORDED
)  # fmt: skip
"""As ``spaces.js`` has them."""
_Request = Request[Any, Any, Any]
Finding = Callable[[_Request, str], Awaitable[Space]]


class Visit(msgspec.Struct, frozen=True):
    """Who asks for a page, which one, in which language and time zone."""

    path: str
    language: str
    account: Account | None = None
    zone: str = ""
    """Of the reader, as their browser has said; empty where it has not."""

    @property
    def admin(self) -> bool:
        return self.account is not None and self.account.role is SiteRole.ADMIN


Listed = Callable[[Visit], Awaitable[Response[str]]]
"""The list of spaces as a page for a visitor."""


class Pages:
    """Answers with pages, for whoever asks."""

    def __init__(self, callers: Callers, site: SiteKeeper, home: str, *, installs: bool) -> None:
        """``home`` is the address of the site's public pages; with these here it ``installs`` as one app."""
        self.static = Static(PACKAGE, root="/studio")
        self._callers, self._site, self._home, self._installs = callers, site, home, installs
        self._catalogue = catalogue = Catalogue(PACKAGE, "stentor.spaces", "stentor.people")
        self._texts = {language: catalogue.texts["en"] | texts for language, texts in catalogue.texts.items()}
        self._templates = Templates(
            PACKAGE, catalogue, static=self.static, on_air=ON_AIR, time_of=_time_of, leads_to=_leads_to
        )

    def problem(self, request: _Request, error: StentorError) -> Response[str]:
        """An error as a page. Who asks is not looked up: that may be what does not work."""
        visit = Visit("", language_of(request))
        known = "unknown" if error.status in (404, 405) else "refused" if error.status < 500 else "failed"
        if comes_again(request, error):
            known = "busy"
        if error.status == 403 and request.method in READ:
            known = "forbidden"
        return self.notice(visit, f"notice.{known}_title", f"notice.{known}", error.status)

    def symbols(self, sprite: str) -> list[str]:
        """The names of the pictures in a file of them, such as ``icons``."""
        return re.findall(r'<symbol id="([a-z]+)"', self.static.files[f"shared/{sprite}.svg"].body.decode())

    async def visit(self, request: _Request) -> Visit:
        path, account = checks.local_path(request.url.path), await self._callers.account(request)
        return Visit(path, language_of(request), account, zone_of(request))

    def answer(self, visit: Visit, name: str, *, status: int = 200, **values: object) -> Response[str]:
        """The page ``name``; ``page`` among the values is what its script of the same name is told."""
        shown = profile(visit.account) if visit.account else None
        look = self._site.look
        known: dict[str, object] = {"app": look.name, "look": look, "home": self._home, "languages": NAMES}
        known |= {"installs": self._installs, "said": partial(moment, language=visit.language, zone=visit.zone)}
        sections = SECTIONS if visit.admin and visit.path in [link for link, _, _ in SECTIONS] else ()
        known |= {"sections": sections, "name": name, "path": visit.path, "admin": visit.admin, "profile": shown}
        text = self._templates.render(name, visit.language, texts=self._texts[visit.language], **known, **values)
        return Response(text, status_code=status, headers=HEADERS)

    def knows(self, key: str) -> bool:
        """Whether there is a text of this name."""
        return key in self._texts["en"]

    def text(self, visit: Visit, key: str) -> str:
        """A text in the language of a page."""
        return self._texts[visit.language][key]

    def sentence(self, language: str, error: StentorError) -> str:
        """What is wrong, for people."""
        return sentence(self._texts[language], error)

    def notice(self, visit: Visit, heading: str, said: str, status: int) -> Response[str]:
        """A page that says one thing; both are keys of texts."""
        return self.answer(visit, "notice", status=status, heading=heading, sentence=said)

    def or_else(self, visit: Visit, key: str, usual: str | None = None) -> Callable[[str], str]:
        """Names of what other programs name: the text of ``key`` with the name in it, else ``usual``, else the name."""
        texts = self._texts[visit.language]

        def text(name: str) -> str:
            return texts.get(
                key.format(name.lower().replace(" ", "_").replace("'", "")), name if usual is None else usual
            )

        return text

    def say(self, language: str) -> Callable[..., str]:
        """The texts in a language, by their keys."""
        return partial(self._catalogue.text, language)


def routes(
    pages: Pages, known: Finding, views: Views, callers: Callers, people: People, *, oidc_login: OidcLogin
) -> Router:
    """All pages, and what they load. ``known`` finds a space that there is for whoever asks."""

    @get(["/studio/{version:str}/{name:path}", "/static/{version:str}/{name:path}"], include_in_schema=False)
    async def file(version: FromPath[str], name: FromPath[Path]) -> Response[bytes]:
        found, cache = pages.static.find(version, str(name).removeprefix("/"))
        return Response(found.body, headers={"content-type": found.content_type, "cache-control": cache})

    handlers = [
        *_of_list(pages, list_page(pages, views, people, unlocks=False), views, people),
        *_of_spaces(pages, known, views, callers),
        *_of_accounts(pages, people, AccountViews(people), oidc_login),
        file,
    ]
    return Router("/", route_handlers=handlers)


def list_page(pages: Pages, views: Views, people: People, *, unlocks: bool) -> Listed:
    """The list of spaces; where it ``unlocks``, the admin token gives it the buttons for hosts."""

    async def listed(visit: Visit) -> Response[str]:
        creates = visit.account is not None and rights.creates(visit.account.role, people.creators)
        name = visit.account.name if visit.account else ""
        page = {"creates": creates, "admin": visit.admin, "unlocks": unlocks, "language": views.language} | {
            "name": name
        }
        opens = people.sign_up_rule is SignUp.OPEN
        return pages.answer(visit, "spaces", rows=(await views.rows()).spaces, page=page, unlocks=unlocks, opens=opens)

    return listed


def _of_list(pages: Pages, listed: Listed, views: Views, people: People) -> list[HTTPRouteHandler]:
    """``/mine``, which the house's own address shows, too, and ``/mine/shows``."""

    @route(["/", "/mine"], http_method=READ, include_in_schema=False)
    async def home(request: _Request) -> Response[str]:
        return await listed(await pages.visit(request))

    @route("/mine/shows", http_method=READ, include_in_schema=False)
    async def shows(request: _Request) -> Response[str] | Redirect:
        visit = await pages.visit(request)
        if visit.account is None:
            return sign_in_first(visit)
        creates = rights.creates(visit.account.role, people.creators)
        return pages.answer(visit, "shows", page={"language": views.language, "creates": creates}, creates=creates)

    return [home, shows]


def _of_spaces(pages: Pages, known: Finding, views: Views, callers: Callers) -> list[HTTPRouteHandler]:
    """``/stage/{space}``, with its pages, ``/ask/{space}``, also for the listener's page, comments."""

    of_space = partial(_of_space, pages, known, views)

    def seated(found: Space, account: Account | None) -> dict[str, object]:
        return {"account": account is not None, "seated": bool(account and found.seat_of(account.id))}

    def staged(found: Space, account: Account | None) -> dict[str, object]:
        looks = account is not None and allowed(callers.acting(account), Look.BACKSTAGE, found)
        return {**seated(found, account), "looks": looks}

    @route("/stage/{space:str}", http_method=READ, include_in_schema=False)
    async def stage(request: _Request, space: FromPath[str]) -> Response[str]:
        # Who it is for says the session, or the token, which only the browser knows.
        return await of_space(request, space, "stage", staged)

    @route("/stage/{space:str}/listeners", http_method=READ, include_in_schema=False)
    async def listeners(request: _Request, space: FromPath[str]) -> Response[str]:
        return await of_space(request, space, "listeners", staged)

    @route("/stage/{space:str}/webhooks", http_method=READ, include_in_schema=False)
    async def webhooks(request: _Request, space: FromPath[str]) -> Response[str]:
        return await of_space(request, space, "webhooks", staged, types=SPACE_TYPES)

    @route("/stage/{space:str}/simulcast", http_method=READ, include_in_schema=False)
    async def simulcast(request: _Request, space: FromPath[str]) -> Response[str]:
        return await of_space(request, space, "simulcast", staged)

    @route("/ask/{space:str}", http_method=READ, include_in_schema=False)
    async def ask(request: _Request, space: FromPath[str]) -> Response[str]:
        return await of_space(request, space, "ask", seated, back=f"/ask/{space}")

    @route("/ask/{space:str}/panel", http_method=READ, include_in_schema=False)
    async def panel(request: _Request, space: FromPath[str]) -> Response[str]:
        # What the listener's page, of the same address, takes into itself.
        return await of_space(request, space, "panel", seated, back=f"/s/{space}#ask")

    @route("/comments/{space:str}", http_method=READ, include_in_schema=False)
    async def comments(request: _Request, space: FromPath[str]) -> Response[str]:
        def told(found: Space, account: Account | None) -> dict[str, object]:
            moderates = account is not None and allowed(callers.acting(account), Look.COMMENTS, found)
            read = f"{views.listen(found.id)}/comments.json"
            return {"read": read, "account": account is not None, "moderates": moderates}

        return await of_space(request, space, "comments", told)

    return [stage, listeners, webhooks, simulcast, ask, panel, comments]


async def _of_space(
    pages: Pages,
    known: Finding,
    views: Views,
    request: _Request,
    space: str,
    name: str,
    told: Callable[[Space, Account | None], dict[str, object]],
    back: str = "",
    **values: Any,
) -> Response[str]:
    """The page ``name`` of a space, whose script is told its id and what ``told`` says."""
    visit = await pages.visit(request)
    try:
        found = await known(request, space)
    except (NotFound, BadInput):
        said = {"heading": "notice.space_title", "sentence": "notice.space"}
        return pages.answer(visit, "notice", status=404, page={"space": space}, **said)
    page = {"id": found.id, **told(found, visit.account)}
    phase = views.phase(found, views.now())
    shown: dict[str, Any] = {
        "space": found,
        "phase": phase,
        "listen": views.page(found),
        "page": page,
        "back": back,
    }
    return pages.answer(visit, name, **shown, **values)


def _of_accounts(pages: Pages, people: People, views: AccountViews, oidc_login: OidcLogin) -> list[HTTPRouteHandler]:
    """``/sign-in``, ``/sign-up``, ``/account``, ``/account/deletion/{token}``."""
    provider = oidc_login.name

    @route("/sign-in", http_method=READ, include_in_schema=False)
    async def sign_in(request: _Request) -> Response[str]:
        following = _next(request, "/")
        page = {"next": following, "provider": provider, "problem": _problem(request)}
        shown = pages.answer(await pages.visit(request), "sign-in", page=page, next=following)
        if following.startswith("/oauth/"):  # the window of an app, which waits for it
            shown.headers["cross-origin-opener-policy"] = "unsafe-none"
        return shown

    @route("/sign-up", http_method=READ, include_in_schema=False)
    async def sign_up(request: _Request) -> Response[str]:
        rule, following = people.sign_up_rule, _next(request, "/account")
        page = {
            "provider": provider,
            "next": following,
            "needs": rule is not SignUp.OPEN,
            "provider_opens": oidc_login.opens,
        }
        return pages.answer(await pages.visit(request), "sign-up", page=page, next=following, rule=rule)

    @route("/account", http_method=READ, include_in_schema=False)
    async def account(request: _Request) -> Response[str] | Redirect:
        visit = await pages.visit(request)
        if visit.account is None:
            return sign_in_first(visit)
        mine = msgspec.to_builtins(await views.account(visit.account))
        about = {"provider": provider, "problem": _problem(request), "account": mine}
        return pages.answer(visit, "account", page=about, scopes=[*Scope])

    @route("/account/deletion/{token:str}", http_method=READ, include_in_schema=False)
    async def deletion(request: _Request, token: FromPath[str]) -> Response[str]:
        # Nobody is signed in to an account that is gone; whoever looks has the link, and it goes no further.
        visit = Visit("/", (await pages.visit(request)).language)
        return pages.answer(visit, "deletion", page={"token": quote(token, safe="")})

    return [sign_in, sign_up, account, deletion]


def sign_in_first(visit: Visit) -> Redirect:
    """To the page for signing in, and back."""
    return Redirect(f"/sign-in?next={quote(visit.path)}", status_code=303, headers={"cache-control": "no-store"})


def _next(request: _Request, usual: str) -> str:
    """Where to go on to; only a path of this site."""
    return checks.local_path(str(request.query_params.get("next", usual)))


def _problem(request: _Request) -> str:
    """The code of what went wrong at the sign-in provider; the page has a sentence for each it knows."""
    return str(request.query_params.get("problem", ""))[:LONGEST_CODE]


def _leads_to(phase: Phase) -> str:
    """What the link to a space's page promises: ``listen`` or ``replay``, where somebody is to be heard."""
    if phase in SILENT:
        return "open"
    return "replay" if phase is Phase.REPLAY else "listen"


def _time_of(row: SpaceRow) -> tuple[str, int] | None:
    """The key of the sentence about a space's time, and the time."""
    if row.state is State.SCHEDULED:
        key, ms = "spaces.starts", row.scheduled_ms
    elif row.ended_ms:
        key, ms = "spaces.ended_at", row.ended_ms
    elif row.live_ms:
        key, ms = "spaces.live_since", row.live_ms
    else:
        key, ms = "spaces.open_since", row.doors_open_ms
    return (key, ms) if ms else None

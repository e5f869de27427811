"""Pages about mail: by which server, confirming an address, and the way back into an account. Plain forms, which work
without JavaScript. A link is only used up by its button: programs that look through mail follow links, too."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import HttpMethod, Request, Router, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from stentor.base.errors import NotAllowed, StentorError
from stentor.house.forms import Page, form_of, tried, wish_of
from stentor.house.mail import schema
from stentor.house.mail.desk import MailDesk
from stentor.house.pages import READ, Pages, Visit, sign_in_first
from stentor.house.who.callers import address_of
from stentor.house.who.sessions import Sessions
from stentor.people.mail import Security

MOST_BYTES = 16 * 1024
_Request = Request[Any, Any, Any]


def routes(pages: Pages, desk: MailDesk, sessions: Sessions) -> Router:
    """All of them."""
    found = [*_of_settings(pages, desk), *_of_confirming(pages, desk, sessions), *_of_the_lost(pages, desk, sessions)]
    return Router("/", route_handlers=found, request_max_body_size=MOST_BYTES)


def _of_settings(pages: Pages, desk: MailDesk) -> list[HTTPRouteHandler]:
    """``/admin/mail``."""

    async def admin(request: _Request) -> Visit | Redirect:
        visit = await pages.visit(request)
        if visit.account is None:
            return sign_in_first(visit)
        if not visit.admin:
            raise NotAllowed("Only an administrator may do this.")
        return visit

    @route("/admin/mail", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        visit = await admin(request)
        return visit if isinstance(visit, Redirect) else await _settings(pages, desk, visit, {})

    @post("/admin/mail", include_in_schema=False, status_code=200)
    async def change(request: _Request) -> Page:
        visit, fields = await admin(request), await form_of(request)
        if isinstance(visit, Redirect):
            return visit

        async def work() -> Page:
            given = {name: value for name, value in fields.items() if value or name not in ("password", "port")}
            if "off" in fields:
                given = {"server": ""}
            await desk.settings.change(wish_of(schema.MailChange, given))
            return await _settings(pages, desk, visit, {}, well="mail.saved")

        shown = {name: value for name, value in fields.items() if name != "password"}
        return await tried(pages, visit, work, lambda wrong: _settings(pages, desk, visit, shown, wrong))

    @post("/admin/mail/test", include_in_schema=False, status_code=200)
    async def trial(request: _Request) -> Page:
        visit, fields = await admin(request), await form_of(request)
        if isinstance(visit, Redirect):
            return visit
        to = {"to": fields.get("to", "")}

        async def work() -> Page:
            await desk.test(wish_of(schema.MailTrial, to).to, visit.language)
            return await _settings(pages, desk, visit, to, well="mail.tested")

        return await tried(pages, visit, work, lambda wrong: _settings(pages, desk, visit, to, wrong))

    return [look, change, trial]


async def _settings(
    pages: Pages, desk: MailDesk, visit: Visit, fields: dict[str, str], wrong: str = "", well: str = ""
) -> Page:
    """The page, with what was filled in before what is set."""
    await desk.settings.read()
    known = msgspec.to_builtins(desk.settings.view())
    return pages.answer(
        msgspec.structs.replace(visit, path="/admin/mail"),
        "mail",
        known={"to": ""} | known | fields,
        securities=list(Security),
        wrong=wrong,
        well=well,
        waiting=await desk.post.waiting(),
        troubles=await desk.post.troubles(),
        trouble=pages.or_else(visit, "problem.{}"),
        on=desk.settings.wishes.server,
    )


def _of_confirming(pages: Pages, desk: MailDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/confirm/{token}``."""

    @get("/account/confirm/{token:str}", include_in_schema=False)
    async def look(request: _Request, token: FromPath[str]) -> Page:
        visit = _quietly(await pages.visit(request))
        return pages.answer(visit, "confirm", action=f"/account/confirm/{token}", wrong="", done=False)

    @post("/account/confirm/{token:str}", include_in_schema=False, status_code=200)
    async def confirm(request: _Request, token: FromPath[str]) -> Page:
        sessions.guard(request)
        visit = _quietly(await pages.visit(request))

        async def work() -> Page:
            await desk.addresses.confirm(token)
            return pages.answer(visit, "confirm", action="", wrong="", done=True)

        async def again(wrong: str) -> Page:
            return pages.answer(visit, "confirm", action="", wrong=wrong, done=False)

        return await tried(pages, visit, work, again)

    return [look, confirm]


def _of_the_lost(pages: Pages, desk: MailDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/lost`` and ``/account/way-back/{token}``."""

    async def form(visit: Visit, who: str = "", wrong: str = "", *, sent: bool = False) -> Page:
        return pages.answer(visit, "lost", who=who, wrong=wrong, sent=sent, sends=desk.settings.on)

    @get("/account/lost", include_in_schema=False)
    async def ask(request: _Request) -> Page:
        return await form(await pages.visit(request))

    @post("/account/lost", include_in_schema=False, status_code=200)
    async def asked(request: _Request) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        who = fields.get("who", "")[:200]

        async def work() -> Page:
            await desk.addresses.lost(wish_of(schema.Lost, {"who": who}).who, address_of(request))
            return await form(visit, sent=True)

        return await tried(pages, visit, work, lambda wrong: form(visit, who, wrong))

    async def door(visit: Visit, token: str, wrong: str = "") -> Page:
        try:
            handle = (await desk.addresses.whose(token)).handle
        except StentorError as error:
            handle, wrong = "", wrong or pages.text(visit, f"problem.{error.error_code}")
        return pages.answer(visit, "way-back", handle=handle, action=f"/account/way-back/{token}", wrong=wrong)

    @route("/account/way-back/{token:str}", http_method=READ, include_in_schema=False)
    async def look(request: _Request, token: FromPath[str]) -> Page:
        return await door(_quietly(await pages.visit(request)), token)

    @route("/account/way-back/{token:str}", http_method=HttpMethod.POST, include_in_schema=False)
    async def enter(request: _Request, token: FromPath[str]) -> Page:
        sessions.guard(request)
        visit, fields = _quietly(await pages.visit(request)), await form_of(request)

        async def work() -> Page:
            account = await desk.addresses.come_back(token, fields.get("password", ""))
            cookies = await sessions.begin(request, account.id)
            return Redirect("/account", status_code=303, headers={"cache-control": "no-store"}, cookies=cookies)

        return await tried(pages, visit, work, lambda wrong: door(visit, token, wrong))

    return [ask, asked, look, enter]


def _quietly(visit: Visit) -> Visit:
    """The link goes no further, not even as where to go on to after signing in."""
    return msgspec.structs.replace(visit, path="/")

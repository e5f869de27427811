"""The pages of administrators: what is on, people, the site's looks, setting up."""

from __future__ import annotations

import os
from typing import Any

from litestar import Request, Response, Router, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from stentor.base.errors import NotFound
from stentor.house import design_samples
from stentor.house.admin.desk import Administration
from stentor.house.admin.words import Figures, iso
from stentor.house.pages import READ, Listed, Pages, Visit, sign_in_first
from stentor.house.spaces.schema import SpaceRow
from stentor.house.spaces.views import Views
from stentor.spaces.hooks import TYPES

SIZES = (0, 50, 200, 500, 2000, 5000)
"""Crowds to choose from; the first that is one may come beside a talk (``tonight.SMALL``)."""
DESIGNS = ("posts", "frame", "stage", "pages")
"""Pages of the design system beside the first: each loads what its part of the site loads."""
STILL = ("frame", "pages")
"""Those that have no script of their own."""
PLAIN = {
    "/accounts": "accounts",
    "/admin/groups": "groups",
    "/admin/servers": "servers",
    "/admin/site": "site",
}
"""Pages of which the house fills in nothing, by their paths."""
PROCESSORS = len(os.sched_getaffinity(0))
_Request = Request[Any, Any, Any]


def routes(pages: Pages, views: Views, desk: Administration, listed: Listed) -> Router:
    """``/admin`` and what is below it, and ``/accounts``.

    ``listed`` is what ``/admin`` shows to who is no administrator: the list that the admin token unlocks.
    """

    def answer(visit: Visit, name: str, **values: Any) -> Response[str]:
        return _answer(pages, visit, name, **values)

    async def for_admins(request: _Request, name: str, **values: Any) -> Response[str] | Redirect:
        return await _for_admins(pages, request, name, **values)

    @route("/admin", http_method=READ, include_in_schema=False)
    async def admin(request: _Request) -> Response[str]:
        visit = await pages.visit(request)
        if not visit.admin:
            return await listed(visit)
        seen = await desk.overviews.look(views)
        used = sum(each.processors for each in seen.processes) / PROCESSORS
        made = (await desk.backups.view()).backups
        return answer(visit, "overview", seen=seen, used=used, processors=PROCESSORS, backups=made)

    @route("/admin/tonight", http_method=READ, include_in_schema=False)
    async def tonight(request: _Request) -> Response[str] | Redirect:
        async def soon() -> list[SpaceRow]:
            return (await desk.overviews.look(views)).soon

        return await for_admins(request, "tonight", seen=desk.tonight.view, soon=soon, sizes=SIZES)

    @route("/admin/backups", http_method=READ, include_in_schema=False)
    async def backups(request: _Request) -> Response[str] | Redirect:
        return await for_admins(request, "backups", seen=desk.backups.view, fresh=f"{desk.backups.data}-new")

    @route("/admin/webhooks", http_method=READ, include_in_schema=False)
    async def webhooks(request: _Request) -> Response[str] | Redirect:
        return await for_admins(request, "webhooks", types=TYPES)

    @route("/admin/welcome", http_method=READ, include_in_schema=False)
    async def welcome(request: _Request) -> Response[str] | Redirect:
        return await for_admins(request, "welcome", house=views.house)

    plain = [_plain(pages, path, name) for path, name in PLAIN.items()]
    return Router("/", route_handlers=[admin, tonight, backups, webhooks, welcome, _design(pages), *plain])


def _plain(pages: Pages, path: str, name: str) -> HTTPRouteHandler:
    """A page that its script fills in."""

    @route(path, http_method=READ, include_in_schema=False)
    async def show(request: _Request) -> Response[str] | Redirect:
        return await _for_admins(pages, request, name)

    return show


def _design(pages: Pages) -> HTTPRouteHandler:
    """``/admin/design`` and its parts: no secrets, so whoever changes the pages looks at it, signed in or not."""

    @route(["/admin/design", "/admin/design/{part:str}"], http_method=READ, include_in_schema=False)
    async def design(request: _Request, part: FromPath[str] = "") -> Response[str]:
        visit = await pages.visit(request)
        if part and part not in DESIGNS:
            raise NotFound("There is no such part of the design.", code="no-such-page")
        known = design_samples.of(part, pages.static("icon.svg"))
        known |= {"page": {}} if part not in STILL else _words(pages, visit)
        known |= {"icons": pages.symbols("icons"), "reactions": pages.symbols("reactions")}
        name = f"design-{part}" if part else "design"
        return pages.answer(visit, name, shown_design=part, designs=DESIGNS, **known)

    return design


def _answer(pages: Pages, visit: Visit, name: str, **values: Any) -> Response[str]:
    """A page with numbers, times and checks in it."""
    page = {"handle": visit.account.handle if visit.account else ""}
    return pages.answer(visit, name, page=page, **_words(pages, visit), **values)


def _words(pages: Pages, visit: Visit) -> dict[str, Any]:
    """How numbers, times and checks are said."""
    return {
        "check": pages.or_else(visit, "checked.{}"),
        "advise": pages.or_else(visit, "checked.{}_do", ""),
        "figures": Figures(visit.language, pages.say(visit.language)),
        "iso": iso,
        "known": pages.knows,
    }


async def _for_admins(pages: Pages, request: _Request, name: str, **values: Any) -> Response[str] | Redirect:
    """The page for administrators; what can be called is asked for them alone."""
    visit = await pages.visit(request)
    if visit.account is None:
        return sign_in_first(visit)
    if not visit.admin:
        return pages.notice(visit, f"{name}.title", "notice.accounts", 403)
    found = {key: await value() if callable(value) else value for key, value in values.items()}
    return _answer(pages, visit, name, **found)

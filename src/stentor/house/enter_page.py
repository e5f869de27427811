"""``/enter/{space}``: where listeners of a private space come in. It looks the same for every id that is not public."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from litestar import HttpMethod, Request, Response, Router, route
from litestar.params import FromPath
from litestar.response import Redirect

from stentor.base.errors import NotAllowed, Overloaded
from stentor.house.pages import Pages, Visit
from stentor.house.private.service import Listeners
from stentor.house.who.callers import Callers, address_of
from stentor.house.who.sessions import Sessions
from stentor.spaces import private
from stentor.spaces.model import Space
from stentor.spaces.private import Pass

_Request = Request[Any, Any, Any]
MAX_BODY_BYTES = 4096
NO_STORE = {"cache-control": "no-store"}


def routes(pages: Pages, listeners: Listeners, callers: Callers, sessions: Sessions) -> Router:
    """The page and its form, which works without JavaScript."""

    @route("/enter/{space:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
    async def look(request: _Request, space: FromPath[str]) -> Response[str] | Redirect:
        visit = await pages.visit(request)
        found = await listeners.find(space)
        if found is not None and not found.private:
            return Redirect(f"/s/{found.id}", status_code=303, headers=NO_STORE)
        if found is not None and visit.account is not None:
            given = await listeners.by_account(found, visit.account, callers.acting(visit.account))
            if given is not None:
                return inside(found, given)
        if "elsewhere" in request.query_params:
            return shown(visit, space, "enter.elsewhere")
        if found is not None and "again" not in request.query_params:
            text = request.cookies.get(listeners.cookie(found.id), "")
            if listeners.has_pass(found, text):
                return Redirect(listeners.base(found), status_code=303, headers=NO_STORE)
        return shown(visit, space)

    @route(
        "/enter/{space:str}", http_method=HttpMethod.POST, include_in_schema=False, request_max_body_size=MAX_BODY_BYTES
    )
    async def enter(request: _Request, space: FromPath[str]) -> Response[str] | Redirect:
        sessions.guard(request)
        visit = await pages.visit(request)
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
        word = fields.get("word", [""])[0][:200]
        try:
            return inside(*await listeners.by_word(space, word, address_of(request)))
        except NotAllowed:
            return shown(visit, space, "enter.wrong", 403)
        except Overloaded as error:
            page = shown(visit, space, "enter.too_often", error.status)
            page.headers["retry-after"] = str(max(1, round(error.retry_after_s)))
            return page

    def shown(visit: Visit, space: str, problem: str = "", status: int = 200) -> Response[str]:
        return pages.answer(visit, "enter", status=status, problem=problem, space=space, page={})

    def inside(space: Space, given: Pass) -> Redirect:
        """Below the key, with the pass in a cookie that no script reads."""
        cookie = sessions.kept(listeners.cookie(space.id), listeners.text(space, given), private.PASS_S)
        return Redirect(listeners.base(space), status_code=303, headers=NO_STORE, cookies=[cookie])

    return Router("/", route_handlers=[look, enter])

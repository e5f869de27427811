"""The pages where a host connects outlets, and chooses and previews what of a space is posted there. Plain forms, which
work without JavaScript. A secret that was given is never shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Router, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base.errors import BadInput, NotAllowed
from stentor.base.units import made_id
from stentor.house.forms import Page, form_of, see, tried
from stentor.house.moderation_pages import said
from stentor.house.outlets.service import OutletDesk, require_public
from stentor.house.pages import READ, Pages, Visit, sign_in_first
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions
from stentor.outlets.kinds import OUTLETS, SHARE, shares
from stentor.outlets.words import LONGEST_WORDS, MOMENTS, still_so
from stentor.spaces import rights
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import Space
from stentor.spaces.rights import Look
from stentor.store.outlets import STUCK, OutletChoice

MOST_BYTES = 16 * 1024
PAGE = "/account/outlets"
_Request = Request[Any, Any, Any]


def routes(pages: Pages, desk: OutletDesk, spaces: Spaces, callers: Callers, sessions: Sessions) -> Router:
    """All of them."""
    found = [*_of_outlets(pages, desk, sessions), *_of_spaces(_Choosing(pages, desk, spaces, callers), sessions)]
    return Router("/", route_handlers=found, request_max_body_size=MOST_BYTES)


def _of_outlets(pages: Pages, desk: OutletDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/outlets``."""

    async def shown(visit: Visit, kind: str = "", wrong: str = "", given: dict[str, str] | None = None) -> Page:
        if visit.account is None:
            return sign_in_first(visit)
        outlet = OUTLETS.get(kind)
        kept = {each.name for each in outlet.fields if not each.secret} if outlet else set()
        return pages.answer(
            msgspec.structs.replace(visit, path=f"{PAGE}?kind={kind}" if outlet else PAGE),
            "outlets",
            mine=await desk.table.of_account(visit.account.id), kinds=OUTLETS, outlet=outlet, wrong=wrong, said=said,
            given={name: value for name, value in (given or {}).items() if name in kept},
            trouble=troubles(pages, visit),
        )  # fmt: skip

    @route(PAGE, http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        return await shown(await pages.visit(request), str(request.query_params.get("kind", "")))

    @post(PAGE, include_in_schema=False)
    async def connect(request: _Request) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        if visit.account is None:
            return sign_in_first(visit)
        account, kind = visit.account.id, fields.get("kind", "")

        async def work() -> Page:
            await desk.connect(account, kind, fields)
            return see(PAGE)

        return await tried(pages, visit, work, lambda wrong: shown(visit, kind, wrong, fields))

    @post(f"{PAGE}/{{number:int}}", include_in_schema=False)
    async def change(request: _Request, number: FromPath[int]) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        if visit.account is None:
            return sign_in_first(visit)
        if fields.get("do") == "look":
            for each in await desk.table.of_account(visit.account.id):
                if each.number == number:
                    await desk.look(number, each.host)
        else:
            await desk.table.delete(visit.account.id, number)
        return see(PAGE)

    return [look, connect, change]


def troubles(pages: Pages, visit: Visit) -> Callable[[str], str]:
    """What went wrong at an outlet, by its code, and what to do."""
    return pages.or_else(visit, "outlets.trouble.{}", pages.text(visit, "outlets.trouble.outlet-odd"))


class _Choosing:
    """The page where it is chosen what of a space is posted where."""

    def __init__(self, pages: Pages, desk: OutletDesk, spaces: Spaces, callers: Callers) -> None:
        self.pages, self.desk, self._spaces, self._callers = pages, desk, spaces, callers

    async def hosted(self, request: _Request, name: str) -> Space:
        """A space for who hosts it; raises :class:`NotFound`, :class:`NotAllowed`, :class:`Conflict`."""
        space = await self._spaces.load(str(made_id(name)))
        rights.require(await self._callers.actor(request, space.id), Look.EVENTS, space)
        return space

    async def shown(
        self, visit: Visit, space: Space, wrong: str = "", tried_words: dict[int, str] | None = None
    ) -> Page:
        if visit.account is None:
            return sign_in_first(visit)
        words = tried_words or {}
        rows = []
        posts = await self.desk.posts(space)
        for outlet, choice in await self.desk.shown(space, visit.account.id):
            own = words.get(outlet.number, choice.words if choice else "")
            previews = [(each, self.desk.preview(space, each, own, outlet.kind)) for each in MOMENTS]
            rows.append((outlet, choice, own, previews, posts.get(outlet.number, [])))
        text = self.desk.preview(space, SpaceMoment.LIVE, "", SHARE)
        return self.pages.answer(
            msgspec.structs.replace(visit, path=f"{PAGE}/space?space={space.id}"),
            "outlets-space",
            space=space, rows=rows, kinds=OUTLETS, moments=MOMENTS, wrong=wrong, said=said, longest=LONGEST_WORDS,
            trouble=troubles(self.pages, visit), public=not space.private, share=text,
            shares=shares(text, text.rpartition("\n")[2]), stuck=STUCK,
            now_so={each for each in MOMENTS if still_so(each, space)},
        )  # fmt: skip


def _of_spaces(choosing: _Choosing, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/outlets/space``."""
    pages, desk = choosing.pages, choosing.desk

    @route(f"{PAGE}/space", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        visit = await pages.visit(request)
        if visit.account is None:
            return sign_in_first(visit)
        return await choosing.shown(visit, await choosing.hosted(request, str(request.query_params.get("space", ""))))

    @post(f"{PAGE}/space", include_in_schema=False, status_code=200)
    async def choose(request: _Request) -> Page:
        """Saves what is posted at one outlet; ``preview``: only shows it; ``again``: posts a moment once more."""
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        if visit.account is None:
            raise NotAllowed("Sign in to post anywhere.")
        account, space = visit.account.id, await choosing.hosted(request, fields.get("space", ""))
        own, number = fields.get("words", "").strip(), _number(fields.get("outlet", ""))

        async def work() -> Page:
            require_public(space)
            if "preview" in fields:
                return await choosing.shown(visit, space, tried_words={number: own})
            if again := fields.get("again", ""):
                await desk.again(space, account, number, _moment(again))
            else:
                moments = tuple(each for each in MOMENTS if f"at-{each}" in fields)
                await desk.choose(space, account, OutletChoice(number, moments, own))
            return see(f"{PAGE}/space?space={space.id}")

        return await tried(pages, visit, work, lambda wrong: choosing.shown(visit, space, wrong, {number: own}))

    return [look, choose]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput("There is no such outlet.", field="outlet")
    return int(text)


def _moment(text: str) -> SpaceMoment:
    try:
        return SpaceMoment(text)
    except ValueError:
        raise BadInput("There is no such moment.", field="again") from None

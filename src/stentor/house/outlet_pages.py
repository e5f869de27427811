"""The pages where a host connects outlets, and chooses and previews what of a space is posted there. Plain forms, which
work without JavaScript. A secret that was given is never shown again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Router, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base.errors import NotAllowed
from stentor.base.times import day
from stentor.base.units import made_id
from stentor.house.forms import Page, form_of, see, tried
from stentor.house.outlets.browser import BACK, BROWSERS, BrowserConnecting
from stentor.house.outlets.newsletters import DOCUMENT, DOCUMENT_OF
from stentor.house.outlets.service import OutletDesk, require_public
from stentor.house.pages import READ, Pages, Visit, sign_in_first
from stentor.house.private.guard import Guard
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions
from stentor.outlets.kinds import OUTLETS, SHARE, X, shares
from stentor.outlets.words import LONGEST_WORDS, MOMENTS, ONCE, picture_of, still_so
from stentor.spaces import rights
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import Space
from stentor.spaces.rights import Look
from stentor.store.outlets import STUCK, OutletChoice
from stentor.wire.ways import NEWSLETTER

MOST_BYTES = 16 * 1024
PAGE = "/account/outlets"
LOOK_AGAIN_S = 2
_Request = Request[Any, Any, Any]


def routes(
    pages: Pages, desk: OutletDesk, browsers: BrowserConnecting, guard: Guard, callers: Callers, sessions: Sessions
) -> Router:
    """All of them."""
    connecting = _Connecting(pages, desk, browsers)
    found = [
        *_of_outlets(connecting, sessions),
        *_of_browsers(connecting),
        *_of_spaces(_Choosing(pages, desk, guard, callers), sessions),
    ]
    return Router("/", route_handlers=found, request_max_body_size=MOST_BYTES)


class _Connecting:
    """The page where outlets are connected."""

    def __init__(self, pages: Pages, desk: OutletDesk, browsers: BrowserConnecting) -> None:
        self.pages, self.desk, self.browsers = pages, desk, browsers

    async def shown(
        self, visit: Visit, kind: str = "", wrong: str = "", given: dict[str, str] | None = None, renewed: int = 0
    ) -> Page:
        """``renewed`` is the number of an outlet that is connected again."""
        if visit.account is None:
            return sign_in_first(visit)
        desk, mine = self.desk, await self.desk.table.of_account(visit.account.id)
        renews = next((each for each in mine if each.number == renewed), None)
        outlet = desk.kinds.get(renews.kind if renews else kind)
        kept = {each.name for each in outlet.fields if not each.secret} if outlet else set()
        if renews is not None and given is None:
            given = await desk.filled_in(renews.number)
        letters = [each.number for each in mine if each.kind == NEWSLETTER]
        return self.pages.answer(
            msgspec.structs.replace(visit, path=f"{PAGE}?kind={kind}" if outlet else PAGE),
            "outlets",
            mine=mine, kinds=OUTLETS, offered=desk.kinds, outlet=outlet, wrong=wrong,
            renews=renews, browsers=BROWSERS,
            people={each: await desk.newsletters.table.counted(each) for each in letters},
            waiting=await self.browsers.waiting(mine), mails=desk.newsletters.post.on,
            mails_document=DOCUMENT, mails_since=DOCUMENT_OF, day=partial(day, language=visit.language),
            money=desk.money, spent=await desk.spent() if outlet and outlet.kind == X else "",
            handle=visit.account.handle, at=desk.home, trouble=troubles(self.pages, visit),
            given={name: value for name, value in (given or {}).items() if name in kept},
        )  # fmt: skip

    async def do(self, account: str, number: int, fields: dict[str, str]) -> Page:
        """What a button of an outlet does."""
        desk, mine = self.desk, await self.desk.mine(account, number)
        match fields.get("do"):
            case "look":
                await desk.look(number, mine.host)
            case "renew":
                await desk.renew(account, number, fields)
            case "browser":
                await self.browsers.begin(account, mine.kind, fields, number)
                return see(f"{PAGE}/{number}/allow")
            case "strike":
                await desk.newsletters.strike(number, fields.get("mail", "")[:200])
            case "off":
                await desk.table.delete(account, number)
        return see(PAGE)


def _of_outlets(connecting: _Connecting, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/outlets``."""
    pages, desk = connecting.pages, connecting.desk

    @route(PAGE, http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        asked, visit = request.query_params, await pages.visit(request)
        renewed = str(asked.get("renew", ""))
        number = desk.number(renewed) if renewed else 0
        return await connecting.shown(visit, str(asked.get("kind", "")), renewed=number)

    @post(PAGE, include_in_schema=False)
    async def connect(request: _Request) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        if visit.account is None:
            return sign_in_first(visit)
        account, kind = visit.account.id, fields.get("kind", "")

        async def work() -> Page:
            if fields.get("do") == "browser":
                return see(f"{PAGE}/{await connecting.browsers.begin(account, kind, fields)}/allow")
            await desk.connect(account, kind, fields)
            return see(PAGE)

        return await tried(pages, visit, work, lambda wrong: connecting.shown(visit, kind, wrong, fields))

    @post(f"{PAGE}/{{number:int}}", include_in_schema=False, status_code=200)
    async def change(request: _Request, number: FromPath[int]) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        if visit.account is None:
            return sign_in_first(visit)
        account, renewed = visit.account.id, number if fields.get("do") in ("renew", "browser") else 0
        return await tried(
            pages, visit, lambda: connecting.do(account, number, fields),
            lambda wrong: connecting.shown(visit, "", wrong, fields, renewed),
        )  # fmt: skip

    return [look, connect, change]


def _of_browsers(connecting: _Connecting) -> list[HTTPRouteHandler]:
    """``/account/outlets/{number}/allow``, and where somebody comes back to."""
    pages, browsers = connecting.pages, connecting.browsers

    @get(f"{PAGE}/{{number:int}}/allow", include_in_schema=False)
    async def allow(request: _Request, number: FromPath[int]) -> Page:
        """While the other server is asked, the page looks again by itself."""
        visit = await pages.visit(request)
        if visit.account is None:
            return sign_in_first(visit)
        row, link = await browsers.where(visit.account.id, number)
        shown = pages.answer(visit, "outlets-allow", row=row, link=link, trouble=troubles(pages, visit))
        if not link and not row.trouble:
            shown.headers["refresh"] = f"{LOOK_AGAIN_S}"
        return shown

    @get(BACK, include_in_schema=False)
    async def back(request: _Request) -> Page:
        visit, brought = await pages.visit(request), request.query_params
        if visit.account is None:
            return sign_in_first(msgspec.structs.replace(visit, path=PAGE))
        await browsers.came_back(visit.account.id, str(brought.get("state", "")), str(brought.get("code", "")))
        return see(PAGE)

    return [allow, back]


def troubles(pages: Pages, visit: Visit) -> Callable[[str], str]:
    """What went wrong at an outlet, by its code, and what to do."""
    return pages.or_else(visit, "outlets.trouble.{}", pages.text(visit, "outlets.trouble.outlet-odd"))


class _Choosing:
    """The page where it is chosen what of a space is posted where."""

    def __init__(self, pages: Pages, desk: OutletDesk, guard: Guard, callers: Callers) -> None:
        self.pages, self.desk, self._guard, self._callers = pages, desk, guard, callers

    async def hosted(self, request: _Request, name: str) -> Space:
        """A space for who hosts it; raises :class:`NotFound`, :class:`NotAllowed`, :class:`Conflict`."""
        space = await self._guard.require(request, str(made_id(name)))
        rights.require(await self._callers.actor(request, space.id), Look.EVENTS, space)
        return space

    async def shown(
        self, visit: Visit, space: Space, wrong: str = "", tried_choice: OutletChoice | None = None
    ) -> Page:
        """``tried_choice`` is what was filled in, and not kept."""
        if visit.account is None:
            return sign_in_first(visit)
        rows, posts = [], await self.desk.posts(space)
        for outlet, kept in await self.desk.shown(space, visit.account.id):
            mine = tried_choice is not None and tried_choice.outlet == outlet.number
            choice = tried_choice if mine else kept
            said_by = choice or OutletChoice(outlet.number, (), "")
            previews = [(each, self.desk.preview(space, each, said_by.said(each), outlet.kind)) for each in MOMENTS]
            made = posts.get(outlet.number, [])
            reached = {each.moment: await self.desk.reached(each) for each in made if outlet.kind == NEWSLETTER}
            people = await self.desk.newsletters.table.counted(outlet.number) if reached else 0
            rows.append((outlet, choice, said_by.words, said_by.own, previews, made, reached, people))
        text = self.desk.preview(space, SpaceMoment.LIVE, "", SHARE)
        return self.pages.answer(
            msgspec.structs.replace(visit, path=f"{PAGE}/space?space={space.id}"),
            "outlets-space",
            space=space, rows=rows, kinds=OUTLETS, moments=MOMENTS, wrong=wrong, longest=LONGEST_WORDS,
            trouble=troubles(self.pages, visit), public=not space.private, share=text,
            picture=picture_of(space, self.desk.site), shares=shares(text, text.rpartition("\n")[2]), stuck=STUCK,
            once=ONCE, now_so={each for each in MOMENTS if still_so(each, space)},
            shown=tried_choice.outlet if tried_choice else 0,
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
        choice = _choice(fields)

        async def work() -> Page:
            require_public(space)
            if "preview" in fields:
                return await choosing.shown(visit, space, tried_choice=choice)
            if again := fields.get("again", ""):
                await desk.again(space, account, choice.outlet, desk.moment(again))
            else:
                await desk.choose(space, account, choice)
            return see(f"{PAGE}/space?space={space.id}")

        return await tried(pages, visit, work, lambda wrong: choosing.shown(visit, space, wrong, choice))

    return [look, choose]


def _choice(fields: dict[str, str]) -> OutletChoice:
    """What was filled in for one outlet."""
    moments = tuple(each for each in MOMENTS if f"at-{each}" in fields)
    own = {each.value: said for each in MOMENTS if (said := fields.get(f"words-{each}", "").strip())}
    return OutletChoice(OutletDesk.number(fields.get("outlet", "")), moments, fields.get("words", "").strip(), own)

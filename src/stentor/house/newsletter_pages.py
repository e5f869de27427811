"""The page where somebody asks for a person's talks by mail, and the one behind the link where that is confirmed and
taken back. Plain forms, which work without JavaScript. No link does anything by being looked at.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Router, post, route
from litestar.handlers import HTTPRouteHandler

from stentor.house import letter_links
from stentor.house.forms import Page, form_of, tried
from stentor.house.outlets.newsletters import NewsletterDesk
from stentor.house.pages import READ, Pages, Visit
from stentor.house.who.callers import address_of
from stentor.house.who.sessions import Sessions
from stentor.store.newsletters import Newsletter

PAGE = "/account/newsletter"
MOST_BYTES = 16 * 1024
LONGEST_HANDLE = 60
_Request = Request[Any, Any, Any]


def routes(pages: Pages, desk: NewsletterDesk, sessions: Sessions) -> Router:
    """All of them."""
    found = [*_of_asking(pages, desk, sessions), *_of_links(pages, desk, sessions)]
    return Router("/", route_handlers=found, request_max_body_size=MOST_BYTES)


def _of_asking(pages: Pages, desk: NewsletterDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/newsletter``, for everybody."""

    async def shown(visit: Visit, of: Newsletter, to: str = "", wrong: str = "", *, state: str = "ask") -> Page:
        on = msgspec.structs.replace(visit, path=f"{PAGE}?of={of.handle}")
        mails = desk.post.on
        return pages.answer(on, "newsletter", of=of, state=state, to=to, wrong=wrong, mails=mails, action=PAGE)

    @route(PAGE, http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        of = await desk.find(str(request.query_params.get("of", ""))[:LONGEST_HANDLE])
        return await shown(await pages.visit(request), of)

    @post(PAGE, include_in_schema=False, status_code=200)
    async def ask(request: _Request) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        of, to = await desk.find(fields.get("of", "")[:LONGEST_HANDLE]), fields.get("mail", "")[:200]

        async def work() -> Page:
            await desk.subscribe(of, to, visit.language, address_of(request))
            return await shown(visit, of, state="sent")

        return await tried(pages, visit, work, lambda wrong: shown(visit, of, to, wrong))

    return [look, ask]


def _of_links(pages: Pages, desk: NewsletterDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/newsletter/{receipt}``."""

    async def shown(request: _Request, receipt: str, done: str) -> Page:
        visit = msgspec.structs.replace(await pages.visit(request), path="")  # the link goes no further
        found, of = await desk.of_link(receipt)
        state = done or ("gone" if found is None else "asked" if found.confirmed_ms is None else "on")
        return pages.answer(visit, "newsletter", of=of, state=state, wrong="", action=f"{PAGE}/{receipt}")

    return letter_links.routes(PAGE, desk, sessions, shown)

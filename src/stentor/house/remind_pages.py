"""The page where somebody asks to be reminded of a talk, and the one behind the link where that is confirmed and taken
back. Plain forms, which work without JavaScript; with it a browser can be told, too. No link does anything by being
looked at: programs that look through mail follow links.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base import push
from stentor.base.errors import NotFound
from stentor.base.units import made_id
from stentor.house.forms import Page, form_of, tried
from stentor.house.moderation_pages import said
from stentor.house.pages import READ, Pages, Visit
from stentor.house.reach.reminders import ReminderDesk
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import address_of
from stentor.house.who.sessions import Sessions
from stentor.spaces import reminders
from stentor.spaces.model import Space

MOST_BYTES = 16 * 1024
ONE_CLICK = "List-Unsubscribe"
"""The field of a mail program's own button (RFC 8058, 3.1); it comes without a cookie, from anywhere."""
_Request = Request[Any, Any, Any]


def routes(pages: Pages, desk: ReminderDesk, spaces: Spaces, sessions: Sessions) -> Router:
    """All of them."""
    found = [*_of_asking(pages, desk, spaces, sessions), *_of_links(pages, desk, sessions)]
    return Router("/", route_handlers=found, request_max_body_size=MOST_BYTES)


def _of_asking(pages: Pages, desk: ReminderDesk, spaces: Spaces, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/remind``."""

    async def known(name: str) -> Space:
        """Raises :class:`NotFound`, also for a space that not everybody may know of."""
        space = await spaces.load(str(made_id(name)))
        if space.private or space.removed is not None:
            raise NotFound("There is no such space.", code="no-such-space")
        return space

    async def form(visit: Visit, space: Space, to: str = "", wrong: str = "", *, sent: bool = False) -> Page:
        told = {"space": space.id, "key": desk.public_key}
        iso = f"{datetime.fromtimestamp((space.scheduled_ms or 0) / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return pages.answer(
            msgspec.structs.replace(visit, path=f"/account/remind?space={space.id}"),
            "remind",
            space=space, asks=reminders.asks(space), mails=desk.post.on, to=to, wrong=wrong, sent=sent, said=said,
            page=told, iso=iso,
        )  # fmt: skip

    @route("/account/remind", http_method=READ, include_in_schema=False)
    async def ask(request: _Request) -> Page:
        return await form(await pages.visit(request), await known(str(request.query_params.get("space", ""))))

    @post("/account/remind", include_in_schema=False, status_code=200)
    async def asked(request: _Request) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        space = await known(fields.get("space", ""))
        to = fields.get("mail", "")[:200]

        async def work() -> Page:
            await desk.by_mail(space, to, visit.language, address_of(request))
            return await form(visit, space, sent=True)

        return await tried(pages, visit, work, lambda wrong: form(visit, space, to, wrong))

    @post("/account/remind/push", include_in_schema=False, status_code=200)
    async def subscribed(request: _Request) -> Response[dict[str, str]]:
        """From the page's script: a browser's subscription; the answer is the link that takes it back."""
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        to = push.target(fields.get("endpoint", ""), fields.get("p256dh", ""), fields.get("auth", ""))
        space = await known(fields.get("space", ""))
        link = await desk.by_push(space, to, visit.language, address_of(request))
        return Response({"link": link}, headers={"cache-control": "no-store"})

    return [ask, asked, subscribed]


def _of_links(pages: Pages, desk: ReminderDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/remind/{receipt}``."""

    async def shown(request: _Request, receipt: str, done: str = "") -> Page:
        visit = msgspec.structs.replace(await pages.visit(request), path="")  # the link goes no further
        found, space = await desk.find(receipt)
        state = done or ("gone" if found is None else "asked" if found.confirmed_ms is None else "on")
        return pages.answer(visit, "reminder", state=state, space=space, action=f"/account/remind/{receipt}", said=said)

    @get("/account/remind/{receipt:str}", include_in_schema=False)
    async def look(request: _Request, receipt: FromPath[str]) -> Page:
        return await shown(request, receipt)

    @post("/account/remind/{receipt:str}", include_in_schema=False, status_code=200)
    async def answer(request: _Request, receipt: FromPath[str]) -> Page:
        fields = await form_of(request)
        if fields.get(ONE_CLICK) == "One-Click":
            await desk.take_back(receipt)
            return await shown(request, receipt, "off")
        sessions.guard(request)
        if fields.get("do") == "on":
            await desk.confirm(receipt)
            return await shown(request, receipt)
        await desk.take_back(receipt)
        return await shown(request, receipt, "off")

    return [look, answer]

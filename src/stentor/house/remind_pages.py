"""The page where somebody asks to be reminded of a talk, and the one behind the link where that is confirmed and taken
back. Plain forms, which work without JavaScript; with it a browser can be told, too. No link does anything by being
looked at: programs that look through mail follow links.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, Router, post, route
from litestar.handlers import HTTPRouteHandler

from stentor.base import push
from stentor.base.errors import NotFound
from stentor.base.times import written
from stentor.base.units import made_id
from stentor.house import letter_links
from stentor.house.forms import Page, form_of, see, tried
from stentor.house.pages import READ, Pages, Visit
from stentor.house.reach.reminders import ReminderDesk
from stentor.house.spaces.service import Spaces
from stentor.house.who.callers import address_of
from stentor.house.who.sessions import Sessions
from stentor.spaces import reminders
from stentor.spaces.model import Space
from stentor.store.actors import ActorsTable
from stentor.store.newsletters import NewslettersTable

MOST_BYTES = 16 * 1024
_Request = Request[Any, Any, Any]


def routes(
    pages: Pages, desk: ReminderDesk, spaces: Spaces, sessions: Sessions, actors: ActorsTable, letters: NewslettersTable
) -> Router:
    """All of them."""
    asking = _Asking(pages, desk, spaces, letters)
    found = [*_of_asking(asking, sessions), *_here(asking, sessions, actors), *_of_links(pages, desk, sessions)]
    return Router("/", route_handlers=found, request_max_body_size=MOST_BYTES)


class _Asking:
    """The page where somebody asks."""

    def __init__(self, pages: Pages, desk: ReminderDesk, spaces: Spaces, letters: NewslettersTable) -> None:
        self.pages, self.desk, self._spaces, self._letters = pages, desk, spaces, letters

    async def known(self, name: str) -> Space:
        """Raises :class:`NotFound`, also for a space that not everybody may know of."""
        space = await self._spaces.load(str(made_id(name)))
        if space.private or space.removed is not None:
            raise NotFound("There is no such space.", code="space-not-found")
        return space

    async def form(
        self, visit: Visit, space: Space, to: str = "", wrong: str = "", *, handle: str = "", sent: bool = False
    ) -> Page:
        """``to`` and ``handle`` are what was filled in."""
        told = {"space": space.id, "key": self.desk.public_key}
        iso = f"{datetime.fromtimestamp((space.scheduled_ms or 0) / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return self.pages.answer(
            msgspec.structs.replace(visit, path=f"/account/remind?space={space.id}"),
            "remind",
            space=space, asks=reminders.asks(space), mails=self.desk.post.on, to=to, wrong=wrong, sent=sent,
            page=told, iso=iso, at=written(space.scheduled_ms or 0, visit.language, visit.zone),
            here=visit.account is not None, messages=self.desk.messages, handle=handle,
            letters=await self._letters.of_space(space.id) if self.desk.post.on else (),
        )  # fmt: skip


def _of_asking(asking: _Asking, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/remind``, for everybody."""
    pages, desk = asking.pages, asking.desk

    @route("/account/remind", http_method=READ, include_in_schema=False)
    async def ask(request: _Request) -> Page:
        space = await asking.known(str(request.query_params.get("space", "")))
        return await asking.form(await pages.visit(request), space)

    @post("/account/remind", include_in_schema=False, status_code=200)
    async def asked(request: _Request) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        space = await asking.known(fields.get("space", ""))
        to, handle = fields.get("mail", "")[:200], fields.get("handle", "")[:200]

        async def work() -> Page:
            if handle:
                await desk.by_message(space, handle, visit.language, address_of(request), fields.get("zone", ""))
            else:
                await desk.by_mail(space, to, visit.language, address_of(request), fields.get("zone", ""))
            return await asking.form(visit, space, sent=True)

        return await tried(pages, visit, work, lambda wrong: asking.form(visit, space, to, wrong, handle=handle))

    @post("/account/remind/push", include_in_schema=False, status_code=200)
    async def subscribed(request: _Request) -> Response[dict[str, str]]:
        """From the page's script: a browser's subscription; the answer is the link that takes it back."""
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        to = push.target(fields.get("endpoint", ""), fields.get("p256dh", ""), fields.get("auth", ""))
        space = await asking.known(fields.get("space", ""))
        link = await desk.by_push(space, to, visit.language, address_of(request), fields.get("zone", ""))
        return Response({"link": link}, headers={"cache-control": "no-store"})

    return [ask, asked, subscribed]


def _here(asking: _Asking, sessions: Sessions, actors: ActorsTable) -> list[HTTPRouteHandler]:
    """``/account/remind/site``: for who is signed in, among the notifications."""
    pages, desk = asking.pages, asking.desk

    @post("/account/remind/site", include_in_schema=False)
    async def noticed(request: _Request) -> Page:
        sessions.guard(request)
        visit, fields = await pages.visit(request), await form_of(request)
        space = await asking.known(fields.get("space", ""))
        if visit.account is None:
            return see(f"/sign-in?next={quote(f'/account/remind?space={space.id}')}")
        account = visit.account.id

        async def work() -> Page:
            actor = await actors.of_account(account)
            zone = fields.get("zone", "")
            return see(await desk.by_site(space, account, actor, visit.language, address_of(request), zone))

        return await tried(pages, visit, work, lambda wrong: asking.form(visit, space, "", wrong))

    return [noticed]


def _of_links(pages: Pages, desk: ReminderDesk, sessions: Sessions) -> list[HTTPRouteHandler]:
    """``/account/remind/{receipt}``."""

    async def shown(request: _Request, receipt: str, done: str) -> Page:
        visit = msgspec.structs.replace(await pages.visit(request), path="")  # the link goes no further
        found, space = await desk.find(receipt)
        state = done or ("gone" if found is None else "asked" if found.confirmed_ms is None else "on")
        zone = await desk.table.zone(found, space) if found and space else ""
        at = written(space.scheduled_ms, visit.language, zone or visit.zone) if space and space.scheduled_ms else ""
        return pages.answer(visit, "reminder", state=state, space=space, action=f"/account/remind/{receipt}", at=at)

    return letter_links.routes("/account/remind", desk, sessions, shown)

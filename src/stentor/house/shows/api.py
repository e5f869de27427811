"""The REST API's addresses about shows."""

from __future__ import annotations

import re
import secrets
from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from stentor.base.errors import BadInput, Conflict, NotFound, NotSignedIn
from stentor.base.texts import UNSAID
from stentor.base.units import SeatId, SpaceId
from stentor.house.shows import schema
from stentor.house.shows.service import ShowDesk, since_of, with_chapter
from stentor.house.shows.views import ShowViews, laid_over, rule_of
from stentor.house.who.callers import Callers
from stentor.people.model import Account
from stentor.spaces import checks, rights, series
from stentor.spaces import commands as c
from stentor.spaces.blueprint import SHARED, Blueprint
from stentor.spaces.rights import Rank
from stentor.spaces.shows import Show, ShowChapter

_Request = Request[Any, Any, Any]
_ANY = c.CreateSpace(id=SpaceId("any"), title="any", host_seat=SeatId("any"), host_name="any")


def handlers(desk: ShowDesk, callers: Callers, views: ShowViews) -> list[HTTPRouteHandler]:
    """The handlers, which share the shows."""

    @get("/shows", summary="The shows that one leads, the newest first; all for administrators")
    async def every(request: _Request) -> schema.ShowList:
        actor = await callers.actor(request)
        if actor == rights.ANYONE:
            raise NotSignedIn("Sign in to see the shows that you lead.")
        whose = None if actor.rank is Rank.ADMIN else actor.account
        return schema.ShowList(shows=[views.row(show) for show in await desk.table.of_account(whose)])

    @post("/shows", summary="Make a show: a series of spaces with a page of its own")
    async def create(request: _Request, data: JSONBody[schema.NewShow]) -> schema.ShowView:
        actor = await callers.actor(request)
        rights.require(actor, _ANY, None)
        account = await callers.account(request)
        show = await _new(desk, data, account, views)
        return await views.show(await desk.create(show), actor)

    @get("/shows/{show:str}", summary="A show and its next dates, for those who lead it")
    async def one(request: _Request, show: FromPath[str]) -> schema.ShowView:
        actor = await callers.actor(request)
        return await views.show(await desk.load(show, actor), actor)

    @patch("/shows/{show:str}", summary="Change a show from a date on; for one date alone, change its space")
    async def change(request: _Request, show: FromPath[str], data: JSONBody[schema.ShowChange]) -> schema.ShowView:
        actor = await callers.actor(request)
        old = await desk.load(show, actor)
        if old.ended_ms is not None:
            raise Conflict("This show has ended; make another one.", code="show-ended")
        since = since_of(old, data.since, desk.now_ms)
        new = _changed(old, data, since, desk.now_ms)
        return await views.show(await desk.change(old.id, since, actor, new, old), actor)

    @delete("/shows/{show:str}", status_code=200, summary="End a show: no new dates, and the next ones are cancelled")
    async def end(request: _Request, show: FromPath[str]) -> schema.ShowView:
        actor = await callers.actor(request)
        found = await desk.load(show, actor)
        return await views.show(await desk.end(found.id, actor), actor)

    @put("/shows/{show:str}/co-hosts/{handle:str}", summary="Make somebody a co-owner of a show and its dates")
    async def add(request: _Request, show: FromPath[str], handle: FromPath[str]) -> schema.ShowView:
        return await co_host(request, show, handle, True)

    @delete("/shows/{show:str}/co-hosts/{handle:str}", status_code=200, summary="Take that away, or leave oneself")
    async def drop(request: _Request, show: FromPath[str], handle: FromPath[str]) -> schema.ShowView:
        return await co_host(request, show, handle, False)

    async def co_host(request: _Request, show: str, handle: str, on: bool) -> schema.ShowView:
        actor = await callers.actor(request)
        found = await desk.load(show, actor)
        account = await person(desk, handle)
        return await views.show(await desk.set_co_host(found.id, account, on, actor), actor)

    return [every, create, one, change, end, add, drop]


async def person(desk: ShowDesk, handle: str) -> Account:
    """Whose handle it is; raises :class:`NotFound`."""
    found = await desk.spaces.store.accounts.find(handle)
    if found is None:
        raise NotFound("There is nobody with this handle here.", code="account-not-found")
    return found


def show_slug(title: str) -> str:
    """An id made of a title, as ``house.spaces.api.slug``, and short enough for a date behind it."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:30].strip("-") or "show"


async def _new(desk: ShowDesk, data: schema.NewShow, account: Account | None, views: ShowViews) -> Show:
    rule = series.checked(rule_of(data.rule))
    series.require_near(rule, desk.spaces.clock())
    language = checks.language(data.language or views.language or UNSAID)
    title, description = checks.title(data.title), checks.description(data.description)
    made = Blueprint(title=title)
    if data.template is not None and account is not None:
        found = [each for each in await desk.table.templates(account.id) if each.id == data.template]
        if not found:
            raise NotFound("There is no such template.", code="template-not-found")
        made = found[0].blueprint
        description = description or made.description
        language = made.language if data.language is None else language
    made = msgspec.structs.replace(made, title=title, description=description, language=language)
    made = _shared(laid_over(made, data.settings))
    return Show(
        id=data.id or f"{show_slug(title)}-{secrets.token_hex(2)}",
        title=title,
        owner=account.id if account else "",
        host_name=checks.name(data.host_name, field="host_name") if data.host_name else "" if account else "Host",
        chapters=[ShowChapter("", rule, made)],
        description=description,
        language=language,
        made_ms=desk.now_ms,
        seed=secrets.token_hex(16),
    )


def _changed(old: Show, data: schema.ShowChange, since: str, now_ms: int) -> Show:
    """What is wished of a show, from a date on."""
    newest = old.newest
    title = old.title if data.title is UNSET else checks.title(data.title)
    description = old.description if data.description is UNSET else checks.description(data.description)
    language = old.language if data.language is UNSET else checks.language(data.language)
    made = laid_over(newest.blueprint, schema.ShowSettings() if data.settings is UNSET else data.settings)
    for name, value in (("title", title), ("description", description), ("language", language)):
        if getattr(old, name) != value:
            made = msgspec.structs.replace(made, **{name: value})
    rule = newest.rule if data.rule is UNSET else series.checked(rule_of(data.rule))
    if rule != newest.rule:
        series.require_near(rule, now_ms / 1000)
    new = msgspec.structs.replace(old, title=title, description=description, language=language)
    if data.skips is not UNSET:
        days = sorted({series.day(each, field="skips").isoformat() for each in data.skips})
        new = msgspec.structs.replace(new, skips=tuple(days))
    if (rule, made) == (newest.rule, newest.blueprint):
        return new
    return with_chapter(new, ShowChapter(since, rule, _shared(made)))


def _shared(made: Blueprint) -> Blueprint:
    if made.visibility not in SHARED:
        raise BadInput(
            "The spaces of a show are public, unlisted or for members; passwords and tickets are made for each one.",
            field="visibility",
        )
    return made

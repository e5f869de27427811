"""The REST API's addresses about how a space is set up: copies, templates, co-owners, topics and links, recording."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from stentor.base.errors import Conflict, NotFound
from stentor.base.units import SeatId, seat_id, space_id
from stentor.house.private.guard import Guard
from stentor.house.shows import schema
from stentor.house.shows.api import person
from stentor.house.shows.service import ShowDesk
from stentor.house.spaces.api import slug
from stentor.house.spaces.invitations import Invitations
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.schema import SpaceView
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.people.model import Account
from stentor.spaces import blueprint, checks, rights, setting
from stentor.spaces import commands as c
from stentor.spaces.about import WebLink
from stentor.spaces.blueprint import SHARED, Blueprint
from stentor.spaces.command_base import Command
from stentor.spaces.model import Space
from stentor.spaces.rights import Actor, Look
from stentor.spaces.visibility import PRIVATE
from stentor.store.shows import Template

_Request = Request[Any, Any, Any]


def handlers(desk: ShowDesk, callers: Callers, views: Views) -> list[HTTPRouteHandler]:
    """How a space that is there is set up."""
    spaces = desk.spaces

    async def command(request: _Request, space: str, wishes: list[Command]) -> SpaceView:
        actor = await callers.actor(request, space)
        return await views.space(await spaces.change(space, wishes, actor), actor)

    @put("/spaces/{space:str}/about", summary="Say what a space is about: topics and links")
    async def tell(request: _Request, space: FromPath[str], data: JSONBody[schema.AboutChange]) -> SpaceView:
        wishes: list[Command] = []
        if data.topics is not UNSET:
            wishes.append(setting.SetTopics(tuple(data.topics)))
        if data.links is not UNSET:
            wishes.append(setting.SetLinks(tuple(WebLink(each.title, each.url) for each in data.links)))
        actor, found = await callers.actor(request, space), await spaces.load(space)
        rights.require(actor, setting.SetTopics(()), found)
        return await command(request, space, wishes)

    @put("/spaces/{space:str}/recording", summary="Choose whether a space is recorded, before its doors open")
    async def record(request: _Request, space: FromPath[str], data: JSONBody[schema.RecordingChoice]) -> SpaceView:
        return await command(request, space, [setting.SetRecording(data.on)])

    @delete(
        "/spaces/{space:str}/seats/{seat:str}/agreement", status_code=200, summary="Take back that one may be recorded"
    )
    async def withdraw(request: _Request, space: FromPath[str], seat: FromPath[str]) -> SpaceView:
        actor = await callers.actor(request, space)
        found = await spaces.change(space, setting.WithdrawConsent(seat_id(seat)), actor)
        if found.records and found.on_air:
            await spaces.order(found.id, "remove", seat)  # nobody is heard who has not agreed
        return await views.space(found, actor)

    @get("/spaces/{space:str}/owners", summary="Who may do what the host may")
    async def owners(request: _Request, space: FromPath[str]) -> schema.OwnerList:
        actor, found = await callers.actor(request, space), await spaces.load(space)
        rights.require(actor, Look.BACKSTAGE, found)
        return await _owners(desk, found)

    @put("/spaces/{space:str}/owners/{handle:str}", summary="Make somebody a co-owner")
    async def add(request: _Request, space: FromPath[str], handle: FromPath[str]) -> schema.OwnerList:
        return await own(request, space, handle, True)

    @delete("/spaces/{space:str}/owners/{handle:str}", status_code=200, summary="Take that away, or leave oneself")
    async def drop(request: _Request, space: FromPath[str], handle: FromPath[str]) -> schema.OwnerList:
        return await own(request, space, handle, False)

    async def own(request: _Request, space: str, handle: str, on: bool) -> schema.OwnerList:
        actor, found = await callers.actor(request, space), await spaces.load(space)
        rights.require(actor, Look.BACKSTAGE, found)
        account = await person(desk, handle)
        return await _owners(desk, await spaces.change(space, setting.SetOwner(account.id, owner=on), actor))

    return [tell, record, withdraw, owners, add, drop]


def copy_handlers(
    desk: ShowDesk, callers: Callers, views: Views, invitations: Invitations, pictures: Pictures, guard: Guard
) -> list[HTTPRouteHandler]:
    """Another space like one that is there, or like a template."""

    async def made(
        made_of: Blueprint, data: schema.NewCopy, actor: Actor, account: Account | None, host: str
    ) -> schema.CopyView:
        space = await _make(desk, made_of, data, actor, account, host)
        seat = next(iter(space.seats.values()))
        if account is not None:
            space = await pictures.show(space, seat, account)
        left_out = [] if made_of.visibility in SHARED else [made_of.visibility.value]
        return schema.CopyView(await views.space(space, actor), invitations.issue(space, seat, None), left_out)

    @post("/spaces/{space:str}/copy", summary="Make another space with the same settings")
    async def copy(request: _Request, space: FromPath[str], data: JSONBody[schema.NewCopy]) -> schema.CopyView:
        actor, found = await callers.actor(request, space), await desk.spaces.load(space)
        rights.require(actor, c.Describe(""), found)
        if found.removed is not None:
            raise Conflict("This space was removed.", code="space-removed")
        account = await callers.account(request)
        host = found.host.name if found.host else "Host"
        return await made(blueprint.of(found), data, actor, account, host)

    @get("/templates", summary="One's own templates, the newest first")
    async def listed(request: _Request) -> schema.TemplateList:
        account = await callers.signed_in(request)
        return _templates(await desk.table.templates(account.id))

    @post("/templates", summary="Keep the settings of a space under a name")
    async def keep(request: _Request, data: JSONBody[schema.NewTemplate]) -> schema.TemplateList:
        account = await callers.signed_in(request)
        found = await guard.require(request, data.space)
        rights.require(callers.acting(account), c.Describe(""), found)
        template = Template(secrets.token_hex(8), checks.name(data.name), blueprint.of(found))
        await desk.table.add_template(account.id, template, now_ms=desk.now_ms)
        return _templates(await desk.table.templates(account.id))

    @post("/templates/{template:str}/spaces", summary="Make a space like a template")
    async def use(request: _Request, template: FromPath[str], data: JSONBody[schema.NewCopy]) -> schema.CopyView:
        account = await callers.signed_in(request)
        found = [each for each in await desk.table.templates(account.id) if each.id == template]
        if not found:
            raise NotFound("There is no such template.", code="template-not-found")
        return await made(found[0].blueprint, data, callers.acting(account), account, account.name)

    @delete("/templates/{template:str}", status_code=200, summary="Forget a template")
    async def forget(request: _Request, template: FromPath[str]) -> schema.TemplateList:
        account = await callers.signed_in(request)
        await desk.table.drop_template(account.id, template)
        return _templates(await desk.table.templates(account.id))

    return [copy, listed, keep, use, forget]


async def _make(
    desk: ShowDesk, made_of: Blueprint, data: schema.NewCopy, actor: Actor, account: Account | None, host: str
) -> Space:
    """A space by a blueprint. One with a password or tickets opens to nobody before its host gives some out."""
    title = data.title or made_of.title
    name = secrets.token_hex(8) if made_of.visibility in PRIVATE else f"{slug(title)}-{secrets.token_hex(3)}"
    wish = c.CreateSpace(
        id=space_id(name),
        title=title,
        host_seat=SeatId(f"host-{secrets.token_hex(4)}"),
        host_name=account.name if account else host,
        host_account=account.id if account else "",
        scheduled_ms=data.scheduled_ms,
        max_seats=made_of.max_seats,
        language=made_of.language,
        description=made_of.description,
        visibility=made_of.visibility,
        announcing=made_of.announcing,
    )
    space = await desk.spaces.create(wish, actor)
    wanted = blueprint.Planned(data.scheduled_ms or 0, msgspec.structs.replace(made_of, title=title))
    wishes = blueprint.changes(space, None, wanted, desk.spaces.clock())
    return await desk.spaces.change(space.id, wishes, rights.ADMIN) if wishes else space


async def _owners(desk: ShowDesk, space: Space) -> schema.OwnerList:
    found: list[schema.OwnerView] = []
    for each in space.owners:
        try:
            account = await desk.spaces.store.accounts.get(each)
        except NotFound:
            continue
        found.append(schema.OwnerView(account.handle, account.name))
    return schema.OwnerList(found)


def _templates(found: Sequence[Template]) -> schema.TemplateList:
    return schema.TemplateList(
        templates=[schema.TemplateView(each.id, each.name, each.blueprint.title) for each in found]
    )

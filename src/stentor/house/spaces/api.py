"""The REST API under ``/api/v1``. Each handler reads a request, asks a service, and shows what is so now."""

from __future__ import annotations

import re
import secrets
from typing import Any, Protocol

import msgspec
from litestar import Request, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

import stentor
from stentor.base.errors import Conflict
from stentor.base.texts import UNSAID
from stentor.base.units import SeatId, SpaceId, space_id
from stentor.house.spaces import schema, site_schema
from stentor.house.spaces.invitations import Invitations
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import Views
from stentor.house.who.callers import Callers
from stentor.people.model import Account
from stentor.spaces import commands as c
from stentor.spaces import events, rights
from stentor.spaces.announcing import Announcing
from stentor.spaces.model import Space
from stentor.spaces.rights import Actor, Look
from stentor.spaces.visibility import PRIVATE, Visibility

SpaceParameter = FromPath[str]
_Request = Request[Any, Any, Any]


class Choices(Protocol):
    """Who may hear a space, as ``house.private`` keeps it."""

    def require_choice(self, visibility: Visibility, password: str | None, known: str | None = None) -> None: ...
    async def set_password(self, space: str, password: str) -> None: ...


def handlers(
    spaces: Spaces,
    callers: Callers,
    views: Views,
    invitations: Invitations,
    pictures: Pictures,
    choices: Choices,
) -> list[HTTPRouteHandler]:
    """The spaces themselves. It is one function so that the handlers share the service without module state."""

    who = callers.actor

    @get("/spaces", summary="All spaces, the newest first; lights for the admin")
    async def every(request: _Request) -> schema.SpaceList:
        return await views.rows(await who(request))

    @post("/spaces", summary="Make a space and the invitation of its host")
    async def create(request: _Request, data: JSONBody[schema.NewSpace]) -> schema.NewSpaceView:
        actor = await who(request)
        rights.require(actor, _ANY_CREATION, None)
        account = await callers.account(request) if data.host_name is None else None
        language = data.language or views.language or UNSAID
        space = await _create(spaces, choices, data, actor, account, language, invitations.max_seats)
        host = next(iter(space.seats.values()))
        if account is not None:
            space = await pictures.show(space, host, account)
        view = await views.space(space, actor)
        return schema.NewSpaceView(space=view, invitation=invitations.issue(space, host, None))

    @get("/spaces/{space:str}", summary="Everything about a space, for those on its stage")
    async def one(request: _Request, space: SpaceParameter) -> schema.SpaceView:
        actor = await who(request, space)
        found = await spaces.load(space)
        rights.require(actor, Look.BACKSTAGE, found)
        return await views.space(found, actor)

    @patch("/spaces/{space:str}", summary="Change title, time, description, and what the audience may do")
    async def edit(request: _Request, space: SpaceParameter, data: JSONBody[schema.SpaceChange]) -> schema.SpaceView:
        actor = await who(request, space)
        found = await spaces.load(space)
        rights.require(actor, Look.BACKSTAGE, found)
        found = await spaces.change(space, _wishes(data), actor)
        return await views.space(found, actor)

    @post("/spaces/{space:str}/invitations", summary="Invite to a seat, or make a seat's link anew")
    async def invite(
        request: _Request, space: SpaceParameter, data: JSONBody[schema.NewInvitation]
    ) -> schema.InvitationView:
        return await invitations.invite(space, data, await who(request, space))

    @get("/spaces/{space:str}/invitations", summary="Who is invited and not on the stage, with their links")
    async def invited(request: _Request, space: SpaceParameter) -> schema.InvitationList:
        return await invitations.waiting(space, await who(request, space))

    return [every, create, one, edit, invite, invited]


def site_handlers(spaces: Spaces, callers: Callers, views: Views) -> list[HTTPRouteHandler]:
    """What runs, and what was recorded."""

    @get("/admin", summary="Whether the caller is the admin")
    async def admin(request: _Request) -> site_schema.AdminView:
        rights.require(await callers.actor(request), Look.SITE, None)
        return site_schema.AdminView(version=stentor.__version__, language=views.language)

    @get("/processes", summary="Every process that runs now, and what it counts")
    async def processes(request: _Request) -> site_schema.ProcessList:
        rights.require(await callers.actor(request), Look.SITE, None)
        return views.processes()

    @get("/recordings", summary="Recordings, the newest first")
    async def recordings(request: _Request) -> site_schema.RecordingList:
        return await views.recordings(await callers.actor(request))

    @get("/spaces/{space:str}/events", summary="Everything that happened, in order: the evidence")
    async def history(request: _Request, space: SpaceParameter) -> site_schema.EventList:
        found = await spaces.load(space)
        rights.require(await callers.actor(request, space), Look.EVENTS, found)
        numbered = [
            {"version": version, **msgspec.json.decode(events.encode(event))}
            for version, event in await spaces.store.history(found.id)
        ]
        return site_schema.EventList(space=found.id, events=numbered)

    return [admin, processes, recordings, history]


_ANY_CREATION = c.CreateSpace(id=SpaceId("any"), title="any", host_seat=SeatId("any"), host_name="any")


async def _create(
    spaces: Spaces,
    choices: Choices,
    data: schema.NewSpace,
    actor: Actor,
    account: Account | None,
    language: str,
    max_seats: int,
) -> Space:
    """Makes the space, its host's seat ``account``'s; an id made from the title gets a tail when it is taken."""
    choices.require_choice(data.visibility, data.password)
    wanted = data.id or (secrets.token_hex(8) if data.visibility in PRIVATE else slug(data.title))
    wish = c.CreateSpace(
        id=space_id(wanted),
        title=data.title,
        host_seat=SeatId(f"host-{secrets.token_hex(4)}"),
        host_name=data.host_name or (account.name if account else "Host"),
        host_account=account.id if account else "",
        scheduled_ms=data.scheduled_ms,
        max_seats=data.max_seats or max_seats,
        language=language,
        description=data.description,
        visibility=data.visibility,
        announcing=Announcing.of(data.announcing, account.id if account else ""),
    )
    try:
        space = await spaces.create(wish, actor)
    except Conflict as error:
        if data.id is not None or error.error_code != "space-exists":
            raise
        tailed = msgspec.structs.replace(wish, id=space_id(f"{wanted}-{secrets.token_hex(3)}"))
        space = await spaces.create(tailed, actor)
    if data.password is not None:
        await choices.set_password(space.id, data.password)
    return space


def _wishes(data: schema.SpaceChange) -> list[c.Command]:
    """What is to change of a space; what is left out stays."""
    wishes: list[c.Command] = []
    if data.title is not msgspec.UNSET:
        wishes.append(c.Rename(data.title))
    if data.scheduled_ms is not msgspec.UNSET:
        wishes.append(c.Reschedule(data.scheduled_ms))
    if data.description is not msgspec.UNSET:
        wishes.append(c.Describe(data.description))
    if data.language is not msgspec.UNSET:
        wishes.append(c.SetLanguage(data.language))
    if data.listed is not msgspec.UNSET:
        wishes.append(c.SetListed(data.listed))
    if data.asking is not msgspec.UNSET:
        wishes.append(c.SetAsking(data.asking))
    if data.reactions is not msgspec.UNSET:
        wishes.append(c.SetReactions(data.reactions))
    if data.switches is not msgspec.UNSET:
        wishes += [c.SetSwitch(switch, on) for switch, on in data.switches.items()]
    if data.overflow_s is not msgspec.UNSET:
        wishes.append(c.SetOverflow(data.overflow_s))
    if (comments := _comments_wish(data)) != c.SetComments():
        wishes.append(comments)
    return wishes


def _comments_wish(data: schema.SpaceChange) -> c.SetComments:
    """What is to change about comments; what is left out stays."""
    return c.SetComments(
        switch=data.comments or None,
        slow_s=None if data.comment_slow_s is msgspec.UNSET else data.comment_slow_s,
        words=None if data.comment_words is msgspec.UNSET else tuple(data.comment_words),
    )


def slug(title: str) -> str:
    """An id made of a title: what is left of its letters and digits, 40 characters at most, else ``space``."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:40].strip("-") or "space"

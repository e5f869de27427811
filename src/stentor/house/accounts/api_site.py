"""The REST API's addresses about all accounts, and about invitations to the site."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.house.accounts import schema
from stentor.house.accounts.people import People
from stentor.house.spaces.schema import LARGEST
from stentor.house.who.callers import Callers
from stentor.people import rights
from stentor.people.model import Account
from stentor.people.picture import TYPE

_Request = Request[Any, Any, Any]


def handlers(people: People, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the store."""
    store = people.store

    @get("/accounts", summary="All accounts, the oldest first")
    async def accounts(request: _Request) -> schema.AccountList:
        rights.require_admin(await callers.staff(request))
        return schema.AccountList([schema.profile(account) for account in await store.list()])

    @patch("/accounts/{handle:str}", summary="Change somebody's role on the site, suspend or restore them")
    async def rule(request: _Request, handle: FromPath[str], data: JSONBody[schema.Ruling]) -> schema.ProfileView:
        by = await callers.staff(request)
        rights.require_admin(by)
        found = await find(handle)
        if by is not None and by.id == found.id:
            raise Conflict("Another administrator changes your own role, so that one is left.", code="own-role")
        return schema.profile(await people.rule(by, found, data))

    @get("/accounts/{handle:str}/picture", summary="Somebody's picture", include_in_schema=False)
    async def picture(handle: FromPath[str]) -> Response[bytes]:
        found = await store.picture(handle)
        if found is None:
            raise NotFound("There is no such picture.", code="picture-not-found")
        return Response(found, headers={"content-type": TYPE, "cache-control": "public, max-age=86400"})

    @get("/site/record", summary="What was done to accounts, by whom and when: the newest hundred")
    async def record(request: _Request, before: FromQuery[int] = LARGEST) -> schema.RecordList:
        rights.require_admin(await callers.staff(request))
        if not 0 <= before <= LARGEST:
            raise BadInput("before is the id of an entry.", field="before")
        return schema.RecordList(list(await store.record.newest(before=before)))

    async def find(handle: str) -> Account:
        found = await store.find(handle)
        if found is None:
            raise NotFound("There is no such account.", code="account-not-found")
        return found

    return [accounts, rule, picture, record]


def invitation_handlers(people: People, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the people."""

    @get("/site/invitations", summary="Invitations to the site that hold: one's own, or all for an admin")
    async def invitations(request: _Request) -> schema.SiteInvitationList:
        found = await people.invitations(await callers.staff(request))
        return schema.SiteInvitationList(people.sign_up_rule, [schema.invitation(each) for each in found])

    @post("/site/invitations", summary="Make a link with which one person may sign up")
    async def invite(request: _Request, data: JSONBody[schema.NewSiteInvitation]) -> schema.SiteInvitationView:
        return schema.invitation(*await people.invite(await callers.staff(request), data))

    @delete("/site/invitations/{invitation:str}", status_code=200, summary="Take an invitation back")
    async def withdraw(request: _Request, invitation: FromPath[str]) -> schema.SiteInvitationList:
        by = await callers.staff(request)
        await people.withdraw(by, invitation)
        found = await people.invitations(by)
        return schema.SiteInvitationList(people.sign_up_rule, [schema.invitation(each) for each in found])

    return [invitations, invite, withdraw]

"""The REST API's addresses about roles by groups: for administrators alone."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody

from stentor.house.admin.group_roles import GroupRoles
from stentor.house.admin.schema import GroupRoleList, NewGroupRole
from stentor.house.who.callers import Callers
from stentor.people import rights
from stentor.people.model import Account

_Request = Request[Any, Any, Any]


def handlers(rows: GroupRoles, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share the rows."""

    async def admin(request: _Request) -> Account | None:
        by = await callers.staff(request)
        rights.require_admin(by)
        return by

    @get("/site/group-roles", summary="Which groups of the sign-in provider give which role")
    async def listed(request: _Request) -> GroupRoleList:
        await admin(request)
        return await rows.view()

    @put("/site/group-roles", summary="Let a group give a role, from its people's next sign-in on")
    async def give(request: _Request, data: JSONBody[NewGroupRole]) -> GroupRoleList:
        by = await admin(request)
        return await rows.give(data.group, data.role, by)

    @delete("/site/group-roles", status_code=200, summary="Let a group give none any more")
    async def take(request: _Request, group: FromQuery[str] = "") -> GroupRoleList:
        by = await admin(request)
        return await rows.take(group, by)

    return [listed, give, take]

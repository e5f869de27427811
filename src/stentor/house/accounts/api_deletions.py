"""The REST API's addresses about deleting accounts: whoever was deleted is signed out, and looks with a link."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import Conflict, NotFound
from stentor.house.accounts import schema
from stentor.house.accounts.people import People
from stentor.house.web.rest import answer
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions
from stentor.people import digests, rights
from stentor.store.deletions import Deletion

_Request = Request[Any, Any, Any]


def handlers(people: People, callers: Callers, sessions: Sessions) -> list[HTTPRouteHandler]:
    """The handlers, which share the people."""
    store = people.store

    @delete("/account", status_code=200, summary="Delete one's own account")
    async def leave(request: _Request, data: JSONBody[schema.Goodbye]) -> Response[schema.Deleted]:
        _, account = await sessions.fresh(request)
        if data.handle != account.handle:
            raise Conflict("Write your own handle to delete your account.", code="other-handle")
        deletion, link = await people.delete(account, account)
        return answer(schema.Deleted(deletion.number, link), sessions.gone())

    @get("/account/deletion/{token:str}", summary="How far the deletion of an account is")
    async def status(token: FromPath[str]) -> Response[schema.DeletionView]:
        return answer(await view(await store.deletions.find(digests.digest(token))))

    @delete("/accounts/{handle:str}", status_code=200, summary="Delete somebody's account")
    async def remove(request: _Request, handle: FromPath[str]) -> schema.DeletionView:
        by = await callers.staff(request)
        rights.require_admin(by)
        found = await store.find(handle)
        if found is None:
            raise NotFound("There is no such account.", code="account-not-found")
        deletion, _ = await people.delete(by, found)
        return await view(deletion)

    @get("/site/deletions", summary="Accounts that were deleted in the last thirty days, the newest first")
    async def deletions(request: _Request) -> schema.DeletionList:
        rights.require_admin(await callers.staff(request))
        return schema.DeletionList([await view(each) for each in await store.deletions.newest()])

    async def view(deletion: Deletion) -> schema.DeletionView:
        steps = [schema.step(each) for each in await store.deletions.progress(deletion)]
        done = all(each.done == each.jobs for each in steps)
        return schema.DeletionView(deletion.number, deletion.asked_ms, done, steps)

    return [leave, status, remove, deletions]

"""The REST API's addresses about one's own account, and all that are about accounts in one router."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, delete, get, patch, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from stentor.house.accounts import api_credentials, api_deletions, api_sign_in, api_site, schema
from stentor.house.accounts.people import People
from stentor.house.accounts.views import AccountViews
from stentor.house.comments.service import Comments
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.service import Spaces
from stentor.house.web import rest
from stentor.house.web.bodies import check_body
from stentor.house.who.callers import Callers
from stentor.house.who.sessions import Sessions
from stentor.people import checks as people_checks
from stentor.people.picture import MOST_BYTES
from stentor.spaces import checks
from stentor.store.traces import read_traces

_Request = Request[Any, Any, Any]


def routes(
    spaces: Spaces, people: People, pictures: Pictures, callers: Callers, sessions: Sessions, comments: Comments
) -> Router:
    """All of it, for our own pages and for programs with a token."""
    views = AccountViews(people)

    async def ours(request: _Request) -> None:
        await callers.admit(request)
        await check_body(request)
        if not request.headers.get("authorization"):
            sessions.guard(request)

    found = [
        *api_sign_in.handlers(people, sessions),
        *handlers(spaces, people, callers, sessions, comments, views),
        *picture_handlers(pictures, callers, people, views),
        *api_credentials.handlers(people, sessions, views),
        *api_sign_in.session_handlers(people, sessions, views),
        *api_site.handlers(people, callers),
        *api_deletions.handlers(people, callers, sessions),
        *api_site.invitation_handlers(people, callers),
    ]
    return rest.router(found, before=ours)


def handlers(
    spaces: Spaces,
    people: People,
    callers: Callers,
    sessions: Sessions,
    comments: Comments,
    views: AccountViews,
) -> list[HTTPRouteHandler]:
    """One's own account: the handlers share the people without module state."""
    store = people.store

    @get("/account", summary="One's own account")
    async def mine(request: _Request) -> schema.AccountView:
        return await views.account(await callers.signed_in(request))

    @patch("/account", summary="Change name or bio")
    async def edit(request: _Request, data: JSONBody[schema.AccountChange]) -> schema.AccountView:
        account = await callers.signed_in(request)
        name = None if data.name is msgspec.UNSET else checks.name(data.name)
        bio = None if data.bio is msgspec.UNSET else people_checks.bio(data.bio)
        if data.public is not msgspec.UNSET:
            await store.hide(account.id, None if data.public else people.now_ms)
        changed = await store.change(account.id, name=name, bio=bio, now_ms=people.now_ms)
        for each in spaces.of_people:
            each()
        return await views.account(changed)

    @get("/account/export", summary="Everything that is stored about one's own account")
    async def export(request: _Request) -> Response[schema.Export]:
        session, account = await sessions.fresh(request)
        traces = await read_traces(spaces.store.work, account.id)
        document = schema.Export(
            account=await views.account(account),
            sessions=await views.sessions(account, session),
            invitations=[
                schema.invitation(each) for each in await store.invitations.list(made_by=account.id, now_ms=0)
            ],
            seats=[schema.seat(*each) for each in await spaces.seats_of(account.id)],
            events=[schema.happened(each) for each in traces.events],
            comments=await comments.of_account(account.id),
            backstage=[schema.written(each) for each in traces.back_channel],
            requests=list(traces.requests),
            mail=reads.address if (reads := await store.mail.address(account.id)) else "",
            record=list(await store.record.about(account.id)),
            picture_jpeg=await store.picture(account.handle),
        )
        return _as_file(document, f"stentor-{account.handle}.json")

    return [mine, edit, export]


def picture_handlers(
    pictures: Pictures, callers: Callers, people: People, views: AccountViews
) -> list[HTTPRouteHandler]:
    """One's own picture."""
    store = people.store

    @put("/account/picture", request_max_body_size=MOST_BYTES, status_code=200, summary="Set one's picture")
    async def set_picture(request: _Request) -> schema.AccountView:
        account = await callers.signed_in(request)
        await pictures.set(account, await request.body())
        return await views.account(await store.get(account.id))

    @delete("/account/picture", status_code=200, summary="Take one's picture away")
    async def no_picture(request: _Request) -> schema.AccountView:
        account = await callers.signed_in(request)
        await pictures.remove(account)
        return await views.account(await store.get(account.id))

    return [set_picture, no_picture]


def _as_file(document: schema.Export, name: str) -> Response[schema.Export]:
    """What the browser keeps, and nobody else."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(document, headers=headers)

"""The part of the REST API that is about accounts. Whoever signs in here has a cookie afterwards."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post, put
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base.errors import BadInput, Conflict, NotFound
from stentor.house.accounts import schema
from stentor.house.accounts.people import People
from stentor.house.comments.service import Comments
from stentor.house.spaces.desk import Desk
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.schema import LARGEST
from stentor.house.web import rest
from stentor.house.web.bodies import check_body
from stentor.house.who.callers import Callers, address_of
from stentor.house.who.sessions import IDLE_MS, Sessions
from stentor.people import checks as people_checks
from stentor.people import rights
from stentor.people.model import Account, Session
from stentor.people.picture import MOST_BYTES, TYPE
from stentor.people.record import Deed
from stentor.spaces import checks

_Request = Request[Any, Any, Any]


def routes(
    desk: Desk, people: People, pictures: Pictures, callers: Callers, sessions: Sessions, comments: Comments
) -> Router:
    """All of it. It is one function so that the handlers share the people without module state."""
    store = people.store

    async def ours(request: _Request) -> None:
        await check_body(request)
        if not request.headers.get("authorization"):
            sessions.guard(request)

    @post("/sign-up/options", status_code=200, summary="Ask the browser for a new account's passkey")
    async def sign_up_options(request: _Request, data: JSONBody[schema.SignUpWish]) -> schema.Options:
        return schema.Options(await people.sign_up_options(data, address_of(request)))

    @post("/sign-up", summary="Make an account and sign in")
    async def sign_up(request: _Request, data: JSONBody[schema.NewAccount]) -> Response[schema.SignedUp]:
        account, codes = await people.sign_up(data, address_of(request))
        body = schema.SignedUp(schema.profile(account), codes)
        return _with(body, *await sessions.begin(request, account.id), status=201)

    @post("/sign-in/options", status_code=200, summary="Ask the browser for a passkey")
    async def sign_in_options(request: _Request) -> schema.Options:
        return schema.Options(await people.sign_in_options(address_of(request), sessions.device(request)))

    @post("/sign-in", status_code=200, summary="Sign in by passkey, password or recovery code")
    async def sign_in(request: _Request, data: JSONBody[schema.SignIn]) -> Response[schema.SignedIn]:
        account = await people.sign_in(data, address_of(request), sessions.device(request))
        body = schema.SignedIn(schema.profile(account), await store.codes_left(account.id))
        return _with(body, *await sessions.begin(request, account.id))

    @post("/sign-out", status_code=200, summary="End this session")
    async def sign_out(request: _Request) -> Response[dict[str, Any]]:
        session, account = await sessions.require(request)
        await store.end(account.id, only=session.id)
        return _with({}, sessions.gone())

    @get("/account", summary="One's own account")
    async def mine(request: _Request) -> schema.AccountView:
        return await view(await callers.signed_in(request))

    @patch("/account", summary="Change name or bio")
    async def edit(request: _Request, data: JSONBody[schema.AccountChange]) -> schema.AccountView:
        account = await callers.signed_in(request)
        name = None if data.name is msgspec.UNSET else checks.name(data.name)
        bio = None if data.bio is msgspec.UNSET else people_checks.bio(data.bio)
        return await view(await store.change(account.id, name=name, bio=bio))

    @delete("/account", status_code=200, summary="Delete one's own account")
    async def leave(request: _Request, data: JSONBody[schema.Goodbye]) -> Response[dict[str, Any]]:
        _, account = await sessions.fresh(request)
        if data.handle != account.handle:
            raise Conflict("Write your own handle to delete your account.", code="other-handle")
        await comments.forget(account.id)
        await pictures.remove(account)
        await store.delete(account.id)
        await people.note(account, Deed.DELETED, account)
        return _with({}, sessions.gone())

    @get("/account/export", summary="Everything that is stored about one's own account")
    async def export(request: _Request) -> Response[schema.Export]:
        session, account = await sessions.fresh(request)
        document = schema.Export(
            account=await view(account),
            sessions=await shown(account, session),
            invitations=[
                schema.invitation(each) for each in await store.invitations.list(made_by=account.id, now_ms=0)
            ],
            seats=[schema.seat(*each) for each in await desk.seats_of(account.id)],
            comments=await comments.of_account(account.id),
            record=list(await store.record.about(account.id)),
            picture_jpeg=await store.picture(account.handle),
        )
        name = f'attachment; filename="stentor-{account.handle}.json"'
        return Response(document, headers={"content-disposition": name, "cache-control": "no-store"})

    @put("/account/picture", request_max_body_size=MOST_BYTES, status_code=200, summary="Set one's picture")
    async def set_picture(request: _Request) -> schema.AccountView:
        account = await callers.signed_in(request)
        await pictures.set(account, await request.body())
        return await view(await store.get(account.id))

    @delete("/account/picture", status_code=200, summary="Take one's picture away")
    async def no_picture(request: _Request) -> schema.AccountView:
        account = await callers.signed_in(request)
        await pictures.remove(account)
        return await view(await store.get(account.id))

    @put("/account/password", status_code=200, summary="Set or change one's password; ends all other sessions")
    async def password(request: _Request, data: JSONBody[schema.PasswordChange]) -> schema.AccountView:
        session, account = await sessions.fresh(request)
        await people.change_password(account, data)
        await store.end(account.id, but=session.digest)
        return await view(await store.get(account.id))

    @post("/account/recovery-codes", summary="New recovery codes; the old ones count no more")
    async def codes(request: _Request) -> schema.RecoveryCodes:
        _, account = await sessions.fresh(request)
        return schema.RecoveryCodes(await people.new_codes(account))

    @post("/account/passkeys/options", status_code=200, summary="Ask the browser for another passkey")
    async def passkey_options(request: _Request) -> schema.Options:
        _, account = await sessions.fresh(request)
        return schema.Options(await people.passkey_options(account))

    @post("/account/passkeys", summary="Add a passkey")
    async def add_passkey(request: _Request, data: JSONBody[schema.NewPasskey]) -> schema.AccountView:
        _, account = await sessions.fresh(request)
        await people.add_passkey(account, data)
        return await view(account)

    @delete("/account/passkeys/{passkey:str}", status_code=200, summary="Remove a passkey")
    async def remove_passkey(request: _Request, passkey: FromPath[str]) -> schema.AccountView:
        _, account = await sessions.fresh(request)
        await store.remove_passkey(account.id, passkey)
        await people.note(account, Deed.PASSKEY_REMOVED, account)
        return await view(account)

    @get("/account/sessions", summary="Where one is signed in")
    async def list_sessions(request: _Request) -> schema.SessionList:
        session, account = await sessions.require(request)
        return schema.SessionList(await shown(account, session))

    @delete("/account/sessions", status_code=200, summary="Sign out everywhere else")
    async def end_others(request: _Request) -> schema.SessionList:
        session, account = await sessions.require(request)
        await store.end(account.id, but=session.digest)
        return schema.SessionList(await shown(account, session))

    @delete("/account/sessions/{session:str}", status_code=200, summary="End a session")
    async def end_one(request: _Request, session: FromPath[str]) -> schema.SessionList:
        here, account = await sessions.require(request)
        if not await store.end(account.id, only=session):
            raise NotFound("You have no such session; it may have ended.", code="session-not-found")
        return schema.SessionList(await shown(account, here))

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
            raise BadInput("Another administrator changes your own role, so that one is left.", field="handle")
        return schema.profile(await people.rule(by, found, data))

    @delete("/accounts/{handle:str}", status_code=200, summary="Delete somebody's account")
    async def remove(request: _Request, handle: FromPath[str]) -> schema.ProfileView:
        by = await callers.staff(request)
        rights.require_admin(by)
        found = await find(handle)
        await comments.forget(found.id)
        await pictures.remove(found)
        await store.delete(found.id)
        await people.note(by, Deed.DELETED, found)
        return schema.profile(found)

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

    async def find(handle: str) -> Account:
        found = await store.find(handle)
        if found is None:
            raise NotFound("There is no such account.", code="account-not-found")
        return found

    async def view(account: Account) -> schema.AccountView:
        return schema.AccountView(
            profile=schema.profile(account),
            has_password=account.has_password,
            passkeys=[schema.passkey(each) for each in await store.passkeys(account.id)],
            recovery_codes_left=await store.codes_left(account.id),
            providers=[each.issuer for each in await store.identities.of(account.id)],
            creates=rights.creates(account.role, people.creators),
            invites=sorted(rights.invites(account.role, people.sign_up_rule)),
        )

    async def shown(account: Account, current: Session) -> list[schema.SessionView]:
        found = await store.sessions(account.id, since_ms=people.now_ms - IDLE_MS)
        return [schema.session(each, current) for each in found]

    handlers = [
        sign_up_options, sign_up, sign_in_options, sign_in, sign_out, mine, edit, leave, export, set_picture,
        no_picture, password, codes, passkey_options, add_passkey, remove_passkey, list_sessions, end_others, end_one,
        accounts, rule, remove, picture, record, invitations, invite, withdraw,
    ]  # fmt: skip
    return rest.router(handlers, before=ours)


def _with(body: Any, *cookies: Cookie, status: int = 200) -> Response[Any]:
    return Response(body, status_code=status, cookies=list(cookies), headers={"cache-control": "no-store"})

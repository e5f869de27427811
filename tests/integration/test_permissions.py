"""Who may call what: every route of the REST API as every kind of caller, against one table that says it all."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from stentor.people.digests import digest
from stentor.people.model import Account, Session, SiteInvitation, SiteRole
from stentor.store.spaces import Store
from tests.support.house import House, problem, running_house

FIRST_ADDRESS = 0x0A000001
CALLERS = ("anonymous", "member", "moderator", "admin", "host", "co_host", "speaker", "token")
EVERYBODY = " ".join(CALLERS)
SITE = "admin token"
STAFF = "moderator admin token"
HOSTS = "admin host token"
CO_HOSTS = "admin host co_host token"
MODERATORS = "moderator admin host co_host token"
SPEAKERS = "admin host co_host speaker token"
LOOKERS = "moderator admin host co_host speaker token"
SEATED = "host co_host speaker"
"""A request's token is that of the seat it may become."""
SIGNED_IN = "member moderator admin"
"""What is about one's own account takes a session: the admin token has no account."""

EXPECTED = {
    "GET /admin": SITE,
    "GET /processes": SITE,
    "GET /retention": SITE,
    "GET /storage": "member moderator admin host co_host speaker token",
    "GET /spaces": EVERYBODY,
    "POST /spaces": "moderator admin token",
    "GET /spaces/{space}": LOOKERS,
    "PATCH /spaces/{space}": HOSTS,
    "POST /spaces/{space}/doors": CO_HOSTS,
    "DELETE /spaces/{space}/doors": CO_HOSTS,
    "POST /spaces/{space}/live": CO_HOSTS,
    "POST /spaces/{space}/end": HOSTS,
    "POST /spaces/{space}/cancel": HOSTS,
    "GET /spaces/{space}/ballots": MODERATORS,
    "POST /spaces/{space}/polls": CO_HOSTS,
    "POST /spaces/{space}/polls/{poll}/close": CO_HOSTS,
    "POST /spaces/{space}/questions/{question}/take": CO_HOSTS,
    "POST /spaces/{space}/questions/{question}/finish": CO_HOSTS,
    "PUT /spaces/{space}/delay": HOSTS,
    "POST /spaces/{space}/dump": CO_HOSTS,
    "PUT /spaces/{space}/door": HOSTS,
    "POST /spaces/{space}/passes": HOSTS,
    "PUT /spaces/{space}/rung": HOSTS,
    "PUT /spaces/{space}/keep": HOSTS,
    "POST /spaces/{space}/removals": HOSTS,
    "POST /spaces/{space}/remove": HOSTS,
    "PUT /spaces/{space}/trim": HOSTS,
    "GET /spaces/{space}/edition": LOOKERS,
    "POST /spaces/{space}/edition": HOSTS,
    "PUT /spaces/{space}/listed": HOSTS,
    "PUT /spaces/{space}/visibility": HOSTS,
    "POST /spaces/{space}/entrance": "",  # with a wrong word
    "POST /spaces/{space}/tickets": HOSTS,
    "GET /spaces/{space}/tickets": HOSTS,
    "DELETE /spaces/{space}/tickets/{ticket}": HOSTS,
    "PUT /spaces/{space}/shut-out/{handle}": CO_HOSTS,
    "DELETE /spaces/{space}/shut-out/{handle}": CO_HOSTS,
    "GET /spaces/{space}/listeners": HOSTS,
    "PUT /spaces/{space}/listeners/{handle}": HOSTS,
    "DELETE /spaces/{space}/listeners/{handle}": HOSTS,
    "GET /spaces/{space}/events": HOSTS,
    "GET /spaces/{space}/counts": LOOKERS,
    "GET /spaces/{space}/reach": LOOKERS,
    "GET /spaces/{space}/verdict": LOOKERS,
    "GET /spaces/{space}/invitations": LOOKERS,  # a speaker sees their own
    "POST /spaces/{space}/invitations": CO_HOSTS,
    "POST /spaces/{space}/claim": SIGNED_IN,  # with the seat's token in the body
    "PATCH /spaces/{space}/seats/{seat}": LOOKERS,  # the speaker mutes himself
    "DELETE /spaces/{space}/seats/{seat}": LOOKERS,  # the speaker takes his own seat away
    "GET /spaces/{space}/stream": LOOKERS,
    "GET /spaces/{space}/talk": LOOKERS,
    "POST /spaces/{space}/mute": CO_HOSTS,
    "PUT /spaces/{space}/bans/{seat}": MODERATORS,
    "PUT /spaces/{space}/bans/{seat}/for-good": STAFF,
    "DELETE /spaces/{space}/bans/{seat}": MODERATORS,
    "GET /spaces/{space}/backstage": CO_HOSTS,
    "POST /spaces/{space}/backstage": CO_HOSTS,
    "GET /spaces/{space}/comments": MODERATORS,
    "POST /spaces/{space}/comments": SIGNED_IN,
    "GET /spaces/{space}/comments/own": SIGNED_IN,
    "DELETE /spaces/{space}/comments/{comment}": MODERATORS,  # and one's own
    "POST /spaces/{space}/guest-comments": EVERYBODY,
    "GET /spaces/{space}/guest-comments": MODERATORS,
    "DELETE /spaces/{space}/guest-comments": MODERATORS,
    "PUT /spaces/{space}/guest-comments/{comment}": MODERATORS,
    "DELETE /spaces/{space}/guest-comments/{comment}": MODERATORS,
    "DELETE /spaces/{space}/guests/{guest}": MODERATORS,
    "PUT /spaces/{space}/silenced/{handle}": MODERATORS,
    "DELETE /spaces/{space}/silenced/{handle}": MODERATORS,
    "PATCH /spaces/{space}/captions/{cue}": CO_HOSTS,
    "GET /spaces/{space}/quote": EVERYBODY,
    "POST /spaces/{space}/pins": CO_HOSTS,
    "DELETE /spaces/{space}/pins/{pin}": CO_HOSTS,
    "PUT /spaces/{space}/rundown": CO_HOSTS,
    "POST /spaces/{space}/rundown/{item}": CO_HOSTS,
    "PUT /spaces/{space}/sounds": CO_HOSTS,
    "DELETE /spaces/{space}/sounds/{sound}": CO_HOSTS,
    "PUT /spaces/{space}/playing": CO_HOSTS,
    "PATCH /spaces/{space}/playing": CO_HOSTS,
    "DELETE /spaces/{space}/playing": CO_HOSTS,
    "POST /spaces/{space}/requests": EVERYBODY,
    "GET /spaces/{space}/requests": MODERATORS,
    "GET /spaces/{space}/requests/own": SEATED,
    "DELETE /spaces/{space}/requests/own": SEATED,
    "POST /spaces/{space}/requests/{seat}/accept": CO_HOSTS,
    "DELETE /spaces/{space}/requests/{seat}": MODERATORS,
    "PUT /spaces/{space}/hold": HOSTS,
    "DELETE /spaces/{space}/hold": HOSTS,
    "PUT /spaces/{space}/about": HOSTS,
    "PUT /spaces/{space}/cover": HOSTS,
    "PATCH /spaces/{space}/cover": HOSTS,
    "DELETE /spaces/{space}/cover": HOSTS,
    "GET /spaces/{space}/announcing": HOSTS,
    "PUT /spaces/{space}/announcing": HOSTS,
    "PUT /spaces/{space}/recording": HOSTS,
    "POST /spaces/{space}/copy": "admin token",  # and hosts whom the site lets make spaces
    "GET /spaces/{space}/owners": LOOKERS,
    "PUT /spaces/{space}/owners/{handle}": HOSTS,
    "DELETE /spaces/{space}/owners/{handle}": HOSTS,  # and one's own
    "DELETE /spaces/{space}/seats/{seat}/agreement": "speaker",  # everybody for themselves
    "GET /shows": "member moderator admin host co_host speaker token",  # those that one leads, if any
    "POST /shows": "moderator admin token",
    "GET /shows/{show}": SITE,  # and those who lead it
    "PATCH /shows/{show}": SITE,
    "DELETE /shows/{show}": SITE,
    "PUT /shows/{show}/co-hosts/{handle}": SITE,
    "DELETE /shows/{show}/co-hosts/{handle}": SITE,
    "GET /templates": SIGNED_IN,
    "POST /templates": "admin",  # and whoever hosts the space
    "POST /templates/{template}/spaces": SIGNED_IN,  # one's own only; what is not theirs is not there for them
    "DELETE /templates/{template}": SIGNED_IN,
    "GET /recordings": EVERYBODY,
    "POST /posts": SIGNED_IN,
    "GET /posts/{post}": EVERYBODY,  # what is not for them is not there
    "PATCH /posts/{post}": SIGNED_IN,
    "DELETE /posts/{post}": SIGNED_IN,
    "GET /posts/{post}/history": EVERYBODY,
    "GET /posts/{post}/thread": EVERYBODY,
    "PUT /posts/{post}/like": SIGNED_IN,
    "DELETE /posts/{post}/like": SIGNED_IN,
    "PUT /posts/{post}/bookmark": SIGNED_IN,
    "DELETE /posts/{post}/bookmark": SIGNED_IN,
    "PUT /posts/{post}/pin": SIGNED_IN,
    "DELETE /posts/{post}/pin": SIGNED_IN,
    "PUT /posts/{post}/boost": SIGNED_IN,
    "DELETE /posts/{post}/boost": SIGNED_IN,
    "POST /posts/{post}/votes": SIGNED_IN,
    "PUT /posts/{post}/consent": SIGNED_IN,
    "GET /posts/{post}/deliveries": SIGNED_IN,
    "POST /follows-elsewhere": SIGNED_IN,
    "PUT /media": SIGNED_IN,
    "GET /media/{media}": SIGNED_IN,
    "PATCH /media/{media}": SIGNED_IN,
    "GET /media/{media}/file": EVERYBODY,
    "GET /timelines/home": SIGNED_IN,
    "GET /imports": SIGNED_IN,
    "GET /imports/{import_id}": SIGNED_IN,
    "DELETE /imports/{import_id}": SIGNED_IN,
    "PUT /imports/list": SIGNED_IN,
    "PUT /imports/archive": SIGNED_IN,
    "POST /imports/uploads": SIGNED_IN,
    "GET /imports/uploads/{upload}": SIGNED_IN,
    "PUT /imports/uploads/{upload}": SIGNED_IN,
    "DELETE /imports/uploads/{upload}": SIGNED_IN,
    "GET /account/lists/{list_name}": SIGNED_IN,
    "GET /search": SIGNED_IN,
    "GET /search/own": SIGNED_IN,
    "PUT /search/own": SIGNED_IN,
    "GET /timelines/local": EVERYBODY,
    "GET /timelines/tags/{tag}": EVERYBODY,
    "GET /timelines/lists/{list_id}": SIGNED_IN,
    "GET /people/{handle}": SIGNED_IN,
    "GET /people/{handle}/posts": EVERYBODY,
    "GET /people/{handle}/pins": EVERYBODY,
    "PUT /people/{handle}/follow": SIGNED_IN,
    "DELETE /people/{handle}/follow": SIGNED_IN,
    "DELETE /people/{handle}/follower": SIGNED_IN,
    "GET /people/{handle}/followers": EVERYBODY,
    "GET /people/{handle}/following": EVERYBODY,
    "GET /follow-requests": SIGNED_IN,
    "PUT /follow-requests": SIGNED_IN,
    "PUT /follow-requests/{handle}": SIGNED_IN,
    "DELETE /follow-requests/{handle}": SIGNED_IN,
    "GET /bookmarks": SIGNED_IN,
    "GET /likes": SIGNED_IN,
    "GET /quotes": SIGNED_IN,
    "GET /markers/{timeline}": SIGNED_IN,
    "PUT /markers/{timeline}": SIGNED_IN,
    "PUT /people/{handle}/block": SIGNED_IN,
    "DELETE /people/{handle}/block": SIGNED_IN,
    "PUT /people/{handle}/mute": SIGNED_IN,
    "DELETE /people/{handle}/mute": SIGNED_IN,
    "PUT /posts/{post}/mute": SIGNED_IN,
    "DELETE /posts/{post}/mute": SIGNED_IN,
    "GET /blocks": SIGNED_IN,
    "GET /mutes": SIGNED_IN,
    "GET /domain-blocks": SIGNED_IN,
    "PUT /domain-blocks/{domain}": SIGNED_IN,
    "DELETE /domain-blocks/{domain}": SIGNED_IN,
    "GET /filters": SIGNED_IN,
    "POST /filters": SIGNED_IN,
    "GET /filters/{filter_id}": SIGNED_IN,
    "PUT /filters/{filter_id}": SIGNED_IN,
    "DELETE /filters/{filter_id}": SIGNED_IN,
    "GET /notifications": SIGNED_IN,
    "DELETE /notifications": SIGNED_IN,
    "DELETE /notifications/{line}": SIGNED_IN,
    "GET /notifications/unread": SIGNED_IN,
    "GET /notifications/policy": SIGNED_IN,
    "PUT /notifications/policy": SIGNED_IN,
    "GET /notification-requests": SIGNED_IN,
    "GET /notification-requests/{handle}": SIGNED_IN,
    "PUT /notification-requests/{handle}": SIGNED_IN,
    "DELETE /notification-requests/{handle}": SIGNED_IN,
    "GET /lists": SIGNED_IN,
    "POST /lists": SIGNED_IN,
    "PATCH /lists/{list_id}": SIGNED_IN,
    "DELETE /lists/{list_id}": SIGNED_IN,
    "GET /lists/{list_id}/members": SIGNED_IN,
    "PUT /lists/{list_id}/members/{handle}": SIGNED_IN,
    "DELETE /lists/{list_id}/members/{handle}": SIGNED_IN,
    "GET /drafts": SIGNED_IN,
    "POST /drafts": SIGNED_IN,
    "PUT /drafts/{draft}": SIGNED_IN,
    "DELETE /drafts/{draft}": SIGNED_IN,
    "GET /scheduled-posts": SIGNED_IN,
    "PATCH /scheduled-posts/{scheduled}": SIGNED_IN,
    "DELETE /scheduled-posts/{scheduled}": SIGNED_IN,
    "POST /sign-up/options": "",  # the site is closed: nobody without an invitation
    "POST /sign-up": "",
    "POST /sign-in/options": EVERYBODY,
    "POST /sign-in": "",  # with a wrong password
    "POST /sign-in/provider": EVERYBODY,
    "POST /sign-in/confirmation": "",  # with a link that is none
    "POST /sign-in/lost": EVERYBODY,
    "POST /sign-in/link": "",
    "POST /account/provider": SIGNED_IN,
    "DELETE /account/provider": SIGNED_IN,
    "POST /sign-out": SIGNED_IN,
    "POST /reports": EVERYBODY,
    "GET /reports/{receipt}": EVERYBODY,  # the key is in the address
    "GET /decisions/{receipt}": EVERYBODY,
    "POST /decisions/{receipt}/answer": EVERYBODY,
    "GET /account/decisions": SIGNED_IN,
    "GET /moderation/cases": STAFF,
    "GET /moderation/cases/{case}": STAFF,
    "GET /moderation/cases/{case}/pictures/{key}": STAFF,
    "POST /moderation/cases/{case}/decisions": STAFF,
    "GET /moderation/people-elsewhere": STAFF,
    "PUT /moderation/people-elsewhere/{person}": STAFF,
    "DELETE /moderation/people-elsewhere/{person}": STAFF,
    "POST /moderation/decisions/{decision}/reply": STAFF,
    "GET /account": SIGNED_IN,
    "PATCH /account": SIGNED_IN,
    "DELETE /account": SIGNED_IN,
    "GET /account/deletion/{token}": EVERYBODY,  # the token is in the address
    "GET /account/export": SIGNED_IN,
    "GET /account/archive": SIGNED_IN,
    "PUT /account/picture": SIGNED_IN,
    "DELETE /account/picture": SIGNED_IN,
    "PUT /account/password": SIGNED_IN,
    "GET /account/mail": SIGNED_IN,
    "PUT /account/mail": SIGNED_IN,
    "POST /account/recovery-codes": SIGNED_IN,
    "POST /account/passkeys/options": SIGNED_IN,
    "POST /account/passkeys": SIGNED_IN,
    "DELETE /account/passkeys/{passkey}": SIGNED_IN,
    "GET /account/tokens": SIGNED_IN,
    "POST /account/tokens": SIGNED_IN,
    "DELETE /account/tokens/{token}": SIGNED_IN,
    "GET /accounts/{handle}/tokens": SITE,
    "POST /accounts/{handle}/tokens": "token",
    "DELETE /accounts/{handle}/tokens/{token}": SITE,
    "GET /account/sessions": SIGNED_IN,
    "DELETE /account/sessions": SIGNED_IN,
    "DELETE /account/sessions/{session}": SIGNED_IN,
    "GET /accounts": SITE,
    "PATCH /accounts/{handle}": SITE,
    "DELETE /accounts/{handle}": SITE,
    "GET /accounts/{handle}/picture": EVERYBODY,
    "GET /site/deletions": SITE,
    "GET /site/attack": SITE,
    "GET /site/attack.csv": SITE,
    "GET /site/record": SITE,
    "GET /site/tonight": SITE,
    "POST /site/tonight": SITE,
    "DELETE /site/tonight": SITE,
    "GET /site/group-roles": SITE,
    "PUT /site/group-roles": SITE,
    "DELETE /site/group-roles": SITE,
    "GET /site/servers": SITE,
    "PUT /site/servers/{domain}": SITE,
    "DELETE /site/servers/{domain}": SITE,
    "GET /site/server-lists": SITE,
    "POST /site/server-lists": SITE,
    "POST /site/server-lists/preview": SITE,
    "GET /site/backups": SITE,
    "POST /site/backups": SITE,
    "PATCH /site/backups": SITE,
    "GET /site/backups/{backup}": SITE,
    "DELETE /site/backups/{backup}": SITE,
    "GET /site/webhooks": SITE,
    "POST /site/webhooks": SITE,
    "GET /spaces/{space}/destinations": HOSTS,
    "POST /spaces/{space}/destinations": HOSTS,
    "PATCH /destinations/{destination}": SITE,  # and the host of its space
    "DELETE /destinations/{destination}": SITE,
    "GET /outlets": SIGNED_IN,
    "POST /outlets": SIGNED_IN,
    "PATCH /outlets/{outlet}": SIGNED_IN,  # of one's own
    "POST /outlets/{outlet}/check": SIGNED_IN,
    "DELETE /outlets/{outlet}": SIGNED_IN,
    "GET /spaces/{space}/outlets": "admin",  # and who hosts it with an account
    "PUT /spaces/{space}/outlets/{outlet}": "admin",
    "POST /spaces/{space}/outlets/{outlet}/preview": "admin",
    "POST /spaces/{space}/outlets/{outlet}/posts/{moment}": "admin",
    "GET /spaces/{space}/webhooks": HOSTS,
    "POST /spaces/{space}/webhooks": HOSTS,
    "PATCH /webhooks/{hook}": SITE,  # and the host of its space
    "DELETE /webhooks/{hook}": SITE,
    "POST /webhooks/{hook}/secret": SITE,
    "POST /webhooks/{hook}/test": SITE,
    "GET /webhooks/{hook}/deliveries": SITE,
    "POST /webhooks/{hook}/deliveries/{delivery}": SITE,
    "GET /site": SITE,
    "PATCH /site": SITE,
    "PUT /site/logo": SITE,
    "DELETE /site/logo": SITE,
    "GET /site/mail": SITE,
    "PATCH /site/mail": SITE,
    "POST /site/mail/test": SITE,
    "GET /site/invitations": f"{SIGNED_IN} token",
    "POST /site/invitations": "moderator admin token",
    "DELETE /site/invitations/{invitation}": f"{SIGNED_IN} token",  # what is not theirs is not there for them
}
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /site": {"name": "New"},
    "POST /site/tonight": {"space": "nowhere"},
    "PUT /site/group-roles": {"group": "desk", "role": "member"},
    "PUT /site/servers/{domain}": {"severity": "limit"},
    "POST /site/server-lists": {"text": ""},
    "POST /site/server-lists/preview": {"text": ""},
    "PATCH /site/backups": {"hour": 3},
    "POST /spaces": {"title": "Another"},
    "PATCH /spaces/{space}": {"title": "New"},
    "POST /spaces/{space}/polls": {"question": "Which?", "answers": ["A", "B"]},
    "PUT /spaces/{space}/delay": {"seconds": 10},
    "POST /spaces/{space}/dump": {"seconds": 3},
    "PUT /spaces/{space}/door": {"limited": True},
    "POST /spaces/{space}/passes": {"kind": "press"},
    "PUT /spaces/{space}/rung": {"rung": 1},
    "PUT /spaces/{space}/keep": {"recording": 7},
    "POST /spaces/{space}/removals": {"reason": "asked"},
    "POST /spaces/{space}/remove": {"reason": "asked"},
    "PUT /spaces/{space}/trim": {"from_ms": 1},
    "PUT /spaces/{space}/listed": {"listed": False},
    "PUT /spaces/{space}/visibility": {"visibility": "unlisted"},
    "POST /spaces/{space}/entrance": {"word": "wrong"},
    "POST /spaces/{space}/tickets": {"names": ["Ada"]},
    "POST /spaces/{space}/invitations": {"name": "New"},
    "PATCH /spaces/{space}/seats/{seat}": {"muted": True},
    "POST /spaces/{space}/backstage": {"text": "New"},
    "POST /spaces/{space}/comments": {"text": "New"},
    "POST /spaces/{space}/guest-comments": {"name": "New", "text": "New"},
    "PUT /spaces/{space}/guest-comments/{comment}": {"verdict": "approve"},
    "PATCH /spaces/{space}/captions/{cue}": {"text": "New"},
    "POST /spaces/{space}/pins": {"text": "New"},
    "PUT /spaces/{space}/rundown": {"items": [{"title": "New"}]},
    "PUT /spaces/{space}/playing": {"sound": "x"},
    "PATCH /spaces/{space}/playing": {"volume": 50},
    "POST /spaces/{space}/requests": {"name": "New"},
    "PATCH /spaces/{space}/cover": {"words": "A bridge"},
    "PUT /spaces/{space}/about": {"topics": ["radio"]},
    "PUT /spaces/{space}/announcing": {"on": False},
    "PUT /spaces/{space}/recording": {"on": False},
    "POST /spaces/{space}/copy": {},
    "POST /posts": {"text": "New"},
    "PATCH /posts/{post}": {"text": "New"},
    "POST /posts/{post}/votes": {"answers": [0]},
    "PUT /posts/{post}/consent": {"state": "granted"},
    "PATCH /media/{media}": {"alt": "New"},
    "PUT /people/{handle}/follow": {},
    "PUT /people/{handle}/mute": {},
    "PUT /search/own": {"findable": False},
    "PUT /notifications/policy": {},
    "POST /filters": {"title": "New", "contexts": ["home"], "words": [{"text": "new"}]},
    "PUT /filters/{filter_id}": {"title": "New", "contexts": ["home"], "words": [{"text": "new"}]},
    "PUT /follow-requests": {"approves": False},
    "POST /follows-elsewhere": {"address": "@ada@example.org"},
    "PUT /markers/{timeline}": {"post": "1"},
    "POST /lists": {"name": "New"},
    "PATCH /lists/{list_id}": {"name": "New"},
    "POST /drafts": {"text": "New"},
    "PUT /drafts/{draft}": {"text": "New"},
    "PATCH /scheduled-posts/{scheduled}": {"at_ms": 1},
    "POST /shows": {"title": "New", "rule": {"starts": "2027-03-01T20:00", "zone": "Europe/Berlin"}},
    "PATCH /shows/{show}": {"title": "New"},
    "POST /templates": {"space": "common", "name": "New"},
    "POST /templates/{template}/spaces": {},
    "POST /sign-up/options": {"handle": "new", "name": "New"},
    "POST /sign-up": {"handle": "new", "name": "New", "password": "several words together"},
    "POST /sign-in": {"handle": "other", "password": "wrong"},
    "POST /sign-in/provider": {},
    "POST /sign-in/confirmation": {"token": "x"},
    "POST /sign-in/lost": {"who": "nobody"},
    "POST /sign-in/link": {"token": "x"},
    "PUT /account/mail": {"mail": ""},
    "PATCH /site/mail": {"port": 25},
    "POST /site/mail/test": {"to": "ada@example.org"},
    "POST /reports": {"kind": "space", "id": "common", "why": "spam", "text": "New", "good_faith": True},
    "POST /decisions/{receipt}/answer": {"text": "New"},
    "POST /moderation/cases/{case}/decisions": {"action": "none"},
    "PUT /moderation/people-elsewhere/{person}": {"severity": "limit"},
    "POST /moderation/decisions/{decision}/reply": {"text": "New"},
    "PATCH /account": {"name": "New"},
    "DELETE /account": {"handle": "nobody"},
    "PUT /account/password": {"password": "several words together"},
    "PATCH /accounts/{handle}": {"role": "member"},
    "POST /account/tokens": {"name": "New", "scopes": ["read"]},
    "POST /accounts/{handle}/tokens": {"name": "New", "scopes": ["read"]},
    "POST /site/invitations": {"role": "member"},
    "POST /site/webhooks": {"url": "https://example.org/hook"},
    "POST /spaces/{space}/destinations": {"name": "Tube", "server": "rtmps://live.example.org/app", "key": "abc"},
    "PATCH /destinations/{destination}": {"name": "New"},
    "POST /outlets": {"kind": "slack", "fields": {"hook": "https://hooks.example.org/a"}},
    "PATCH /outlets/{outlet}": {"fields": {"hook": "https://hooks.example.org/b"}},
    "PUT /spaces/{space}/outlets/{outlet}": {"moments": ["live"]},
    "POST /spaces/{space}/outlets/{outlet}/preview": {"moment": "live"},
    "POST /spaces/{space}/webhooks": {"url": "https://example.org/hook"},
    "PATCH /webhooks/{hook}": {"name": "New"},
}
ANSWERED_LATER = {"POST /account/passkeys": "passkey-wrong", "POST /sign-in": "sign-in-wrong"}
"""401 here speaks of what was sent, not of who sends it."""


@dataclass
class Site:
    """A house with an account of each role, and the store beside it."""

    house: House
    store: Store
    cookies: dict[str, str]
    common: tuple[dict[str, str], dict[str, str]]
    """Tokens and seats of a space that calls which change nothing in it share."""
    number: int = 0

    async def account(self, role: str) -> None:
        """A fresh account and session of a role, for what the last call may have taken away."""
        name = f"{role}-{self.number}"
        account = Account(id=name, handle=name, name=name, role=SiteRole(role), created_ms=self.number)
        token = secrets.token_urlsafe(16)
        await self.store.accounts.create(account, password=None, passkey=None, codes=[])
        seen = 4_000_000_000_000
        await self.store.accounts.begin(Session(digest=digest(token), account=name, created_ms=seen, seen_ms=seen))
        self.cookies[role] = f"stentor={token}"

    async def call(self, route: str, caller: str) -> int:
        """The status of a call of a route as a caller; on a fresh space if it may change one."""
        self.number += 1
        space, (tokens, seats) = "common", self.common
        if "{space}" in route and not route.startswith("GET "):
            space = f"space-{self.number}"
            tokens, seats = await new_space(self.house, space)
        values = {
            "sound": "x",
            "handle": "other",
            "person": "eve@other.example",
            "passkey": "x",
            "session": "x",
            "invitation": "x",
            "pin": "x",
            "comment": "1",
            "poll": "x",
            "question": "1",
            "case": "1",
            "decision": "1",
            "receipt": "x",
            "guest": "x",
            "cue": "1000-x",
            "item": "x",
            "ticket": "1",
            "destination": "9",
            "outlet": "9",
            "moment": "live",
            "token": "x",
            "hook": "1000",
            "delivery": "1000.t.x",
            "template": "x",
            "post": "1",
            "media": "1",
            "list_id": "1",
            "filter_id": "1",
            "import_id": "1",
            "upload": "1",
            "list_name": "following",
            "draft": "1",
            "scheduled": "1",
            "key": "0" * 32,
            "tag": "radio",
            "line": "follow-0-1",
            "domain": "example.org",
            "timeline": "home",
            "show": "common",
            "backup": "stentor-20260101-000000.tar",
        }
        values |= {"space": space, "seat": seats["speaker"]}
        headers: dict[str, str] = {}
        if caller in ("member", "moderator", "admin"):
            await self.account(caller)
            headers = {"Cookie": self.cookies[caller], "Sec-Fetch-Site": "same-origin"}
        elif caller != "anonymous":
            headers = {"Authorization": f"Bearer {tokens.get(caller, self.token)}"}
        method, path = route.split()
        body = BODIES.get(route)
        if route.endswith("/claim"):
            body = {"token": tokens["speaker"]}
        if route == "POST /account/passkeys":
            body = {"passkey": {}}
        address = f"/api/v1{path.format(**values)}"
        headers["X-Forwarded-For"] = str(ip_address(FIRST_ADDRESS + self.number))  # limits by address: not here
        async with self.house.anyone.stream(method, address, headers=headers, json=body) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return answer.status_code  # it would go on for a minute
            await answer.aread()
        assert answer.status_code < 500, answer.text
        refused = answer.status_code in (401, 403)
        if refused and answer.json()["code"] == ANSWERED_LATER.get(route) and route != "POST /sign-in":
            return 200
        return answer.status_code

    @property
    def token(self) -> str:
        return self.house.http.headers["authorization"].removeprefix("Bearer ")


async def new_space(house: House, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Makes a space; tokens and seats of its host, co-host and speaker."""
    made = {"host": await house.create(name)}
    for role in ("co_host", "speaker"):
        body = {"name": role, "role": role}
        made[role] = (await house.http.post(f"/api/v1/spaces/{name}/invitations", json=body)).json()
    return {role: each["token"] for role, each in made.items()}, {role: each["seat"] for role, each in made.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A closed site."""
    async for site in running(tmp_path_factory.mktemp("site")):
        yield site


async def running(folder: Path) -> AsyncIterator[Site]:
    """A house with one account, and its store."""
    async with running_house(folder) as house:
        store = await Store.open(house.settings.database_address)
        other = Account(id="other", handle="other", name="Other", created_ms=0)
        await store.accounts.create(other, password=None, passkey=None, codes=[])
        invitation = SiteInvitation(
            digest="x".ljust(64, "0"), role=SiteRole.MEMBER, made_by="other", created_ms=0, expires_ms=1
        )
        await store.accounts.invitations.add(invitation)
        await house.http.post("/api/v1/shows", json={**BODIES["POST /shows"], "id": "common"})
        yield Site(house, store, {}, await new_space(house, "common"))
        await store.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_table_has_every_route(site: Site) -> None:
    """A route that nobody thought about is in the API's description, and so must be here."""
    paths = (await site.house.anyone.get("/api/v1/openapi.json")).json()["paths"]
    found = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in paths.items()
        if path.startswith("/api/v1/")
        for method in operations
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert found | {"GET /accounts/{handle}/picture"} == set(EXPECTED)


@pytest.mark.asyncio(loop_scope="module")
async def test_guests_write_only_where_the_site_says_so(site: Site) -> None:
    """Nobody has turned it on here."""
    path = "/api/v1/spaces/common/guest-comments"
    problem(await site.house.anyone.post(path, json={"name": "New", "text": "New"}), 409, "guests-off")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("route", EXPECTED)
async def test_nothing_is_allowed_by_accident(site: Site, route: str) -> None:
    """Exactly these callers get past the door; what they ask for may still be impossible."""
    statuses = {caller: await site.call(route, caller) for caller in CALLERS}
    assert {caller for caller, status in statuses.items() if status not in (401, 403)} == set(
        EXPECTED[route].split()
    ), statuses

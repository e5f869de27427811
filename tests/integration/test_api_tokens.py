"""Tokens for programs: every scope at every address, whose they are, how they end; and keys of requests."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from click.testing import CliRunner

from stentor.cli import stentor
from stentor.people.digests import digest
from stentor.people.model import Account, SiteRole
from stentor.people.scopes import PREFIX, ApiToken, Scope, scope_of
from stentor.store.api_tokens import ApiTokens
from stentor.store.spaces import Store
from tests.integration.test_permissions import BODIES, EXPECTED, Site, running
from tests.support.house import database, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async for site in running(tmp_path_factory.mktemp("site")):
        yield site


async def token(store: Store, role: str, *scopes: Scope, ends_ms: int | None = None) -> str:
    """The secret of a new token of a new account."""
    name, secret = f"{role}-{secrets.token_hex(4)}", PREFIX + secrets.token_urlsafe(32)
    await store.accounts.create(
        Account(id=name, handle=name, name=name, role=SiteRole(role), created_ms=0),
        password=None,
        passkey=None,
        codes=[],
    )
    known = {"id": secrets.token_hex(8), "account": name, "name": "x", "digest": digest(secret)}
    made = ApiToken(**known, scopes=scopes, made_ms=0, ends_ms=ends_ms, used_ms=None)
    await ApiTokens(store.work).add(made)
    return secret


VALUES = {
    "space": "common", "seat": "x", "sound": "x", "handle": "other", "passkey": "x", "session": "x", "invitation": "x",
    "pin": "x", "comment": "1", "case": "1", "decision": "1", "receipt": "x", "guest": "x", "cue": "1000-x",
    "item": "x", "ticket": "1", "token": "x", "backup": "stentor-20260101-000000.tar",
    "hook": "1000", "delivery": "1000.t.x", "show": "common", "question": "1",
}  # fmt: skip


async def asked(site: Site, route: str, secret: str) -> str:
    """The code with which a route refuses a token; empty when the token is not what it refuses."""
    method, path = route.split()
    for part in path.split("/"):
        if part.startswith("{"):
            VALUES.setdefault(part[1:-1], "x")
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1{path.format(**VALUES)}"
    async with site.house.anyone.stream(method, address, headers=headers, json=BODIES.get(route)) as answer:
        if answer.headers["content-type"].startswith("text/event-stream"):
            return ""
        await answer.aread()
    assert answer.status_code < 500, answer.text
    return str(answer.json()["code"]) if answer.status_code in (401, 403) else ""


HARMFUL = {"POST /site/tonight", "DELETE /site/tonight", "POST /site/backups", "DELETE /spaces/{space}/hold"}
"""What takes long, and is the same to a token as what lies beside it."""

MAILED = {"POST /sign-in/lost", "POST /sign-in/confirmation", "POST /sign-in/link"}
"""A way back into an account, and what links in mails open: for everybody, whatever token comes along."""


async def test_a_token_reaches_what_its_scopes_say(site: Site) -> None:
    """Every address, with tokens of an administrator: all other scopes together are refused, and the one that it takes
    is not (where it looks: what it does elsewhere is the next test's)."""
    alone = {scope: await token(site.store, "admin", scope) for scope in Scope}
    others = {left: await token(site.store, "admin", *(each for each in Scope if each is not left)) for left in Scope}
    others_of_none = await token(site.store, "admin", *Scope)
    wrong = []
    for route in sorted(set(EXPECTED) - HARMFUL):
        needed = scope_of(*route.split())
        tried = {others[needed] if needed else others_of_none: {"scope-missing"} if needed else {"no-token"}}
        if needed and route.startswith("GET "):
            tried[alone[needed]] = {"", "not-allowed"}
        if "provider" in route or route == "PUT /account/mail":  # which ask for a cookie, whatever else comes
            tried = {secret: {"", "not-signed-in"} for secret in tried}
        if route in MAILED:
            tried = {secret: {"", "link-gone"} for secret in tried}
        for secret, want in tried.items():
            if (code := await asked(site, route, secret)) not in want:
                wrong.append((route, needed, code, want))
    assert not wrong, wrong


async def test_a_token_does_no_more_than_its_person(site: Site) -> None:
    """With every scope, a member's token is refused wherever a member is: what lifts nobody is a scope."""
    member = await token(site.store, "member", *Scope)
    allowed = []
    for route in sorted(set(EXPECTED) - HARMFUL):
        refused_to_members = "member" not in EXPECTED[route].split()
        if scope_of(*route.split()) is not None and refused_to_members and not await asked(site, route, member):
            allowed.append(route)
    assert not allowed, f"a member's token may do what a member may not: {allowed}"


async def test_a_program_makes_and_leads_a_space(site: Site) -> None:
    """As its person, who is host of what it makes."""
    headers = {"Authorization": f"Bearer {await token(site.store, 'moderator', Scope.SPACES, Scope.READ)}"}
    made = await site.house.anyone.post("/api/v1/spaces", json={"title": "By a program"}, headers=headers)
    assert made.status_code == 201, made.text
    space = made.json()["space"]
    assert space["you"]["rank"] == "host"
    opened = await site.house.anyone.post(f"/api/v1/spaces/{space['id']}/doors", headers=headers)
    assert opened.json()["state"] == "doors_open"
    mine = await site.house.anyone.get("/api/v1/account", headers=headers)
    assert mine.json()["profile"]["role"] == "moderator"


async def test_how_tokens_end(site: Site) -> None:
    """By their time, when they are revoked, with the account's suspension; a made-up one never was."""
    ended = await token(site.store, "member", Scope.READ, ends_ms=1)
    for secret, code in ((ended, "token-expired"), (PREFIX + "x" * 43, "token-wrong")):
        answer = await site.house.anyone.get("/api/v1/spaces", headers={"Authorization": f"Bearer {secret}"})
        problem(answer, 401, code)
    good = {"Authorization": f"Bearer {await token(site.store, 'member', Scope.READ)}"}
    assert (await site.house.anyone.get("/api/v1/account", headers=good)).status_code == 200
    handle = (await site.house.anyone.get("/api/v1/account", headers=good)).json()["profile"]["handle"]
    [listed] = (await site.house.http.get(f"/api/v1/accounts/{handle}/tokens")).json()["tokens"]
    assert listed["used_ms"] is not None
    assert "digest" not in listed
    await site.house.http.patch(f"/api/v1/accounts/{handle}", json={"suspended": True})
    problem(await site.house.anyone.get("/api/v1/account", headers=good), 401, "token-wrong")
    await site.house.http.patch(f"/api/v1/accounts/{handle}", json={"suspended": False})
    left = await site.house.http.delete(f"/api/v1/accounts/{handle}/tokens/{listed['id']}")
    assert left.json() == {"tokens": []}
    problem(await site.house.anyone.get("/api/v1/account", headers=good), 401, "token-wrong")


async def test_a_secret_is_shown_once_and_not_kept(site: Site) -> None:
    """The operator makes one for a person; the database has its digest."""
    body = {"name": "Calendar", "scopes": ["read"], "days": 7}
    made = (await site.house.http.post("/api/v1/accounts/other/tokens", json=body)).json()
    assert made["token"].startswith(PREFIX)
    assert made["view"]["ends_ms"] - made["view"]["made_ms"] == 7 * 86_400_000
    with database(site.house.settings) as connection:
        kept = str(connection.execute("SELECT * FROM api_tokens").fetchall())
    assert made["token"] not in kept
    assert digest(made["token"]) in kept


async def test_from_the_command_line(site: Site) -> None:
    """Made as the documents write it, listed with scopes, end and last use, and revoked."""
    environment = {"STENTOR_DATA": str(site.house.settings.folder), "STENTOR_PORT": str(site.house.settings.port)}

    async def run(*arguments: str) -> str:
        command = ["account", "token", "other", *arguments]
        result = await asyncio.to_thread(CliRunner(env=environment).invoke, stentor, command)
        assert result.exit_code == 0, result.output
        return result.output

    secret = (await run("--name", "Terminal", "--scope", "read", "--scope", "posts", "--days", "3")).split()[-1]
    [line] = [each.rstrip() for each in (await run()).splitlines() if "Terminal" in each]
    assert line.endswith("never"), "it was not used yet"
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await site.house.anyone.get("/api/v1/account", headers=headers)).status_code == 200
    [line] = [each.rstrip() for each in (await run()).splitlines() if "Terminal" in each]
    assert re.search(r"Terminal +posts, read +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d$", line), line
    assert "Terminal" not in await run("--revoke", line.split()[0])


async def test_a_kept_answer_does_not_outlive_its_token(site: Site) -> None:
    """What was done once under an Idempotency-Key is told again while the token counts, and to nobody afterwards."""
    secret = await token(site.store, "moderator", Scope.SPACES)
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "kept-answer"}
    ask = partial(site.house.anyone.post, "/api/v1/spaces", json={"title": "Kept"}, headers=headers)
    made, again = await ask(), await ask()
    assert again.content == made.content
    assert again.headers["idempotency-replayed"] == "true"
    with database(site.house.settings) as connection:
        connection.execute("UPDATE api_tokens SET ends_ms = 1 WHERE digest = ?", (digest(secret),))
    late = await ask()
    assert "idempotency-replayed" not in late.headers
    problem(late, 401, "token-expired")

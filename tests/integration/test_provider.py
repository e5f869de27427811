"""Signing in by OpenID Connect, at a real provider in a process of its own: who comes in, who does not, who is who."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from stentor.people.model import FRESH_MS
from tests.integration.test_people import browser, problem, sign_up
from tests.support.house import House, age_sessions, client, running_house
from tests.support.provider import CLIENT, FAULTS, SECRET, provider

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def issuer() -> AsyncIterator[str]:
    async with provider() as issuer:
        yield issuer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def only(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house whose people come from the provider."""
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, oidc_sign_up="on", **settings(issuer, folder)) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(only: House) -> House:
    await only.forget_people()
    return only


def settings(issuer: str, folder: Path) -> dict[str, str]:
    secret = folder / "oidc-secret"
    secret.write_text(f"{SECRET}\n")
    return {"oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_secret_file": str(secret), "oidc_name": "Example"}


async def ask(at: httpx.AsyncClient, path: str = "/sign-in/provider", **wish: str) -> str:
    """Where the house sends the browser."""
    answer = await at.post(path, json=wish if path.startswith("/sign-in") else None)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["address"])


async def visit(address: str, **more: str) -> str:
    """What the provider sends the browser back with: the query, as somebody and with a fault."""
    async with client("") as elsewhere:
        answer = await elsewhere.get(str(httpx.URL(address).copy_merge_params(more)))
    assert answer.status_code == 302, answer.text
    return urlsplit(answer.headers["location"]).query


async def back(at: httpx.AsyncClient, house: House, query: str) -> str:
    """Where the house leads on to."""
    answer = await at.get(f"{house.anyone.base_url}/sign-in/back?{query}", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def come_in(at: httpx.AsyncClient, house: House, who: str, **wish: str) -> str:
    return await back(at, house, await visit(await ask(at, **wish), **{"as": who}))


async def test_somebody_new_and_again(house: House) -> None:
    """The first time makes an account by the provider's names; from then on it is the same one, also elsewhere."""
    async with browser(house) as here, browser(house) as there:
        assert await come_in(here, house, "ada", next="/stage/talk") == "/stage/talk"
        mine = (await here.get("/account")).json()
        assert (mine["profile"]["handle"], mine["profile"]["name"]) == ("ada", "Ada Lovelace")
        assert (mine["has_password"], mine["providers"]) == (False, [house.settings.oidc_issuer])
        await come_in(there, house, "ada")
        assert (await there.get("/account")).json()["profile"] == mine["profile"]
        assert len((await here.get("/account/sessions")).json()["sessions"]) == 2
        problem(await here.delete("/account/provider"), 409, "last-way")


async def test_what_goes_to_the_provider(house: House) -> None:
    """State, nonce and the challenge of PKCE, each its own and anew; nothing that is secret."""
    async with browser(house) as ada:
        address = await ask(ada)
        cookie = ada.cookies["stentor-provider"]
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["redirect_uri"] == f"{house.settings.house_address}/sign-in/back"
        assert "email" not in asked["scope"]
        assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
        assert not [value for value in asked.values() if value in cookie]
        assert parse_qs(urlsplit(await ask(ada)).query)["state"] != [asked["state"]]


async def test_an_address_in_common_is_nobody(house: House) -> None:
    """Whoever has the handle, name or e-mail address of somebody here is still somebody else."""
    async with browser(house) as ada, browser(house) as other:
        made = await ada.post("/sign-up", json={"handle": "ada", "name": "Ada", "password": "several words together"})
        assert made.status_code == 403  # the site is closed, but to the provider's people
        invited = (await house.http.post("/api/v1/site/invitations", json={})).json()["link"].partition("=")[2]
        await sign_up(ada, invitation=invited)
        await come_in(other, house, "ada")
        handle = (await other.get("/account")).json()["profile"]["handle"]
        assert handle.startswith("ada-")
        await come_in(other, house, "eve")
        assert (await other.get("/account")).json()["profile"]["name"] == "</script><b>Eve"


async def test_linking(house: House) -> None:
    """An account is linked by whoever is signed in, freshly; the person signs in to it from then on, till unlinked."""
    async with browser(house) as ada, browser(house) as other:
        invited = (await house.http.post("/api/v1/site/invitations", json={})).json()["link"].partition("=")[2]
        await sign_up(ada, "grace", invitation=invited)
        age_sessions(house.settings, FRESH_MS + 1000)
        problem(await ada.post("/account/provider"), 403, "sign-in-again")
        await ada.post("/sign-in", json={"handle": "grace", "password": "several words together"})
        query = await visit(await ask(ada, "/account/provider"), **{"as": "ada"})
        assert await back(ada, house, query) == "/account"
        assert await come_in(other, house, "ada") == "/"
        assert (await other.get("/account")).json()["profile"]["handle"] == "grace"
        query = await visit(await ask(ada, "/account/provider"), **{"as": "eve"})
        assert await back(ada, house, query) == "/account?problem=identity-taken"
        assert (await ada.delete("/account/provider")).status_code == 200
        assert await come_in(other, house, "ada") == "/"
        assert (await other.get("/account")).json()["profile"]["handle"] == "ada"
        query = await visit(await ask(ada, "/account/provider"), **{"as": "ada"})
        assert await back(ada, house, query) == "/account?problem=identity-taken"
        entries = (await house.http.get("/api/v1/site/record")).json()["entries"]
        told = [each["deed"] for each in entries if each["handle"] == "grace"]
        assert told == ["provider-unlinked", "provider-linked", "signed-up"]


@pytest.mark.parametrize("fault", [*FAULTS, "key"])
async def test_what_the_provider_did_not_say(house: House, fault: str) -> None:
    """A token for another sign-in, site or time, from another issuer, or signed by somebody else lets nobody in."""
    async with browser(house) as ada:
        query = await visit(await ask(ada), **{"as": "ada", "fault": fault})
        assert await back(ada, house, query) == "/sign-in?problem=provider-wrong"
        problem(await ada.get("/account"), 401, "not-signed-in")


async def test_a_sign_in_is_the_browsers_that_began_it(house: House) -> None:
    """Another browser's answer, a state that was changed, no cookie, a code twice, a refusal: nobody is let in."""
    async with browser(house) as ada, browser(house) as eve:
        query = await visit(await ask(ada), **{"as": "ada"})
        assert await back(eve, house, query) == "/sign-in?problem=provider-expired"
        await ask(eve)
        assert await back(eve, house, query) == "/sign-in?problem=provider-expired"
        assert await back(ada, house, f"{query}x") == "/sign-in?problem=provider-expired"
        address = await ask(ada)
        assert await back(ada, house, await visit(address)) == "/sign-in?problem=provider-refused"
        query = await visit(await ask(eve), **{"as": "eve"})
        kept = {"stentor-provider": eve.cookies["stentor-provider"]}
        assert await back(eve, house, query) == "/"
        eve.cookies.clear()
        eve.cookies.update(kept)
        assert await back(eve, house, query) == "/sign-in?problem=provider-wrong"


async def test_nowhere_else(house: House) -> None:
    """Signing in leads to paths of this site alone, and other sites' pages cannot begin it."""
    async with browser(house) as ada:
        assert await come_in(ada, house, "ada", next="https://evil.example") == "/"
        refused = await ada.post("/sign-in/provider", json={}, headers={"Sec-Fetch-Site": "cross-site"})
        problem(refused, 403, "other-origin")


async def test_a_closed_site_and_a_provider_that_is_away(issuer: str, tmp_path: Path) -> None:
    """Being known to the provider opens nothing by itself; an invitation does. Its absence is one sentence."""
    async with running_house(tmp_path, **settings(issuer, tmp_path)) as house, browser(house) as ada:
        assert await come_in(ada, house, "ada") == "/sign-in?problem=sign-up-closed"
        invited = (await house.http.post("/api/v1/site/invitations", json={"role": "moderator"})).json()
        assert await come_in(ada, house, "ada", invitation=invited["link"].partition("=")[2]) == "/"
        assert (await ada.get("/account")).json()["profile"]["role"] == "moderator"
        assert (await house.http.get("/api/v1/site/invitations")).json()["invitations"] == []
    away = {**settings(issuer, tmp_path), "oidc_issuer": "http://127.0.0.1:9"}
    async with running_house(tmp_path, **away) as house, browser(house) as ada:
        problem(await ada.post("/sign-in/provider", json={}), 503, "provider-away")


async def test_groups_give_roles(issuer: str, tmp_path: Path) -> None:
    """At each sign-in: given, taken away when the group is gone, left when nothing is said; one administrator stays."""
    told = {"oidc_sign_up": "on", "oidc_roles": "board=admin,desk=moderator", **settings(issuer, tmp_path)}
    async with running_house(tmp_path, **told) as house, browser(house) as ada, browser(house) as eve:

        async def role(at: httpx.AsyncClient, who: str, **groups: str) -> str:
            await back(at, house, await visit(await ask(at), **{"as": who}, **groups))
            return str((await at.get("/account")).json()["profile"]["role"])

        assert await role(ada, "ada", groups="desk,others") == "moderator"
        assert await role(ada, "ada", groups="board,desk") == "admin"
        assert await role(ada, "ada") == "admin"
        assert await role(ada, "ada", groups="others") == "admin"  # the last one
        assert await role(eve, "eve", groups="board") == "admin"
        assert await role(ada, "ada", groups="others") == "member"
        assert await role(eve, "eve", groups="desk") == "admin"  # now the last one
        rows = "/api/v1/site/group-roles"
        await house.http.put(rows, json={"group": "night desk", "role": "moderator"})
        assert await role(ada, "ada", groups="night desk") == "moderator"  # at the next sign-in
        problem(await house.http.put(rows, json={"group": "desk", "role": "member"}), 409, "group-fixed")
        problem(await house.http.delete(rows, params={"group": "board"}), 409, "group-fixed")
        problem(await house.http.delete(rows, params={"group": "nobody"}), 404, "group-not-found")
        problem(await house.http.put(rows, json={"group": "a\u200bb", "role": "member"}), 400, "bad-input")
        told = (await house.http.get(rows)).json()
        assert (told["provider"], told["claim"]) == ("Example", "groups")
        assert [(each["group"], each["role"], each["fixed"]) for each in told["rows"]] == [
            ("board", "admin", True), ("desk", "moderator", True), ("night desk", "moderator", False)
        ]  # fmt: skip
        assert len((await house.http.delete(rows, params={"group": "night desk"})).json()["rows"]) == 2
        assert await role(ada, "ada", groups="night desk") == "member"
        entries = (await house.http.get("/api/v1/site/record")).json()["entries"]
        said = [(each["deed"], each["detail"]) for each in entries if each["deed"].startswith("group-")]
        assert said == [("group-freed", "night desk"), ("group-role", "night desk=moderator")]
        given = [each["detail"] for each in entries if each["deed"] == "role" and each["handle"] == "ada"]
        assert given == ["member", "moderator", "member", "admin", "moderator"]

"""Accounts over real HTTP, on a real database: signing up and in, sessions, seats, limits, other sites' requests."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from stentor.base import hsts
from stentor.people.model import FRESH_MS, SiteRole
from stentor.store.attempts import TRIES
from tests.support.house import House, age_sessions, client, database, running_house
from tests.support.pictures import png

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSWORD = "several words together"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def only(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all of them, in which everybody may sign up and make spaces."""
    async with running_house(
        tmp_path_factory.mktemp("house"), sign_up="open", create_spaces="members", trusted_proxies="127.0.0.9"
    ) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(only: House) -> House:
    """That house, with nobody in it."""
    await only.forget_people()
    return only


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    document: dict[str, Any] = answer.json()
    return document


@asynccontextmanager
async def browser(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A client with cookies of its own, that says where its requests come from, as browsers do."""
    headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser"}
    async with client(f"{house.anyone.base_url}/api/v1", **headers) as browser:
        yield browser


async def sign_up(client: httpx.AsyncClient, handle: str = "ada", **fields: object) -> dict[str, Any]:
    wish = {"handle": handle, "name": handle.title(), "password": PASSWORD, **fields}
    answer = await client.post("/sign-up", json=wish)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_sign_up_and_in(house: House) -> None:
    """Who signs up is signed in; out again; in by password, by recovery code once, not by a wrong one."""
    async with browser(house) as ada:
        made = await sign_up(ada)
        assert made["profile"] | {"created_ms": 0} == {
            "handle": "ada", "name": "Ada", "bio": "", "role": "member", "created_ms": 0, "picture": None,
            "suspended": False,
        }  # fmt: skip
        assert len(set(made["recovery_codes"])) == 10
        mine = (await ada.get("/account")).json()
        assert (mine["has_password"], mine["passkeys"], mine["recovery_codes_left"]) == (True, [], 10)
        page = (await ada.get(f"{house.anyone.base_url}/account")).text
        told = json.loads(page.partition('id="page">')[2].partition("</script>")[0])
        assert told["account"] == mine, "the page knows the account when it comes: nothing moves once it stands"
        assert (await ada.post("/sign-out")).status_code == 200
        assert "stentor" not in ada.cookies
        problem(await ada.get("/account"), 401, "not-signed-in")
        problem(await ada.post("/sign-in", json={"handle": "ada", "password": "wrong"}), 401, "sign-in-wrong")
        problem(await ada.post("/sign-in", json={"handle": "bob", "password": PASSWORD}), 401, "sign-in-wrong")
        problem(await ada.post("/sign-in", json={"handle": "ada"}), 400, "bad-input")
        assert (await ada.post("/sign-in", json={"handle": "ada", "password": PASSWORD})).status_code == 200
        by_code = {"handle": "ada", "recovery_code": made["recovery_codes"][3].upper().replace("-", " ")}
        assert (await ada.post("/sign-in", json=by_code)).json()["recovery_codes_left"] == 9
        problem(await ada.post("/sign-in", json=by_code), 401, "sign-in-wrong")


async def test_the_cookie(house: House) -> None:
    """Scripts cannot read it, other sites' requests do not carry it, the database does not have it."""
    async with browser(house) as ada:
        answer = await ada.post("/sign-up", json={"handle": "ada", "name": "Ada", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "domain" not in cookie
        token = ada.cookies["stentor"]
        assert len(token) >= 43
        database = (Path(house.settings.folder) / "stentor.db").read_bytes()
        wal = (Path(house.settings.folder) / "stentor.db-wal").read_bytes()
        assert token.encode() not in database + wal
        assert PASSWORD.encode() not in database + wal


async def test_over_https_nothing_goes_in_clear(tmp_path: Path) -> None:
    """With an https address cookies are Secure and have the prefix that browsers let nobody else set; what comes by TLS
    is told to come by nothing else.
    """
    names = {"public_url": "https://talk.example", "audience_url": "https://live.example"}
    async with running_house(tmp_path, sign_up="open", **names) as house:
        answer = await house.anyone.post("/api/v1/sign-up", json={"handle": "ada", "name": "Ada", "password": PASSWORD})
        cookies = answer.headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-stentor", "__Host-stentor-device"]
        assert all("secure" in cookie.lower() and "httponly" in cookie.lower() for cookie in cookies)
        over_tls = {"X-Forwarded-Proto": "https"}
        for path in ("/", "/api/v1/account", "/nothing"):
            assert (await house.anyone.get(path, headers=over_tls)).headers[hsts.NAME] == hsts.VALUE
            assert hsts.NAME not in (await house.anyone.get(path)).headers, "RFC 6797, 7.2"


async def test_no_session_is_fixed(house: House) -> None:
    """A token that was there before signing in means nothing afterwards; a new sign-in ends the old session."""
    async with browser(house) as ada:
        chosen = {"Cookie": "stentor=chosen-by-somebody-else"}
        body = {"handle": "ada", "name": "Ada", "password": PASSWORD}
        assert (await ada.post("/sign-up", json=body, headers=chosen)).status_code == 201
        first = ada.cookies["stentor"]
        assert first != "chosen-by-somebody-else"
        await ada.post("/sign-in", json={"handle": "ada", "password": PASSWORD})
        assert ada.cookies["stentor"] != first
        for old in (chosen, {"Cookie": f"stentor={first}"}):
            ada.cookies.clear()
            problem(await ada.get("/account", headers=old), 401, "not-signed-in")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
    ],
    ids=str,
)
async def test_other_sites_cannot_act(house: House, headers: dict[str, str]) -> None:
    """A request from another site's page changes nothing, with or without a cookie; nor does a form."""
    async with browser(house) as ada:
        await sign_up(ada)
        for method, path, body in (
            ("POST", "/sign-out", None),
            ("PATCH", "/account", {"name": "Eve"}),
            ("DELETE", "/account", {"handle": "ada"}),
            ("POST", "/spaces", {"title": "x"}),
            ("POST", "/sign-in", {"handle": "ada", "password": PASSWORD}),
        ):
            problem(await ada.request(method, path, json=body, headers=headers), 403, "other-origin")
        problem(await ada.post("/sign-in", data={"handle": "ada"}), 415, "not-supported")
        assert (await ada.get("/account")).json()["profile"]["name"] == "Ada"


async def test_whip_by_cookie_is_our_own_pages_alone(house: House) -> None:
    """WHIP lets other pages in by a token; a cookie that comes from them counts nothing."""
    async with browser(house) as ada:
        await sign_up(ada)
        space = (await ada.post("/spaces", json={"title": "Talk", "id": "wire"})).json()["space"]
        address = f"{house.anyone.base_url}/whip/{space['id']}"
        headers = {"Content-Type": "application/sdp", "Sec-Fetch-Site": "cross-site"}
        problem(await ada.post(address, content=b"v=0", headers=headers), 403, "other-origin")


async def guess(house: House, client: httpx.AsyncClient, body: dict[str, str]) -> None:
    """Sends a wrong sign-in, and uses up what it was counted by, as hundreds more in the same second would."""

    def counted() -> dict[str, int]:
        with database(house.settings) as connection:
            return dict(connection.execute("SELECT key, clear_ms FROM tries").fetchall())

    before = counted()
    problem(await client.post("/sign-in", json=body, timeout=60), 401, "sign-in-wrong")
    spent = [(key,) for key, clear_ms in counted().items() if before.get(key) != clear_ms]
    assert spent
    with database(house.settings) as connection:
        connection.executemany("UPDATE tries SET clear_ms = clear_ms + 3600000 WHERE key = ?", spent)


async def test_guessing_is_limited(house: House) -> None:
    """After many wrong passwords 429 with a time, also for the right one and elsewhere; wrong codes the same."""
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await guess(house, eve, {"handle": "ada", "password": "wrong"})
        away = {"X-Forwarded-For": "192.0.2.9"}
        refused = await eve.post("/sign-in", json={"handle": "ada", "password": PASSWORD}, headers=away)
        problem(refused, 429, "too-many-tries")
        assert int(refused.headers["retry-after"]) >= 1
        problem(await eve.post("/sign-in", json={"handle": "ada", "recovery_code": "x"}), 429, "too-many-tries")


async def test_strangers_lock_nobody_out(house: House) -> None:
    """Whatever they have tried from the same address: a device that has signed in before gets in by its password, a
    new one by a recovery code, and whoever is signed in changes the password.
    """
    async with browser(house) as ada, browser(house) as eve, browser(house) as new:
        codes = (await sign_up(ada))["recovery_codes"]
        await guess(house, eve, {"handle": "ada", "password": "wrong"})
        change = {"password": PASSWORD + " more", "current": PASSWORD}
        assert (await ada.put("/account/password", json=change)).status_code == 200
        await ada.post("/sign-out")
        body = {"handle": "ada", "password": change["password"]}
        problem(await new.post("/sign-in", json=body), 429, "too-many-tries")
        assert (await ada.post("/sign-in/options")).status_code == 200
        assert (await ada.post("/sign-in", json=body)).status_code == 200
        assert (await new.post("/sign-in", json={"handle": "ada", "recovery_code": codes[0]})).status_code == 200


async def test_a_known_device_guesses_no_more_than_others(house: House) -> None:
    """Its tries are its own, and limited; for another account, or with a changed cookie, it is as new as any."""
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await sign_up(eve, "eve")
        right = {"handle": "ada", "password": PASSWORD}
        await guess(house, ada, {"handle": "ada", "password": "wrong"})
        problem(await ada.post("/sign-in", json=right), 429, "too-many-tries")
        assert (await eve.post("/sign-in", json=right)).status_code == 200, "nobody else has used their tries"
        await guess(house, eve, {"handle": "nobody", "password": "wrong"})
        problem(await eve.post("/sign-in", json={"handle": "nobody", "password": "wrong"}), 429, "too-many-tries")
        forged = eve.cookies["stentor-device"][:-1] + "!"
        eve.cookies.clear()
        cookie = {"Cookie": f"stentor-device={forged}"}
        problem(await eve.post("/sign-in", json=right, headers=cookie), 429, "too-many-tries")


async def test_an_invitation_is_not_locked_out(house: House) -> None:
    """Wrong invitations are limited by address; a right one is taken all the same, and limited by itself."""
    made = await house.http.post("/api/v1/site/invitations", json={"role": "member"})
    invitation = made.json()["link"].partition("=")[2]
    wish = {"handle": "ada", "name": "Ada"}
    async with browser(house) as ada:
        guesses = [ada.post("/sign-up/options", json=wish | {"invitation": "guess"}) for _ in range(TRIES.burst + 1)]
        assert sorted(answer.status_code for answer in await asyncio.gather(*guesses)) == [403] * TRIES.burst + [429]
        right = [ada.post("/sign-up/options", json=wish | {"invitation": invitation}) for _ in range(TRIES.burst + 1)]
        assert sorted(answer.status_code for answer in await asyncio.gather(*right)) == [200] * TRIES.burst + [429]


@pytest.mark.parametrize("path", ["/sign-up", "/sign-up/options", "/sign-in/options"])
async def test_other_ways_are_limited(house: House, path: str) -> None:
    """Neither accounts nor challenges can be made without end."""
    wish = {"handle": "ada", "name": "Ada"}
    body = wish | {"password": "short"} if path == "/sign-up" else wish if path == "/sign-up/options" else None
    async with browser(house) as client:
        answers = await asyncio.gather(*(client.post(path, json=body) for _ in range(TRIES.burst + 1)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) == 1
        problem(refused[0], 429, "too-many-tries")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"handle": "Ada"}, "handle"),
        ({"handle": "a/../b"}, "handle"),
        ({"handle": 'a";\r\nX: y'}, "handle"),
        ({"name": "A\r\nSet-Cookie: x=y"}, "name"),
        ({"name": "\u202eada"}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "aaaaaaaaaaaaaaa"}, "password"),
        ({"password": None}, "password"),
    ],
)
async def test_what_nobody_may_be_called(house: House, fields: dict[str, Any], field: str) -> None:
    """Handles, names and passwords have rules; what could turn a header or a page round is refused."""
    body = {"handle": "ada", "name": "Ada", "password": PASSWORD, **fields}
    document = problem(await house.anyone.post("/api/v1/sign-up", json=body), 400, "bad-input")
    assert document.get("field") == field or document["errors"][0]["field"] == field


async def test_a_handle_is_taken(house: House) -> None:
    """Two people cannot have one handle."""
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        body = {"handle": "ada", "name": "Eve", "password": PASSWORD}
        problem(await eve.post("/sign-up", json=body), 409, "handle-taken")
        problem(await eve.post("/sign-up/options", json={"handle": "ada", "name": "Eve"}), 409, "handle-taken")


async def test_sessions(house: House) -> None:
    """They are listed, ended one by one or all but this one; a new password ends the others."""
    async with browser(house) as here, browser(house) as there:
        await sign_up(here)
        into = {"handle": "ada", "password": PASSWORD}
        await there.post("/sign-in", json=into)
        found = (await here.get("/account/sessions")).json()["sessions"]
        assert sorted(each["current"] for each in found) == [False, True]
        assert {each["agent"] for each in found} == {"Browser"}
        other = next(each["id"] for each in found if not each["current"])
        assert len((await here.delete(f"/account/sessions/{other}")).json()["sessions"]) == 1
        problem(await there.get("/account"), 401, "not-signed-in")
        problem(await here.delete(f"/account/sessions/{other}"), 404, "session-not-found")
        await there.post("/sign-in", json=into)
        await here.delete("/account/sessions")
        problem(await there.get("/account"), 401, "not-signed-in")
        await there.post("/sign-in", json=into)
        change = {"password": "quite another sentence", "current": "wrong"}
        problem(await here.put("/account/password", json=change), 403, "password-wrong")
        assert (await here.put("/account/password", json=change | {"current": PASSWORD})).status_code == 200
        problem(await there.get("/account"), 401, "not-signed-in")
        problem(await there.post("/sign-in", json=into), 401, "sign-in-wrong")


async def test_profile_and_picture(house: House) -> None:
    """Name, bio and picture change; the picture goes out as JPEG and nothing else."""
    async with browser(house) as ada:
        await sign_up(ada)
        changed = (await ada.patch("/account", json={"bio": " Two\r\nlines "})).json()["profile"]
        assert (changed["name"], changed["bio"]) == ("Ada", "Two\nlines")
        problem(await ada.patch("/account", json={"bio": "x" * 501}), 400, "bad-input")
        problem(await ada.put("/account/picture", content=b"<svg onload=alert(1)>"), 400, "bad-picture")
        problem(await ada.put("/account/picture", content=b"x" * (9 * 2**20)), 413, "too-large")
        where = (await ada.put("/account/picture", content=png())).json()["profile"]["picture"]
        got = await house.anyone.get(where)
        assert (got.headers["content-type"], got.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
        assert got.content.startswith(b"\xff\xd8\xff")
        assert (await ada.delete("/account/picture")).json()["profile"]["picture"] is None
        problem(await house.anyone.get(where), 404, "picture-not-found")


async def test_export_and_deletion(house: House) -> None:
    """Everything about oneself can be had; deleting takes the handle once more, and leaves nothing to sign in to."""
    async with browser(house) as ada:
        codes = (await sign_up(ada))["recovery_codes"]
        await ada.post("/spaces", json={"title": "Talk"})
        await ada.put("/account/picture", content=png())
        answer = await ada.get("/account/export")
        assert answer.headers["content-disposition"] == 'attachment; filename="stentor-ada.json"'
        found = answer.json()
        assert found["account"]["profile"]["handle"] == "ada"
        assert [(seat["title"], seat["role"]) for seat in found["seats"]] == [("Talk", "host")]
        assert found["picture_jpeg"]
        assert len(found["sessions"]) == 1
        assert not [secret for secret in (*codes, PASSWORD, "argon2") if secret in answer.text]
        problem(await ada.request("DELETE", "/account", json={"handle": "bob"}), 409, "other-handle")
        assert (await ada.request("DELETE", "/account", json={"handle": "ada"})).status_code == 200
        problem(await ada.post("/sign-in", json={"handle": "ada", "password": PASSWORD}), 401, "sign-in-wrong")
        assert (await house.http.get("/api/v1/accounts")).json()["accounts"] == []


async def test_invitations_to_a_closed_site(tmp_path: Path) -> None:
    """A closed site takes whoever an admin or a moderator invites, once, as what the invitation says."""
    async with running_house(tmp_path) as house, browser(house) as ada, browser(house) as ben, browser(house) as eve:
        body = {"handle": "eve", "name": "Eve", "password": PASSWORD}
        problem(await eve.post("/sign-up", json=body), 403, "sign-up-closed")
        problem(await eve.post("/sign-up", json=body | {"invitation": "guessed"}), 403, "invitation-wrong")
        made = (await house.http.post("/api/v1/site/invitations", json={"role": "moderator"})).json()
        token = made["link"].partition("#invitation=")[2]
        assert (await sign_up(ada, invitation=token))["profile"]["role"] == "moderator"
        problem(await eve.post("/sign-up", json=body | {"invitation": token}), 403, "invitation-wrong")
        problem(await ada.post("/site/invitations", json={"role": "admin"}), 403, "not-allowed")
        link = (await ada.post("/site/invitations", json={})).json()["link"]
        await sign_up(ben, "ben", invitation=link.partition("#invitation=")[2])
        problem(await ben.post("/site/invitations", json={}), 403, "not-allowed")
        mine = (await ada.post("/site/invitations", json={})).json()
        assert mine["link"]
        listed = (await ada.get("/site/invitations")).json()["invitations"]
        assert [(each["id"], each["link"]) for each in listed] == [(mine["id"], None)]
        assert (await ada.delete(f"/site/invitations/{mine['id']}")).json()["invitations"] == []
        problem(await ada.delete(f"/site/invitations/{mine['id']}"), 404, "invitation-not-found")
        problem(await ben.post("/spaces", json={"title": "x"}), 403, "not-allowed")
        assert (await ada.post("/spaces", json={"title": "x"})).status_code == 201
        raised = await house.http.patch("/api/v1/accounts/ben", json={"role": SiteRole.ADMIN})
        assert raised.json()["role"] == "admin"
        assert len((await ben.get("/accounts")).json()["accounts"]) == 2
        assert (await ben.delete("/accounts/ada")).status_code == 200
        problem(await ada.get("/account"), 401, "not-signed-in")


async def test_a_suspended_account(house: House) -> None:
    """It is signed out at once and cannot be signed in to, till it is restored; nobody rules over themselves."""
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await sign_up(eve, "eve")
        await house.http.patch("/api/v1/accounts/ada", json={"role": "admin"})
        assert (await ada.patch("/accounts/eve", json={"suspended": True})).json()["suspended"] is True
        problem(await eve.get("/account"), 401, "not-signed-in")
        problem(await eve.post("/sign-in", json={"handle": "eve", "password": PASSWORD}), 403, "account-suspended")
        problem(await ada.patch("/accounts/ada", json={"suspended": True}), 409, "own-role")
        restored = (await ada.patch("/accounts/eve", json={"suspended": False})).json()
        assert (restored["suspended"], restored["role"]) == (False, "member")
        assert (await eve.post("/sign-in", json={"handle": "eve", "password": PASSWORD})).status_code == 200


async def test_the_page_of_accounts(house: House) -> None:
    """For admins; others are told so, and whoever is signed out may sign in first."""
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await sign_up(eve, "eve")
        await house.http.patch("/api/v1/accounts/ada", json={"role": "admin"})
        page = f"{house.anyone.base_url}/accounts"
        seen = await ada.get(page)
        assert (seen.status_code, 'id="accounts"' in seen.text) == (200, True)
        seen = await eve.get(page)
        assert (seen.status_code, 'id="accounts"' in seen.text) == (403, False)
        assert "/accounts" not in (await eve.get(f"{house.anyone.base_url}/account")).text
        seen = await house.anyone.get("/accounts")
        assert (seen.status_code, seen.headers["location"]) == (303, "/sign-in?next=/accounts")


async def test_a_host_by_account(house: House) -> None:
    """Who makes a space without naming a host leads it from every browser; nobody else does, an admin excepted."""
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await sign_up(eve, "eve")
        made = (await ada.post("/spaces", json={"title": "Talk", "id": "own"})).json()
        assert made["space"]["you"]["rank"] == "host"
        assert made["invitation"]["name"] == "Ada"
        problem(await eve.get("/spaces/own"), 403, "not-allowed")
        stages = [(await each.get("/spaces")).json()["spaces"][0]["stage"] for each in (ada, eve)]
        assert stages == [f"{house.settings.house_address}/stage/own", None]
        assert (await ada.post("/spaces/own/live")).json()["state"] == "live"
        problem(await eve.post("/spaces/own/end"), 403, "not-allowed")
        await house.http.patch("/api/v1/accounts/eve", json={"role": "admin"})
        assert (await eve.post("/spaces/own/end")).json()["state"] == "ended"


async def test_a_ban_for_good(house: House) -> None:
    """A moderator on the stage bans a member: out of the space, signed out, refused; never an admin, never the host."""
    await house.create("banning")
    tokens = {}
    async with browser(house) as mia, browser(house) as eve, browser(house) as ada:
        for person, handle, role in ((mia, "mia", "moderator"), (eve, "eve", "member"), (ada, "ada", "admin")):
            await sign_up(person, handle)
            await house.http.patch(f"/api/v1/accounts/{handle}", json={"role": role})
        for name in ("mia", "ada", "eve", "guest"):
            made = (await house.http.post("/api/v1/spaces/banning/invitations", json={"name": name})).json()
            tokens[name] = made["token"]
        for person, token in ((eve, "eve"), (mia, "mia"), (ada, "ada")):
            assert (await person.post("/spaces/banning/claim", json={"token": tokens[token]})).status_code == 200
        view = (await mia.get("/spaces/banning")).json()
        seats = {seat["name"]: seat for seat in view["seats"]}
        can = {name for name, seat in seats.items() if "ban_for_good" in seat["may"]}
        assert can == {"eve", "ada"}, "those with an account, but oneself"
        for_good = {name: f"/spaces/banning/bans/{seat['id']}/for-good" for name, seat in seats.items()}
        assert not any("ban_for_good" in seat["may"] for seat in (await eve.get("/spaces/banning")).json()["seats"])
        problem(await eve.put(for_good["mia"]), 403, "not-allowed")
        problem(await mia.put(for_good["ada"]), 403, "not-allowed")
        problem(await mia.put(for_good["mia"]), 403, "not-allowed")
        problem(await mia.put(for_good["guest"]), 409, "seat-without-account")
        problem(await mia.put(for_good["Host"]), 409, "seat-without-account")
        problem(await mia.put("/spaces/banning/bans/nobody/for-good"), 404, "seat-not-found")
        link = {"Authorization": f"Bearer {tokens['mia']}"}
        problem(await house.anyone.put(f"/api/v1{for_good['eve']}", headers=link), 403, "not-allowed")
        after = (await mia.put(for_good["eve"])).json()
        assert {seat["name"] for seat in after["seats"]} == {"Host", "mia", "ada", "guest"}
        assert [each["name"] for each in (await ada.get("/spaces/banning")).json()["banned"]] == ["eve"]
        problem(await eve.get("/account"), 401, "not-signed-in")
        problem(await eve.post("/sign-in", json={"handle": "eve", "password": PASSWORD}), 403, "account-suspended")
        newest = (await house.http.get("/api/v1/site/record")).json()["entries"][0]
        assert (newest["deed"], newest["by"], newest["handle"]) == ("suspended", "mia", "eve")
        assert (await ada.put(for_good["mia"])).status_code == 200


async def test_a_seat_is_claimed(house: House) -> None:
    """An invitation that is claimed opens the stage without the link; for one account, with the link in hand."""
    await house.create("claimed")
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await sign_up(eve, "eve")
        invited = (await house.http.post("/api/v1/spaces/claimed/invitations", json={"name": "Grace"})).json()
        problem(await ada.get("/spaces/claimed"), 403, "not-allowed")
        problem(await ada.post("/spaces/claimed/claim", json={"token": "no.token"}), 401, "token-wrong")
        problem(
            await house.http.post("/api/v1/spaces/claimed/claim", json={"token": invited["token"]}),
            401,
            "not-signed-in",
        )
        claimed = (await ada.post("/spaces/claimed/claim", json={"token": invited["token"]})).json()
        assert (claimed["you"]["name"], claimed["you"]["seat"]) == ("Grace", invited["seat"])
        assert (await ada.get("/spaces/claimed")).json()["you"]["rank"] == "speaker"
        await house.create("other")
        problem(await eve.post("/spaces/other/claim", json={"token": invited["token"]}), 403, "other-space")


async def test_a_claimed_link_opens_nothing(house: House) -> None:
    """Whoever else has seen it gets neither in nor the seat; the account does, and makes a new link for OBS itself."""
    await house.create("kept")
    address = "/api/v1/spaces/kept"
    invited = (await house.http.post(f"{address}/invitations", json={"name": "Grace"})).json()
    by_link = {"Authorization": f"Bearer {invited['token']}"}
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await sign_up(eve, "eve")
        assert (await house.anyone.get(address, headers=by_link)).status_code == 200
        assert (await ada.post("/spaces/kept/claim", json={"token": invited["token"]})).status_code == 200
        problem(await house.anyone.get(address, headers=by_link), 403, "link-renewed")
        for other in (ada, eve):
            problem(await other.post("/spaces/kept/claim", json={"token": invited["token"]}), 403, "link-renewed")
        new = (await ada.post("/spaces/kept/invitations", json={"seat": invited["seat"]})).json()
        by_new = {"Authorization": f"Bearer {new['token']}"}
        assert (await house.anyone.get(address, headers=by_new)).status_code == 200
        problem(await eve.post("/spaces/kept/claim", json={"token": new["token"]}), 409, "seat-claimed")


async def test_a_new_link_ends_the_old_one(house: House) -> None:
    """The link that went astray opens nothing any more; the new one does, and so does the account."""
    await house.create("renewed")
    address = "/api/v1/spaces/renewed"
    old = (await house.http.post(f"{address}/invitations", json={"name": "Grace"})).json()
    async with browser(house) as ada:
        await sign_up(ada)
        await ada.post("/spaces/renewed/claim", json={"token": old["token"]})
        new = (await house.http.post(f"{address}/invitations", json={"seat": old["seat"]})).json()
        problem(
            await house.anyone.get(address, headers={"Authorization": f"Bearer {old['token']}"}), 403, "link-renewed"
        )
        assert (await house.anyone.get(address, headers={"Authorization": f"Bearer {new['token']}"})).status_code == 200
        assert (await ada.get("/spaces/renewed")).status_code == 200
        problem(await ada.post("/spaces/renewed/claim", json={"token": old["token"]}), 403, "link-renewed")
    events = (await house.http.get(f"{address}/events")).json()["events"]
    assert [event["kind"] for event in events] == [
        "SpaceCreated",
        "SeatGiven",
        "SeatClaimed",
        "LinkRenewed",
        "LinkRenewed",
    ]
    assert "token" not in json.dumps(events)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/account/passkeys/options", None),
        ("POST", "/account/passkeys", {"passkey": {}}),
        ("DELETE", "/account/passkeys/none", None),
        ("POST", "/account/recovery-codes", None),
        ("PUT", "/account/password", {"password": "quite another sentence", "current": PASSWORD}),
        ("GET", "/account/export", None),
        ("DELETE", "/account", {"handle": "ada"}),
    ],
)
async def test_some_things_take_a_fresh_sign_in(house: House, method: str, path: str, body: Any) -> None:
    """Eleven minutes later the session is as good as before, but changes no way in and takes nothing along."""
    async with browser(house) as ada:
        await sign_up(ada)
        age_sessions(house.settings, FRESH_MS + 60_000)
        problem(await ada.request(method, path, json=body), 403, "sign-in-again")
        assert (await ada.patch("/account", json={"bio": "still here"})).status_code == 200
        await ada.post("/sign-in", json={"handle": "ada", "password": PASSWORD})
        answer = await ada.request(method, path, json=body)
        assert answer.status_code in (200, 201) or answer.json()["code"] in ("passkey-wrong", "passkey-not-found")


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nX: y"])
async def test_signing_in_leads_to_no_other_site(house: House, target: str) -> None:
    """Where the sign-in page goes on to is a path of this site, whatever its address says; no header is made of it."""
    page = await house.anyone.get("/sign-in", params={"next": target})
    assert '<script type="application/json" id="page">{"next": "/", ' in page.text
    assert "x" not in page.headers
    asked = await house.anyone.get("/account")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/account")


async def test_who_is_shut_out_cannot_ask_again_from_another_browser(house: House) -> None:
    """The ban holds the account that the seat belongs to, whatever name it gives, till it is lifted."""
    await house.create("strict")
    await house.http.post("/api/v1/spaces/strict/doors")
    async with browser(house) as ada, browser(house) as other:
        await sign_up(ada)
        invited = (await house.http.post("/api/v1/spaces/strict/invitations", json={"name": "Grace"})).json()
        await ada.post("/spaces/strict/claim", json={"token": invited["token"]})
        ban = f"/api/v1/spaces/strict/bans/{invited['seat']}"
        assert (await house.http.put(ban)).status_code == 200
        await other.post("/sign-in", json={"handle": "ada", "password": PASSWORD})
        problem(await other.post("/spaces/strict/requests", json={"name": "Somebody else"}), 403, "banned")
        assert (await house.http.delete(ban)).status_code == 200
        assert (await other.post("/spaces/strict/requests", json={"name": "Somebody else"})).status_code == 201


async def test_what_is_done_to_accounts_is_on_record(house: House) -> None:
    """Who did what to whom, the newest first, for admins alone; the deleted are numbers, one's export has one's own."""
    async with browser(house) as ada, browser(house) as eve:
        await sign_up(ada)
        await house.http.patch("/api/v1/accounts/ada", json={"role": "admin"})
        await sign_up(eve, "eve")
        await ada.patch("/accounts/eve", json={"suspended": True})
        await ada.patch("/accounts/eve", json={"suspended": False})
        await eve.post("/sign-in", json={"handle": "eve", "password": PASSWORD})
        await eve.put("/account/password", json={"password": f"other {PASSWORD}", "current": PASSWORD})
        await ada.post("/site/invitations", json={"role": "moderator"})
        problem(await eve.get("/site/record"), 403, "not-allowed")
        exported = (await eve.get("/account/export")).json()["record"]
        assert [each["deed"] for each in exported] == ["password", "restored", "suspended", "signed-up"]
        await ada.delete("/accounts/eve")
        gone = (await ada.get("/site/deletions")).json()["deletions"][0]
        was = f"deleted:{gone['number']}"
        entries = (await ada.get("/site/record")).json()["entries"]
        told = [(each["by"], each["deed"], each["handle"], each["detail"]) for each in entries[:8]]
        assert told == [
            ("ada", "deleted", was, ""),
            ("ada", "invited", "", "moderator"),
            (was, "password", was, ""),
            ("ada", "restored", was, ""),
            ("ada", "suspended", was, ""),
            (was, "signed-up", was, "member"),
            ("", "role", "ada", "admin"),
            ("ada", "signed-up", "ada", "member"),
        ]
        older = (await ada.get(f"/site/record?before={entries[0]['id']}")).json()["entries"]
        assert older[0] == entries[1]


async def test_what_is_not_there_is_a_page_for_people(house: House) -> None:
    """In their language and with a way on; programs get a problem document, and so does whoever asks the API."""
    seen, base = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "de"}, house.anyone.base_url
    async with client(str(base)) as anyone:
        for path in ("/nothing", "/admin/nothing", "/stage/none", "/stage", "/studio/x/none.js", "/a//b"):
            answer = await anyone.get(path, headers=seen)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
            assert '<html lang="de"' in answer.text
            assert '<a class="button" href="/">' in answer.text
        problem(await anyone.get("/nothing"), 404, "not-found")
        for path in ("/api/v1/nothing", "/whip/none/none", "/oauth/nothing"):
            assert (await anyone.get(path, headers=seen)).headers["content-type"] == "application/problem+json", path
        refused = await anyone.post("/sign-in", headers=seen)
        assert (refused.status_code, refused.headers["content-type"]) == (405, "text/html; charset=utf-8")
        assert refused.headers["allow"]


async def test_sign_up_leads_back_and_nowhere_else(house: House) -> None:
    """From sign-in to sign-up and back the way stays; an address of another site never gets in."""
    async with client(str(house.anyone.base_url)) as anyone:
        assert 'href="/sign-up?next=/stage/talk"' in (await anyone.get("/sign-in?next=/stage/talk")).text
        page = (await anyone.get("/sign-up?next=/stage/talk")).text
        assert 'href="/sign-in?next=/stage/talk"' in page
        assert '<a class="button primary" href="/stage/talk">' in page
        for evil in ("//evil.example", "/\\evil.example", "https://evil.example",
                     "%2F%2Fevil.example", "%5C%5Cevil.example",
                     "/%5Cevil.example", "/%09/evil.example", "javascript:alert(1)", "/a//evil.example"):  # fmt: skip
            for path in ("/sign-in", "/sign-up"):
                page = (await anyone.get(f"{path}?next={evil}")).text
                assert not re.search(r"evil|alert\(1", page), evil

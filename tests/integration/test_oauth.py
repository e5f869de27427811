"""Apps that people sign in to: registering, saying yes on a page, codes, tokens, and taking them back."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.integration.test_posts import person
from tests.support.apps import BACK, authorize, code_of, exchange, got, hidden, register, token_for
from tests.support.house import House, client, database, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")
OOB = "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with running_house(folder, sign_up="open", new_account_hours=0) as house:
        yield house


async def test_who_is_not_signed_in_is_asked_to_first(house: House) -> None:
    """And comes back to the very page: what an app asks for is longer than most addresses."""
    app = await register(house.anyone)
    asked = {
        "client_id": app["client_id"], "redirect_uri": BACK, "response_type": "code", "state": "s" * 300,
        "scope": "read write follow push", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    answer = await house.anyone.get("/oauth/authorize/", params=asked, follow_redirects=False)  # toot's has a slash
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/oauth/authorize%3Fclient_id%3D")
    signing = await house.anyone.get(answer.headers["location"])
    assert "s" * 300 in signing.text
    assert signing.headers["cross-origin-opener-policy"] == "unsafe-none"


async def test_the_page_says_who_wants_what(house: House) -> None:
    """The app's name as text, what it may do in words, where it leads; and its policy lets the form lead there."""
    async with person(house, "ada") as ada:
        app = await register(ada, "read:statuses write")
        page = await ada.get(
            "/oauth/authorize",
            params={
                "client_id": app["client_id"],
                "response_type": "code",
                "scope": "read:statuses write",
                "redirect_uri": BACK,
            },
        )
        assert "Allow Sparrow to use your account?" in page.text
        assert "write in your name" in page.text
        assert "read, of what you can read: posts" in page.text
        assert "form-action 'self' com.example.app:;" in page.headers["content-security-policy"]
        assert "<script" not in page.text.replace("theme.js", "").split("<form")[1]
        german = await ada.get("/oauth/authorize", params={**hidden(page.text), "lang": "de"})
        assert "Darf Sparrow Ihr Konto benutzen?" in german.text
        [other] = re.findall(r'href="(\?[^"]+lang=de)"', page.text)  # the link to it asks for the same
        assert "Darf Sparrow" in (await ada.get(f"/oauth/authorize{html.unescape(other)}")).text
        refused = await ada.post("/oauth/authorize", data={**hidden(page.text), "no": "1"}, follow_redirects=False)
        assert refused.headers["location"].startswith(f"{BACK}?error=access_denied")


@pytest.mark.parametrize("challenge", [False, True])
async def test_a_code_is_good_once(house: House, *, challenge: bool) -> None:
    """With PKCE and without; used twice it takes the token back (RFC 6749, 4.1.2); of another app it is none."""
    async with person(house, f"bob-{challenge}".lower()) as bob:
        app, other = await register(bob), await register(bob)
        more = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"} if challenge else {}
        answer = await authorize(bob, app, state="x y&z", **more)
        assert answer.headers["location"].startswith(f"{BACK}?code=")  # the scheme as it was registered
        assert answer.headers["location"].endswith("&state=x+y%26z")
        code, verifier = code_of(answer), {"code_verifier": VERIFIER} if challenge else {}
        assert (await exchange(bob, other, code, **verifier)).json()["error"] == "invalid_grant"
        if challenge:
            for wrong in ({}, {"code_verifier": "w" * 64}):
                assert (await exchange(bob, app, code, **wrong)).status_code == 400
        assert (await exchange(bob, app, code, **verifier, redirect_uri="https://evil.example")).status_code == 400
        given = (await exchange(bob, app, code, **verifier)).json()
        assert given["token_type"] == "Bearer"
        assert given["scope"] == "read write follow push"
        assert isinstance(given["created_at"], int)
        async with client(f"{bob.base_url}", authorization=f"Bearer {given['access_token']}") as http:
            assert (await got(http, "/v1/accounts/verify_credentials"))["username"] == f"bob-{challenge}".lower()
            again = await exchange(bob, app, code, **verifier)
            assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
            gone = await http.get("/api/v1/accounts/verify_credentials")
            assert (gone.status_code, gone.json()["error"]) == (401, "The access token is invalid")


async def test_nobody_is_sent_to_a_stranger(house: House) -> None:
    """Neither to an address that was not registered, nor one that runs something; ``plain`` is no challenge."""
    async with person(house, "carl") as carl:
        app = await register(carl)
        asked = {"client_id": app["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": "read"}
        wrong = (
            {"redirect_uri": "https://evil.example/"}, {"redirect_uri": f"{BACK}/more"}, {"redirect_uri": 'x:"<>'},
            {"client_id": "nobody"},
        )  # fmt: skip
        for each in wrong:
            answer = await carl.get("/oauth/authorize", params=asked | each, follow_redirects=False)
            assert answer.status_code == 400, each
            assert "This app cannot use your account" in answer.text
        back = (
            {"scope": "read admin:read rubbish"}, {"response_type": "token"},
            {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        )  # fmt: skip
        for each in back:
            answer = await carl.get("/oauth/authorize", params=asked | each, follow_redirects=False)
            assert answer.status_code in (303, 400), each
            assert answer.headers.get("location", BACK).startswith(BACK)
            assert "code=" not in answer.headers.get("location", "")
        for address in ("javascript:alert(1)", "data:text/html,x", "nothing", "https://x.example/#f", "a b:c"):
            sent = {"client_name": "X", "redirect_uris": [address]}
            assert (await carl.post("/api/v1/apps", json=sent)).status_code == 422, address
        # another site's page presses no button
        page = await carl.get("/oauth/authorize", params=asked)
        pressed = {**hidden(page.text), "yes": "1"}
        assert (
            await carl.post("/oauth/authorize", data=pressed, headers={"Sec-Fetch-Site": "cross-site"})
        ).status_code == 403


async def test_without_an_address_the_code_is_shown(house: House) -> None:
    """As text, for toot and for programs without a browser; JSON is taken as well as forms."""
    async with person(house, "dora") as dora:
        sent = {"client_name": "Toot", "redirect_uris": OOB, "scopes": "read write"}
        app = (await dora.post("/api/v1/apps", json=sent)).json()
        assert app["redirect_uri"] == OOB
        shown = await authorize(dora, app, "read write")
        assert shown.status_code == 200
        code = shown.text.split('id="code" readonly value="')[1].split('"')[0]
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": OOB, "client_id": app["client_id"]}
        given = await dora.post("/oauth/token", json=asked | {"client_secret": app["client_secret"]})
        assert given.status_code == 200, given.text


async def test_an_app_asks_for_itself(house: House) -> None:
    """By its secret, in the form or as Basic; with that it is nobody, and reads nothing that is somebody's."""
    app = await register(house.anyone, "read")
    asked = {"grant_type": "client_credentials", "scope": "read"}
    secret = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    for answer in (
        await house.anyone.post("/oauth/token", data=asked | secret),
        await house.anyone.post("/oauth/token", data=asked, auth=(app["client_id"], app["client_secret"])),
    ):
        assert answer.status_code == 200, answer.text
        async with client(f"{house.anyone.base_url}", authorization=f"Bearer {answer.json()['access_token']}") as http:
            assert (await got(http, "/v1/apps/verify_credentials"))["name"] == "Sparrow"
            assert (await http.get("/api/v1/timelines/home")).status_code == 422
    wrong = await house.anyone.post("/oauth/token", data=asked | secret | {"client_secret": "no"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    for hostile in ({"grant_type": 'a"b\\c'}, {"scope": "write"}, {"grant_type": "password"}):
        assert (await house.anyone.post("/oauth/token", data=asked | secret | hostile)).status_code == 400, hostile


async def test_what_was_given_is_taken_back(house: House) -> None:
    """By the app itself, by its person on the page, by the end of the account; and nothing but digests is kept."""
    async with person(house, "emil") as emil, person(house, "finn") as finn:
        app = await register(emil)
        token = (await exchange(emil, app, code_of(await authorize(emil, app)))).json()["access_token"]
        second = await token_for(emil, "read")
        foreign = await register(finn)
        with database(house.settings) as base:
            kept = "".join(
                f"{row}"
                for table in ("apps", "codes", "tokens")
                for row in base.execute(f"SELECT * FROM oauth_{table}")
            )
        for secret in (token, second, app["client_secret"]):
            assert secret not in kept
            assert hashlib.sha256(secret.encode()).hexdigest() in kept
        sent = {"token": token, "client_id": foreign["client_id"], "client_secret": foreign["client_secret"]}
        assert (await finn.post("/oauth/revoke", data=sent)).status_code == 400  # not that app's
        assert await reads(house, token)
        own = {"token": token, "client_id": app["client_id"], "client_secret": app["client_secret"]}
        assert (await emil.post("/oauth/revoke", data=own)).status_code == 200
        assert (await emil.post("/oauth/revoke", data=own)).status_code == 200  # as RFC 7009 wants it
        assert not await reads(house, token)
        page = await emil.get("/account/apps")
        [path] = [each.split('"')[0] for each in page.text.split('action="') if each.startswith("/account/apps/")]
        assert (await finn.post(path, follow_redirects=False)).status_code == 404
        assert await reads(house, second)
        assert (await emil.post(path, follow_redirects=False)).headers["location"] == "/account/apps"
        assert not await reads(house, second)
        assert "No app may use your account yet." in (await emil.get("/account/apps")).text
        third = await token_for(emil)
        assert await reads(house, third)
        await house.http.patch("/api/v1/accounts/emil", json={"suspended": True})
        assert not await reads(house, third)


async def test_pages_of_other_sites_may_ask(house: House) -> None:
    """Without cookies: Elk and Phanpy live in browsers. Our own API and the page where one says yes are not theirs."""
    async with person(house, "gwen") as gwen:
        preflight = {"Origin": "https://elk.example", "Access-Control-Request-Method": "POST"}
        for path in ("/api/v1/statuses", "/api/v1/timelines/home", "/oauth/token"):
            answer = await gwen.options(path, headers=preflight)
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
        token = await token_for(gwen)
        async with client(f"{gwen.base_url}", authorization=f"Bearer {token}") as http:
            assert (await http.get("/oauth/userinfo")).json()["preferred_username"] == "gwen"
            told = await http.get("/api/v1/timelines/home")
            assert told.headers["access-control-allow-origin"] == "*"
            assert "Link" in told.headers["access-control-expose-headers"]
        for path in ("/api/v1/timelines/home", "/api/v1/account", "/oauth/authorize", "/account/apps"):
            assert "access-control-allow-origin" not in (await gwen.get(path)).headers, path
        assert (await gwen.get("/api/v1/accounts/verify_credentials")).status_code == 401  # a cookie counts for nothing
        metadata = (await gwen.get("/.well-known/oauth-authorization-server")).json()
        assert metadata["code_challenge_methods_supported"] == ["S256"]
        assert (await gwen.get("/mastodon/api/v1/instance")).status_code == 404


async def reads(house: House, token: str) -> bool:
    async with client(f"{house.anyone.base_url}", authorization=f"Bearer {token}") as http:
        answer: httpx.Response = await http.get("/api/v1/accounts/verify_credentials")
        assert answer.status_code in (200, 401, 403), answer.text
        return answer.status_code == 200

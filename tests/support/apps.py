"""An app of Mastodon's client API: it registers, has somebody say yes in their browser, and then asks for them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.house import client

BACK = "com.example.App:/back"
ALL = "read write follow push"


async def register(http: httpx.AsyncClient, scopes: str = ALL, redirect_uris: str = BACK) -> dict[str, Any]:
    """A new app, as it is told."""
    sent = {
        "client_name": "Sparrow",
        "redirect_uris": redirect_uris,
        "scopes": scopes,
        "website": "https://sparrow.example",
    }
    answer = await http.post("/api/v1/apps", data=sent, headers={"cookie": ""})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def hidden(page: str) -> dict[str, str]:
    """The fields of a page's form that nobody sees."""
    return dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', page.replace("&amp;", "&")))


async def authorize(
    person: httpx.AsyncClient, app: Mapping[str, Any], scopes: str = ALL, **more: str
) -> httpx.Response:
    """Somebody who is signed in says yes on the page; the answer leads to the app."""
    asked = {
        "client_id": app["client_id"], "redirect_uri": app["redirect_uris"][0], "response_type": "code",
        "scope": scopes,
    }  # fmt: skip
    page = await person.get("/oauth/authorize", params=asked | more)
    assert page.status_code == 200, page.text
    return await person.post("/oauth/authorize", data={**hidden(page.text), "yes": "1"}, follow_redirects=False)


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def exchange(http: httpx.AsyncClient, app: Mapping[str, Any], code: str, **more: str) -> httpx.Response:
    sent = {
        "grant_type": "authorization_code", "code": code, "client_id": app["client_id"],
        "client_secret": app["client_secret"], "redirect_uri": app["redirect_uris"][0], **more,
    }  # fmt: skip
    return await http.post("/oauth/token", data=sent)


async def token_for(person: httpx.AsyncClient, scopes: str = ALL) -> str:
    """A token of somebody's, for an app of its own."""
    app = await register(person, scopes)
    answer = await exchange(person, app, code_of(await authorize(person, app, scopes)))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@asynccontextmanager
async def app_of(person: httpx.AsyncClient, scopes: str = ALL) -> AsyncIterator[httpx.AsyncClient]:
    """An app that asks for somebody; it has no cookie."""
    token = await token_for(person, scopes)
    async with client(f"{person.base_url}", authorization=f"Bearer {token}") as http:
        yield http


async def got(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    """What an app is told."""
    answer = await http.get(f"/api{path}", params=query)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


async def sent(http: httpx.AsyncClient, path: str, method: str = "POST", **fields: Any) -> Any:
    """The same of what it sends, as a form."""
    answer = await http.request(method, f"/api{path}", data=fields)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()

"""Mastodon's REST API, which many servers of the fediverse speak. Some of them take no notice of ``Idempotency-Key``
(snac2), so after a time-out one's own posts are looked through first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import quote, urlencode

from stentor.outlets.contract import (
    Conversation,
    Granted,
    Granting,
    OutletAnswer,
    OutletField,
    OutletPost,
    OutletRefusal,
    OutletRequest,
    Posted,
    Repeat,
    challenge,
    form_request,
    join,
    json_request,
    odd,
    read,
    refusal,
    text_of,
    well,
)

SCOPES: Final = "read:accounts read:statuses write:statuses"
"""No more than is needed (docs.joinmastodon.org/api/oauth-scopes)."""
LOOKED_AT: Final = 20
"""Posts of a page: with all that a server says of each, as much as is read of an answer."""
PAGES: Final = 4
"""So many are looked through, the newest first."""


class MastodonOutlet:
    """See :class:`stentor.outlets.contract.OutletAdapter`."""

    kind, name = "mastodon", "Mastodon"
    document, read = "https://docs.joinmastodon.org/methods/statuses/", "2026-11-28"
    longest, repeat = 500, Repeat.LOOK
    fields = (OutletField("server", address=True), OutletField("token", secret=True))

    def host(self, secret: Mapping[str, str]) -> str:
        return secret["server"]

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        body = {"status": post.text, "visibility": "public", "language": post.language}
        key = f"{post.key}-{post.tries}"  # who keeps answers by key may keep a refusal
        headers = _signed(secret) | {"idempotency-key": key}
        answer = yield json_request("POST", join(secret["server"], "/api/v1/statuses"), body, headers)
        if not well(answer):
            return refusal(answer)
        found = read(answer)
        return Posted(text_of(found, "id"), text_of(found, "url")) if text_of(found, "id") else odd(answer)

    def look(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        """By the link in it, which says of what moment it is: servers change the text, and keep that. Where so much was
        posted since that its page is not reached, nobody knows."""
        answer = yield OutletRequest("GET", _me(secret), headers=_signed(secret))
        me = text_of(read(answer), "id")
        if not well(answer) or not me:
            return _unread(answer)
        path, last = f"/api/v1/accounts/{quote(me, safe='')}/statuses?limit={LOOKED_AT}&exclude_reblogs=true", ""
        for _ in range(PAGES):
            more = f"{path}&max_id={quote(last, safe='')}" if last else path
            answer = yield OutletRequest("GET", join(secret["server"], more), headers=_signed(secret))
            found = read(answer)
            if not well(answer) or not isinstance(found, list):
                return _unread(answer) if not well(answer) else odd(answer)
            for each in found:
                if _is(each, post):
                    return Posted(text_of(each, "id"), text_of(each, "url"))
            before, last = last, text_of(found[-1], "id") if found else ""
            if last == before and len(found) >= LOOKED_AT:  # it knows no pages
                break
            if last in ("", before) or _made_ms(found[-1]) < post.since_ms:
                return OutletRefusal("outlet-not-found")
        return OutletRefusal("outlet-unsure")

    def connected(self, secret: Mapping[str, str]) -> bool:
        return "token" in secret

    def register(self, secret: Mapping[str, str]) -> Granting:
        """PKCE where the server says that it knows it (Mastodon from 4.3 on)."""
        answer = yield OutletRequest("GET", join(secret["server"], "/.well-known/oauth-authorization-server"))
        found = read(answer) if well(answer) else None
        methods = found.get("code_challenge_methods_supported") if isinstance(found, dict) else None
        pkce = "yes" if isinstance(methods, list) and "S256" in methods else ""
        wish = {
            "client_name": secret["name"], "redirect_uris": secret["back"], "scopes": SCOPES,
            "website": "/".join(secret["back"].split("/")[:3]),
        }  # fmt: skip
        answer = yield json_request("POST", join(secret["server"], "/api/v1/apps"), wish)
        app = {name: text_of(read(answer), name) for name in ("client_id", "client_secret")}
        if not well(answer):
            return refusal(answer)
        return Granted({**secret, **app, "pkce": pkce}) if all(app.values()) else odd(answer)

    def allow(self, secret: Mapping[str, str]) -> str:
        if "client_id" not in secret:
            return ""
        fields = {
            "response_type": "code", "client_id": secret["client_id"], "redirect_uri": secret["back"], "scope": SCOPES,
            "state": secret["state"],
        }  # fmt: skip
        if secret.get("pkce"):
            fields |= {"code_challenge": challenge(secret["verifier"]), "code_challenge_method": "S256"}
        return f"{join(secret['server'], '/oauth/authorize')}?{urlencode(fields)}"

    def exchange(self, secret: Mapping[str, str]) -> Granting:
        fields = {
            "grant_type": "authorization_code", "code": secret["code"], "client_id": secret["client_id"],
            "client_secret": secret["client_secret"], "redirect_uri": secret["back"], "scope": SCOPES,
        }  # fmt: skip
        if secret.get("pkce"):
            fields["code_verifier"] = secret["verifier"]
        answer = yield form_request(join(secret["server"], "/oauth/token"), fields)
        token = text_of(read(answer), "access_token")
        if not well(answer):
            return OutletRefusal("outlet-denied", refusal(answer).said)
        return Granted({"server": secret["server"], "token": token}) if token else odd(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        answer = yield OutletRequest("GET", _me(secret), headers=_signed(secret))
        name = text_of(read(answer), "acct")
        if not well(answer) or not name:
            return _unread(answer) if not well(answer) else odd(answer)
        return Posted(f"@{name}@{secret['server'].split('/')[2]}", text_of(read(answer), "url"))


def _unread(answer: OutletAnswer) -> OutletRefusal:
    """Who may not read gets 403 (docs.joinmastodon.org/api/oauth-scopes); who may nothing, 401."""
    found = refusal(answer)
    scope = answer.status == 403 and found.code == "outlet-token"
    return OutletRefusal("outlet-scope", found.said) if scope else found


def _me(secret: Mapping[str, str]) -> str:
    return join(secret["server"], "/api/v1/accounts/verify_credentials")


def _signed(secret: Mapping[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {secret['token']}"}


def _is(found: Any, post: OutletPost) -> bool:
    """Whether a post of theirs is the one."""
    content = unescape(text_of(found, "content"))
    return post.link in content and _made_ms(found) >= post.since_ms and text_of(found, "id") not in post.known


def _made_ms(found: Any) -> float:
    """When a post was made; 0 where it does not say."""
    try:
        return datetime.fromisoformat(text_of(found, "created_at")).timestamp() * 1000
    except (ValueError, OverflowError):
        return 0.0

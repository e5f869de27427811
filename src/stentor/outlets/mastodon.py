"""Mastodon's REST API, which many servers of the fediverse speak. Some of them take no notice of ``Idempotency-Key``
(snac2), so after a time-out one's own posts are looked through first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import quote

from stentor.outlets.contract import (
    Conversation,
    OutletField,
    OutletPost,
    OutletRefusal,
    OutletRequest,
    Posted,
    Repeat,
    join,
    json_request,
    odd,
    read,
    refusal,
    text_of,
    well,
)

LOOKED_AT: Final = 40
"""The newest of one's own posts; more than a host writes within an hour."""


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
        headers = _signed(secret) | {"idempotency-key": post.key}
        answer = yield json_request("POST", join(secret["server"], "/api/v1/statuses"), body, headers)
        if not well(answer):
            return refusal(answer)
        found = read(answer)
        return Posted(text_of(found, "id"), text_of(found, "url")) if text_of(found, "id") else odd(answer)

    def look(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        """By the link in it: servers change the text, and keep that."""
        answer = yield OutletRequest("GET", _me(secret), headers=_signed(secret))
        me = text_of(read(answer), "id")
        if not well(answer) or not me:
            return refusal(answer)
        path = f"/api/v1/accounts/{quote(me, safe='')}/statuses?limit={LOOKED_AT}&exclude_reblogs=true"
        answer = yield OutletRequest("GET", join(secret["server"], path), headers=_signed(secret))
        found = read(answer)
        if not well(answer) or not isinstance(found, list):
            return refusal(answer) if not well(answer) else odd(answer)
        return next(
            (Posted(text_of(each, "id"), text_of(each, "url")) for each in found if _is(each, post)),
            OutletRefusal("outlet-not-found"),
        )

    def check(self, secret: Mapping[str, str]) -> Conversation:
        answer = yield OutletRequest("GET", _me(secret), headers=_signed(secret))
        name = text_of(read(answer), "acct")
        if not well(answer) or not name:
            return refusal(answer) if not well(answer) else odd(answer)
        return Posted(f"@{name}@{secret['server'].split('/')[2]}", text_of(read(answer), "url"))


def _me(secret: Mapping[str, str]) -> str:
    return join(secret["server"], "/api/v1/accounts/verify_credentials")


def _signed(secret: Mapping[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {secret['token']}"}


def _is(found: Any, post: OutletPost) -> bool:
    """Whether a post of theirs is the one."""
    try:
        made = datetime.fromisoformat(text_of(found, "created_at")).timestamp() * 1000
    except (ValueError, OverflowError):
        return False
    content = unescape(text_of(found, "content"))
    return post.link in content and made >= post.since_ms and text_of(found, "id") not in post.known

"""Bluesky, or any other server of personal data (PDS) of the AT Protocol. A post's name is made of its time and key, so
that the same one twice is one record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from stentor.outlets.contract import (
    Conversation,
    OutletAnswer,
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

COLLECTION: Final = "app.bsky.feed.post"
_SIGNS: Final = "234567abcdefghijklmnopqrstuvwxyz"


class BlueskyOutlet:
    """See :class:`stentor.outlets.contract.OutletAdapter`."""

    kind, name = "bluesky", "Bluesky"
    document, read = "https://docs.bsky.app/docs/advanced-guides/posts", "2026-11-28"
    longest, repeat = 300, Repeat.SAFE
    fields = (
        OutletField("server", given="https://bsky.social", address=True),
        OutletField("handle"),
        OutletField("password", secret=True),
    )

    def host(self, secret: Mapping[str, str]) -> str:
        return secret["server"]

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        answer = yield _session(secret)
        session = read(answer)
        did, token = text_of(session, "did"), text_of(session, "accessJwt")
        if not well(answer) or not did or not token:
            return _refused(answer)
        name = tid(post.made_ms, post.key)
        body = {"repo": did, "collection": COLLECTION, "rkey": name, "record": record(post)}
        headers = {"authorization": f"Bearer {token}"}
        answer = yield json_request("POST", join(secret["server"], "/xrpc/com.atproto.repo.putRecord"), body, headers)
        if not well(answer):
            return _refused(answer)
        uri = text_of(read(answer), "uri")
        return Posted(uri, f"https://bsky.app/profile/{did}/post/{name}") if uri else odd(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        answer = yield _session(secret)
        handle = text_of(read(answer), "handle")
        return Posted(f"@{handle}") if well(answer) and handle else _refused(answer)


def tid(made_ms: int, key: str) -> str:
    """The name of a record (TID): 53 bits of microseconds since 1970 and ten that the key says, in base 32."""
    number = (made_ms * 1000 << 10) | int.from_bytes(hashlib.sha256(key.encode()).digest()[:2]) >> 6
    return "".join(_SIGNS[number >> shift & 31] for shift in range(60, -1, -5))


def record(post: OutletPost) -> dict[str, Any]:
    """The post with its link; places in the text are counted in bytes of UTF-8."""
    at = (
        datetime.fromtimestamp((post.at_ms or post.made_ms) / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
    found: dict[str, Any] = {"$type": COLLECTION, "text": post.text, "createdAt": at, "langs": [post.language]}
    before, link, _ = post.text.partition(post.link)
    if link:
        start = len(before.encode())
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": link}
        place = {"byteStart": start, "byteEnd": start + len(link.encode())}
        found["facets"] = [{"index": place, "features": [feature]}]
    return found


def _session(secret: Mapping[str, str]) -> OutletRequest:
    wish = {"identifier": secret["handle"].removeprefix("@"), "password": secret["password"]}
    return json_request("POST", join(secret["server"], "/xrpc/com.atproto.server.createSession"), wish)


def _refused(answer: OutletAnswer) -> OutletRefusal:
    """A wrong password is 401; some of what has expired is 400 with a word."""
    if text_of(read(answer), "error") in ("ExpiredToken", "InvalidToken", "AuthenticationRequired"):
        return OutletRefusal("outlet-token", refusal(answer).said)
    return refusal(answer)

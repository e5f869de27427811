"""A room of Matrix, by the account of somebody in it. Two with the same name of a transaction are one message, but only
while its token stays the same (8.6), and servers forget such names after a day or less: so it is looked first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from stentor.outlets.contract import (
    Conversation,
    OutletField,
    OutletPost,
    OutletRefusal,
    OutletRequest,
    Posted,
    Repeat,
    join,
    odd,
    read,
    refusal,
    text_of,
    well,
)
from stentor.outlets.webhooks import BEARER, WebhookCheck, WebhookOutlet

LOOKED_AT: Final = 100
"""Events of a page; :data:`PAGES` of them are looked through, the newest first."""
PAGES: Final = 4
_API: Final = "/_matrix/client/v3"


class MatrixOutlet(WebhookOutlet, frozen=True, kw_only=True):
    """See :class:`stentor.outlets.contract.ReadableOutlet`."""

    def look(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        """By the link, in what the account itself has written. Where the room has so much of later that this page of
        it is not reached, nobody knows."""
        headers = {"authorization": f"Bearer {secret['token']}"}
        answer = yield OutletRequest("GET", join(secret["server"], f"{_API}/account/whoami"), headers=headers)
        me = text_of(read(answer), "user_id")
        if not well(answer) or not me:
            return odd(answer) if well(answer) else refusal(answer)
        room, place = join(secret["server"], f"{_API}/rooms/{quote(secret['room'], safe='')}/messages"), ""
        for _ in range(PAGES):
            query = {"dir": "b", "limit": f"{LOOKED_AT}", **({"from": place} if place else {})}
            answer = yield OutletRequest("GET", f"{room}?{urlencode(query)}", headers=headers)
            events = read(answer)["chunk"] if well(answer) else None
            if not isinstance(events, list):
                return odd(answer) if well(answer) else refusal(answer)
            for each in events:
                if _is(each, me, post):
                    number = text_of(each, "event_id")
                    return Posted(number, self._seen(secret, {"event_id": number}))
            before, place = place, text_of(read(answer), "end")
            if not events or place in ("", before) or any(_at_ms(each) < post.since_ms for each in events):
                return OutletRefusal("outlet-not-found")
        return OutletRefusal("outlet-unsure")


def _is(event: Any, me: str, post: OutletPost) -> bool:
    """Whether an event of a room is the post."""
    said = text_of(event, "content", "body")
    mine = text_of(event, "sender") == me and text_of(event, "event_id") not in post.known
    return mine and post.link in said.split() and _at_ms(event) >= post.since_ms


def _at_ms(event: Any) -> int:
    return int(text_of(event, "origin_server_ts") or 0)


MATRIX: Final = MatrixOutlet(
    kind="matrix", name="Matrix",
    document="https://spec.matrix.org/v1.16/client-server-api/", read="2026-11-28",
    fields=(OutletField("server", address=True), OutletField("token", secret=True), OutletField("room")),
    method="PUT",
    url="{server}" + _API + "/rooms/{room}/send/m.room.message/{key}", repeat=Repeat.LOOK,
    headers=BEARER, body='{"msgtype": "m.text", "body": "{text}"}', longest=16_000,
    message="event_id", link="https://matrix.to/#/{room}/{event_id}", wait="retry_after_ms", wait_unit_s=0.001,
    asks=WebhookCheck("GET", "{server}" + _API + "/account/whoami", name="user_id"),
)  # fmt: skip

"""Rooms of Discord, Slack and Matrix: the first two by webhooks that the host makes there, which take everything twice
and can be looked at by nobody; Matrix by a name for each message, of which there is one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from stentor.outlets.contract import (
    Conversation,
    OutletField,
    OutletPost,
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


class _Hook:
    """What both webhooks share."""

    longest, repeat = 2000, Repeat.NEVER
    fields = (OutletField("hook", secret=True, address=True),)

    def host(self, secret: Mapping[str, str]) -> str:
        return secret["hook"]


class DiscordOutlet(_Hook):
    """See :class:`stentor.outlets.contract.OutletAdapter`."""

    kind, name = "discord", "Discord"
    document, read = "https://discord.com/developers/docs/resources/webhook", "2026-11-28"

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        """``wait``: it answers once the message is there. Nobody is mentioned, whatever the words say."""
        body = {"content": post.text, "allowed_mentions": {"parse": []}}
        answer = yield json_request("POST", f"{secret['hook']}{'&' if '?' in secret['hook'] else '?'}wait=true", body)
        if not well(answer):
            wait = (read(answer) or {}).get("retry_after", 0) if isinstance(read(answer), dict) else 0
            return refusal(answer, float(wait) if isinstance(wait, int | float) else 0.0)
        number = text_of(read(answer), "id")
        return Posted(number) if number else odd(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        answer = yield OutletRequest("GET", secret["hook"])
        name = text_of(read(answer), "name")
        return Posted(name) if well(answer) and name else refusal(answer) if not well(answer) else odd(answer)


class SlackOutlet(_Hook):
    """See :class:`stentor.outlets.contract.OutletAdapter`."""

    kind, name = "slack", "Slack"
    document, read = "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/", "2026-11-28"

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        escaped = post.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        answer = yield json_request("POST", secret["hook"], {"text": escaped})
        return Posted(post.key) if well(answer) else refusal(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        """A message without text: Slack refuses that, and says in other words that there is no such webhook."""
        answer = yield json_request("POST", secret["hook"], {"text": ""})
        there = well(answer) or answer.body.strip() in (b"no_text", b"missing_text_or_fallback_or_attachments")
        return Posted(secret["hook"].split("/")[2]) if there else refusal(answer)


class MatrixOutlet:
    """See :class:`stentor.outlets.contract.OutletAdapter`."""

    kind, name = "matrix", "Matrix"
    document, read = "https://spec.matrix.org/v1.16/client-server-api/", "2026-11-28"
    longest, repeat = 16_000, Repeat.SAFE
    fields = (OutletField("server", address=True), OutletField("token", secret=True), OutletField("room"))

    def host(self, secret: Mapping[str, str]) -> str:
        return secret["server"]

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        """The name of the transaction is the key: the same one twice is one message (client-server API, 8.6)."""
        room, key = quote(secret["room"], safe=""), quote(post.key, safe="")
        path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{key}"
        body = {"msgtype": "m.text", "body": post.text}
        answer = yield json_request("PUT", join(secret["server"], path), body, _bearer(secret))
        event = text_of(read(answer), "event_id")
        if not well(answer):
            wait = text_of(read(answer), "retry_after_ms")
            return refusal(answer, int(wait) / 1000 if wait.isdigit() else 0.0)
        return Posted(event, f"https://matrix.to/#/{secret['room']}/{event}") if event else odd(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        url = join(secret["server"], "/_matrix/client/v3/account/whoami")
        answer = yield OutletRequest("GET", url, headers=_bearer(secret))
        name = text_of(read(answer), "user_id")
        return Posted(name) if well(answer) and name else refusal(answer) if not well(answer) else odd(answer)


def _bearer(secret: Mapping[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {secret['token']}"}

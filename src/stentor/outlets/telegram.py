"""A channel or group of Telegram, by a bot. The Bot API has no key that makes two of the same one, and bots cannot read
what they wrote: after a time-out the host is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stentor.outlets.contract import (
    Conversation,
    OutletAnswer,
    OutletField,
    OutletPost,
    OutletRefusal,
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


class TelegramOutlet:
    """See :class:`stentor.outlets.contract.OutletAdapter`."""

    kind, name = "telegram", "Telegram"
    document, read = "https://core.telegram.org/bots/api", "2026-11-28"
    longest, repeat = 4096, Repeat.NEVER
    fields = (
        OutletField("server", given="https://api.telegram.org", address=True),
        OutletField("token", secret=True),
        OutletField("chat"),
    )

    def host(self, secret: Mapping[str, str]) -> str:
        return secret["server"]

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        answer = yield json_request("POST", _at(secret, "sendMessage"), {"chat_id": secret["chat"], "text": post.text})
        found = _result(answer)
        if not well(answer) or found is None:
            return _refused(answer)
        number, public = text_of(found, "message_id"), text_of(found, "chat", "username")
        return Posted(number, f"https://t.me/{public}/{number}" if public else "") if number else odd(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        answer = yield json_request("POST", _at(secret, "getChat"), {"chat_id": secret["chat"]})
        found = _result(answer)
        if not well(answer) or found is None:
            return _refused(answer)
        return Posted(text_of(found, "title") or text_of(found, "username") or secret["chat"])


def _at(secret: Mapping[str, str], method: str) -> str:
    return join(secret["server"], f"/bot{secret['token']}/{method}")


def _result(answer: OutletAnswer) -> Any:
    found = read(answer)
    return found.get("result") if isinstance(found, dict) and found.get("ok") is True else None


def _refused(answer: OutletAnswer) -> OutletRefusal:
    found = read(answer)
    wait = text_of(found, "parameters", "retry_after")
    return refusal(answer, float(wait) if wait.isdigit() else 0.0)

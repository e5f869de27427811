"""Webhooks: rooms and programs that take a message as one request. A kind is a template, and no code: where it is sent,
what stands in it, and where the answer says how the message is called. What no template is for takes one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from stentor.base.errors import BadInput
from stentor.outlets.contract import (
    Conversation,
    OutletAnswer,
    OutletField,
    OutletPost,
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
from stentor.spaces import hooks

LONGEST_TEMPLATE: Final = 2000
MOST_BRACKETS: Final = 200
"""Of one's own template: it is filled in as deep as it goes."""
NEEDED: Final = frozenset({"text", "title", "link"})
"""Of these one's own template has one at least."""
MOST_WAIT_S: Final = 86_400.0
SIGNING: Final = "signing"
HOOK: Final = (OutletField("hook", secret=True, address=True),)
_NAME: Final = re.compile(r"\{([a-z_]+)\}")


class WebhookCheck(msgspec.Struct, frozen=True):
    """How it is asked whose it is, without a message."""

    method: str
    url: str = "{hook}"
    body: str = ""
    name: str = ""
    """What the answer calls it; where it says nothing, its host is its name."""
    fine: frozenset[bytes] = frozenset()
    """Refusals by which one learns that it is there."""


class WebhookOutlet(msgspec.Struct, frozen=True, kw_only=True):
    """See :class:`stentor.outlets.contract.OutletAdapter`. Names in braces stand for what the host has filled in, and
    for ``text``, ``title``, ``link``, ``language`` and ``key`` of the post."""

    kind: str
    name: str
    document: str
    read: str
    body: str
    """JSON. Names are filled in within its texts, so that it stays JSON whatever they hold."""
    longest: int = 2000
    repeat: Repeat = Repeat.NEVER
    fields: tuple[OutletField, ...] = HOOK
    method: str = "POST"
    url: str = "{hook}"
    query: str = ""
    headers: Mapping[str, str] = {}
    signs: Mapping[str, str] = {}
    """What stands for signs that would command something there."""
    message: str = ""
    """Where the answer has the name of the message; empty where it has none."""
    link: str = ""
    """Where people see it, of names in the answer too."""
    more: str = ""
    """What is asked afterwards for names that the link needs as well."""
    wait: str = ""
    """Where a refusal says when to come back."""
    wait_unit_s: float = 1.0
    asks: WebhookCheck | None = None
    """None where nothing can be asked without a message."""

    def host(self, secret: Mapping[str, str]) -> str:
        return secret[self._address]

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        values = {name: value for name, value in secret.items() if name != SIGNING} | {
            "text": self._safe(post.text), "title": self._safe(post.title), "link": post.link,
            "language": post.language, "key": post.key,
        }  # fmt: skip
        own = self._url(self.url, values)
        url = f"{own}{'&' if '?' in own else '?'}{self.query}" if self.query else own
        request = self._request(self.method, url, secret.get("body") or self.body, values)
        answer = yield _signed(request, secret.get(SIGNING, ""), post)
        if not well(answer):
            return refusal(answer, self._wait_s(answer))
        if not self.message:
            return Posted(post.key)
        found = read(answer)
        number = text_of(found, self.message)
        if number and self.more:
            more = yield OutletRequest("GET", self._url(self.more, secret), posted=Posted(number))
            found = {**(read(more) if isinstance(read(more), dict) else {}), **found}
        return Posted(number, self._seen(secret, found)) if number else odd(answer)

    def check(self, secret: Mapping[str, str]) -> Conversation:
        if self.asks is None:
            return Posted(self._place(secret))
        asks = self.asks
        answer = yield self._request(asks.method, self._url(asks.url, secret), asks.body, secret)
        if not well(answer) and answer.body.strip() not in asks.fine:
            return refusal(answer)
        name = text_of(read(answer), asks.name) if asks.name else self._place(secret)
        return Posted(name) if name else odd(answer)

    def _url(self, template: str, values: Mapping[str, str]) -> str:
        """An address with all names filled in: the host's own address as it is, of one that is no secret its origin."""
        address, secret = values[self._address], any(each.address and each.secret for each in self.fields)
        filled = {name: quote(value, safe="") for name, value in values.items()}
        filled[self._address] = address if secret else join(address, "")
        return _filled(template, filled)

    def _request(self, method: str, url: str, body: str, values: Mapping[str, str]) -> OutletRequest:
        headers = {name: _filled(value, values) for name, value in self.headers.items()}
        if not body:
            return OutletRequest(method, url, headers=headers)
        sent = msgspec.json.encode(_filled_in(msgspec.json.decode(body), values))
        return OutletRequest(method, url, sent, {"content-type": "application/json", **headers})

    def _safe(self, words: str) -> str:
        return "".join(self.signs.get(sign, sign) for sign in words)

    def _seen(self, secret: Mapping[str, str], answer: Mapping[str, Any]) -> str:
        """Where people see it; empty where a name is missing."""
        shown = {each.name: secret[each.name] for each in self.fields if not each.secret}
        values = shown | {name: text_of(answer, name) for name in answer}
        if not all(values.get(name) for name in _NAME.findall(self.link)):
            return ""
        return _filled(self.link, {name: quote(value, safe="!$#:@.-_") for name, value in values.items()})

    def _wait_s(self, answer: OutletAnswer) -> float:
        found = read(answer)
        value = found.get(self.wait) if isinstance(found, dict) else None
        if not isinstance(value, int | float) or isinstance(value, bool):
            return 0.0
        return min(value * self.wait_unit_s, MOST_WAIT_S)

    def _place(self, secret: Mapping[str, str]) -> str:
        return secret[self._address].split("/")[2]

    @property
    def _address(self) -> str:
        return next(each.name for each in self.fields if each.address)


def template(written: str) -> str:
    """One's own template as it is kept: JSON on one line. Raises :class:`BadInput`."""
    try:
        found = msgspec.json.decode(written)
        kept = msgspec.json.encode(found).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadInput("This is no JSON.", field="body", reason="webhook-template") from error
    deep = kept.count("{") + kept.count("[") > MOST_BRACKETS
    if deep or len(kept) > LONGEST_TEMPLATE or not NEEDED & set(_NAME.findall(" ".join(_texts(found)))):
        raise BadInput("It has {text}, {title} or {link} in it.", field="body", reason="webhook-template")
    return kept


def _signed(request: OutletRequest, secret: str, post: OutletPost) -> OutletRequest:
    """With a signature as Standard Webhooks has it, where there is a secret; the same post has the same id."""
    if not secret:
        return request
    at_s = post.at_ms // 1000
    headers = {
        "webhook-id": post.key, "webhook-timestamp": f"{at_s}",
        "webhook-signature": hooks.signature([hooks.secret_of(secret)], post.key, at_s, request.body),
    }  # fmt: skip
    return msgspec.structs.replace(request, headers={**request.headers, **headers})


def _filled(words: str, values: Mapping[str, str]) -> str:
    """All names at once: what one of them holds is not filled in again."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), words)


def _texts(value: Any) -> Iterator[str]:
    """The texts in which names are filled in; what stands before a colon is none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _filled_in(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, values)
    if isinstance(value, list):
        return [_filled_in(each, values) for each in value]
    return {name: _filled_in(each, values) for name, each in value.items()} if isinstance(value, dict) else value


BEARER: Final = {"authorization": "Bearer {token}"}
WEBHOOKS: Final = (
    WebhookOutlet(
        kind="discord", name="Discord",
        document="https://discord.com/developers/docs/resources/webhook", read="2026-11-28",
        body='{"content": "{text}", "allowed_mentions": {"parse": []}}',  # nobody is called, whatever the words say
        query="wait=true",  # it answers once the message is there
        message="id", link="https://discord.com/channels/{guild_id}/{channel_id}/{id}", more="{hook}",
        wait="retry_after", asks=WebhookCheck("GET", name="name"),
    ),
    WebhookOutlet(
        kind="slack", name="Slack",
        document="https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/", read="2026-11-28",
        body='{"text": "{text}"}', signs={"&": "&amp;", "<": "&lt;", ">": "&gt;"},
        # a message without text is refused, in other words where there is no such webhook
        asks=WebhookCheck("POST", body='{"text": ""}',
                          fine=frozenset({b"no_text", b"missing_text_or_fallback_or_attachments"})),
    ),
    WebhookOutlet(
        kind="hookshot", name="Matrix (Hookshot)",
        document="https://matrix-org.github.io/matrix-hookshot/latest/setup/webhooks.html", read="2026-11-30",
        body='{"text": "{text}"}', longest=16_000,
    ),
    WebhookOutlet(
        kind="webhook", name="Webhook",
        document="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
        read="2025-02-16",
        fields=(*HOOK, OutletField("body", given='{"text": "{text}"}', template=True),
                OutletField(SIGNING, secret=True, signing=True)),
        body='{"text": "{text}"}',
    ),
)  # fmt: skip
"""All templates there are, in the order in which they are offered."""

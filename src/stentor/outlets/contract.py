"""What every outlet has to say, whatever network it is.

An adapter talks in a generator: it yields requests, is sent their answers, and returns what became of it. So it needs
no network, no clock and no randomness, and a courier drives all of them alike.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator, Mapping
from enum import Enum
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import urlencode

import msgspec

MOST_SAID: Final = 300
"""Of an outlet's own words that are kept."""


class OutletRequest(msgspec.Struct, frozen=True):
    """One request. Its address begins with what the host has given, or with the network's own."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = {}
    keep: Mapping[str, str] = {}
    """What is kept from now on, before this is sent; unless it was changed meanwhile, when it waits."""
    claim: bool = False
    """What was kept before comes back where there is no answer, or none of use: nobody else did the same meanwhile."""
    posted: Posted | None = None
    """What is to be posted is there already, and that is noted before this is sent; where this has no answer it is as
    an empty one."""


class OutletAnswer(msgspec.Struct, frozen=True):
    """What came back, whatever its status. ``retry_after_s`` is what was asked for, 0 for nothing."""

    status: int
    body: bytes
    retry_after_s: float = 0.0


class Posted(msgspec.Struct, frozen=True):
    """It is there. Of a check: ``id`` is whose account it is."""

    id: str
    link: str = ""
    """Where people see it; empty where the network does not say."""


class OutletRefusal(msgspec.Struct, frozen=True):
    """It is not there, and the outlet said so."""

    code: str
    """Why, in one of our words: ``outlet-token``, ``outlet-gone``, ``outlet-words``, ``outlet-busy``, ``outlet-odd``,
    ``outlet-denied``, ``outlet-blocked`` (a protection in front of it lets no program in), ``outlet-money`` (nothing is
    left of what was paid), ``outlet-scope`` (the token may not read), ``outlet-not-found`` (of a look: no such post is
    there), ``outlet-unsure`` (of a look: it does not reach back far enough)."""
    said: str = ""
    """In the outlet's own."""
    again: bool = False
    """It may go better later."""
    wait_s: float = 0.0


class Granted(msgspec.Struct, frozen=True):
    """A step of connecting in the browser went well: what is kept from now on."""

    secret: Mapping[str, str]


Outcome = Posted | OutletRefusal
Conversation = Generator[OutletRequest, OutletAnswer, Outcome]
Granting = Generator[OutletRequest, OutletAnswer, Granted | OutletRefusal]


class OutletPost(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted. Times are ms since 1970 (UTC)."""

    text: str
    """All of it, the link too, no longer than the outlet takes."""
    link: str
    """That of the space's page as it stands in the text."""
    title: str = ""
    """That of the space."""
    language: str
    key: str
    """The same for the same space, outlet and moment, however often it is asked for, and for no other."""
    tries: int = 0
    """How often its host has asked for it."""
    made_ms: int
    """When it was ordered."""
    at_ms: int = 0
    """When it is tried: people are shown that, and not that it was ordered days ago (touitomamout #191)."""
    since_ms: int = 0
    """Of a look: what is older is another post."""
    known: frozenset[str] = frozenset()
    """Of a look: posts that were made at other moments."""


class Repeat(Enum):
    """What happens when the same thing is posted twice, which decides what is done after a time-out."""

    SAFE = "safe"
    """It is one post, by a key or name that we give it."""
    LOOK = "look"
    """It may be two; but one can look whether the first is there."""
    NEVER = "never"
    """It is two, and nobody can look: the host is asked."""


class OutletField(msgspec.Struct, frozen=True):
    """Something that a host fills in to connect. ``given`` stands there at first."""

    name: str
    secret: bool = False
    given: str = ""
    address: bool = False
    """An address of the web; what follows its host name does not count, unless ``secret``."""
    template: bool = False
    """JSON, in which names in braces are filled in."""
    signing: bool = False
    """A secret of Standard Webhooks, or empty: then nothing is signed."""


class OutletAdapter(Protocol):
    """The contract. ``secret`` is what the host has filled in, by the names of the fields."""

    @property
    def kind(self) -> str:
        """Its name for programs."""

    @property
    def name(self) -> str:
        """Its name for people."""

    @property
    def document(self) -> str:
        """The address of what this is built to."""

    @property
    def read(self) -> str:
        """The day or month of that document (ISO 8601); of one without a date, the day on which it was read."""

    @property
    def longest(self) -> int:
        """Characters of a post."""

    @property
    def repeat(self) -> Repeat:
        """What two of the same are."""

    @property
    def fields(self) -> tuple[OutletField, ...]:
        """What a host fills in to connect."""

    def host(self, secret: Mapping[str, str]) -> str:
        """An address at the host that is asked."""

    def post(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        """Posts it."""

    def check(self, secret: Mapping[str, str]) -> Conversation:
        """Says whose account it is, and posts nothing."""


@runtime_checkable
class ReadableOutlet(OutletAdapter, Protocol):
    """One of :attr:`Repeat.LOOK`."""

    def look(self, secret: Mapping[str, str], post: OutletPost) -> Conversation:
        """Looks whether a post is there."""


@runtime_checkable
class BrowserOutlet(OutletAdapter, Protocol):
    """One that can be connected in the browser (OAuth 2.0). Until that is done ``secret`` holds ``server``, the site's
    ``name``, where to come ``back``, ``state`` and ``verifier`` (RFC 7636), then what each step has given."""

    def connected(self, secret: Mapping[str, str]) -> bool:
        """Whether all steps are done."""

    def register(self, secret: Mapping[str, str]) -> Granting:
        """Makes the site known there."""

    def allow(self, secret: Mapping[str, str]) -> str:
        """Where its person allows it; empty before the site is known there."""

    def exchange(self, secret: Mapping[str, str]) -> Granting:
        """Makes a token of the ``code`` that the browser has brought back."""


def challenge(verifier: str) -> str:
    """What is shown of a verifier (RFC 7636, 4.2, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def form_request(url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> OutletRequest:
    """A request with the fields of a form, as OAuth wants it (RFC 6749, 4.1.3)."""
    kind = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    return OutletRequest("POST", url, urlencode(fields).encode(), kind | dict(headers or {}))


def json_request(method: str, url: str, value: object, headers: Mapping[str, str] | None = None) -> OutletRequest:
    """A request with a JSON body."""
    return OutletRequest(
        method, url, msgspec.json.encode(value), {"content-type": "application/json", **(headers or {})}
    )


def read(answer: OutletAnswer) -> Any:
    """The JSON of an answer; None for what is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def text_of(found: Any, *names: str) -> str:
    """A text (or a number as one) in nested objects; empty where there is none."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def well(answer: OutletAnswer) -> bool:
    return 200 <= answer.status < 300


def refusal(answer: OutletAnswer, wait_s: float = 0.0) -> OutletRefusal:
    """What a status says that is not 2xx. Of 5xx nobody knows what was done: the courier treats it as a time-out."""
    codes = {401: "outlet-token", 403: "outlet-token", 404: "outlet-gone", 410: "outlet-gone", 429: "outlet-busy"}
    if answer.status == 403 and _is_of_protection(answer):
        return OutletRefusal("outlet-blocked")
    words = answer.status in (400, 413, 422)
    code = codes.get(answer.status, "outlet-words" if words else "outlet-odd")
    return OutletRefusal(code, said(answer), again=answer.status == 429, wait_s=max(wait_s, answer.retry_after_s))


def _is_of_protection(answer: OutletAnswer) -> bool:
    """Whether no API speaks, but what stands before it, such as Cloudflare: a page, its number, or nothing. What Slack
    says is a word."""
    body = answer.body.strip().lower()
    return not body or body.startswith((b"<", b"error code:"))


def odd(answer: OutletAnswer) -> OutletRefusal:
    """It said yes, and not what."""
    return OutletRefusal("outlet-odd", said(answer))


def said(answer: OutletAnswer) -> str:
    """The outlet's own words, on one line."""
    found = read(answer)
    for name in ("error_description", "description", "message", "error", "detail"):
        if words := text_of(found, name):
            return _line(words)
    return _line(answer.body[: 4 * MOST_SAID].decode("utf-8", "replace")) if found is None else ""


def _line(words: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in words)
    return " ".join(plain.split())[:MOST_SAID]


def join(address: str, path: str) -> str:
    """``path`` at the origin of an address that the host gave."""
    return "/".join(address.split("/")[:3]) + path

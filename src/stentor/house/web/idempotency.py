"""``Idempotency-Key`` on POST (draft-ietf-httpapi-idempotency-key-header-07): the same request is done once.

The same key and request get the same answer for a day, another request under the key 422, and one that comes while the
first is being answered 409. It counts for those who show who they are; a key of a stranger's is ignored. Answers are
sealed with what only the caller has, the token and the key, so the database tells no secret that was in one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Final, TypeAlias

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import BadInput, Conflict, StentorError, problem
from stentor.base.seal import Seal
from stentor.base.signing import derive
from stentor.house.web.problems import headers_of
from stentor.store.answers import Answers, KeptAnswer

LONGEST_KEY: Final = 255
MOST_BODY: Final = 64 * 1024
"""Of a request and of an answer; larger ones are not kept."""
KEPT_HEADERS: Final = ("content-type", "location", "cache-control")
_SEALED: Final = "answer"
Lasts: TypeAlias = Callable[[Scope], Awaitable[bool]]


def once(app: ASGIApp, answers: Answers, clock: Clock, *, cookie: str, lasts: Lasts) -> ASGIApp:
    """``app``, which does a request with a key once. ``cookie`` is the name of that of sessions; ``lasts`` says whether
    who asks is still let in: a kept answer does not outlive the token that it was given to.
    """

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST" or not scope["path"].startswith("/api/v1/"):
            await app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        key, who = headers.get("idempotency-key"), _who(headers, cookie)
        if key is None or not who:
            await app(scope, receive, send)
            return
        try:
            if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
                raise BadInput(f"Idempotency-Key has 1 to {LONGEST_KEY} printable characters.", field="Idempotency-Key")
            body, whole, again = await _read(receive)
            if not whole:
                await app(scope, again, send)
                return
            path = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
            exchange = _Exchange(answers, lasts, who, key, path, headers.get("content-type", ""), body)
            await exchange.run(app, scope, again, send, now_ms=unix_ms(clock()))
        except StentorError as error:
            await _refuse(send, error)

    return outer


class _Exchange:
    """One request with a key, and its answer."""

    def __init__(self, answers: Answers, lasts: Lasts, who: str, key: str, path: str, kind: str, body: bytes) -> None:
        self._answers, self._lasts = answers, lasts
        self._caller = _digest(who, key, path)
        self._asked = _digest(kind, body.hex())
        self._seal = Seal(derive(f"{who}\n{key}".encode(), _SEALED))

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, now_ms: int) -> None:
        """Answers as before, or asks the application. Raises :class:`Conflict`, and what the store raises."""
        known = await self._answers.begin(self._caller, self._asked, now_ms=now_ms)
        if known is None:
            await self._ask(app, scope, receive, send)
        elif not await self._lasts(scope):
            await app(scope, receive, send)  # which says so
        elif known.asked != self._asked:
            raise BadInput(
                "This Idempotency-Key came with another request before; use a new one for each.",
                code="idempotency-key-reused",
                status=422,
            )
        elif known.status is None:
            raise Conflict("The first request with this Idempotency-Key is still being answered.", code="still-busy")
        else:
            body = self._seal.open(known.body, _SEALED)
            fields = known.headers | {"content-length": str(len(body)), "idempotency-replayed": "true"}
            await _send(send, known.status, fields, body)

    async def _ask(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        status, fields, parts, kept = 0, dict[str, str](), list[bytes](), False

        async def watched(message: Message) -> None:
            nonlocal status, fields, kept
            if message["type"] == "http.response.start":
                status = message["status"]
                fields = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):  # kept before the caller has it, who may then ask at once
                    kept = await self._keep(status, fields, b"".join(parts))
            await send(message)

        try:
            await app(scope, receive, watched)
        finally:
            if not kept:
                await self._answers.forget(self._caller)

    async def _keep(self, status: int, fields: dict[str, str], body: bytes) -> bool:
        """Whether the answer is kept: not one that says to come again, is about who asks, or begins a session."""
        if status >= 500 or status in (401, 403, 429) or "set-cookie" in fields or len(body) > MOST_BODY:
            return False
        headers = {name: value for name, value in fields.items() if name in KEPT_HEADERS}
        sealed = self._seal.close(body, _SEALED)
        await self._answers.finish(self._caller, KeptAnswer(self._asked, status, headers, sealed))
        return True


def _who(headers: dict[str, str], cookie: str) -> str:
    """What shows who asks: the token, or that of the session; empty for nobody."""
    if authorization := headers.get("authorization", ""):
        return authorization
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        return ""
    return found.value if found else ""


async def _read(receive: Receive) -> tuple[bytes, bool, Receive]:
    """The body as far as it is kept, whether that is all of it, and a way to read it again."""
    messages, size = list[HTTPReceiveMessage](), 0
    whole = False
    while not whole and size <= MOST_BODY:
        message = await receive()
        messages.append(message)  # type: ignore[arg-type]
        if message["type"] != "http.request":
            break
        size += len(message.get("body", b""))
        whole = not message.get("more_body", False)
    body = b"".join(each.get("body", b"") for each in messages if each["type"] == "http.request")
    waiting = iter(messages)

    async def again() -> HTTPReceiveMessage:
        found = next(waiting, None)
        return found if found is not None else await receive()  # type: ignore[return-value]

    return body, whole and size <= MOST_BODY, again


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def _refuse(send: Send, error: StentorError) -> None:
    body = msgspec.json.encode(problem(error))
    await _send(send, error.status, {**headers_of(error), "content-length": str(len(body))}, body)


async def _send(send: Send, status: int, fields: dict[str, str], body: bytes) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})

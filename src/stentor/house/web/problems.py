"""Errors as HTTP: the one place that turns anything raised in the house into a problem document (RFC 9457)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from stentor.base import log
from stentor.base.errors import (
    PROBLEM_TYPE,
    BadInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NotSupported,
    Overloaded,
    StentorError,
    TooLarge,
    problem,
)
from stentor.base.paths import wants_page
from stentor.base.texts import negotiate

_REQUEST = Request[Any, Any, Any]
_NAMED = re.compile(r"field `(\w+)`")
GONE = "client disconnected prematurely"
"""How the framework calls a peer that goes while it sends; as a fault of ours."""
KEPT = ("allow", "retry-after", "www-authenticate")
"""Fields that go with an error however it is told."""
_MAX_FIELDS = 20
"""Input errors that a problem document lists; enough for any form, and an answer stays small."""


class MethodRefused(StentorError):
    """The address exists, but not for this method; ``Allow`` says for which (RFC 9110, 15.5.6)."""

    code, status, title = "method-not-allowed", 405, "Method not allowed"

    def __init__(self, detail: str, /, *, allow: str = "") -> None:
        super().__init__(detail)
        self.allow = allow


def headers_of(error: StentorError) -> dict[str, str]:
    """The header fields that go with an error's status."""
    headers = {"content-type": PROBLEM_TYPE, "cache-control": "no-store"}
    if isinstance(error, MethodRefused) and error.allow:
        headers["allow"] = error.allow
    if isinstance(error, Overloaded):
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    if error.status == 401:  # RFC 9110, 15.5.2: a 401 carries a challenge
        headers["www-authenticate"] = 'Bearer realm="stentor"'
    return headers


def comes_again(request: _REQUEST, error: StentorError) -> bool:
    """Whether a page that cannot be shown now is asked for once more by the browser itself: nothing was done."""
    return isinstance(error, Overloaded) and error.status >= 500 and request.method == "GET"


def response(error: StentorError, **more: str) -> Response[bytes]:
    """The problem document of ``error`` as a response, with ``more`` in it."""
    return Response(msgspec.json.encode(problem(error) | more), status_code=error.status, headers=headers_of(error))


def from_framework(error: HTTPException) -> StentorError:
    """What the framework refuses (no route, bad body, too large …) in the words of our own tree."""
    match error.status_code:
        case 400 | 422:
            return _bad_input(error)
        case 401:
            return NotSignedIn("This address needs a token.")
        case 403:
            return NotAllowed("This token does not allow that.")
        case 404:
            return NotFound("There is nothing at this address.")
        case 405:
            return MethodRefused("This address does not know that method.", allow=_allow(error))
        case 413:
            return TooLarge("The body is larger than this address takes.")
        case 415:
            return NotSupported("Send JSON, with Content-Type: application/json.")
        case status if 400 <= status < 500:
            return BadInput("The request cannot be understood.", status=status)
        case _:
            return StentorError("Something went wrong in the house. It is logged; trying again may help.")


def _allow(error: HTTPException) -> str:
    return next((value for name, value in (error.headers or {}).items() if name.lower() == "allow"), "")


def _bad_input(error: HTTPException) -> BadInput:
    """Names the fields that are wrong; ``errors`` is a list of ``{field, expected}``."""
    extra = error.extra if isinstance(error.extra, list) else []
    errors = [_field_error(item) for item in extra[:_MAX_FIELDS] if isinstance(item, dict)]
    if not errors:
        return BadInput("The request cannot be read: send JSON as the API's description says.")
    return not_valid([(item["field"], item["expected"]) for item in errors])


def not_valid(errors: Sequence[tuple[str, str]]) -> BadInput:
    """Which fields are wrong, and what is expected of each."""
    sentence = "; ".join(f"{field}: {expected}" for field, expected in errors)
    listed = [{"field": field, "expected": expected} for field, expected in errors]
    return BadInput(f"Not valid: {sentence}.", errors=listed)


def _field_error(item: dict[str, Any]) -> dict[str, str]:
    """One finding of the framework; its name for the whole body is ``data``, and an absent body is only that name."""
    field, expected = str(item.get("key", "")), str(item.get("message", ""))
    if field == "data":
        named = _NAMED.search(expected)
        field = named[1] if named else "body"
    if expected in ("", "'data'"):
        expected = "a JSON object is needed"
    return {"field": field, "expected": expected.removeprefix("Object ")}


def handlers(
    logger: log.Log,
    page: Callable[[_REQUEST, StentorError], Response[str]],
    sentence: Callable[[str, StentorError], str],
) -> ExceptionHandlersMap:
    """The exception handlers of the application; ``page`` shows an error, ``sentence`` says it in a language."""

    def told(request: _REQUEST, error: StentorError) -> Response[Any]:
        if not wants_page(request.url.path, request.headers.get("accept", "")):
            wanted = request.headers.get("accept-language")
            return response(error, **({"sentence": sentence(negotiate(wanted), error)} if wanted else {}))
        shown = page(request, error)
        fields = headers_of(error)
        shown.headers.update({name: value for name, value in fields.items() if name in KEPT})
        if comes_again(request, error):
            shown.headers["refresh"] = fields["retry-after"]
        return shown

    def on_known(request: _REQUEST, error: StentorError) -> Response[Any]:
        if error.status >= 500 and not isinstance(error, Overloaded):
            logger.error("request-failed", code=error.error_code, detail=error.detail)
        return told(request, error)

    def on_framework(request: _REQUEST, error: HTTPException) -> Response[Any]:
        return told(request, from_framework(error))

    def on_bug(request: _REQUEST, error: Exception) -> Response[Any]:
        if getattr(error, "detail", "") == GONE:
            return response(BadInput("The request ended in the middle."))  # nobody reads it
        # No internals go out; the log has the trace. The path is logged, never the query or a header.
        logger.error("request-bug", method=request.method, path=request.url.path, exc_info=error)
        failed = StentorError("Something went wrong in the house. It is logged; trying again may help.")
        return told(request, failed)

    return {StentorError: on_known, HTTPException: on_framework, 500: on_bug}

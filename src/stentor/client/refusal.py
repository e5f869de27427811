"""What a server's refusal means for whoever sits at this end: the tree of errors, with what to do."""

from __future__ import annotations

import httpx
import msgspec

from stentor.base.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NotSupported,
    Overloaded,
    PeerError,
    SetupError,
    StentorError,
    TooLarge,
)

_KINDS: dict[int, tuple[type[StentorError], str]] = {
    400: (BadInput, "The server does not understand the request."),
    401: (NotSignedIn, "The invitation is missing, wrong or has expired: ask the host for a new one."),
    403: (NotAllowed, "This invitation does not allow it."),
    404: (NotFound, "There is nothing at this address: check the name of the space, and whether its doors are open."),
    409: (Conflict, "Not possible now: the space is not on air (yet, or any more), or its stage is full."),
    410: (NotFound, "This is over and gone."),
    413: (TooLarge, "The server found the request too large."),
    415: (NotSupported, "The server does not take this kind of content."),
    422: (NotSupported, "The server cannot use what was offered."),
}
_BUSY = frozenset({429, 500, 502, 503, 504})
MAX_DETAIL = 500
"""Characters of a foreign sentence that are shown."""
MAX_RETRY_AFTER_S = 60.0


class _Problem(msgspec.Struct):
    detail: str = ""
    code: str = ""


def refusal(response: httpx.Response) -> StentorError:
    """The error that a response of 300 or more stands for; its body must have been read.

    The sentence is the server's own (RFC 9457) where it gives one. ``Overloaded`` carries ``Retry-After``.
    """
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = _Problem()
    where = f"{response.request.method} {response.request.url.copy_with(query=None, fragment=None)}"
    detail = problem.detail[:MAX_DETAIL]
    if response.status_code in _BUSY:
        return Overloaded(
            detail or f"{where} answered {response.status_code}: full or busy, try again.",
            retry_after_s=_retry_after(response.headers.get("retry-after", "")),
        )
    kind, sentence = _KINDS.get(response.status_code, (PeerError, "An answer that makes no sense here."))
    text = detail or f"{where} answered {response.status_code}. {sentence}"
    return kind(text, code=problem.code[:64] or None, status=response.status_code)


def unreachable(url: str, error: Exception) -> SetupError:
    """Nobody answers at ``url``."""
    host = httpx.URL(url).copy_with(path="/", query=None, fragment=None)
    reason = str(error) or type(error).__name__
    return SetupError(f"{host} cannot be reached ({reason}). Is Stentor running there, and is the address right?")


def _retry_after(value: str) -> float:
    """Seconds of a ``Retry-After`` header (RFC 9110, 10.2.3; dates are read as one second), 1 s without one."""
    return min(float(value), MAX_RETRY_AFTER_S) if value.isascii() and value.isdigit() else 1.0

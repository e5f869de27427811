"""The one tree of errors.

* :class:`StentorError`
    * :class:`CallerError`: the caller can mend it.
        * :class:`BadInput` (400), :class:`NotSignedIn` (401), :class:`NotAllowed` (403), :class:`NotFound` (404),
          :class:`Conflict` (409), :class:`Removed` (410), :class:`TooLarge` (413), :class:`NotSupported` (415 or 422)
    * :class:`PeerError`: the other end of a protocol broke a rule (:class:`Malformed`).
    * :class:`Overloaded`: try again after ``retry_after_s``.
    * :class:`SetupError`: the operator must mend something before Stentor can run.

Anything else that is raised is a bug and surfaces. One place turns the tree into HTTP problems
(:func:`problem`, RFC 9457), one into a message of the command line (``stentor.cli``).
"""

from __future__ import annotations

from typing import Any, ClassVar

PROBLEM_TYPE = "application/problem+json"


class StentorError(Exception):
    """An error with a stable ``code``, an HTTP ``status`` and a sentence that says what to do.

    ``fields`` are typed extras for machines; they appear in the problem document beside the sentence.
    """

    code: ClassVar[str] = "error"
    status: int = 500
    title: ClassVar[str] = "Error"

    def __init__(self, detail: str, /, *, code: str | None = None, status: int | None = None, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields
        self.error_code = code or self.code
        if status is not None:
            self.status = status


class CallerError(StentorError):
    """The caller can mend it."""

    code, status, title = "bad-request", 400, "Bad request"


class BadInput(CallerError):
    code, status, title = "bad-input", 400, "The input is not valid"


class NotSignedIn(CallerError):
    code, status, title = "not-signed-in", 401, "A valid token is needed"


class NotAllowed(CallerError):
    code, status, title = "not-allowed", 403, "Not allowed"


class NotFound(CallerError):
    code, status, title = "not-found", 404, "Not found"


class Conflict(CallerError):
    code, status, title = "conflict", 409, "Not possible in this state"


class Removed(CallerError):
    """It was there, and was deleted on request: it does not come back."""

    code, status, title = "removed", 410, "Removed on request"


class TooLarge(CallerError):
    code, status, title = "too-large", 413, "Too large"


class NotSupported(CallerError):
    code, status, title = "not-supported", 415, "Not supported"


class PeerError(StentorError):
    """The other end of a protocol broke a rule; the connection or message is dropped and counted."""

    code, status, title = "peer-error", 400, "The peer broke a rule"


class Malformed(PeerError):
    """Bytes that do not parse."""

    code, status, title = "malformed", 400, "The bytes do not parse"


class Overloaded(StentorError):
    """Nothing is wrong with the request; come back after ``retry_after_s`` seconds."""

    code, status, title = "overloaded", 503, "Busy, try again"

    def __init__(self, detail: str, /, *, retry_after_s: float, **fields: Any) -> None:
        super().__init__(detail, **fields)
        self.retry_after_s = retry_after_s


class SetupError(StentorError):
    """The operator must mend something: a port, a folder, a database, a missing program."""

    code, status, title = "setup", 500, "Stentor cannot start"


def problem(error: StentorError) -> dict[str, Any]:
    """The RFC 9457 problem document of an error (``type`` is a stable relative reference)."""
    return {
        "type": f"/problems/{error.error_code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.error_code,
        **error.fields,
    }

"""The house as the command line sees it: its REST API, with the admin token of the data folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from stentor.base import tls
from stentor.base.config import Settings
from stentor.base.errors import CallerError, Conflict, NotAllowed, NotFound, NotSignedIn, Overloaded, StentorError

TIMEOUT_S = 30.0
"""A command is needed most where a machine is at its limit."""
_ERRORS: dict[int, type[CallerError]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound, 409: Conflict}


def token(settings: Settings) -> str:
    """The admin token: ``STENTOR_ADMIN_TOKEN`` or the file in the data folder. Raises :class:`NotSignedIn`."""
    if given := os.environ.get("STENTOR_ADMIN_TOKEN"):
        return given
    try:
        return (settings.folder / "admin-token").read_text("ascii").strip()
    except OSError as error:
        raise NotSignedIn(f"There is no admin token in {settings.folder}.") from error


class House:
    """A client of the REST API. Its errors are those of the house, as exceptions with the house's sentences."""

    def __init__(self, settings: Settings, *, timeout_s: float = TIMEOUT_S) -> None:
        self.url = settings.house_upstream
        self._client = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token(settings)}"},
            timeout=timeout_s,
            trust_env=False,
            verify=True if settings.house_url else tls.trusting(settings),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def get_text(self, path: str) -> str:
        """What is no JSON."""
        return self._reply("GET", path).text

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._call("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PATCH", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PUT", path, body)

    def send(self, path: str, data: bytes) -> Any:
        """A file."""
        return self._call("PUT", path, data=data)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, data: bytes | None = None) -> Any:
        reply = self._reply(method, path, body, data)
        return reply.json() if reply.content else None

    def _reply(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, data: bytes | None = None
    ) -> httpx.Response:
        try:
            reply = self._client.request(method, path, json=body, content=data)
        except httpx.TransportError as error:
            detail = f"The house at {self.url} does not answer. Is `stentor up` running? Else set STENTOR_HOUSE_URL."
            raise Unreachable(detail) from error
        if reply.is_success:
            return reply
        raise _error(reply)


class Unreachable(StentorError):
    """Nobody listens at the house's address."""

    code, status, title = "unreachable", 502, "The house does not answer"


def _error(reply: httpx.Response) -> StentorError:
    """The error in a problem document (RFC 9457)."""
    try:
        document = reply.json()
        detail = str(document["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"The house answered {reply.status_code}."
    if reply.status_code in (429, 503):
        return Overloaded(detail, retry_after_s=float(reply.headers.get("retry-after", "1")))
    return _ERRORS.get(reply.status_code, CallerError)(detail)

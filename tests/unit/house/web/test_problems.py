"""Errors as people and programs are told of them."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.testing import create_test_client

from stentor.base import log
from stentor.base.errors import Overloaded, StentorError
from stentor.house.web.problems import handlers

PERSON = {"Accept": "text/html", "Accept-Language": "de"}


@get("/admin")
async def busy() -> None:
    raise Overloaded("The database does not answer.", retry_after_s=2.5)


@post("/admin/site")
async def sent() -> None:
    raise Overloaded("The database does not answer.", retry_after_s=2.5)


def shown(request: Request[Any, Any, Any], error: StentorError) -> Response[str]:
    return Response(f"{request.method} {error.status}", status_code=error.status, media_type="text/html")


def test_a_page_that_cannot_be_shown_now_is_asked_for_again() -> None:
    """By the browser itself, where nothing was sent; programs are told when, and people in their language."""
    told = handlers(log.get("test"), shown, lambda language, error: f"{language}: {error.detail}")
    with create_test_client([busy, sent], exception_handlers=told) as client:
        page = client.get("/admin", headers=PERSON)
        assert (page.status_code, page.headers["refresh"], page.headers["retry-after"]) == (503, "3", "3")
        form = client.post("/admin/site", headers=PERSON)
        assert form.status_code == 503
        assert "refresh" not in form.headers
        program = client.get("/admin", headers={"Accept": "application/json", "Accept-Language": "de"})
        assert program.json()["sentence"] == "de: The database does not answer."
        assert "refresh" not in program.headers

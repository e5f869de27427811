"""What all parts of the REST API have in common: where it lies, and how much it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, Router
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from stentor.house.web.options import with_options

PATH = "/api/v1"
MAX_BODY_BYTES = 16 * 1024
"""The longest JSON that means anything here has under 2 kB."""


def router(handlers: Sequence[HTTPRouteHandler], *, before: Any) -> Router:
    """``handlers`` under :data:`PATH`; ``before`` looks at each request first."""
    return Router(
        PATH, route_handlers=with_options(handlers), before_request=before, request_max_body_size=MAX_BODY_BYTES
    )


def answer(body: Any, *cookies: Cookie, status: int = 200) -> Response[Any]:
    """An answer for one person: it sets cookies, and nobody keeps it."""
    return Response(body, status_code=status, cookies=list(cookies), headers={"cache-control": "no-store"})

"""What is behind a link in a letter: yes, no more, and a mail program's own button for that (RFC 8058). Looking at it
does nothing: programs that look through mail follow links.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.house.forms import Page, form_of
from stentor.house.who.sessions import Sessions

ONE_CLICK = "List-Unsubscribe"
"""The field of a mail program's own button (RFC 8058, 3.1); it comes without a cookie, from anywhere."""
_Request = Request[Any, Any, Any]


class LetterDesk(Protocol):
    """Who knows what a link stands for."""

    async def confirm(self, receipt: str) -> None: ...

    async def take_back(self, receipt: str) -> None: ...


def routes(
    page: str, desk: LetterDesk, sessions: Sessions, shown: Callable[[_Request, str, str], Awaitable[Page]]
) -> list[HTTPRouteHandler]:
    """``{page}/{receipt}``; ``shown`` makes the page of a request and a receipt, and of what was done (``off``)."""
    path = f"{page}/{{receipt:str}}"

    @get(path, include_in_schema=False)
    async def look(request: _Request, receipt: FromPath[str]) -> Page:
        return await shown(request, receipt, "")

    @post(path, include_in_schema=False, status_code=200)
    async def answer(request: _Request, receipt: FromPath[str]) -> Page:
        fields = await form_of(request)
        if fields.get(ONE_CLICK) != "One-Click":
            sessions.guard(request)
            if fields.get("do") == "on":
                await desk.confirm(receipt)
                return await shown(request, receipt, "")
        await desk.take_back(receipt)
        return await shown(request, receipt, "off")

    return [look, answer]

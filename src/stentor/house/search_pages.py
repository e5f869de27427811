"""The page on which people who are signed in search. Everybody else searches the public front page."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Router, post, route

from stentor.house.forms import Page, see
from stentor.house.home_pages import HomePages, PostReader
from stentor.house.pages import READ
from stentor.house.searching.service import KINDS, SOME, SearchDesk
from stentor.house.social.pages import USUAL, cursor
from stentor.social.searching import LONGEST

PATH: Final = "/search"
LONGEST_PUBLIC: Final = 100
"""Of what the front page is asked."""
MOST_BYTES: Final = 4096
_Request = Request[Any, Any, Any]


def routes(made: HomePages, desk: SearchDesk) -> Router:
    """``/search``."""

    @route("/", http_method=READ, include_in_schema=False)
    async def search(request: _Request) -> Page:
        asked = " ".join(request.query_params.get("q", "").split())[:LONGEST]
        if (await made.pages.visit(request)).account is None:
            return see(f"/?{urlencode({'q': asked[:LONGEST_PUBLIC]})}" if asked else "/")
        kind = next((each for each in KINDS if each == request.query_params.get("kind")), None)
        before = cursor(request.query_params.get("before") or None, None, USUAL).before

        async def work(reader: PostReader) -> Page:
            kinds, most = ((kind,), USUAL) if kind else (KINDS, SOME)
            found = await desk.find(reader.account, reader.me, asked, kinds, before=before, most=most, resolve=True)
            here = f"{PATH}?{urlencode({'q': asked, **({'kind': kind} if kind else {})})}"
            return made.show(
                reader, "search", q=asked, found=found, of_kind=kind or "", kinds=KINDS, longest_query=LONGEST,
                here=here, address=lambda each: f"{PATH}?{urlencode({'q': asked, 'kind': each})}", some=SOME,
                findable=await desk.table.findable(reader.me), beside=await made.cards.beside(),
            )  # fmt: skip

        return await made.only(request, work)

    @post("/own", include_in_schema=False)
    async def own(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            await desk.table.set_findable(reader.me, "findable" in fields)
            return PATH

        return await made.doing(request, work)

    return Router(PATH, route_handlers=[search, own], request_max_body_size=MOST_BYTES)

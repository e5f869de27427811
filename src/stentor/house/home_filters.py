"""Words that one does not want to read, as a page: made, changed and deleted by plain forms."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base.errors import BadInput
from stentor.house.forms import Page, wish_of
from stentor.house.home_pages import HOME, HomePages, PostReader
from stentor.house.pages import READ
from stentor.house.safety.api_filters import filter_of
from stentor.house.safety.schema import NewFilter
from stentor.house.social.service import parse_id
from stentor.social.word_filters import FilterContext

DAY_MS: Final = 86_400_000
DAYS: Final = (0, 1, 7, 30)
"""How long a filter may last, as the page offers it; 0 is for good."""
LONGEST_TITLE: Final = 60
PATH: Final = f"{HOME}/filters"
_Request = Request[Any, Any, Any]


def filters(made: HomePages) -> list[HTTPRouteHandler]:
    """``/home/filters``."""

    @route("/filters", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        async def work(reader: PostReader) -> Page:
            found = await made.desk.filters.of(reader.me)
            return made.show(reader, "filters", found=found, contexts=list(FilterContext), days=DAYS)

        return await made.only(request, work)

    @post("/filters", include_in_schema=False)
    async def make(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            wish = _wish(fields, made.desk.now_ms)
            await made.desk.filters.add(reader.me, filter_of(made.desk.new_id(), wish))
            return PATH

        return await made.doing(request, work)

    @post("/filters/{filter_id:str}", include_in_schema=False)
    async def change(request: _Request, filter_id: FromPath[str]) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            number = parse_id(filter_id)
            if "out" in fields:
                await made.desk.filters.remove(reader.me, number)
            else:
                await made.desk.filters.change(reader.me, filter_of(number, _wish(fields, made.desk.now_ms)))
            return PATH

        return await made.doing(request, work)

    return [look, make, change]


def _wish(fields: dict[str, str], now_ms: int) -> NewFilter:
    """What the form asks for; without a title of its own it is called by its first word. Raises :class:`BadInput`."""
    words = [each.strip() for each in fields.get("words", "").splitlines() if each.strip()]
    if not words:
        raise BadInput("Write at least one word.", code="no-word", field="words")
    contexts = [each.value for each in FilterContext if f"in-{each.value}" in fields]
    if not contexts:
        raise BadInput("Choose at least one place.", code="no-place", field="contexts")
    whole, days = "parts" not in fields, fields.get("days", "0")
    until_ms = now_ms + int(days) * DAY_MS if days.isdecimal() and 0 < int(days) <= max(DAYS) else None
    return wish_of(
        NewFilter,
        {
            "title": fields.get("title", "").strip() or words[0][:LONGEST_TITLE], "contexts": contexts,
            "words": [{"text": each, "whole": whole} for each in words], "action": fields.get("action", "warn"),
            "until_ms": until_ms,
        },
    )  # fmt: skip

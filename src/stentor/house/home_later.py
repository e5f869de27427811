"""What one has written for later, as pages: drafts, and posts that wait for their time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Request, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.house.forms import Page
from stentor.house.home_forms import TIME, time_of
from stentor.house.home_pages import HOME, HomePages, PostReader, nothing
from stentor.house.pages import READ
from stentor.house.social.api_later import read
from stentor.house.social.service import parse_id

_Request = Request[Any, Any, Any]


def later(made: HomePages) -> list[HTTPRouteHandler]:
    """``/home/drafts`` and ``/home/scheduled``."""

    @route("/drafts", http_method=READ, include_in_schema=False)
    async def drafts(request: _Request) -> Page:
        async def work(reader: PostReader) -> Page:
            found = [(each, read(each.body)) for each in await made.desk.later.drafts(reader.me)]
            return made.show(reader, "drafts", drafts=found)

        return await made.only(request, work)

    @post("/drafts/{draft:str}/delete", include_in_schema=False)
    async def drop(request: _Request, draft: FromPath[str]) -> Page:
        async def work(reader: PostReader, _: dict[str, str]) -> str:
            await made.desk.later.drop_draft(parse_id(draft), reader.me)
            return f"{HOME}/drafts"

        return await made.doing(request, work)

    @route("/scheduled", http_method=READ, include_in_schema=False)
    async def scheduled(request: _Request) -> Page:
        async def work(reader: PostReader) -> Page:
            found = [
                (each, read(each.body), datetime.fromtimestamp(each.at_ms / 1000, UTC).strftime(TIME))
                for each in await made.desk.later.scheduled(reader.me)
            ]
            known = {each.trouble: made.pages.or_else(reader.visit, "problem.{}")(each.trouble) for each, _, _ in found}
            return made.show(reader, "scheduled", scheduled=found, troubles=known)

        return await made.only(request, work)

    @post("/scheduled/{scheduled_id:str}/{deed:str}", include_in_schema=False)
    async def move(request: _Request, scheduled_id: FromPath[str], deed: FromPath[str]) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            if deed == "cancel":
                await made.desk.later.move(parse_id(scheduled_id), reader.me, None)
            elif deed == "draft":
                await _to_draft(made, reader, scheduled_id)
                return f"{HOME}/drafts"
            elif deed == "move":
                await made.desk.move(
                    reader.account, parse_id(scheduled_id), time_of(fields.get("at", ""), fields.get("at_ms", ""))
                )
            else:
                raise nothing()
            return f"{HOME}/scheduled"

        return await made.doing(request, work)

    return [drafts, drop, scheduled, move]


async def _to_draft(made: HomePages, reader: PostReader, scheduled: str) -> None:
    """A scheduled post becomes a draft, in which it can be changed. First the draft: nothing is lost in between."""
    found = {f"{each.id}": each for each in await made.desk.later.scheduled(reader.me)}.get(scheduled)
    if found is None:
        raise nothing()
    await made.keep_draft(reader, read(found.body), None)
    await made.desk.later.move(found.id, reader.me, None)

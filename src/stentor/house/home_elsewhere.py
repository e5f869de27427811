"""Other servers on the pages of posts: who one is there, where one moves, and how far a post has come."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.house.federation.moving import WAITING, MoveDesk
from stentor.house.federation.service import FederationDesk
from stentor.house.forms import Page
from stentor.house.home_pages import HOME, HomePages, PostReader, nothing
from stentor.house.pages import READ
from stentor.house.social.service import parse_id
from stentor.people.model import SiteRole
from stentor.store.posts import missing

MOVING: Final = f"{HOME}/moving"
TROUBLES: Final = (
    "refused-address", "no-such-host", "tls", "timeout", "not-reached", "broken-answer", "too-old", "gone",
    "redirected",
)  # fmt: skip
"""Those that have words of their own; of others the status says enough."""
_Request = Request[Any, Any, Any]


def moving(made: HomePages, desk: MoveDesk) -> list[HTTPRouteHandler]:
    """``/home/moving``: other accounts of one's own, and where one has gone."""

    @route("/moving", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        async def work(reader: PostReader) -> Page:
            stands = await desk.standing(reader.me)
            return made.show(reader, "moving", on=desk.on, stands=stands, waiting=stands.trouble == WAITING)

        return await made.only(request, work)

    @post("/moving/{deed:str}", include_in_schema=False)
    async def do(request: _Request, deed: FromPath[str]) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            made.desk.touch(reader.account)
            match deed:
                case "alias" | "move":
                    await desk.ask(reader.me, fields.get("address", ""), leave=deed == "move")
                case "drop":
                    await desk.drop(reader.me, fields.get("uri", ""))
                case "stay":
                    await desk.stay(reader.me)
                case _:
                    raise nothing()
            return MOVING

        return await made.doing(request, work)

    return [look, do]


def deliveries(made: HomePages, federation: FederationDesk) -> list[HTTPRouteHandler]:
    """``/home/posts/{id}/deliveries``: to which servers a post has come; for its author, and for administrators."""

    @route("/posts/{id_:str}/deliveries", http_method=READ, include_in_schema=False)
    async def look(request: _Request, id_: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            number = parse_id(id_)
            found = await made.desk.table.read([number], reader.me)
            if not (found and found[0].mine) and reader.account.role is not SiteRole.ADMIN:
                raise missing()
            counts, rows = await federation.report(number)
            return made.show(
                reader, "deliveries", post_id=id_, on=federation.on, rows=rows, troubles=TROUBLES,
                counts={state.value: count for state, count in counts.items()},
            )  # fmt: skip

        return await made.only(request, work)

    return [look]

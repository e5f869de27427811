"""What others have done, as pages: in lines, strangers in a box of their own; and whom one blocks and mutes."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base.errors import NotFound
from stentor.house.forms import Page, wish_of
from stentor.house.home_pages import HOME, HomePages, PostReader, asked_before
from stentor.house.pages import READ
from stentor.house.safety.api_blocks import domain_of
from stentor.house.safety.api_notifications import MARKER
from stentor.house.safety.schema import NoticePolicy
from stentor.house.social.pages import MOST, cursor
from stentor.house.social.service import parse_id
from stentor.house.social.views import person

TALK: Final = "mention,reply,quote"
"""What somebody has said to one: the second tab."""
POLICIES: Final[tuple[str, ...]] = ("not_followed", "not_following", "new", "private", "limited")
HANDLINGS: Final = ("accept", "filter", "drop")
_Request = Request[Any, Any, Any]


def notices(made: HomePages) -> list[HTTPRouteHandler]:
    """``/home/notifications`` and what is below it."""

    @route("/notifications", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        before, talk = asked_before(request), "talk" in request.query_params

        async def work(reader: PostReader) -> Page:
            found = await made.notices.page(reader.me, before=before, kinds=TALK if talk else None)
            read_to = await made.desk.later.marker(reader.me, MARKER) or 0
            strangers = (await made.notices.unread(reader.me)).requests
            return made.show(
                reader, "notifications", found=found, read_to=read_to, talk=talk, strangers=strangers, before=before
            )

        return await made.only(request, work)

    @post("/notifications/read", include_in_schema=False)
    async def mark(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            await made.desk.later.mark(reader.me, MARKER, parse_id(fields.get("newest", "")))
            return f"{HOME}/notifications"

        return await made.doing(request, work)

    @post("/notifications/dismiss", include_in_schema=False)
    async def dismiss(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            await made.notices.table.dismiss(reader.me, fields.get("key") or None)
            return f"{HOME}/notifications"

        return await made.doing(request, work)

    return [look, mark, dismiss, *_strangers(made), *_settings(made)]


def _strangers(made: HomePages) -> list[HTTPRouteHandler]:
    """The box of those whom one does not know."""

    @route("/notifications/strangers", http_method=READ, include_in_schema=False)
    async def waiting(request: _Request) -> Page:
        before = asked_before(request)

        async def work(reader: PostReader) -> Page:
            return made.show(reader, "strangers", found=await made.notices.requests(reader.me, before=before))

        return await made.only(request, work)

    @route("/notifications/strangers/{handle:str}", http_method=READ, include_in_schema=False)
    async def one(request: _Request, handle: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            other = await made.desk.actors.find(handle)
            found = await made.notices.table.of(reader.me, other.number, now_ms=made.desk.now_ms)
            return made.show(reader, "stranger", whose=person(other), lines=await made.notices.views(reader.me, found))

        return await made.only(request, work)

    @post("/notifications/strangers/{handle:str}/{deed:str}", include_in_schema=False)
    async def answer(request: _Request, handle: FromPath[str], deed: FromPath[str]) -> Page:
        async def work(reader: PostReader, _: dict[str, str]) -> str:
            other = await made.desk.actors.find(handle)
            match deed:
                case "accept":
                    await made.notices.table.let_through(reader.me, other.number)
                case "dismiss":
                    await made.notices.table.dismiss_stranger(reader.me, other.number)
                case _:
                    raise NotFound("There is no such button.", code="no-such-page")
            return f"{HOME}/notifications/strangers"

        return await made.doing(request, work)

    return [waiting, one, answer]


def _settings(made: HomePages) -> list[HTTPRouteHandler]:
    """Whose notifications wait, and whom one wants nothing of."""

    @route("/notifications/settings", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        async def work(reader: PostReader) -> Page:
            known = cursor(None, None, MOST)
            blocked = await made.desk.blocks.blocked(reader.me, before=known.before, most=MOST)
            muted = await made.desk.blocks.muted(reader.me, before=known.before, most=MOST, now_ms=made.desk.now_ms)
            return made.show(
                reader, "notice-settings", rules=await made.notices.rules(reader.me), policies=POLICIES,
                handlings=HANDLINGS, blocked=[person(each) for each in blocked],
                muted=[(person(each.person), each.until_ms) for each in muted],
                domains=await made.desk.blocks.domains(reader.me),
            )  # fmt: skip

        return await made.only(request, work)

    @post("/notifications/settings", include_in_schema=False)
    async def change(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            given = {name: fields[name] for name in POLICIES if name in fields}
            await made.notices.set_rules(reader.me, wish_of(NoticePolicy, given))
            return f"{HOME}/notifications/settings"

        return await made.doing(request, work)

    @post("/notifications/domains", include_in_schema=False)
    async def block(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            made.desk.touch(reader.account)
            domain = domain_of(fields.get("domain", ""))
            if "out" in fields:
                await made.desk.blocks.unblock_domain(reader.me, domain)
            else:
                await made.desk.blocks.block_domain(reader.me, domain, now_ms=made.desk.now_ms)
            return f"{HOME}/notifications/settings"

        return await made.doing(request, work)

    return [look, change, block]

"""People on the pages of posts: profiles, who follows whom, who asks to follow, and lists of people."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base.errors import BadInput
from stentor.house.federation.service import FederationDesk
from stentor.house.forms import Page
from stentor.house.home_pages import HOME, HomePages, PostReader, asked_before, nothing
from stentor.house.pages import READ
from stentor.house.social.pages import MOST, USUAL, cursor
from stentor.house.social.service import parse_id
from stentor.house.social.views import person
from stentor.people import checks as people_checks
from stentor.social.model import Author
from stentor.spaces import checks
from stentor.store.follows import MOST_COUNTED

HOUR_MS: Final = 3_600_000
MOST_HOURS: Final = 24 * 366
MUTE_HOURS: Final = (0, 1, 24, 168, 720)
"""How long somebody may be muted, as pages offer it; 0 is for good."""
_Request = Request[Any, Any, Any]


def people(made: HomePages, federation: FederationDesk) -> list[HTTPRouteHandler]:
    """``/home/people/{handle}``: what somebody says, and how one stands to them."""

    @route("/people/{handle:str}", http_method=READ, include_in_schema=False)
    async def look(request: _Request, handle: FromPath[str]) -> Page:
        before = asked_before(request)

        async def work(reader: PostReader) -> Page:
            other = await made.desk.actors.find(handle.removeprefix("@").lower())
            asked = cursor(before, None, USUAL)
            found = await made.table.profile(reader.me, other.number, before=asked.before, most=USUAL)
            pinned = [] if before else await made.posts(await made.table.pinned(other.number), reader.me)
            there = await made.follows.lists_with(reader.me, other.number)
            lists = [(each, each.id in there) for each in await made.follows.lists(reader.me)]
            return await made.timeline(
                reader, "person", found, before=before, whose=person(other), bio=await _bio(made, other),
                stands=await made.relations.view(reader.me, other), pinned=pinned, lists=lists,
                numbers=await made.follows.numbers(other.number), most_counted=MOST_COUNTED, mute_hours=MUTE_HOURS,
            )  # fmt: skip

        return await made.only(request, work)

    @route(
        ["/people/{handle:str}/followers", "/people/{handle:str}/following"], http_method=READ, include_in_schema=False
    )
    async def others(request: _Request, handle: FromPath[str]) -> Page:
        kind, before = request.url.path.rpartition("/")[2], asked_before(request)

        async def work(reader: PostReader) -> Page:
            other, asked = await made.desk.actors.find(handle), cursor(before, None, MOST)
            read = made.follows.followers if kind == "followers" else made.follows.following
            found = await read(other.number, before=asked.before, most=MOST)
            older = f"{found[-1].number}" if len(found) >= MOST else ""
            return made.show(
                reader,
                "people-of",
                whose=person(other),
                people=[person(each) for each in found],
                kind=kind,
                older=older,
                elsewhere=federation.on and other.number == reader.me and kind == "following",
                asked="asked" in request.query_params,
            )

        return await made.only(request, work)

    @post("/people/{handle:str}/{deed:str}", include_in_schema=False)
    async def do(request: _Request, handle: FromPath[str], deed: FromPath[str]) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            other = await made.desk.actors.find(handle)
            made.desk.touch(reader.account)
            await _do(made, reader, other, deed, fields)
            back = people_checks.local_path(fields.get("next", ""))
            return back if back != "/" else f"{HOME}/people/{other.address}"

        return await made.doing(request, work)

    return [look, others, do]


def elsewhere(made: HomePages, federation: FederationDesk) -> list[HTTPRouteHandler]:
    """Following somebody of another server, who is looked for first."""

    @post("/elsewhere", include_in_schema=False)
    async def follow(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            made.desk.touch(reader.account)
            await federation.follow(reader.me, fields.get("address", ""))
            return f"{HOME}/people/{reader.account.handle}/following?asked"

        return await made.doing(request, work)

    return [follow]


async def _bio(made: HomePages, other: Author) -> str:
    return (await made.accounts.get(other.account)).bio if other.account else ""


async def _do(made: HomePages, reader: PostReader, other: Author, deed: str, fields: dict[str, str]) -> None:
    """A button beside somebody. Raises :class:`NotFound` for one that is none."""
    follows, me = made.follows, reader.me
    match deed:
        case "follow":
            boosts, notify = "no_boosts" not in fields, "notify" in fields
            await follows.follow(me, other.number, boosts=boosts, notify=notify, now_ms=made.desk.now_ms)
        case "unfollow":
            await follows.unfollow(me, other.number, now_ms=made.desk.now_ms)
        case "shake-off":
            await follows.unfollow(other.number, me, now_ms=made.desk.now_ms)
        case "block":
            await made.desk.blocks.block(me, other.number, now_ms=made.desk.now_ms)
        case "unblock":
            await made.desk.blocks.unblock(me, other.number, now_ms=made.desk.now_ms)
        case "mute":
            hours = int(fields.get("hours") or 0) if fields.get("hours", "").isdecimal() else 0
            until_ms = made.desk.now_ms + min(hours, MOST_HOURS) * HOUR_MS if hours else None
            await made.desk.blocks.mute(me, other.number, until_ms=until_ms, notifications="told" not in fields)
        case "unmute":
            await made.desk.blocks.unmute(me, other.number)
        case "grant" | "refuse":
            await follows.answer(me, other.number, grant=deed == "grant", now_ms=made.desk.now_ms)
        case "lists":
            for each in await follows.lists(me):
                await follows.put_member(each.id, other.number, there=f"list{each.id}" in fields)
        case _:
            raise nothing()


def asking(made: HomePages) -> list[HTTPRouteHandler]:
    """``/home/requests``: who asks to follow, and whose posts quote one's own and wait."""

    @route("/requests", http_method=READ, include_in_schema=False)
    async def requests(request: _Request) -> Page:
        before = asked_before(request)

        async def work(reader: PostReader) -> Page:
            asked = cursor(before, None, MOST)
            found = await made.follows.followers(reader.me, before=asked.before, most=MOST, asked=True)
            older = f"{found[-1].number}" if len(found) >= MOST else ""
            quotes = await made.posts(await made.table.quotes(reader.me, most=MOST), reader.me)
            return made.show(
                reader, "requests", people=[person(each) for each in found], older=older,
                approves=await made.follows.approves(reader.me), quotes=quotes,
            )  # fmt: skip

        return await made.only(request, work)

    @post("/requests", include_in_schema=False)
    async def approve(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            await made.follows.set_approves(reader.me, "approves" in fields)
            return f"{HOME}/requests"

        return await made.doing(request, work)

    return [requests, approve]


def lists(made: HomePages) -> list[HTTPRouteHandler]:
    """``/home/lists``: lists of people, what those in one say, and who is in it."""

    @route("/lists", http_method=READ, include_in_schema=False)
    async def all_lists(request: _Request) -> Page:
        async def work(reader: PostReader) -> Page:
            return made.show(reader, "lists", lists=await made.follows.lists(reader.me))

        return await made.only(request, work)

    @post("/lists", include_in_schema=False)
    async def make(request: _Request) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            new, name = made.desk.new_id(), checks.name(fields.get("name", ""))
            await made.follows.make_list(new, reader.me, name)
            return f"{HOME}/lists/{new}/members"

        return await made.doing(request, work)

    @route("/lists/{list_id:str}", http_method=READ, include_in_schema=False)
    async def look(request: _Request, list_id: FromPath[str]) -> Page:
        before = asked_before(request)

        async def work(reader: PostReader) -> Page:
            there, asked = await made.follows.list_of(reader.me, parse_id(list_id)), cursor(before, None, USUAL)
            found = await made.table.listed(reader.me, there.id, before=asked.before, most=USUAL)
            return await made.timeline(reader, "list", found, before=before, there=there)

        return await made.only(request, work)

    return [all_lists, make, look, *_members(made)]


def _members(made: HomePages) -> list[HTTPRouteHandler]:
    @route("/lists/{list_id:str}/members", http_method=READ, include_in_schema=False)
    async def members(request: _Request, list_id: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            there = await made.follows.list_of(reader.me, parse_id(list_id))
            found = [person(each) for each in await made.follows.members(there.id)]
            offered = await made.follows.following(reader.me, before=cursor(None, None, MOST).before, most=MOST)
            rest = [each.handle for each in offered if f"{each.number}" not in {one.id for one in found}]
            return made.show(reader, "list-members", there=there, people=found, offered=rest)

        return await made.only(request, work)

    @post("/lists/{list_id:str}/{deed:str}", include_in_schema=False)
    async def do(request: _Request, list_id: FromPath[str], deed: FromPath[str]) -> Page:
        async def work(reader: PostReader, fields: dict[str, str]) -> str:
            there = await made.follows.list_of(reader.me, parse_id(list_id))
            match deed:
                case "name":
                    await made.follows.rename_list(reader.me, there.id, checks.name(fields.get("name", "")))
                case "delete":
                    await made.follows.rename_list(reader.me, there.id, None)
                    return f"{HOME}/lists"
                case "add" | "remove":
                    handle = fields.get("handle", "").strip().removeprefix("@").lower()
                    if not handle:
                        raise BadInput("Say who: a name behind an @.", code="no-handle", field="handle")
                    other = await made.desk.actors.find(handle)
                    await made.follows.put_member(there.id, other.number, there=deed == "add")
                case _:
                    raise nothing()
            return f"{HOME}/lists/{there.id}/members"

        return await made.doing(request, work)

    return [members, do]

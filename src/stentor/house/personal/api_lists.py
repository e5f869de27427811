"""Lists of people."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from stentor.base.errors import NotFound
from stentor.house.clients.asking import Ask, Paged
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.shapes import StatusShapes
from stentor.social import ids
from stentor.spaces import checks
from stentor.store.follows import FollowsTable, PeopleList

READ, WRITE = "read:lists", "write:lists"
_MOST: Final = 80
Policy = Literal["followed", "list", "none"]


class ListEntity(msgspec.Struct, frozen=True):
    id: str
    title: str
    replies_policy: Policy
    exclusive: bool


class ListWish(msgspec.Struct, frozen=True):
    title: str | None = None
    replies_policy: Policy | None = None
    exclusive: bool | None = None


class MembersWish(msgspec.Struct, frozen=True):
    account_ids: list[str] = []


class ListWays:
    """One's own."""

    def __init__(self, shapes: StatusShapes) -> None:
        self.shapes, self.desk = shapes, shapes.desk
        self.follows = FollowsTable(self.desk.table.work)

    def ways(self) -> list[AppWay]:
        return [
            AppWay("GET", "/v1/lists", READ, self.all),
            AppWay("POST", "/v1/lists", WRITE, self.make),
            AppWay("GET", "/v1/lists/{id}", READ, self.look),
            AppWay("PUT", "/v1/lists/{id}", WRITE, self.change),
            AppWay("DELETE", "/v1/lists/{id}", WRITE, self.remove),
            AppWay("GET", "/v1/lists/{id}/accounts", READ, self.members),
            AppWay("POST", "/v1/lists/{id}/accounts", WRITE, self.put_in),
            AppWay("DELETE", "/v1/lists/{id}/accounts", WRITE, self.take_out),
        ]

    async def all(self, ask: Ask) -> list[ListEntity]:
        return [entity(each) for each in await self.follows.lists(ask.me)]

    async def make(self, ask: Ask) -> ListEntity:
        wish = ask.wish(ListWish)
        made = PeopleList(
            id=self.desk.new_id(), name=checks.name(wish.title or "", field="title"),
            replies=wish.replies_policy or "list", exclusive=bool(wish.exclusive),
        )  # fmt: skip
        await self.follows.make_list(made.id, ask.me, made.name, replies=made.replies, exclusive=made.exclusive)
        return entity(made)

    async def look(self, ask: Ask) -> ListEntity:
        return entity(await self.follows.list_of(ask.me, ask.number()))

    async def change(self, ask: Ask) -> ListEntity:
        """What is not sent stays."""
        wish, now = ask.wish(ListWish), await self.follows.list_of(ask.me, ask.number())
        changed = PeopleList(
            id=now.id, name=now.name if wish.title is None else checks.name(wish.title, field="title"),
            replies=wish.replies_policy or now.replies,
            exclusive=now.exclusive if wish.exclusive is None else wish.exclusive,
        )  # fmt: skip
        await self.follows.change_list(ask.me, changed)
        return entity(changed)

    async def remove(self, ask: Ask) -> dict[str, Any]:
        await self.follows.rename_list(ask.me, ask.number(), None)
        return {}

    async def members(self, ask: Ask) -> Paged:
        """All of them: a list is short."""
        there = await self.follows.list_of(ask.me, ask.number())
        numbers = [each.number for each in await self.follows.members(there.id)]
        known = await self.shapes.profiles.of(numbers)
        return Paged([self.shapes.people.account(known[each]) for each in numbers if each in known])

    async def put_in(self, ask: Ask) -> dict[str, Any]:
        """Whom one follows."""
        there, numbers = await self.follows.list_of(ask.me, ask.number()), _numbers(ask)
        for each in numbers:
            standing = await self.follows.standing(ask.me, each)
            if not (standing.following or standing.asked or each == ask.me):
                raise NotFound("Record not found", code="account-not-found")
        for each in numbers:
            await self.follows.put_member(there.id, each, there=True)
        return {}

    async def take_out(self, ask: Ask) -> dict[str, Any]:
        there = await self.follows.list_of(ask.me, ask.number())
        for each in _numbers(ask):
            await self.follows.put_member(there.id, each, there=False)
        return {}


def entity(found: PeopleList) -> ListEntity:
    return ListEntity(f"{found.id}", found.name, found.replies, found.exclusive)


def _numbers(ask: Ask) -> list[int]:
    found = (ids.parse(each) for each in ask.wish(MembersWish).account_ids[:_MOST])
    return [each for each in found if each is not None]

"""Whom one blocks and mutes, which servers, and who has asked to follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from stentor.house.clients.asking import Ask, Paged
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.api_accounts import AccountWays
from stentor.house.mastodon.entities import MutedAccount, RelationshipEntity, maybe
from stentor.house.safety.api_blocks import domain_of


class PeopleWays:
    """Lists of people, the newest accounts first."""

    def __init__(self, accounts: AccountWays) -> None:
        self._accounts, self._desk, self._shapes = accounts, accounts.desk, accounts.shapes

    def ways(self) -> list[AppWay]:
        return [
            AppWay("GET", "/v1/blocks", "read:blocks", self.blocks),
            AppWay("GET", "/v1/mutes", "read:mutes", self.mutes),
            AppWay("GET", "/v1/domain_blocks", "read:blocks", self.domains),
            AppWay("POST", "/v1/domain_blocks", "write:blocks", self.block_domain),
            AppWay("DELETE", "/v1/domain_blocks", "write:blocks", self.unblock_domain),
            AppWay("GET", "/v1/follow_requests", "read:follows", self.requests),
            AppWay("POST", "/v1/follow_requests/{id}/authorize", "write:follows", self._answer(grant=True)),
            AppWay("POST", "/v1/follow_requests/{id}/reject", "write:follows", self._answer(grant=False)),
        ]

    async def blocks(self, ask: Ask) -> Paged:
        asked = ask.paging(most=80, usual=40)
        return await self._accounts.told(
            await self._desk.blocks.blocked(ask.me, before=asked.before, most=asked.most), asked
        )

    async def mutes(self, ask: Ask) -> Paged:
        asked = ask.paging(most=80, usual=40)
        found = await self._desk.blocks.muted(ask.me, before=asked.before, most=asked.most, now_ms=self._desk.now_ms)
        if not found:
            return Paged([])
        numbers = [each.person.number for each in found]
        ends = {each.person.number: each.until_ms for each in found}
        known = await self._shapes.profiles.of(numbers)
        shown = [
            MutedAccount(
                **msgspec.structs.asdict(self._shapes.people.account(known[each])), mute_expires_at=maybe(ends[each])
            )
            for each in numbers
            if each in known
        ]
        return Paged(shown, numbers[0], numbers[-1], len(found) >= asked.most)

    async def domains(self, ask: Ask) -> Paged:
        """All of them: there are a thousand at most."""
        return Paged(await self._desk.blocks.domains(ask.me))

    async def block_domain(self, ask: Ask) -> dict[str, Any]:
        self._desk.touch(ask.account)
        await self._desk.blocks.block_domain(ask.me, domain_of(ask.text("domain")), now_ms=self._desk.now_ms)
        return {}

    async def unblock_domain(self, ask: Ask) -> dict[str, Any]:
        await self._desk.blocks.unblock_domain(ask.me, domain_of(ask.text("domain")))
        return {}

    async def requests(self, ask: Ask) -> Paged:
        asked = ask.paging(most=80, usual=40)
        found = await self._accounts.follows.followers(ask.me, before=asked.before, most=asked.most, asked=True)
        return await self._accounts.told(found, asked)

    def _answer(self, *, grant: bool) -> Callable[[Ask], Awaitable[RelationshipEntity]]:
        async def answer(ask: Ask) -> RelationshipEntity:
            other = await self._accounts.person(ask)
            await self._accounts.follows.answer(ask.me, other.author.number, grant=grant, now_ms=self._desk.now_ms)
            return await self._accounts.relationship(ask.me, other.author)

        return answer

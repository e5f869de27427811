"""Search for apps: people, posts, tags, and whatever has the address that somebody has pasted."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from stentor.base.errors import NotFound
from stentor.house.clients.asking import Ask
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.api_accounts import AccountWays
from stentor.house.mastodon.entities import AccountEntity, StatusEntity, TagEntity
from stentor.social import ids, searching
from stentor.social.word_filters import FilterContext
from stentor.store.search import SearchesTable

MOST_SKIPPED: Final = 200
"""By ``offset``, as older apps page; newer ones say ``max_id``."""
_WEB: Final = ("https://", "http://")


class SearchWays:
    """What may be found says ``store.search`` for everybody alike."""

    def __init__(self, accounts: AccountWays) -> None:
        self._accounts, self._shapes, self._desk = accounts, accounts.shapes, accounts.desk
        self._table = SearchesTable(self._desk.table.work, self._desk.clock)

    def ways(self) -> list[AppWay]:
        return [AppWay("GET", "/v2/search", "read:search", self.search)]

    async def search(self, ask: Ask) -> dict[str, Any]:
        """``type`` is ``accounts``, ``statuses``, ``hashtags``, or nothing for all of them. With ``resolve`` other
        servers are asked for an address or a ``name@server`` that is not known."""
        words, kind = ask.text("q").strip()[: searching.LONGEST], ask.text("type")
        if words.startswith(_WEB):
            accounts, statuses = await self._at(ask, words) if not _skipped(ask) else ([], [])  # an app that pages on
            return {
                "accounts": accounts if kind in ("", "accounts") else [],
                "statuses": statuses if kind in ("", "statuses") else [],
                "hashtags": [],
            }
        self._desk.touch(ask.account)
        wanted = ("accounts", "statuses", "hashtags") if not kind else (kind,)
        if "accounts" in wanted:
            await self._accounts.resolve(ask, words)
        return {
            "accounts": await self._people(ask, words) if "accounts" in wanted else [],
            "statuses": await self._statuses(ask, words) if "statuses" in wanted else [],
            "hashtags": await self._tags(ask, words) if "hashtags" in wanted else [],
        }

    async def _people(self, ask: Ask, words: str) -> list[AccountEntity]:
        """By name or handle; with ``following`` only those whom one follows."""
        asked, skipped = ask.paging(), _skipped(ask)
        own = f"@{self._shapes.people.home.name}"
        found = await self._table.people(ask.me, words.removesuffix(own), most=asked.most + skipped)
        numbers = [each.number for each in found[skipped:]]
        if ask.flag("following"):
            stands = {each: await self._accounts.follows.standing(ask.me, each) for each in numbers}
            numbers = [each for each in numbers if stands[each].following]
        return await self._accounts.accounts(numbers)

    async def _statuses(self, ask: Ask, words: str) -> list[StatusEntity]:
        asked, skipped, whose = ask.paging(), _skipped(ask), ids.parse(ask.text("account_id"))
        if whose is not None:
            words = f"from:{(await self._shapes.profiles.one(whose)).author.address} {words}"
        query = searching.parse(words)
        found = await self._table.posts(ask.me, query, before=asked.before, most=asked.most + skipped)
        return await self._shapes.some(found.ids[skipped:], ask.me, FilterContext.PUBLIC)

    async def _tags(self, ask: Ask, words: str) -> list[TagEntity]:
        asked, skipped = ask.paging(), _skipped(ask)
        files = self._shapes.people.home.files
        found = await self._table.tags(ask.me, words, most=asked.most + skipped)
        return [TagEntity(id=each, name=each, url=f"{files}/tags/{quote(each)}") for each in found[skipped:]]

    async def _at(self, ask: Ask, address: str) -> tuple[list[AccountEntity], list[StatusEntity]]:
        """Who or what has an address: a page or a document, of here or known from elsewhere."""
        home = self._shapes.people.home
        handle = address.removeprefix(f"{home.files}/@")
        if handle != address and "/" not in handle:
            try:
                number: int | None = (await self._desk.actors.find(handle.lower())).number
            except NotFound:
                number = None
        else:
            found = await self._accounts.looking.at(address, account=ask.account.id, asks=ask.flag("resolve"))
            if found.post is not None:
                return [], await self._shapes.some([found.post], ask.me)
            number = found.actor
        return (await self._accounts.accounts([number]) if number is not None else []), []


def _skipped(ask: Ask) -> int:
    asked = ask.text("offset")
    return min(int(asked), MOST_SKIPPED) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0

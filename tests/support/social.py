"""People and posts in a database, for tests of the store."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, insert, update

from stentor.people.model import Account
from stentor.social.ids import LARGEST, PostIds
from stentor.social.model import Audience, PostPoll
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store.actors import ActorsTable
from stentor.store.follows import FollowsTable
from stentor.store.posts import Composed, PostsTable
from stentor.store.reading import Reading
from stentor.store.spaces import Store
from stentor.store.timelines import TimelinesTable

NOW_MS = 1_800_000_000_000


class Town:
    """Some people in a store. Each has a name, by which tests call them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.posts, self.follows = PostsTable(store.work), FollowsTable(store.work)
        self.timelines = TimelinesTable(store.work)
        self.ids, self.now_ms = PostIds(7), NOW_MS
        self.number: dict[str, int] = {}

    async def people(self, *names: str) -> None:
        """They sign up."""
        for name in names:
            self.now_ms += 1
            made = Account(id=f"id-{name}", handle=name, name=name.title(), bio="", created_ms=self.now_ms)
            await self.store.accounts.create(made, password="hash", passkey=None, codes=())
            self.number[name] = await ActorsTable(self.store.work).of_account(made.id)

    async def post(
        self,
        author: str,
        text: str = "",
        *,
        audience: Audience = Audience.PUBLIC,
        reply_to: int | None = None,
        quote_of: int | None = None,
        handles: Sequence[str] = (),
        tags: Sequence[str] = (),
        poll: PostPoll | None = None,
    ) -> int:
        """Somebody posts; the id."""
        self.now_ms += 1
        made = self.ids.new(self.now_ms)
        what = Composed(
            text=text, html=lambda _: f"<p>{text}</p>", handles=handles, tags=tags, visibility=audience,
            reply_to=reply_to, quote_of=quote_of, poll=poll,
        )  # fmt: skip
        await self.posts.add(made, self.number[author], what, now_ms=self.now_ms)
        return made

    async def boost(self, actor: str, post: int) -> int:
        self.now_ms += 1
        return await self.posts.boost(self.ids.new(self.now_ms), self.number[actor], post, now_ms=self.now_ms)

    async def follow(self, one: str, other: str, *, boosts: bool = True, state: str = "granted") -> None:
        values = {"follower": self.number[one], "followee": self.number[other], "state": state, "at_ms": self.now_ms}
        await self.add(tables.follows, boosts=int(boosts), **values)

    async def block(self, one: str, other: str) -> None:
        await self.add(tables.blocks, account=self.number[one], target=self.number[other], at_ms=self.now_ms)

    async def mute(self, one: str, other: str, *, until_ms: int | None = None) -> None:
        await self.add(tables.mutes, account=self.number[one], target=self.number[other], until_ms=until_ms)

    async def add(self, table: Table, **values: object) -> None:
        """A row as it is, past all rules."""

        def work(connection: Connection) -> None:
            connection.execute(insert(table).values(**values))

        await self.store.work.write(work)

    async def suspend(self, name: str) -> None:
        people = site_tables.accounts
        query = update(people).where(people.c.handle == name).values(suspended_ms=self.now_ms)

        def work(connection: Connection) -> None:
            connection.execute(query)

        await self.store.work.write(work)

    async def home(self, reader: str, *, before: int = LARGEST, after: int = 0, most: int = 20) -> list[int]:
        return await self.timelines.home(self.number[reader], before=before, after=after, most=most)

    async def reads(self, ids: Sequence[int], viewer: int | None) -> list[Reading]:
        return await self.posts.read(ids, viewer)

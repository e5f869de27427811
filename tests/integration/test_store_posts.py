"""Timelines, and what goes with an account, in real databases: one suite for SQLite and PostgreSQL."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib import resources

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, insert, select

from stentor.people.model import Account
from stentor.social.ids import BITS, DAY, LARGEST
from stentor.social.model import Audience, Consented
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store import timelines
from stentor.store.actors import ActorsTable
from stentor.store.database import WRITES, open_engine
from stentor.store.metadata import metadata
from stentor.store.schema import migrate
from stentor.store.spaces import Store
from stentor.store.timelines import CANDIDATES
from tests.support.postgres import database_url, postgres
from tests.support.social import NOW_MS, Town

__all__ = ["database_url", "postgres"]
PEOPLE = ("ada", "ben", "cem", "dora", "eve", "finn")
READER = "ada"
MANY_ACCOUNTS = 10_000


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    store = await Store.open(database_url)
    yield Town(store)
    await store.close()


@dataclass
class Said:
    """A post as the expectation knows it."""

    author: str
    reply_to: str | None = None
    """Whose post it answers."""
    mentions: set[str] = field(default_factory=set)
    boost_of: int | None = None


class Expected:
    """The home timeline told again in plain words, over everything there is."""

    def __init__(self, follows: dict[str, bool], muted: set[str], blocked: set[str]) -> None:
        self.follows, self.muted, self.blocked = follows, muted, blocked
        self.said: dict[int, Said] = {}

    def home(self) -> list[int]:
        return [post for post in sorted(self.said, reverse=True) if self._shown(post)]

    def _known(self, name: str) -> bool:
        return name == READER or name in self.follows

    def _shown(self, post: int) -> bool:
        said = self.said[post]
        if not self._known(said.author) or said.author in self.muted:
            return False
        if said.boost_of is None:
            answers_stranger = said.reply_to is not None and not (
                said.reply_to == said.author or self._known(said.reply_to)
            )
            hushed = said.author != READER and said.mentions & (self.muted | self.blocked)
            return not answers_stranger and not hushed
        inner = self.said[said.boost_of]
        if not self.follows.get(said.author, True) or inner.author in self.muted | self.blocked:
            return False
        if said.author != READER and inner.mentions & (self.muted | self.blocked):
            return False
        before = [
            other
            for other, each in self.said.items()
            if each.boost_of == said.boost_of and post - DAY < other < post and each.author in self.follows
        ]
        return not before and not (said.boost_of > post - DAY and self._known(inner.author))


async def _live(town: Town, expected: Expected, chance: random.Random, rounds: int) -> None:
    """Things happen: posts, answers, boosts, deletions."""
    for _ in range(rounds):
        author, kind = chance.choice(PEOPLE), chance.random()
        plain = [post for post, said in expected.said.items() if said.boost_of is None]
        town.now_ms += chance.choice((1, 1000, 40_000_000))
        if kind < 0.5 or not plain:
            named = {each for each in PEOPLE if each != author and chance.random() < 0.1}
            made = await town.post(
                author, "words", handles=sorted(named), audience=Audience(chance.choice((0, 0, 1, 2)))
            )
            expected.said[made] = Said(author, mentions=named)
        elif kind < 0.7:
            answered = chance.choice(plain)
            if await _may_answer(town, author, answered):
                made = await town.post(author, "an answer", reply_to=answered)
                other = expected.said[answered].author
                expected.said[made] = Said(author, reply_to=other, mentions={other} - {author})
        elif kind < 0.95:
            carried = chance.choice(plain)
            found = await town.reads([carried], town.number[author])
            if found and found[0].post.visibility in (Audience.PUBLIC, Audience.UNLISTED):
                made = await town.boost(author, carried)
                expected.said.setdefault(made, Said(author, boost_of=carried))
        else:
            gone = chance.choice(list(expected.said))
            await town.posts.remove(gone, town.number[expected.said[gone].author], now_ms=town.now_ms)
            expected.said = {
                post: said for post, said in expected.said.items() if post != gone and said.boost_of != gone
            }


async def _may_answer(town: Town, author: str, answered: int) -> bool:
    return bool(await town.reads([answered], town.number[author]))


async def _all_pages(town: Town, most: int) -> list[list[int]]:
    pages, before = list[list[int]](), LARGEST
    while page := await town.home(READER, before=before, most=most):
        pages.append(page)
        before = page[-1]
    return pages


@pytest.mark.parametrize("seed", range(3))
async def test_home_is_what_was_expected(town: Town, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pages of any length, none of which is short but the last, and with every filter; also of who follows so many
    that they are looked for among the newest of all, whether enough is found there or not."""
    chance = random.Random(seed)
    await town.people(*PEOPLE)
    expected = Expected({"ben": True, "cem": False, "dora": True}, {"dora"} if seed else set(), {"eve"})
    for name, boosts in expected.follows.items():
        await town.follow(READER, name, boosts=boosts)
    for name in expected.muted:
        await town.mute(READER, name)
    await town.block(READER, "eve")
    await _live(town, expected, chance, 150)
    everything = expected.home()
    assert len(everything) > 20
    for most, *newest in ((1, 300, 1000), (7, 0, 1000), (40, 0, CANDIDATES + 20)):
        monkeypatch.setattr(timelines, "ALWAYS", timelines.ALWAYS | dict(zip(("many", "newest"), newest, strict=True)))
        pages = await _all_pages(town, most)
        assert [post for page in pages for post in page] == everything
        assert all(len(page) == most for page in pages[:-1])
        below, after = list[int](), 1
        while page := await town.timelines.home(town.number[READER], after=after, most=7, rising=True):
            below, after = [*page, *below], page[0]
        assert below == everything


async def test_pages_hold_while_posts_come_and_go(town: Town) -> None:
    """Who pages while others write and delete misses nothing that stays, and sees nothing twice."""
    chance = random.Random(9)
    await town.people(*PEOPLE)
    expected = Expected({"ben": True, "cem": True}, set(), set())
    for name in expected.follows:
        await town.follow(READER, name)
    await _live(town, expected, chance, 120)
    at_first, read, before = expected.home(), list[int](), LARGEST
    while page := await town.home(READER, before=before, most=5):
        read += page
        before = page[-1]
        await _live(town, expected, chance, 5)
    assert len(set(read)) == len(read)
    assert read == sorted(read, reverse=True)
    assert set(at_first) & set(expected.home()) <= set(read)


async def test_a_page_is_not_short_however_much_is_hidden(town: Town) -> None:
    """Hundreds of answers to strangers lie between the posts of whom one follows."""
    await town.people(*PEOPLE)
    await town.follow(READER, "ben")
    old = [await town.post("ben", f"old {each}") for each in range(3)]
    asked = await town.post("eve", "a question")
    for _ in range(400):
        await town.post("ben", "an answer", reply_to=asked)
    assert await town.home(READER, most=2) == old[:0:-1]


def _rows_that_point_to_people(connection: Connection) -> dict[str, int]:
    """How many rows each table of posts and people has."""
    pointing = [
        table
        for table in metadata.tables.values()
        if table is tables.actors or {"actors", "posts"} & {key.column.table.name for key in table.foreign_keys}
    ]
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in pointing}


async def test_many_who_say_nothing_hide_nobody(town: Town) -> None:
    """Whoever follows a hundred people, of whom two have ever posted, reads all that these have said, in pages from
    above and from below."""
    await town.people(READER, "ben", "cem", *(f"still{each}" for each in range(CANDIDATES + 5)))
    for name in town.number:
        if name != READER:
            await town.follow(READER, name)
    said = [await town.post("ben" if each % 3 else "cem", f"{each}") for each in range(12)]
    assert await town.home(READER) == said[::-1]
    assert await town.home(READER, after=said[3], most=3) == said[:8:-1]
    assert await town.timelines.home(town.number[READER], after=said[3], most=3, rising=True) == said[6:3:-1]
    found, after = list[int](), 1
    while page := await town.timelines.home(town.number[READER], after=after, most=5, rising=True):
        found, after = [*page, *found], page[0]
    assert found == said[::-1]


async def test_all_goes_with_an_account(town: Town) -> None:
    """Every row that points to somebody goes with their account, and counts say so."""
    await town.people("ada", "ben")
    await town.follow("ada", "ben")
    await town.follow("ben", "ada")
    kept = await town.post("ben", "stays")
    post = await town.post("ada", "goes #tag @ben", handles=["ben"], tags=["tag"])
    await town.boost("ada", kept)
    await town.post("ada", "an answer", reply_to=kept)
    quoting = await town.post("ada", "look", quote_of=kept)
    await town.posts.consent(town.number["ben"], quoting, Consented.GRANTED, now_ms=NOW_MS)
    [reading] = await town.reads([kept], None)
    assert (reading.tally.boosts, reading.tally.replies, reading.tally.quotes) == (1, 1, 1)
    await town.block("ada", "ben")
    await town.mute("ada", "ben")
    ada, at = town.number["ada"], {"at_ms": NOW_MS}
    await town.add(tables.likes, post=kept, actor=ada)
    await town.add(tables.bookmarks, post=kept, actor=ada, **at)
    await town.add(tables.pins, post=post, actor=ada, **at)
    await town.add(tables.lists, id=1, actor=ada, name="Friends")
    await town.add(tables.list_members, list=1, member=town.number["ben"])
    await town.add(tables.markers, actor=ada, timeline="home", post=post)
    await town.add(tables.drafts, id=1, actor=ada, body="{}", changed_ms=NOW_MS)
    await town.add(tables.scheduled_posts, id=1, actor=ada, body="{}", **at)
    await town.store.accounts.deletions.delete("id-ada", by=None, digest="d", now_ms=NOW_MS)
    left = await town.store.work.read(_rows_that_point_to_people)
    assert {name for name, many in left.items() if many} == {"actors", "posts", "counts"}
    assert (left["actors"], left["posts"]) == (1, 1)
    [reading] = await town.reads([kept], None)
    assert (reading.tally.boosts, reading.tally.replies, reading.tally.quotes) == (0, 0, 0)


async def test_accounts_that_are_there_get_a_number(database_url: str) -> None:
    """10,000 of them in one step, numbered by when they were made; new ones in the transaction that makes them."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("stentor.store") / "migrations"))
    engine = open_engine(database_url)
    with engine.execution_options(**WRITES).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0038")
        row = {"name": "N", "bio": "", "role": "member"}
        connection.execute(
            insert(site_tables.accounts),
            [
                {"id": f"a{each}", "handle": f"h{each}", "created_ms": NOW_MS - each // 3, **row}
                for each in range(MANY_ACCOUNTS)
            ],
        )
    begun = time.perf_counter()
    migrate(engine)
    print(f"{MANY_ACCOUNTS} accounts in {time.perf_counter() - begun:.1f} s")
    engine.dispose()
    store = await Store.open(database_url)
    query = select(tables.actors.c.number, tables.actors.c.handle, site_tables.accounts.c.created_ms).join_from(
        tables.actors, site_tables.accounts
    )
    rows = await store.work.read(lambda connection: connection.execute(query).all())
    assert len({row.number for row in rows}) == len(rows) == MANY_ACCOUNTS
    assert all(row.number >> BITS == row.created_ms for row in rows)
    new = Account(id="new", handle="new", name="New", bio="", created_ms=NOW_MS)
    await store.accounts.create(new, password=None, passkey=None, codes=())
    assert await ActorsTable(store.work).of_account("new") >> BITS == NOW_MS
    await store.close()

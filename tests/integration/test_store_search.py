"""Searching in real databases: one suite for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, delete, event, insert, text, update

from stentor.base.terms import wanted
from stentor.base.units import SeatId, SpaceId
from stentor.social.model import Audience
from stentor.social.searching import parse
from stentor.spaces.model import Space, State
from stentor.store import search_index
from stentor.store import social_tables as tables
from stentor.store import tables as site_tables
from stentor.store.indexing import DueRow, IndexingTable
from stentor.store.posts import Rewritten
from stentor.store.profiles import ProfilesTable
from stentor.store.search import LOOKED_AT, SearchesTable
from stentor.store.spaces import Store
from stentor.wire.cue import Cue
from tests.support.postgres import database_url, postgres
from tests.support.social import NOW_MS, Town

__all__ = ["database_url", "postgres"]
FAR_MS = 2 * NOW_MS
PEOPLE = ("anna", "ben", "cem")


class Finders:
    """A town whose posts are indexed when they are looked for."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.table, self.indexing = SearchesTable(town.store.work), IndexingTable(town.store.work)

    async def index(self) -> None:
        while await self.indexing.index_some(FAR_MS):
            pass

    async def found(self, who: str, query: str) -> list[int]:
        await self.index()
        return (await self.table.posts(self.town.number[who], parse(query), most=20)).ids

    async def run(self, statement: object, **values: object) -> object:
        def work(connection: Connection) -> object:
            return connection.execute(statement, values).rowcount  # type: ignore[call-overload]

        return await self.town.store.work.write(work)

    async def words(self) -> int:
        """How many posts the index knows."""

        def work(connection: Connection) -> int:
            return int(connection.execute(text("SELECT count(*) FROM search_posts")).scalar_one())

        return await self.town.store.work.read(work)


@pytest.fixture
async def finders(database_url: str) -> AsyncIterator[Finders]:
    store = await Store.open(database_url)
    town = Town(store)
    await town.people(*PEOPLE)
    yield Finders(town)
    await store.close()


async def test_posts_are_found_by_their_words(finders: Finders) -> None:
    """In all languages of :mod:`tests.unit.base.test_terms`, with all conditions, the newest first."""
    town = finders.town
    german = await town.post("anna", "Die Straße von Frau Müller in Köln")
    japanese = await town.post("anna", "東京タワーへ行く")
    reply = await town.post("anna", "Wahlen in Koeln", reply_to=german)
    for query, expected in (
        ("strasse", [german]),
        ("mueller köln", [german]),
        ("köln", [reply, german]),
        ("タワー", [japanese]),
        ("東", [japanese]),
        ("wahl*", [reply]),
        ("wahl", []),
        ('"frau müller"', [german]),
        ('"müller frau"', []),
        ("köln is:reply", [reply]),
        ("köln from:anna", [reply, german]),
        ("köln from:ben", []),
        ("köln from:nobody", []),
        ("from:me", [reply, japanese, german]),
        ("köln before:1999-12-31", []),
        ("köln after:1999-12-31", [reply, german]),
        ("köln has:picture", []),
        ("'; DROP TABLE posts; --", []),
        ('" OR "', []),
        ("*", []),
    ):
        assert await finders.found("anna", query) == expected, query


async def test_what_is_gone_is_found_no_more(finders: Finders) -> None:
    """At once: changed, deleted, withheld, its author suspended or blocked; and of what is deleted no word is left."""
    town, me = finders.town, finders.town.number["anna"]
    post = await town.post("anna", "a word")
    await town.follow("ben", "anna")
    assert await finders.found("ben", "word") == [post]
    await town.mute("ben", "anna")
    assert (await finders.table.posts(town.number["ben"], parse("word"), most=20)).ids == []
    await finders.run(delete(tables.mutes))
    await finders.run(update(tables.posts).values(visibility=int(Audience.WITHHELD)))
    assert (await finders.table.posts(me, parse("word"), most=20)).ids == []
    await finders.run(update(tables.posts).values(visibility=0))
    await town.suspend("anna")
    assert (await finders.table.posts(town.number["ben"], parse("word"), most=20)).ids == []
    await finders.run(update(site_tables.accounts).values(suspended_ms=None))
    await town.posts.change(post, me, Rewritten(text="another one"), now_ms=town.now_ms)
    assert await finders.found("ben", "word") == []
    assert await finders.found("ben", "another") == [post]
    other = await town.post("anna", "another other")
    await finders.index()
    await town.posts.remove(post, me, now_ms=town.now_ms)
    assert (await finders.table.posts(me, parse("another"), most=20)).ids == [other]
    await town.store.accounts.deletions.delete("id-anna", by=None, digest="x", now_ms=town.now_ms)
    assert await finders.words() == 0
    assert await finders.table.people(town.number["ben"], "anna", most=5) == []


async def test_only_who_wants_it_is_found_by_everybody(finders: Finders) -> None:
    town, ben = finders.town, finders.town.number["ben"]
    public = await town.post("anna", "a word for everybody")
    await town.post("anna", "a word for those who come by", audience=Audience.UNLISTED)
    await town.post("anna", "a word for followers", audience=Audience.FOLLOWERS)
    named = await town.post("anna", "a word for cem", audience=Audience.MENTIONED, handles=["cem"])
    assert await finders.found("ben", "word") == []
    await finders.table.set_findable(town.number["anna"], True)
    assert await finders.found("ben", "word") == [public]
    assert await finders.found("cem", "word") == [named, public]
    await finders.table.set_findable(town.number["anna"], False)
    await town.add(tables.bookmarks, actor=ben, post=public, at_ms=1)
    assert await finders.found("ben", "word") == [public]


async def test_pages_go_on_where_they_ended(finders: Finders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the ranges of PostgreSQL, past many that are for nobody, and however it is looked for: by words, by author,
    by phrases. No post twice, none left out."""
    for name, value in (("RANGE", 10), ("AHEAD_MS", 0), ("PROBED", 4), ("GATHERED_BY_POSTGRESQL", 60)):
        monkeypatch.setattr(search_index, name, value)
    sizes = {"ASKED": (3, 6, 11), "ASKED_OF_PHRASES": (20,), "ASKED_OF_BEGINNINGS": (3, 6)}
    for name, size in (sizes | {"LOOKED_AT": 20, "AT_ONCE": 5}).items():
        monkeypatch.setattr(f"stentor.store.search.{name}", size)
    town, said = finders.town, list[tuple[int, str, str]]()
    for each in range(150):
        author = "anna" if each % 50 == 0 else "ben"
        words = f"a {'common word' if each % 3 else 'word common'}, number {each}{' rarely' if each % 60 == 0 else ''}"
        said.append((await town.post(author, words), author, words))
        if each % 10 == 9:
            await finders.index()
            await finders.indexing.widen(town.now_ms)
    looked_for: tuple[tuple[str, str, Callable[[str, str], bool]], ...] = (
        ("anna", "common", lambda author, _: author == "anna"),
        ("anna", "common word from:me", lambda author, _: author == "anna"),
        ("ben", "common from:me", lambda author, _: author == "ben"),
        ("ben", "rarely from:ben", lambda author, words: author == "ben" and "rarely" in words),
        ("ben", '"common word"', lambda author, words: author == "ben" and "common word" in words),
        ("ben", '"word common" from:ben', lambda author, words: author == "ben" and "word common" in words),
        ("ben", "num* from:ben", lambda author, _: author == "ben"),
        ("ben", "number from:anna", lambda *_: False),
    )
    for who, query, fits in looked_for:
        read, before, pages = list[int](), 2**63 - 1, 0
        while pages < 200:
            page = await finders.table.posts(town.number[who], parse(query), before=before, most=2)
            read, pages = read + page.ids, pages + 1
            if page.before is None:
                break
            before = page.before
        assert read == [post for post, author, words in reversed(said) if fits(author, words)], query
    assert pages < 3, "the posts of somebody with two were looked for among all others"
    assert await finders.found("anna", "140 number") == []
    assert await finders.found("ben", "149 number") != []


@contextmanager
def metered(engine: Engine) -> Iterator[list[int]]:
    """What reading takes meanwhile: rows of PostgreSQL's tables, steps of SQLite's machine."""
    found = [0]
    rows = (
        "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables "
        "WHERE relname <> 'search_ranges'"
    )

    def step() -> int:
        found[0] += 1
        return 0

    def meter(connection: Connection, *, on: bool) -> None:
        raw = connection.connection.driver_connection
        if raw is not None and engine.dialect.name == "sqlite":
            raw.set_progress_handler(step if on else None, 1)
        else:  # they count from some transaction before this one on; and tables as small as these would be read whole
            for way in ("seqscan", "sort", "hashjoin", "mergejoin"):
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
            read = int(connection.exec_driver_sql(rows).scalar_one())
            found[0] += -read if on else read

    begin, commit = partial(meter, on=True), partial(meter, on=False)
    event.listen(engine, "begin", begin)
    event.listen(engine, "commit", commit)
    yield found
    event.remove(engine, "begin", begin)
    event.remove(engine, "commit", commit)


async def test_a_page_costs_the_same_however_many_posts_there_are(
    finders: Finders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all that is found is for others, and where a phrase stands nowhere: no more are read of three times as
    many."""
    for name, value in (("RANGE", 60), ("AHEAD_MS", 0), ("PROBED", 10), ("GATHERED_BY_POSTGRESQL", 40)):
        monkeypatch.setattr(search_index, name, value)
    sizes = {"ASKED": (5, 10, 25), "ASKED_OF_PHRASES": (30,), "ASKED_OF_BEGINNINGS": (5, 10)}
    for name, size in (sizes | {"LOOKED_AT": 40, "AT_ONCE": 10}).items():
        monkeypatch.setattr(f"stentor.store.search.{name}", size)
    town, me = finders.town, finders.town.number["anna"]
    profiles = ProfilesTable(town.store.work)

    async def more(parts: int) -> None:
        for _ in range(parts):
            rows = [_said(town, each) for each in range(60)]
            await finders.run(insert(tables.posts).values(rows))
            there = [
                {"number": row["id"], "domain": "b.example", "handle": f"user{row['id']}", "name": ""} for row in rows
            ]
            await finders.run(insert(tables.actors).values(there))
            while await finders.indexing.index_some(FAR_MS, 1000):
                pass
            await finders.indexing.widen(town.now_ms)
        if town.store.work.engine.dialect.name == "postgresql":
            await finders.run(text("ANALYZE"))  # as it does by itself after a while

    async def read(query: str) -> int:
        with metered(town.store.work.engine) as found:
            if query.startswith("@"):
                assert len(await profiles.beginning(query, me, 5, followed=False)) == 5
                return found[0]
            page = await finders.table.posts(me, parse(query), most=5)
        assert page.ids == []
        assert page.before is not None, query
        return found[0]

    for last in ("@", "@\ud7ff", "@\U0010ffff"):  # after which comes nothing that a database takes
        assert await profiles.beginning(last, me, 5, followed=False) == []
    asked = ["common", "often", "common often", '"often common"', "comm*", "common from:ben", "from:ben"]
    asked += ["common is:reply", "@user"]
    await more(5)
    few = {query: await read(query) for query in asked}
    await more(10)
    for query in asked:
        assert await read(query) <= 1.2 * few[query], query


def _said(town: Town, number: int) -> dict[str, object]:
    """Something that only its author finds."""
    town.now_ms += 1
    words = f"common number {number}" + (" often" if number % 3 == 0 else "")
    return {
        "id": town.ids.new(town.now_ms), "author": town.number["ben"], "visibility": int(Audience.PUBLIC),
        "text": words, "html": "", "warning": "", "language": "", "created_ms": town.now_ms,
    }  # fmt: skip


async def test_people_are_found_before_their_name_ends(finders: Finders) -> None:
    """Whom one follows first; not who has blocked one, nor who wants no public page but to their followers."""
    town, me = finders.town, finders.town.number["cem"]
    await town.people("anna-zwei", "anders")
    await finders.index()

    async def found(words: str) -> list[str]:
        return [each.handle for each in await finders.table.people(me, words, most=5)]

    assert await found("an") == ["anders", "anna-zwei", "anna"]
    assert await found("@anna") == ["anna", "anna-zwei"]
    await town.follow("cem", "anna")
    assert await found("an") == ["anna", "anders", "anna-zwei"]
    await town.people("gone")
    await town.suspend("gone")
    assert await found("an") == ["anna", "anders", "anna-zwei"], "somebody who is suspended hides everybody"
    await town.block("anders", "cem")
    assert await found("an") == ["anna", "anna-zwei"]
    await finders.run(update(site_tables.accounts).where(site_tables.accounts.c.handle != "cem").values(hidden_ms=1))
    assert await found("an") == ["anna"]
    await finders.run(update(site_tables.accounts).where(site_tables.accounts.c.handle == "anna").values(name="Élodie"))
    await finders.index()
    assert await found("elod") == ["anna"]


async def test_tags_are_found_where_somebody_may_read_them(finders: Finders) -> None:
    town, me = finders.town, finders.town.number["ben"]
    await town.post("anna", "#radio", tags=["radio"])
    await town.post("anna", "#rätsel", tags=["rätsel"])
    await town.post("anna", "#rage", tags=["rage"], audience=Audience.FOLLOWERS)
    assert await finders.table.tags(me, "#ra") == ["radio"]
    assert await finders.table.tags(me, "rä") == ["rätsel"]
    assert await finders.table.tags(me, "r") == []


async def test_lines_of_spaces(finders: Finders) -> None:
    """What was said, and the space itself; written anew only what has changed, and gone with the space."""
    space = Space(id=SpaceId("talk"), title="Über Radio", state=State.REPLAY, created_ms=1000, doors_open_ms=2000)
    await finders.run(
        site_tables.spaces.insert().values(id="talk", version=1, state="replay", created_ms=1000, body="{}", when_ms=1)
    )
    cues = [_cue(1000, "Guten Abend, Wien"), _cue(1000, "Servus", seat="b"), _cue(5000, "und gute Nacht")]
    due = (await finders.indexing.due_spaces(FAR_MS, 5))[0]
    assert due.id == "talk"
    await finders.indexing.index_space(due, space, cues)
    assert await finders.indexing.due_spaces(FAR_MS, 5) == []

    async def found(words: str, *, spaces: bool = False) -> Sequence[tuple[int | None, str]]:
        lines = await finders.table.lines(wanted(words), most=200, spaces=spaces)
        return [(each.start_ms, each.said) for each in lines]

    assert await found("servus") == [(1000, "Servus")]
    assert await found("radio", spaces=True) == [(None, "Über Radio\n")]
    assert await found("radio") == []
    said = [_cue(1000 + each, "Radio") for each in range(LOOKED_AT + 1)]
    await finders.indexing.index_space(DueRow("space", "talk", 0), space, said)
    assert await found("radio", spaces=True) == [(None, "Über Radio\n")]  # also below all that was said of it
    await finders.indexing.index_space(DueRow("space", "talk", 0), space, [_cue(1000, "Guten Morgen, Wien")])
    assert await found("wien") == [(1000, "Guten Morgen, Wien")]
    assert await found("nacht") == []
    await finders.indexing.index_space(DueRow("space", "talk", 0), space, None)
    assert await found("wien") == [(1000, "Guten Morgen, Wien")]
    await finders.indexing.index_space(DueRow("space", "talk", 0), None, ())
    assert await found("wien") == []
    assert await found("radio", spaces=True) == []


async def test_spaces_older_than_the_newest_are_found_by_the_index(
    finders: Finders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stentor.store.search.LOOKED_AT", 2)
    for each in range(5):
        row = {"id": f"s{each}", "version": 1, "state": "replay", "created_ms": each, "body": "{}", "when_ms": each}
        await finders.run(site_tables.spaces.insert().values(**row))
        space = Space(id=SpaceId(f"s{each}"), title=f"Vienna {each}", state=State.REPLAY, created_ms=each)
        await finders.indexing.index_space(DueRow("space", space.id, 0), space, [])
    found = await finders.table.lines(wanted("vienna"), most=9, spaces=True)
    assert [each.space for each in found] == ["s4", "s3", "s2", "s1", "s0"]
    assert [each.space for each in await finders.table.lines(wanted("vienna"), most=3, spaces=True)] == [
        "s4",
        "s3",
        "s2",
    ]


def _cue(start_ms: int, words: str, *, seat: str = "a") -> Cue:
    return Cue(SpaceId("talk"), 2000, start_ms, start_ms + 900, SeatId(seat), "Anna", words, "de", 0)


async def test_what_was_there_before_is_indexed_the_newest_first(finders: Finders) -> None:
    """In parts, and what changes meanwhile is not lost."""
    town = finders.town
    for each in range(5):
        await town.post("anna", f"a word, number {each}")
    older = text("UPDATE search_due SET due_ms = CAST(id AS BIGINT) / 65536 WHERE kind = 'post'")
    await finders.run(older)
    await finders.indexing.index_some(FAR_MS, 2)
    some = (await finders.table.posts(town.number["anna"], parse("word"), most=20)).ids
    assert len(some) == 2
    everything = await finders.found("anna", "word")
    assert some == everything[:2]
    assert len(everything) == 5

"""What has just happened, and whom it is for, on SQLite and PostgreSQL: the same that timelines say."""

from __future__ import annotations

from sqlalchemy import Connection, delete, update

from stentor.social import ids, streams
from stentor.social.model import Audience
from stentor.social.notices import NoticeKind
from stentor.store import social_tables as tables
from stentor.store.follows import FollowsTable
from stentor.store.happenings import KEPT_MS, HappeningsTable
from stentor.store.notice_tables import word_filters
from stentor.store.posts import Gesture, Rewritten
from stentor.store.spaces import Store
from stentor.store.telling import tell
from tests.support.postgres import database_url, postgres
from tests.support.social import Town

__all__ = ["database_url", "postgres"]
PEOPLE = ("ann", "ben", "cat", "dan", "eve", "fay", "gus")


async def built(town: Town) -> list[int]:
    """Posts of every kind among people who stand to each other in every way; ``eve`` writes most of them."""
    await town.people(*PEOPLE)
    for one in ("ann", "ben", "cat", "dan"):
        await town.follow(one, "eve", boosts=one != "ben")
    await town.follow("ann", "gus")
    await town.follow("fay", "eve", state="asked")
    await town.mute("cat", "eve")
    await town.block("fay", "eve")
    await town.mute("dan", "gus")
    first = await town.post("gus", "a post")
    posts = [first]
    posts += [await town.post("eve", f"{each}", audience=each, handles=["gus"]) for each in Audience if each < 4]
    posts += [await town.post("eve", "to gus", reply_to=first), await town.boost("eve", first)]
    posts += [await town.post("eve", "to herself", reply_to=posts[1]), await town.post("eve", "#radio", tags=["radio"])]
    return posts


async def test_streams_tell_what_timelines_have(database_url: str) -> None:
    """A post stands in the stream of somebody's home, and of their list, exactly where it stands in the timeline."""
    store = await Store.open(database_url)
    try:
        town, table = Town(store), HappeningsTable(store.work)
        posts = await built(town)
        numbers, follows = town.number, FollowsTable(store.work)
        lists = {name: town.ids.new(town.now_ms) for name in PEOPLE}
        for name, number in lists.items():
            await follows.make_list(number, numbers[name], "all")
            for other in numbers.values():
                await follows.put_member(number, other, there=True)
        seen = 0
        for post in posts:
            told = await table.told(post)
            assert told is not None
            readers = await table.readers(told, list(numbers.values()), list(lists.values()), now_ms=town.now_ms)
            for name, number in numbers.items():
                streamed = set(streams.belongs(told, number, readers[number]))
                home = await town.timelines.home(number, before=post + 1, after=post - 1, most=1)
                assert (streams.USER in streamed) == bool(home), (name, post)
                listed = await town.timelines.listed(number, lists[name], before=post + 1, after=post - 1, most=1)
                assert any(each.kind == "list" for each in streamed) == bool(listed), (name, post)
                assert streams.readable(told, number, readers[number]) == bool(await town.reads([post], number))
                local = await town.timelines.local(number, before=post + 1, after=post - 1, most=1)
                assert any(each.kind == "public" for each in streamed) == bool(local), (name, post)
                seen += bool(home) + bool(listed) + bool(local)
        assert seen > len(posts)
    finally:
        await store.close()


async def test_whatever_changes_is_noted_once(database_url: str) -> None:
    """Posts made, changed, withheld and deleted, also with their author; notifications of the main box; filters. What
    everybody has heard is forgotten."""
    store = await Store.open(database_url)
    try:
        town, table = Town(store), HappeningsTable(store.work)
        await town.people("ann", "ben")
        ann, ben = town.number["ann"], town.number["ben"]
        post = await town.post("ben", "a post")
        secret = await town.post("ben", "for ann", audience=Audience.MENTIONED, handles=["ann"])
        await town.posts.mark(Gesture.LIKE, ann, post, on=True, now_ms=town.now_ms)
        await town.posts.change(post, ben, Rewritten(text="new", html=lambda _: "new"), now_ms=town.now_ms + 5)
        await town.add(
            word_filters, id=5, account=ann, title="t", contexts="home", action="warn", words="[]", until_ms=None
        )
        found = [(each.kind, each.number, each.actor, each.audience) for each in await table.since(0)]
        assert found.count(("post", post, ben, 0)) == 1
        assert ("post", secret, ben, 3) in found
        assert found.count(("edit", post, ben, 0)) == 1
        assert [each[2] for each in found if each[0] == "notice"] == [ben]  # ann's box of strangers is no news
        assert ("filters", 5, ann, 0) in found
        last = await table.last()

        def withhold(connection: Connection) -> None:
            connection.execute(update(tables.posts).where(tables.posts.c.id == post).values(visibility=4))
            connection.execute(update(tables.posts).where(tables.posts.c.id == post).values(visibility=0))
            connection.execute(delete(tables.actors).where(tables.actors.c.number == ben))

        await store.work.write(withhold)
        gone = [(each.kind, each.number, each.audience) for each in await table.since(last)]
        assert gone[:2] == [("gone", post, 0), ("post", post, 0)]
        assert sorted(gone[2:]) == sorted([("gone", post, 0), ("gone", secret, 3)])
        assert await table.told(post) is None
        now_ms = max(ids.time_ms(post), 4_000_000_000_000)
        assert await table.purge(now_ms) > 0
        assert await table.purge(now_ms - 2 * KEPT_MS) == 0
        assert await table.since(0) == []

        def nobody(connection: Connection) -> None:
            tell(connection, NoticeKind.FOLLOW, ann, ann, None, now_ms=town.now_ms)

        await store.work.write(nobody)
        assert await table.since(0) == []
    finally:
        await store.close()

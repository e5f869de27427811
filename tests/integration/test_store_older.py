"""Pages of older posts in real databases: each post stands on one page, whatever comes in and goes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, delete, select

from stentor.social.ids import PostIds
from stentor.social.model import Audience
from stentor.social.public import OLDER, PAGE, PROFILE, TAG
from stentor.store import social_tables as tables
from stentor.store.older import CUT_AT_ONCE, MOST_SHOWN, OlderPage, OlderPagesTable
from stentor.store.outbox import Outbox
from stentor.store.outbox_tables import page_ends
from stentor.store.public import FIRST, PublicTable
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.social import NOW_MS, Town

__all__ = ["database_url", "postgres"]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


class Shelf:
    """All pages of a list, as edges would see them: from the first one down."""

    def __init__(self, store: Store, kind: str, name: str) -> None:
        self.public, self.older = PublicTable(store.work), OlderPagesTable(store.work)
        self.kind, self.name = kind, name

    async def cut(self) -> None:
        await self.older.cut(self.kind, self.name, now_ms=NOW_MS)

    async def pages(self) -> list[list[int]]:
        first = await (
            self.public.profile(int(self.name), 1) if self.kind == PROFILE else self.public.tag(self.name, 1)
        )
        found, end, above = [list(first.ids)], first.older, 0
        while end:
            [page] = (await self.older.read([OlderPage(self.kind, self.name, end)], 1)).values()
            assert page.newer == above, "each leads back to the one above it"
            found.append(list(page.ids))
            assert max(page.ids, default=0) <= end
            above, end = end, page.older
        return found


def whole(pages: list[list[int]], posts: list[int]) -> None:
    """Each post stands on exactly one page, in their order, and no page is too long."""
    assert [each for page in pages for each in page] == sorted(posts, reverse=True)
    assert all(len(page) <= FIRST for page in pages)


async def test_pages_stay_as_they_are(store: Store) -> None:
    """New posts change the first page; one that goes changes none; what comes in between divides the one it is on."""
    town = Town(store)
    await town.people("ada", "bob")
    number = town.number["ada"]
    mine, tagged = Shelf(store, PROFILE, f"{number}"), Shelf(store, TAG, "radio")
    town.now_ms += 10_000
    posts = list[int]()
    for _ in range(85):
        posts.append(await town.post("ada", "x", tags=("radio",)))
        await mine.cut()
        await tagged.cut()
    await town.post("ada", "x", audience=Audience.FOLLOWERS, tags=("radio",))
    before = await mine.pages()
    whole(before, posts)
    whole(await tagged.pages(), posts)
    assert [len(page) for page in before] == [25, 20, 20, 20]

    gone = before[2][3]
    await town.posts.remove(gone, number, now_ms=NOW_MS)
    posts.remove(gone)
    whole(await mine.pages(), posts)
    assert (await mine.pages())[3] == before[3]

    imported = list[int]()
    town.now_ms, town.ids = NOW_MS, PostIds(9)
    for _ in range(70):  # older than all that is there
        imported.append(await town.post("ada", "x", tags=("radio",)))
    changed = await mine.older.with_posts(imported[-16:], now_ms=NOW_MS)
    assert {each.kind for each in changed} == {PROFILE, TAG}
    whole(await mine.pages(), posts + imported)
    whole(await tagged.pages(), posts + imported)
    assert (await mine.pages())[:3] == [[each for each in page if each != gone] for page in before[:3]]
    noted = {row.id for row in await Outbox(store.work).waiting(500) if row.kind == OLDER}
    assert {f"{each.end}" for each in changed} <= noted, "who dies before they are written is followed by another one"
    ends = await mine.older.ending([int(each) for each in noted])
    assert set(changed) <= set(ends)

    while await mine.older.forget(PROFILE, f"{number}", 3):
        continue
    assert await mine.older.forget(TAG, "nothing", 3) == ()
    rows = await store.work.read(
        lambda connection: connection.execute(select(page_ends.c.kind).distinct()).scalars().all()
    )
    assert rows == [TAG]


async def test_a_long_list_from_before_is_cut_in_parts(store: Store) -> None:
    """And is noted again until it is done; meanwhile nothing is missing that was there before."""
    town = Town(store)
    await town.people("ada")
    shelf, outbox = Shelf(store, PROFILE, f"{town.number['ada']}"), Outbox(store.work)
    posts = [town.ids.new(NOW_MS + each) for each in range((CUT_AT_ONCE + 3) * PAGE)]

    def work(connection: Connection) -> None:
        row = {"author": town.number["ada"], "visibility": 0, "text": "", "html": "", "warning": "", "language": ""}
        rows = [row | {"id": each, "created_ms": 1, "label": ""} for each in posts]
        connection.execute(tables.posts.insert(), rows)
        connection.exec_driver_sql("DELETE FROM outbox")

    await store.work.write(work)
    await shelf.cut()
    waiting = await outbox.waiting(500)
    assert (PROFILE, f"{town.number['ada']}") in [(row.kind, row.id) for row in waiting]
    assert len(await shelf.pages()) == CUT_AT_ONCE + 1
    await shelf.cut()
    whole(await shelf.pages(), posts)
    assert MOST_SHOWN > FIRST

    def clear(connection: Connection) -> None:
        connection.execute(delete(tables.posts))

    await store.work.write(clear)
    assert await shelf.pages() == [[] for _ in await shelf.pages()], "pages whose posts are gone are empty"

"""The outbox in real databases: whatever changes a public document notes it, in its own transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from alembic import command
from alembic.config import Config

from stentor.people.model import Account
from stentor.social.model import Audience
from stentor.store.actors import ActorsTable
from stentor.store.database import open_engine
from stentor.store.outbox import Outbox
from stentor.store.posts import Composed, Gesture, PostsTable, Rewritten
from stentor.store.schema import SCRIPTS
from stentor.store.spaces import Store
from stentor.store.withheld import WithheldTable
from tests.support.postgres import database_url, postgres

__all__ = ["database_url", "postgres"]
FIRST, SECOND, THIRD = 115_000_000_000_000_001, 115_000_000_000_000_002, 115_000_000_000_000_003


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


async def taken(store: Store) -> set[str]:
    """What waits; then nothing does."""
    outbox = Outbox(store.work)
    rows = await outbox.waiting(100)
    await outbox.written(rows)
    return {f"{row.kind} {row.id}" for row in rows}


async def test_each_change_notes_its_documents(store: Store) -> None:
    """Posted, liked, pinned, renamed, deleted with the account; nothing of what is for followers."""
    await store.accounts.create(
        Account(id="a1", handle="ada", name="Ada", created_ms=1_754_000_000_000), password=None, passkey=None, codes=()
    )
    ada = await ActorsTable(store.work).of_account("a1")
    await taken(store)
    posts = PostsTable(store.work)
    await posts.add(FIRST, ada, Composed(text="Hello", tags=["radio"]), now_ms=1)
    assert await taken(store) == {f"post {FIRST}", f"profile {ada}", "tag radio"}
    answer = Composed(text="And you?", reply_to=FIRST)
    await posts.add(THIRD, ada, answer, now_ms=1)
    assert await taken(store) == {f"post {THIRD}", f"thread {FIRST}", f"tally {FIRST}", f"profile {ada}"}
    await posts.remove(THIRD, ada, now_ms=1)
    assert await taken(store) == {f"post {THIRD}", f"thread {FIRST}", f"tally {FIRST}", f"profile {ada}"}
    await posts.add(SECOND, ada, Composed(text="Friends", visibility=Audience.FOLLOWERS), now_ms=1)
    await posts.mark(Gesture.LIKE, ada, SECOND, on=True, now_ms=1)
    assert not await taken(store)
    await posts.mark(Gesture.LIKE, ada, FIRST, on=True, now_ms=1)
    assert await taken(store) == {f"tally {FIRST}"}
    await posts.mark(Gesture.PIN, ada, FIRST, on=True, now_ms=1)
    assert await taken(store) == {f"profile {ada}"}
    await store.accounts.change("a1", name="Countess")
    assert await taken(store) == {f"card {ada}"}
    await store.accounts.deletions.delete("a1", by=None, digest="d" * 64, now_ms=1)
    assert {f"post {FIRST}", "tag radio", f"card {ada}", f"profile {ada}"} <= await taken(store)


async def test_what_is_taken_away_presses(store: Store) -> None:
    """A post that is deleted, or not for everybody any more, and a person who changed: whatever else waits."""
    await store.accounts.create(
        Account(id="a1", handle="ada", name="Ada", created_ms=1_754_000_000_000), password=None, passkey=None, codes=()
    )
    ada, posts = await ActorsTable(store.work).of_account("a1"), PostsTable(store.work)
    for post in (FIRST, SECOND, THIRD):
        await posts.add(post, ada, Composed(text="Hello", tags=["radio"]), now_ms=1)
    await taken(store)
    await posts.remove(FIRST, ada, now_ms=1)
    await WithheldTable(store.work).take_down(SECOND, now_ms=1)
    await posts.mark(Gesture.LIKE, ada, THIRD, on=True, now_ms=1)
    await posts.change(THIRD, ada, Rewritten(text="Good bye", tags=["radio"]), now_ms=1)
    await store.accounts.change("a1", name="Countess")
    pressing = await Outbox(store.work).pressing(100)
    assert {f"{row.kind} {row.id}" for row in pressing} == {f"post {FIRST}", f"post {SECOND}", f"card {ada}"}
    assert {f"post {THIRD}", f"tally {THIRD}", f"profile {ada}", "tag radio"} <= await taken(store)


async def test_what_changes_while_it_is_written_is_written_again(store: Store) -> None:
    """A row goes only as it was read."""
    await store.accounts.create(
        Account(id="a1", handle="ada", name="Ada", created_ms=1_754_000_000_000), password=None, passkey=None, codes=()
    )
    await taken(store)
    outbox = Outbox(store.work)
    await store.accounts.change("a1", name="One")
    rows = await outbox.waiting(100)
    await store.accounts.change("a1", name="Two")
    await outbox.written(rows)
    assert [row.kind for row in await outbox.waiting(100)] == ["card"]


async def test_posts_from_before_the_outbox_become_files(database_url: str) -> None:
    """With the migration: what everybody may read, its author's page and its tags; nothing of what is for followers."""
    config, engine = Config(), open_engine(database_url)
    config.set_main_option("script_location", SCRIPTS)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0039")
        account = "'a1', 'ada', 'Ada', '', 'member', 1"
        connection.exec_driver_sql(f"INSERT INTO accounts (id, handle, name, bio, role, created_ms) VALUES ({account})")
        connection.exec_driver_sql(f"INSERT INTO actors (number, account, handle, name) VALUES ({FIRST}, 'a1', '', '')")
        for post, visibility in ((SECOND, 0), (THIRD, 2)):
            connection.exec_driver_sql(
                "INSERT INTO posts (id, author, visibility, text, html, warning, language, created_ms) "
                f"VALUES ({post}, {FIRST}, {visibility}, 'x', 'x', '', '', 1)"
            )
            connection.exec_driver_sql(f"INSERT INTO post_tags (tag, post) VALUES ('radio{visibility}', {post})")
    engine.dispose()
    store = await Store.open(database_url)
    try:
        assert await taken(store) == {f"post {SECOND}", f"profile {FIRST}", "tag radio0"}
    finally:
        await store.close()

"""Comments in real databases: one suite for SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from stentor.base.errors import Conflict, NotFound
from stentor.base.units import SpaceId
from stentor.people.model import Account
from stentor.spaces.guests import MOST_HELD_EACH, GuestComment, GuestHistory, GuestStanding, GuestVerdict
from stentor.spaces.model import Space
from stentor.spaces.rules import decide
from stentor.store import comments, guest_comments
from stentor.store.comments import CommentHistory, CommentsTable, SilencedPerson, Written
from stentor.store.guest_comments import Guest, GuestCommentsTable
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.spaces import CREATE, NOW

__all__ = ["database_url", "postgres"]
SPACE, OTHER = SpaceId("talk"), SpaceId("other")


class Kept(CommentsTable):
    """The table, and a way to write into it without rules."""

    async def write(self, text: str, *, account: str = "ada", space: SpaceId = SPACE, at_ms: int = 5) -> int:
        return (await self.add(space, account, role=lambda _: "host", at_ms=at_ms, admit=lambda *_: text))[0]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store with two spaces and two people."""
    store = await Store.open(database_url)
    for space in (SPACE, OTHER):
        await store.create(decide(None, msgspec.structs.replace(CREATE, id=space), NOW))
    for handle in ("ada", "bob"):
        account = Account(id=handle, handle=handle, name=handle.title(), created_ms=1)
        await store.accounts.create(account, password=None, passkey=None, codes=[])
    yield store
    await store.close()


async def test_comments_come_and_go(store: Store) -> None:
    """In order, the newest of a space; by name as it is now; a number is never given twice; gone with the account."""
    table = Kept(store.work)
    first, second = await table.write("One 🎙️"), await table.write("Two", account="bob", at_ms=6)
    await table.write("Elsewhere", space=OTHER)
    await store.accounts.change("ada", name="Åda")
    found = await table.newest(SPACE, 50)
    assert [(each.id, each.name, each.handle, each.role, each.text, each.at_ms) for each in found] == [
        (first, "Åda", "ada", "host", "One 🎙️", 5),
        (second, "Bob", "bob", "host", "Two", 6),
    ]
    assert [each.text for each in await table.newest(SPACE, 1)] == ["Two"]
    assert [each.text for each in await table.own(SPACE, "ada", 50)] == ["One 🎙️"]
    assert await table.of_account("ada") == [Written("talk", "One 🎙️", 5), Written("other", "Elsewhere", 5)]
    assert (await table.author(SPACE, second), await table.author(OTHER, second)) == ("bob", "")
    await table.remove(SPACE, second)
    with pytest.raises(NotFound):
        await table.remove(SPACE, second)
    assert await table.write("Three") > second + 1
    for each in ("bob", "ada"):
        await store.accounts.deletions.delete(each, by=each, digest=each, now_ms=1)
    assert await table.newest(SPACE, 50) == []


async def test_the_past_of_a_person(store: Store) -> None:
    """When they wrote last here, and whether they are shut out; that takes away what they wrote, and lifts again."""
    table = Kept(store.work)
    assert await table.past(SPACE, "ada") == CommentHistory(None, silenced=False)
    await table.write("One", at_ms=7)
    await table.write("Elsewhere", space=OTHER, at_ms=9)
    assert await table.past(SPACE, "ada") == CommentHistory(7, silenced=False)
    for _ in range(2):
        await table.silence(SPACE, "ada", at_ms=8)
    assert await table.silenced(SPACE) == [SilencedPerson("ada", "Ada")]
    assert await table.past(SPACE, "ada") == CommentHistory(None, silenced=True)
    assert await table.past(OTHER, "ada") == CommentHistory(9, silenced=False)
    await table.lift(SPACE, "ada")
    assert (await table.silenced(SPACE), await table.past(SPACE, "ada")) == ([], CommentHistory(None, silenced=False))


async def test_nobody_gets_around_slow_mode_by_haste(store: Store) -> None:
    """One person's comments wait for each other: of many sent at once, the first is all that is let in."""
    table = CommentsTable(store.work)

    def admit(space: Space, past: CommentHistory) -> str:
        if past.last_ms is not None:
            raise Conflict("One is enough.")
        return "Me first"

    wishes = [table.add(SPACE, "ada", role=lambda _: "", at_ms=5, admit=admit) for _ in range(8)]
    came = await asyncio.gather(*wishes, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in came) == 7
    assert len(await table.newest(SPACE, 50)) == 1


async def test_old_ones_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A space keeps so many; another space's are left alone."""
    monkeypatch.setattr(comments, "KEPT", 5)
    monkeypatch.setattr(comments, "TRIM_EVERY", 4)
    table = Kept(store.work)
    await table.write("Elsewhere", space=OTHER)
    for number in range(15):
        await table.write(str(number))
    assert [each.text for each in await table.newest(SPACE, 50)] == [str(number) for number in range(10, 15)]
    assert len(await table.newest(OTHER, 50)) == 1


class KeptGuests(GuestCommentsTable):
    """The table, and a way to write into it without rules; ``past`` is what was known before."""

    past = GuestHistory()

    async def write(self, text: str, *, guest: str = "gina", space: SpaceId = SPACE, at_ms: int = 5) -> int:
        def admit(_: Space, past: GuestHistory) -> GuestComment:
            self.past = past
            return GuestComment(guest.title(), text, held=past.standing is not GuestStanding.TRUSTED)

        return (await self.add(space, guest, at_ms=at_ms, admit=admit))[0]

    async def waits(self, space: SpaceId = SPACE) -> list[str]:
        return [each.text for each in await self.held(space)]


async def test_guests_wait_until_they_are_approved(store: Store) -> None:
    """Held they are in nobody's chat; approved they stand where the moment of it is, below 0 and without a handle."""
    table, all_ = KeptGuests(store.work), Kept(store.work)
    first, second = await table.write("One", at_ms=1), await table.write("Two", at_ms=2)
    await all_.write("Signed in", at_ms=10)
    await all_.write("Later", at_ms=30)
    assert ([each.text for each in await all_.newest(SPACE, 50)], await table.waits()) == (
        ["Signed in", "Later"],
        ["One", "Two"],
    )
    await table.judge(SPACE, first, GuestVerdict.APPROVE, at_ms=20)
    await table.judge(SPACE, first, GuestVerdict.APPROVE, at_ms=40)  # pressed twice: it stays where it is
    found = await all_.newest(SPACE, 50)
    assert [each.text for each in found] == ["Signed in", "One", "Later"]
    assert (found[1].id, found[1].name, found[1].handle, found[1].at_ms) == (-first, "Gina", "", 20)
    assert [each.text for each in await all_.newest(SPACE, 2)] == ["One", "Later"]
    assert await table.waits() == ["Two"]
    for number in (second, first):
        await table.remove(SPACE, number)
    for wrong in (table.remove(SPACE, first), table.judge(SPACE, first, GuestVerdict.TRUST, at_ms=1)):
        with pytest.raises(NotFound):
            await wrong
    assert (await table.waits(), await table.guests(SPACE)) == ([], [])
    assert [each.text for each in await all_.newest(SPACE, 50)] == ["Signed in", "Later"]


async def test_guests_are_trusted_or_shut_out(store: Store) -> None:
    """Trust shows what waits and what comes; silence takes all of theirs away; each can be taken back, in one space."""
    table, all_ = KeptGuests(store.work), Kept(store.work)
    first = await table.write("One")
    await table.write("Two")
    await table.write("Gus waits", guest="gus")
    await table.write("Elsewhere", space=OTHER, at_ms=9)
    assert table.past == GuestHistory()
    await table.judge(SPACE, first, GuestVerdict.TRUST, at_ms=7)
    await table.write("Three", at_ms=8)
    assert table.past == GuestHistory(GuestStanding.TRUSTED, last_ms=5, held=0, held_by_all=1)
    assert [each.text for each in await all_.newest(SPACE, 50)] == ["One", "Two", "Three"]
    assert await table.guests(SPACE) == [Guest("gina", "Gina", GuestStanding.TRUSTED)]
    await table.judge(SPACE, first, GuestVerdict.SILENCE, at_ms=9)
    assert await table.guests(SPACE) == [Guest("gina", "Gina", GuestStanding.SILENCED)]
    assert (await all_.newest(SPACE, 50), await table.waits()) == ([], ["Gus waits"])
    assert (await table.waits(OTHER), await table.guests(OTHER)) == (["Elsewhere"], [])
    await table.forget(SPACE, "gina")
    assert await table.guests(SPACE) == []
    assert (await table.refuse_held(SPACE), await table.waits(), await table.waits(OTHER)) == (1, [], ["Elsewhere"])


async def test_haste_holds_no_more_than_may_wait(store: Store) -> None:
    """Of many sent at once by one guest, so many are let in as the rules say."""
    table = GuestCommentsTable(store.work)

    def admit(_: Space, past: GuestHistory) -> GuestComment:
        if past.held >= MOST_HELD_EACH:
            raise Conflict("Enough.")
        return GuestComment("Gina", "Me", held=True)

    wishes = [table.add(SPACE, "gina", at_ms=5, admit=admit) for _ in range(8)]
    came = await asyncio.gather(*wishes, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in came) == 8 - MOST_HELD_EACH
    assert len(await table.held(SPACE)) == MOST_HELD_EACH


async def test_old_ones_of_guests_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A space keeps so many that were approved; what waits is left alone; the end of what people wrote takes all."""
    monkeypatch.setattr(guest_comments, "KEPT", 3)
    table, all_ = KeptGuests(store.work), Kept(store.work)
    await table.judge(SPACE, await table.write("0"), GuestVerdict.TRUST, at_ms=1)
    await table.write("waits", guest="gus")
    for number in range(1, 6):
        await table.write(str(number), at_ms=number)
    assert [each.text for each in await all_.newest(SPACE, 50)] == ["3", "4", "5"]
    assert await table.waits() == ["waits"]
    assert await store.retention.forget_written(SPACE) == 5  # four comments, and one guest who was trusted
    assert (await all_.newest(SPACE, 50), await table.waits(), await table.guests(SPACE)) == ([], [], [])

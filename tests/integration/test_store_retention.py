"""What spaces that are over have left in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import msgspec
import pytest

from stentor.base.errors import Conflict
from stentor.base.units import SpaceId
from stentor.people.model import Account
from stentor.spaces import commands as c
from stentor.spaces import events as e
from stentor.spaces.forecast import SPACE_BYTES_S
from stentor.spaces.model import State
from stentor.spaces.retention import GOES, DataCategory
from stentor.spaces.rules import decide
from stentor.store.back_channel import BackChannelTable
from stentor.store.comments import CommentsTable
from stentor.store.recordings import Recording
from stentor.store.retention import Place, StorageLimits
from stentor.store.seats import MakerLimits
from stentor.store.spaces import Store
from tests.support.postgres import database_url, postgres
from tests.support.spaces import BEN, CREATE, NOW, WAYS

__all__ = ["database_url", "postgres"]
NOW_MS = round(NOW * 1000)
TALK = SpaceId("talk")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


async def make(
    store: Store, name: str, state: State, *, creator: str = "", before: tuple[c.Command, ...] = (), now: float = NOW
) -> None:
    """A space in a state, each step a second after the one before."""
    await store.create(decide(None, msgspec.structs.replace(CREATE, id=SpaceId(name)), now), creator=creator)
    for step, command in enumerate((*before, *WAYS[state]), 1):
        await store.change(name, partial(decide, command=command, now=now + step))


async def record(store: Store, space: str, size_bytes: int) -> None:
    done = Recording(space=SpaceId(space), ready_ms=1, duration_ms=1, size_bytes=size_bytes, prefix="p")
    await store.record(done)


async def test_a_walk_meets_every_space_that_is_over_once(store: Store) -> None:
    """The oldest first, in pages, also where many ended in one moment; what is too young or not over is left out."""
    for name in "cab":
        await make(store, name, State.REPLAY)
    await make(store, "old", State.REPLAY, now=NOW - 1000)
    await make(store, "young", State.REPLAY, now=NOW + 1000)
    await make(store, "live", State.LIVE)
    await make(store, "off", State.CANCELLED)
    found, place = [], Place()
    while page := await store.retention.over(State.REPLAY, place, before_ms=NOW_MS + 500_000, limit=2):
        found += [space.id for space in page]
        place = Place(page[-1].when_ms, page[-1].id)
    assert found == ["old", "a", "b", "c"]
    [off] = await store.retention.over(State.CANCELLED, Place(), before_ms=NOW_MS + 500_000, limit=2)
    assert off.id == "off"


async def test_what_people_wrote_goes(store: Store) -> None:
    """Comments, the back channel, and who was shut out; nothing of another space."""
    await store.accounts.create(
        Account(id="ada", handle="ada", name="Ada", created_ms=1), password=None, passkey=None, codes=[]
    )
    comments, back_channel = CommentsTable(store.work), BackChannelTable(store.work)
    for name in ("talk", "other"):
        await make(store, name, State.REPLAY)
        await comments.add(SpaceId(name), "ada", role=lambda _: "", at_ms=5, admit=lambda *_: "Hello")
        await back_channel.add(SpaceId(name), name="Ada", text="Now!", at_ms=5)
    await comments.silence(SpaceId("other"), "ada", at_ms=6)
    assert (await store.retention.written("talk"), await store.retention.written("other")) == (2, 2)
    assert await store.retention.forget_written("talk") == 2
    assert await store.retention.forget_written("talk") == 0
    assert (await store.retention.written("talk"), await store.retention.written("other")) == (0, 2)
    assert await comments.silenced(SpaceId("other"))


async def test_what_people_did_goes_and_the_evidence_stays(store: Store) -> None:
    """What is left keeps its version, so the record shows that something is missing, and where."""
    before = (c.GiveSeat(BEN, "Ben"), c.ConnectSeat(BEN), c.AgreeToRecording(BEN), c.MuteSeat(BEN))
    await make(store, "talk", State.REPLAY, before=before)
    await make(store, "other", State.REPLAY, before=before)
    everything = await store.history("talk")
    assert [version for version, _ in everything] == list(range(1, 10))
    assert await store.retention.happened("talk", GOES[DataCategory.EVENTS]) == 2
    assert await store.retention.forget_events("talk", GOES[DataCategory.EVENTS]) == 2
    assert await store.retention.forget_events("talk", GOES[DataCategory.PEOPLE]) == 2
    left = await store.history("talk")
    assert left == [each for each in everything if each[0] in (1, 6, 7, 8, 9)]
    assert [e.kind(event) for _, event in left][1:] == ["DoorsOpened", "WentLive", "SpaceEnded", "ReplayOpened"]
    assert len(await store.history("other")) == 9
    await store.change("talk", lambda space: decide(space, c.NoteRemoval(DataCategory.EVENTS, 2, 7), NOW + 20))
    assert (await store.history("talk"))[-1][0] == 10


async def test_all_hold_music_is_found(store: Store) -> None:
    """Also what was replaced before the doors opened."""
    await make(store, "talk", State.REPLAY, before=(c.SetHold("talk-1"), c.SetHold("talk-2"), c.SetHold("talk-1")))
    assert await store.retention.holds("talk") == ["talk-1", "talk-2"]


async def test_recordings_are_added_up(store: Store) -> None:
    """Complete ones by their size, growing ones by their length; those of an account by who made the space."""
    await make(store, "one", State.REPLAY, creator="ada")
    await record(store, "one", 1000)
    await make(store, "two", State.REPLAY, creator="bob")
    await record(store, "two", 500)
    assert await store.retention.used_bytes(NOW_MS) == 1500
    assert await store.retention.used_bytes(NOW_MS, "ada") == 1000
    assert await store.retention.used_bytes(NOW_MS, "eve") == 0
    assert (await store.retention.recorded_bytes("two"), await store.retention.recorded_bytes("none")) == (500, 0)
    await make(store, "three", State.LIVE, creator="ada")
    an_hour_ms = NOW_MS + 1000 + 3_600_000
    assert await store.retention.used_bytes(an_hour_ms, "ada") == 1000 + round(3600 * SPACE_BYTES_S)


async def test_without_room_nothing_new_is_made(store: Store) -> None:
    """The site's limit holds for everybody, an account's for its own spaces; each says what to do."""
    await make(store, "one", State.REPLAY, creator="ada")
    await record(store, "one", 2_000_000_000)
    creation = decide(None, msgspec.structs.replace(CREATE, id=SpaceId("next")), NOW)
    for creator, limits in (
        ("", StorageLimits(site_gb=2)),
        ("ada", StorageLimits(account_gb=2)),
        ("bob", StorageLimits(site_gb=1.5)),
    ):
        with pytest.raises(Conflict, match=r"2\.0 of .* GB") as refused:
            await store.create(creation, creator=creator, limits=MakerLimits(room=limits))
        assert refused.value.error_code == "recordings-full"
    with pytest.raises(Conflict, match="STENTOR_ACCOUNT_GB"):
        await store.retention.require_room("one", StorageLimits(account_gb=1), NOW_MS)
    await store.retention.require_room("one", StorageLimits(site_gb=2.1, account_gb=2.1), NOW_MS)
    await store.create(creation, creator="bob", limits=MakerLimits(room=StorageLimits(site_gb=2.1, account_gb=2)))

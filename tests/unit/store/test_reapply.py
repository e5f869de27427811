"""A backup that is older than a removal does not bring anything back; and what is left of a recording verifies."""

from __future__ import annotations

from pathlib import Path

import pytest

from stentor.base import folder
from stentor.base.config import Settings
from stentor.base.units import SeatId, SpaceId
from stentor.spaces import commands as c
from stentor.spaces import rules, withdrawal
from stentor.spaces.model import Removal, Space
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import backup, withdrawals
from stentor.store.objects import Objects
from stentor.store.proof import prove
from stentor.store.spaces import Store
from stentor.wire import manifest
from tests.support.edge import DOORS_OPEN_MS, SPACE
from tests.support.recorded import record

CHUNKS = 60
OPENED = DOORS_OPEN_MS / 1000
FIRST = Removal(2_000, 3_000, DOORS_OPEN_MS + 90_000, "host", "First")
SECOND = Removal(6_000, 10_000, DOORS_OPEN_MS + 99_000, "host", "Second")
ALL = Removal(0, None, DOORS_OPEN_MS + 99_000, "admin", "All of it")


def now() -> float:
    return OPENED + 60


async def site(place: Path) -> Settings:
    """A site with one complete recording."""
    settings = Settings(data=str(place))
    folder.make(place)
    store = await Store.open(settings.database_address)
    wish = c.CreateSpace(id=SpaceId(SPACE), title="Talk", host_seat=SeatId("host"), host_name="Ada")
    space = await store.create(rules.decide(None, wish, OPENED - 60))
    for at_s, command in ((0, c.OpenDoors()), (1, c.GoLive()), (CHUNKS * 0.32, c.End()), (30, c.OpenReplay())):
        moment = OPENED + at_s
        space, _ = await store.change(space.id, lambda before, w=command, at=moment: rules.decide(before, w, at))  # type: ignore[misc]
    await store.close()
    await record(objects_of(settings), CHUNKS, {range(CHUNKS): "ada"})
    return settings


def objects_of(settings: Settings) -> Objects:
    return Objects.open(settings.recordings_address)


async def loaded(settings: Settings) -> Space:
    store = await Store.open(settings.database_address)
    try:
        return await store.load(SPACE)
    finally:
        await store.close()


async def remove(objects: Objects, *removals: Removal, gone: Removal | None = None) -> Withdrawal:
    wanted = Withdrawal(SPACE, removals=list(removals), gone=gone)
    return await withdrawals.erase(objects, await withdrawals.withdraw(objects, wanted))


async def test_what_was_removed_since_stays_removed(tmp_path: Path) -> None:
    """Between two removals a backup is made: restored, it has neither; all that remains is as it was recorded."""
    old = await site(tmp_path / "old")
    await remove(objects_of(old), FIRST)
    await backup.make(old, tmp_path / "b.tar", now)
    wanted = await remove(objects_of(old), FIRST, SECOND)
    new = Settings(data=str(tmp_path / "new"))
    restored = await backup.restore(new, tmp_path / "b.tar", removals=[old.recordings_address])
    assert (restored.removed, restored.lists) == (1, True)
    assert (await loaded(new)).removals == [FIRST, SECOND]
    found, proof = await withdrawals.read(objects_of(new), SPACE), await prove(objects_of(new), SPACE)
    assert found
    assert found.version > wanted.version
    assert (proof.removed, proof.wrong) == ([FIRST, SECOND], [])
    assert await stored(new) == await stored(old), "byte for byte what the old site has"


async def stored(settings: Settings) -> dict[str, bytes]:
    objects = objects_of(settings)
    return {key: await objects.get(key) for key, _ in await objects.list("recordings")}


async def test_a_further_place_is_looked_at_by_itself(tmp_path: Path) -> None:
    """The site's own objects are lost: the list in STENTOR_REMOVALS_URL is enough."""
    old = await site(tmp_path / "old")
    await backup.make(old, tmp_path / "b.tar", now)
    copy = Objects.open((tmp_path / "copy").as_uri())
    await withdrawals.withdraw(copy, Withdrawal(SPACE, gone=ALL))
    new = Settings(data=str(tmp_path / "new"), removals_url=(tmp_path / "copy").as_uri())
    assert (await backup.restore(new, tmp_path / "b.tar")).removed == 1
    assert (await loaded(new)).removed == ALL
    assert set(await stored(new)) == {manifest.page_key(SPACE, 0)}


async def test_the_list_may_wait_where_recordings_are_restored_to(tmp_path: Path) -> None:
    """A bucket with the list and nothing else takes a backup; the list of the backup does not replace it."""
    old = await site(tmp_path / "old")
    await remove(objects_of(old), FIRST)
    await backup.make(old, tmp_path / "b.tar", now)
    bucket = (tmp_path / "bucket").as_uri()
    await withdrawals.withdraw(Objects.open(bucket), Withdrawal(SPACE, removals=[FIRST, ALL]))
    new = Settings(data=str(tmp_path / "new"), recordings_url=bucket)
    assert (await backup.restore(new, tmp_path / "b.tar")).removed == 1
    assert not (await loaded(new)).recorded


async def test_without_a_list_the_operator_is_told(tmp_path: Path) -> None:
    """Nobody knows then what was removed since."""
    old = await site(tmp_path / "old")
    await backup.make(old, tmp_path / "b.tar", now)
    restored = await backup.restore(Settings(data=str(tmp_path / "new")), tmp_path / "b.tar")
    assert (restored.removed, restored.lists) == (0, False)


async def test_a_list_of_spaces_that_the_backup_has_not_is_kept(tmp_path: Path) -> None:
    """They were made after it: whoever restores a newer backup later needs the list."""
    old = await site(tmp_path / "old")
    await backup.make(old, tmp_path / "b.tar", now)
    await withdrawals.withdraw(objects_of(old), Withdrawal(SpaceId("another"), gone=ALL))
    new = Settings(data=str(tmp_path / "new"))
    await backup.restore(new, tmp_path / "b.tar", removals=[old.recordings_address])
    found = await withdrawals.read(objects_of(new), "another")
    assert found
    assert found.gone == ALL


async def test_a_recording_is_proven_with_what_was_removed(tmp_path: Path) -> None:
    """What nobody asked for is a fault: a changed object, one that is missing, and one that should not be there."""
    objects = objects_of(await site(tmp_path / "site"))
    assert (await prove(objects, SPACE)).wrong == []
    original = manifest.segment_key(SPACE, "aac-64", 2)
    kept = await objects.get(original)
    found = await remove(objects, SECOND)
    assert (await prove(objects, SPACE)).wrong == []
    await objects.put(original, kept)
    await objects.delete(manifest.segment_key(SPACE, "aac-64", 0))
    piece = found.pieces[1].renditions["opus-24"].key
    await objects.put(piece, b"something else")
    assert sorted((await prove(objects, SPACE)).wrong) == [
        f"{manifest.segment_key(SPACE, 'aac-64', 0)} is missing, and nobody asked for that.",
        f"{original} was removed on request and is still stored.",
        f"{piece} is not what the manifest says.",
    ]


@pytest.mark.parametrize("version", [0, 7])
def test_a_list_that_grows_is_newer_than_both(version: int) -> None:
    """An edge that has one of them takes the new one."""
    one, other = Withdrawal(SPACE, version, [FIRST]), Withdrawal(SPACE, 3, [SECOND])
    found = withdrawal.joined(one, other)
    assert (found.removals, found.version) == ([FIRST, SECOND], max(version, 3) + 1)

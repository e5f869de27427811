"""What is in a backup; backups that must not be made, and those that must not be restored."""

from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path

import msgspec
import pytest

from stentor.base import config, folder
from stentor.base.config import Settings
from stentor.base.errors import BadInput, SetupError
from stentor.base.units import SpaceId
from stentor.people.model import Account
from stentor.spaces import board, front
from stentor.spaces.model import Removal
from stentor.spaces.withdrawal import Withdrawal
from stentor.store import backup, forgotten, withdrawals
from stentor.store.jobs import Jobs
from stentor.store.objects import Objects
from stentor.store.spaces import Store


def now() -> float:
    return 1_900_000_000.0


async def site(place: Path, *, secret_file: str = "") -> Settings:
    """A data folder as ``stentor up`` leaves it."""
    settings = Settings(data=str(place), secret_file=secret_file)
    folder.make(settings.folder)
    config.signing_key(settings)
    config.admin_token(settings)
    await (await Store.open(settings.database_address)).close()
    for name in ("nats/jetstream/1.blk", "logs/house-0.log", "certificates/2030.json", "objects/hold/default"):
        path = settings.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return settings


def contents(place: Path) -> dict[str, bytes]:
    """Every file but the database's own, which SQLite copies page by page, and the lock."""
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and not path.name.startswith("stentor.db") and path.name != folder.LOCK
    }


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


async def test_what_nothing_makes_again_is_in_it(tmp_path: Path) -> None:
    """Keys, certificates and objects come back as they were, for their owner only; bus and logs are left out."""
    settings = await site(tmp_path / "site")
    made = await backup.make(settings, tmp_path / "b.tar", now)
    assert stat.S_IMODE((tmp_path / "b.tar").stat().st_mode) == 0o600
    assert backup.check(tmp_path / "b.tar") == made
    await backup.restore(Settings(data=str(tmp_path / "new")), tmp_path / "b.tar")
    gone = {"nats/jetstream/1.blk", "logs/house-0.log"}
    assert contents(tmp_path / "new") == {k: v for k, v in contents(settings.folder).items() if k not in gone}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    await (await Store.open(Settings(data=str(tmp_path / "new")).database_address)).close()


async def test_pages_of_the_day_of_the_backup_do_not_come_back(tmp_path: Path) -> None:
    """They name what was deleted since; the first house that starts makes them anew."""
    settings = await site(tmp_path / "site")
    objects = Objects.open(settings.recordings_address)
    for key in (front.KEY, board.key("gone"), board.key("there")):
        await objects.put(key, b"as it was")
    await backup.make(settings, tmp_path / "b.tar", now)
    await withdrawals.withdraw(objects, Withdrawal(SpaceId("gone"), gone=Removal(0, None, 9, "host", "Asked")))
    new = Settings(data=str(tmp_path / "new"))
    assert (await backup.restore(new, tmp_path / "b.tar", removals=[settings.recordings_address])).removed == 1
    restored = Objects.open(new.recordings_address)
    assert [key for key, _ in await restored.list("spaces")] == [board.key("there")]
    assert await restored.list("public") == []


async def test_a_secret_of_elsewhere_is_in_it(tmp_path: Path) -> None:
    """The key that is in use is kept, also where ``STENTOR_SECRET_FILE`` names it."""
    (tmp_path / "key").write_bytes(b"k" * 32)
    settings = await site(tmp_path / "site", secret_file=str(tmp_path / "key"))
    await backup.make(settings, tmp_path / "b.tar", now)
    await backup.restore(Settings(data=str(tmp_path / "new")), tmp_path / "b.tar")
    assert (tmp_path / "new" / "secret").read_bytes() == b"k" * 32


async def test_a_backup_is_not_written_over_another_or_into_the_site(tmp_path: Path) -> None:
    """The next backup would hold it, or the last one would be lost; nothing is left behind by a refusal."""
    settings = await site(tmp_path / "site")
    (tmp_path / "b.tar").write_bytes(b"the last one")
    with pytest.raises(BadInput, match="already"):
        await backup.make(settings, tmp_path / "b.tar", now)
    with pytest.raises(BadInput, match="outside"):
        await backup.make(settings, settings.folder / "b.tar", now)
    with pytest.raises(SetupError, match="Cannot write the backup"):
        await backup.make(settings, tmp_path / "nowhere" / "b.tar", now)
    with pytest.raises(SetupError, match="There is no database"):
        await backup.make(Settings(data=str(tmp_path / "typo")), tmp_path / "c.tar", now)
    assert names(tmp_path) == ["b.tar", "site"]


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign"])
async def test_a_damaged_backup_changes_nothing(tmp_path: Path, damage: str) -> None:
    """All of it is held against its hashes before anything is written."""
    settings = await site(tmp_path / "site")
    file = tmp_path / "b.tar"
    await backup.make(settings, file, now)
    data = file.read_bytes()
    at = data.rindex(b"objects/hold/default", 0, data.rindex(b"manifest.json"))  # what is in the object
    changed = data[:at] + b"Objects" + data[at + 7 :]
    file.write_bytes({"cut": data[: len(data) // 2], "changed": changed, "foreign": b"no tar " * 1000}[damage])
    with pytest.raises(BadInput, match=r"not a whole backup|is damaged"):
        await backup.restore(Settings(data=str(tmp_path / "new")), file)
    assert not (tmp_path / "new").exists()


async def test_a_file_that_somebody_added(tmp_path: Path) -> None:
    """What stands behind the manifest has no hash in it, and is not restored."""
    settings = await site(tmp_path / "site")
    await backup.make(settings, tmp_path / "b.tar", now)
    with tarfile.open(tmp_path / "b.tar", "a") as tar:
        tar.addfile(tarfile.TarInfo("data/more"))
    with pytest.raises(BadInput, match="more behind its end"):
        await backup.restore(Settings(data=str(tmp_path / "new")), tmp_path / "b.tar")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["data/../../escaped", "/escaped"])
async def test_a_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    """A backup that somebody made up writes nowhere but in the folder."""
    data = b"x"
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    with pytest.raises(BadInput, match="no backup of Stentor"):
        await backup.restore(Settings(data=str(tmp_path / "new")), tmp_path / "b.tar")


async def test_a_folder_in_use_or_not_empty(tmp_path: Path) -> None:
    """Each is refused with its own sentence, and nothing in it is touched."""
    settings = await site(tmp_path / "site")
    await backup.make(settings, tmp_path / "b.tar", now)
    before = contents(settings.folder)
    with folder.held(settings.folder), pytest.raises(SetupError, match=r"is in use by another `stentor up`"):
        await backup.restore(settings, tmp_path / "b.tar")
    with pytest.raises(SetupError, match=r"is not empty \(admin-token, certificates, lock\)"):
        await backup.restore(settings, tmp_path / "b.tar")
    elsewhere = Settings(data=str(tmp_path / "new"), database_url=settings.database_address)
    with pytest.raises(SetupError, match="There is a database"):
        await backup.restore(elsewhere, tmp_path / "b.tar")
    elsewhere = Settings(data=str(tmp_path / "new"), recordings_url=settings.recordings_address)
    with pytest.raises(SetupError, match="There are recordings"):
        await backup.restore(elsewhere, tmp_path / "b.tar")
    assert contents(settings.folder) == before


async def test_a_restore_that_was_stopped(tmp_path: Path) -> None:
    """What it left is no site: the start says what to do."""
    (tmp_path / folder.RESTORING).touch()
    with pytest.raises(SetupError, match="empty the folder, then restore it again"):
        folder.make(tmp_path)


async def test_a_backup_of_a_later_version(tmp_path: Path) -> None:
    """It is not read as if it were one of ours."""
    manifest = msgspec.json.encode(backup.BackupManifest(format=2, stentor="9.0", made_ms=0, members=[]))
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        info = tarfile.TarInfo(backup.MANIFEST)
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest))
    with pytest.raises(BadInput, match=r"Stentor 9\.0, which is newer"):
        backup.check(tmp_path / "b.tar")


async def test_who_was_deleted_does_not_come_back(tmp_path: Path) -> None:
    """An account that is deleted after the backup is deleted again by the restore, before anything is served."""
    settings = await site(tmp_path / "site")
    store = await Store.open(settings.database_address)
    for handle in ("ada", "bob"):
        account = Account(id=handle, handle=handle, name=handle.title(), created_ms=1)
        await store.accounts.create(account, password="hash", passkey=None, codes=[])
    await store.close()
    await backup.make(settings, tmp_path / "b.tar", now)
    await forgotten.note(Objects.open(settings.recordings_address), "ada")
    new = Settings(data=str(tmp_path / "new"))
    found = await backup.restore(new, tmp_path / "b.tar", removals=[settings.recordings_address])
    assert (found.forgotten, found.lists) == (1, True)
    store = await Store.open(new.database_address)
    assert [account.handle for account in await store.accounts.list()] == ["bob"]
    assert await Jobs(store.work).waiting() == 3
    await store.close()
    assert await forgotten.collect([Objects.open(new.recordings_address)]) == {"ada"}

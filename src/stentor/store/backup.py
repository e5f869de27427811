"""A backup: one tar file with database, keys and objects of a site, and the hash of each at its end.

It can be made while a talk is on. The database comes first, and manifests come before what they name: all that a backup
names is in it. What is said meanwhile is not.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

import msgspec

from stentor import __version__
from stentor.base import config, folder
from stentor.base.clock import Clock, unix_ms, wall
from stentor.base.config import Settings
from stentor.base.errors import BadInput, NotFound, SetupError
from stentor.spaces import front, withdrawal
from stentor.store import dump, forgotten, reapply
from stentor.store.objects import Objects
from stentor.store.spaces import Store

FORMAT = 1
MANIFEST = "manifest.json"
OBJECTS, DATA = "objects/", "data/"
LISTS = (f"{withdrawal.FOLDER}/", f"{forgotten.FOLDER}/")
"""Where a backup is restored these may be: they hold for it."""
SECRET = f"{DATA}secret"
MADE_AGAIN = frozenset({"nats", "logs", "objects", config.BACKUPS, folder.LOCK, folder.RESTORING})
"""What of the data folder is in no backup: bus (it holds a day), logs, backups; objects have a place of their own."""
COPIED_BYTES = 1 << 20


class Member(msgspec.Struct, frozen=True):
    name: str
    size: int
    sha256: str


class BackupManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The last file of a backup: one without it was not made to its end."""

    format: int = FORMAT
    stentor: str = __version__
    made_ms: int
    members: list[Member]

    @property
    def names(self) -> set[str]:
        return {member.name for member in self.members}


# Making one


async def make(settings: Settings, file: Path, clock: Clock) -> BackupManifest:
    """Writes a backup to ``file``, which appears when it is whole. Raises :class:`SetupError`, :class:`BadInput`."""
    _require_new(settings, file)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            with tarfile.open(fileobj=output, mode="w|") as tar:
                manifest = await _write(settings, _Writer(tar), unix_ms(clock()), place=file.parent)
            output.flush()
            os.fsync(output.fileno())
        draft.rename(file)
    except OSError as error:
        raise SetupError(f"Cannot write the backup {file}: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _require_new(settings: Settings, file: Path) -> None:
    """Raises :class:`BadInput` for a file that is there, or that the next backup would have in it."""
    if file.exists():
        raise BadInput(f"There is a file {file} already; choose another name.")
    place = file.resolve()
    if place.is_relative_to(settings.folder) and not place.is_relative_to(settings.folder / config.BACKUPS):
        raise BadInput(f"{file} is in the data folder; choose a place outside, on another disk at best.")


class _Writer:
    """Adds files to a tar and remembers what they were."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: list[Member] = []

    def add(self, name: str, data: bytes) -> None:
        self._put(name, io.BytesIO(data), len(data))
        self.members.append(Member(name, len(data), hashlib.sha256(data).hexdigest()))

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            size = source.tell()
            source.seek(0)
            self._put(name, source, size)
        self.members.append(Member(name, size, sha256))

    def close(self, made_ms: int) -> BackupManifest:
        manifest = BackupManifest(made_ms=made_ms, members=self.members)
        data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        self._put(MANIFEST, io.BytesIO(data), len(data))
        return manifest

    def _put(self, name: str, source: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, source)


async def _write(settings: Settings, writer: _Writer, made_ms: int, *, place: Path) -> BackupManifest:
    with tempfile.TemporaryDirectory(prefix=".stentor-", dir=place) as room:  # where there is room for it
        copy = Path(room) / "database"
        dump.dump(settings.database_address, copy)
        writer.add_file(dump.name(settings.database_address), copy)
    for path in _files(settings):
        with suppress(FileNotFoundError):  # a draft that has got its name
            writer.add_file(f"{DATA}{path.relative_to(settings.folder).as_posix()}", path)
    if settings.secret_file:
        writer.add_file(SECRET, config.secret_path(settings))
    objects = Objects.open(settings.recordings_address)
    async for key, data in _objects(objects):
        writer.add(f"{OBJECTS}{key}", data)
    return writer.close(made_ms)


def _files(settings: Settings) -> Iterator[Path]:
    """The files of the data folder that nothing makes again: keys, certificates."""
    database = dump.sqlite_path(settings.database_address)
    ours = (database.name, f"{database.name}-wal", f"{database.name}-shm") if database else ()
    for path in sorted(settings.folder.rglob("*")):
        top = path.relative_to(settings.folder).parts[0]
        if path.is_file() and not path.is_symlink() and top not in MADE_AGAIN and path.name not in ours:
            if settings.secret_file and path == settings.folder / "secret":
                continue  # not the one in use
            yield path


async def _objects(objects: Objects) -> AsyncIterator[tuple[str, bytes]]:
    keys = [key for key, _ in await objects.list("")]
    for key in sorted(keys, key=lambda key: (not key.endswith(".jsonl"), key)):  # manifests first
        with suppress(NotFound):  # somebody has just deleted it
            yield key, await objects.get(key)


# Restoring one


def check(file: Path) -> BackupManifest:
    """Reads a backup to its end and holds every file against its hash. Raises :class:`BadInput`."""
    found: list[Member] = []
    end = b""
    with _opened(file) as tar:
        for info, source in _members(tar):
            if end:
                raise BadInput(f"{file} is damaged: there is more behind its end ({info.name}): take another one.")
            if info.name == MANIFEST:
                end = source.read()
                continue
            digest = hashlib.sha256()
            while part := source.read(COPIED_BYTES):
                digest.update(part)
            found.append(Member(info.name, info.size, digest.hexdigest()))
    if not end:
        raise BadInput(f"{file} is not a whole backup: its end is missing. Take another one.")
    try:
        manifest = msgspec.json.decode(end, type=BackupManifest)
    except msgspec.DecodeError as error:
        raise BadInput(f"{file} is not a backup of Stentor: {error}.") from error
    if manifest.format != FORMAT:
        raise BadInput(f"{file} was made by Stentor {manifest.stentor}, which is newer; restore it with that version.")
    wrong = [ours.name for ours, theirs in zip(found, manifest.members, strict=False) if ours != theirs]
    if wrong or len(found) != len(manifest.members):
        raise BadInput(f"{file} is damaged ({', '.join(wrong[:3]) or 'files are missing'}): take another one.")
    return manifest


class Restored(NamedTuple):
    """``removed``: of how many spaces something was removed after the backup was made, and is now removed again;
    ``forgotten``: how many accounts were deleted since, and are deleted again."""

    files: int
    removed: int
    forgotten: int
    lists: bool
    """Whether a list of what was removed was found at all."""


async def restore(settings: Settings, file: Path, *, removals: Sequence[str] = ()) -> Restored:
    """Puts a backup into an empty data folder, and its database and objects to where nothing is.

    Nothing but lists of what was removed may be there; these, and those at the addresses in ``removals``, hold for the
    backup too. Everything is looked at before anything is written. Raises :class:`BadInput`, :class:`SetupError`.
    """
    there = settings.folder
    _require_empty(there)
    manifest = check(file)
    places = [*removals, *([settings.removals_url] if settings.removals_url else [])]
    kind = dump.name(settings.database_address)
    if kind not in manifest.names:
        other = "a PostgreSQL database: set STENTOR_DATABASE_URL" if kind == dump.SQLITE else "a SQLite database"
        raise SetupError(f"{file} has {other}; Stentor does not move from one kind to the other.")
    dump.require_empty(settings.database_address)
    folder.make(there)
    with folder.held(there):
        mark = there / folder.RESTORING
        mark.touch()
        try:
            objects = Objects.open(settings.recordings_address)
            if [key for key, _ in await objects.list("") if not key.startswith(LISTS)]:
                raise SetupError(f"There are recordings in {settings.recordings_address} already: name an empty place.")
            lists = [objects, *map(Objects.open, places)]
            later, deleted = await reapply.collect(lists), await forgotten.collect(lists)
            with _opened(file) as tar:
                older = await _unpack(settings, tar, objects)
            await objects.delete(front.KEY)  # of the day of the backup; the first house that starts makes it anew
            count = await _remove_again(settings, objects, older, later)
            people = await _forget_again(settings, objects, deleted)
        except OSError as error:
            raise SetupError(f"Cannot restore to {there}: {error.strerror}. Empty it before you try again.") from error
        mark.unlink()
    known = bool(later or deleted or removals or settings.removals_url)
    return Restored(len(manifest.members), count, people, known)


def _require_empty(there: Path) -> None:
    """Raises :class:`SetupError` for a data folder that somebody uses, or that has anything in it."""
    try:
        found = sorted(path.name for path in there.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise SetupError(f"Cannot read the data folder {there}: {error.strerror}.") from error
    if folder.LOCK in found:
        with folder.held(there):
            pass
    if found:
        raise SetupError(
            f"The data folder {there} is not empty ({', '.join(found[:3])}): name another with --data, or move it away."
        )


async def _remove_again(settings: Settings, objects: Objects, older: reapply.Lists, later: reapply.Lists) -> int:
    """Of how many spaces something is removed that the backup has."""
    if not older and not later:
        return 0
    store = await Store.open(settings.database_address)
    try:
        return await reapply.carry_out(objects, store, older, later)
    finally:
        await store.close()


async def _forget_again(settings: Settings, objects: Objects, deleted: set[str]) -> int:
    """How many accounts are deleted that the backup has."""
    if not deleted:
        return 0
    store = await Store.open(settings.database_address)
    try:
        return await forgotten.carry_out(objects, store, deleted, now_ms=unix_ms(wall()))
    finally:
        await store.close()


async def _unpack(settings: Settings, tar: tarfile.TarFile, objects: Objects) -> reapply.Lists:
    """Everything but the lists of what was removed, which it returns: newer ones may be there."""
    older: reapply.Lists = {}
    with tempfile.TemporaryDirectory(prefix=".stentor-", dir=settings.folder) as room:
        copy = Path(room) / "database"
        for info, source in _members(tar):
            if info.name.startswith("database/"):
                _copy(source, copy)
                dump.load(settings.database_address, copy)
                copy.unlink()
            elif info.name.startswith(f"{OBJECTS}{withdrawal.FOLDER}/"):
                found = withdrawal.decode(source.read())
                older[found.space] = found
            elif info.name.startswith(OBJECTS):
                await objects.put(info.name.removeprefix(OBJECTS), source.read())
            elif info.name.startswith(DATA):
                _copy(source, settings.folder / info.name.removeprefix(DATA))
    return older


def _copy(source: IO[bytes], path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        while part := source.read(COPIED_BYTES):
            target.write(part)


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, mode="r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise BadInput(f"{file} is not a whole backup: {error}.") from error
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {file}.") from error


def _members(tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """The files of a tar, in order; a name that leads elsewhere is refused, and so is what is no file."""
    for info in tar:
        source = tar.extractfile(info) if info.isreg() else None
        path = PurePosixPath(info.name)
        if source is None or path.is_absolute() or ".." in path.parts:
            raise BadInput(f"This is no backup of Stentor: it has {info.name!r} in it.")
        with source:
            yield info, source

"""Power cuts: what a disk has of a folder that programs wrote into, when the power fails at some moment.

Everything that was written to a file before the disk was last asked to keep it (``fsync``, ``fdatasync``) is there. Of
what came after it some is there and some is not, whole or in part, in whatever order the disk liked: that is drawn by
lot. Names (files made, renamed, removed) are kept in their order, as file systems with a journal do; those since the
last ``fsync`` are there up to one that is drawn. Needs ``cc``.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest

SECTOR = 512
"""What a disk writes at once."""
NAMES: Final = "CRUMX"
"""Kinds of records that are about names."""
_SOURCE = Path(__file__).with_suffix(".c")
_HEAD = struct.Struct("<cHQI")


class Written(NamedTuple):
    """Something that a program did to a file. ``kind`` is W (wrote ``data`` at ``where``), T (cut it to the length
    ``where``), D or S (had its data, or all of it, kept), C (made it), R (called it ``data``), U (removed it), M (made
    a folder) or X (removed one)."""

    kind: str
    name: str
    where: int
    data: bytes


def journal(folder: Path) -> dict[str, str]:
    """Compiles what notes all this; the environment of programs that write into ``folder``, which has a ``log`` beside
    it. Skips without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("This needs a C compiler with the name cc (Debian: apt install gcc libc6-dev).")
    folder = folder.resolve()
    library, log = folder.with_suffix(".so"), folder.with_suffix(".log")
    command = (compiler, "-O2", "-shared", "-fPIC", "-pthread", "-o", str(library), str(_SOURCE))
    subprocess.run(command, check=True)
    log.touch()
    log.chmod(0o666)  # a database may run as a user of its own
    return {
        **os.environ,
        "LD_PRELOAD": str(library),
        "POWER_CUT_FOLDER": str(folder),
        "POWER_CUT_LOG": str(log),
    }


def read(folder: Path) -> list[Written]:
    """What was noted, in that order; what stands half written at the end is left out."""
    noted, at, found = folder.with_suffix(".log").read_bytes(), 0, list[Written]()
    while at + _HEAD.size <= len(noted):
        kind, named, where, length = _HEAD.unpack_from(noted, at)
        begins = at + _HEAD.size
        at = begins + named + length
        if at <= len(noted):
            name = noted[begins : begins + named].decode()
            found.append(Written(kind.decode(), name, where, noted[begins + named : at]))
    return found


class _File:
    """A file, whatever it is called: what the disk has of it, and what it may not have yet."""

    def __init__(self, before: Path | None = None) -> None:
        self._before = before
        self.kept = bytearray()
        self.waiting: list[Written] = []
        self.touched = before is None

    def does(self, each: Written) -> None:
        if self._before is not None:
            self.kept, self._before, self.touched = bytearray(self._before.read_bytes()), None, True
        self.waiting.append(each)

    def keep(self) -> None:
        for each in self.waiting:
            _apply(self.kept, each)
        self.waiting.clear()

    def lose(self, lot: random.Random) -> None:
        """The power is gone."""
        for each in self.waiting:
            if lot.random() < 0.5:
                whole, data = lot.random() < 0.5, each.data
                part = len(data) if whole or not data else lot.randrange(0, len(data) + 1, SECTOR)
                _apply(self.kept, each._replace(data=data[:part]))


class _Disk:
    """``names`` is what programs see, ``kept`` what the disk has; a folder has no file."""

    def __init__(self, before: Path) -> None:
        there = sorted(before.rglob("*"))
        self.names = {f"{each.relative_to(before)}": None if each.is_dir() else _File(each) for each in there}
        self.kept = dict(self.names)
        self._renamed: list[tuple[Written, _File | None]] = []

    def do(self, each: Written) -> None:
        file = self.names.get(each.name)
        if each.kind in NAMES:
            made = _File() if each.kind == "C" else file
            if each.kind in "CM" or each.name in self.names:  # else a stream has made it
                _rename(self.names, each, made)
                self._renamed.append((each, made))
        elif each.kind in "WT" and file is not None:
            file.does(each)
        elif each.kind in "SD" and file is not None:
            file.keep()
        if each.kind == "S" or (each.kind == "D" and file is None):  # of a folder, names are its data
            for change in self._renamed:
                _rename(self.kept, *change)
            self._renamed.clear()

    def lose(self, lot: random.Random) -> None:
        """The power is gone."""
        for change in self._renamed[: lot.randrange(len(self._renamed) + 1)]:
            _rename(self.kept, *change)
        for file in self.kept.values():
            if file is not None:
                file.lose(lot)


def _rename(names: dict[str, _File | None], each: Written, file: _File | None) -> None:
    if each.kind in "RUX":
        names.pop(each.name, None)
    if each.kind != "U" and each.kind != "X":
        names[each.data.decode() if each.kind == "R" else each.name] = file


def cut(before: Path, done: Sequence[Written], after: Path, lot: random.Random) -> None:
    """Makes ``after`` what the disk has when the power fails once all of ``done`` was done to the folder ``before``."""
    disk = _Disk(before)
    for each in done:
        disk.do(each)
    disk.lose(lot)
    shutil.copytree(before, after)
    for path in sorted(after.rglob("*"), reverse=True):
        if f"{path.relative_to(after)}" not in disk.kept:
            path.rmdir() if path.is_dir() else path.unlink()
    for name, file in disk.kept.items():
        if file is None:
            (after / name).mkdir(parents=True, exist_ok=True)
        elif file.touched:
            (after / name).write_bytes(file.kept)


def _apply(kept: bytearray, one: Written) -> None:
    if one.kind == "T":
        del kept[one.where :]
        kept.extend(bytes(one.where - len(kept)))
    elif one.kind == "W" and one.data:
        kept.extend(bytes(max(0, one.where - len(kept))))
        kept[one.where : one.where + len(one.data)] = one.data


def texts(done: Sequence[Written], name: str) -> dict[int, list[str]]:
    """The lines that were written into a file, by after how many of ``done``."""
    found: dict[int, list[str]] = defaultdict(list)
    for at, each in enumerate(done, 1):
        if each.name == name and each.kind == "W":
            found[at] += each.data.decode().splitlines()
    return found

"""Power cuts: what a disk has of a folder that a program wrote into, when the power fails at some moment.

Everything that was written before the disk was last asked to keep that file (``fsync``) is there. Of what came after it
some is there and some is not, whole or in part, in whatever order the disk liked: that is drawn by lot. Needs ``cc``.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

SECTOR = 512
"""What a disk writes at once."""
_SOURCE = Path(__file__).with_suffix(".c")
_HEAD = struct.Struct("<cHQI")


class Written(NamedTuple):
    """Something that a program did to a file: ``kind`` W (wrote ``data`` at ``where``), T (cut it to the length
    ``where``) or S (had it kept)."""

    kind: str
    name: str
    where: int
    data: bytes


def journal(folder: Path) -> dict[str, str]:
    """Compiles what notes all this; the environment of a program that writes into ``folder``, which has a ``log``
    beside it. Skips without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("This needs a C compiler with the name cc (Debian: apt install gcc libc6-dev).")
    library = folder.with_suffix(".so")
    command = (compiler, "-O2", "-shared", "-fPIC", "-pthread", "-o", str(library), str(_SOURCE))
    subprocess.run(command, check=True)
    log = {"POWER_CUT_FOLDER": str(folder), "POWER_CUT_LOG": str(folder.with_suffix(".log"))}
    return {**os.environ, "LD_PRELOAD": str(library), **log}


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


def cut(before: Path, done: Sequence[Written], after: Path, lot: random.Random, *, names: Iterable[str]) -> None:
    """Makes ``after`` what the disk has when the power fails once all of ``done`` was done to the folder ``before``, of
    the files with these names."""
    after.mkdir()
    for name in names:
        there = before / name
        kept = bytearray(there.read_bytes() if there.exists() else b"")
        waiting = list[Written]()
        for each in done:
            if each.name == name:
                waiting.append(each)
                if each.kind == "S":
                    for one in waiting:
                        _apply(kept, one)
                    waiting.clear()
        for one in waiting:
            if lot.random() < 0.5:
                whole = lot.random() < 0.5
                part = len(one.data) if whole else lot.randrange(0, len(one.data) + 1, SECTOR) if one.data else 0
                _apply(kept, one._replace(data=one.data[:part]))
        (after / name).write_bytes(kept)


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

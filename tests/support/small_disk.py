"""A disk of a few megabytes that can be filled to the last byte, and emptied again. Needs root, for mount(8)."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

AGAIN_S = 0.2
PIECES = (65_536, 4096, 512, 1)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Makes ``folder`` a file system of its own, in memory, of that size."""
    if os.geteuid() != 0:
        pytest.skip("A small disk is mounted by root only.")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@asynccontextmanager
async def full(folder: Path) -> AsyncIterator[None]:
    """Meanwhile there is no room: what others set free is taken at once."""
    balloon = folder / "balloon"
    descriptor = os.open(balloon, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    filling = asyncio.create_task(_fill(descriptor), name="fill the disk")
    try:
        yield
    finally:
        filling.cancel()
        os.close(descriptor)
        balloon.unlink()


async def _fill(descriptor: int) -> None:
    while True:
        for size in PIECES:
            with suppress(OSError):
                while True:
                    os.write(descriptor, bytes(size))
        await asyncio.sleep(AGAIN_S)

"""The data folder: for its owner only, and for one ``stentor up`` at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from stentor.base.errors import SetupError

LOCK = "lock"
"""Held by ``stentor up`` as long as it runs; the kernel lets go of it however the process ends."""
RESTORING = "restoring"
"""There while a backup is being restored: what is in the folder is not whole."""
OTHERS = 0o077
UMASK = 0o077
"""Every process of ours makes its files for their owner only."""


def make(folder: Path) -> None:
    """Makes sure that the folder is there, can be written, and is its owner's only. Raises :class:`SetupError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try_to_write(folder)
        tighten(folder)
    except OSError as error:
        raise SetupError(
            f"Cannot write to the data folder {folder}: {error.strerror}. Choose another with --data."
        ) from error
    if (folder / RESTORING).exists():
        raise SetupError(f"A backup was not restored to its end in {folder}: empty the folder, then restore it again.")


def try_to_write(folder: Path) -> None:
    """Raises :class:`OSError` when nothing can be written there. Leaves nothing, and any number may try at once."""
    with TemporaryFile(dir=folder) as file:
        file.write(b"x")


def tighten(folder: Path) -> None:
    """Takes everybody else's rights to a folder away and, where there were any, to all that is in it.

    A folder of somebody else's (a volume that is given to us by its group) stays as it is.
    """
    if not stat.S_IMODE(folder.stat().st_mode) & OTHERS or folder.stat().st_uid != os.geteuid():
        return
    folder.chmod(0o700)  # before the rest: from now on nobody gets in
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(here, name)
            if not path.is_symlink() and path.stat().st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else runs on this folder meanwhile. Raises :class:`SetupError` when somebody does."""
    with (folder / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SetupError(f"The data folder {folder} is in use by another `stentor up`; stop it first.") from error
        yield

"""Copies an edge's plain HLS into a folder as it comes, so that a file server can serve the same bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

LOOK_S = 0.2


@contextmanager
def copying(playlist: str, folder: Path) -> Iterator[None]:
    """What the media playlist at this address names is in ``folder`` before the playlist that names it is."""
    done = threading.Event()
    thread = threading.Thread(target=_copy, args=(playlist, folder, done))
    with httpx.Client(trust_env=False, timeout=5) as client:
        _look(client, playlist, folder)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _copy(playlist: str, folder: Path, done: threading.Event) -> None:
    with httpx.Client(trust_env=False, timeout=5) as client:
        while not done.wait(LOOK_S):
            _look(client, playlist, folder)


def _look(client: httpx.Client, playlist: str, folder: Path) -> None:
    base, _, name = playlist.rpartition("/")
    text = client.get(playlist).text
    for line in text.splitlines():
        file = folder / line
        if line and not line.startswith("#") and not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.parent.chmod(0o755)
            file.write_bytes(client.get(f"{base}/{line}").content)
    draft = folder / f"{name}.draft"
    draft.write_text(text)
    draft.rename(folder / name)

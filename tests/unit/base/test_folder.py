"""The data folder is its owner's only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stentor.base import folder
from stentor.base.errors import SetupError


def modes(place: Path) -> set[str]:
    return {oct(stat.S_IMODE(path.stat().st_mode)) for path in (place, *place.rglob("*"))}


def test_a_folder_of_before_is_closed(tmp_path: Path) -> None:
    """Everybody could read the database of earlier versions; nobody can after the next start."""
    place = tmp_path / "data"
    (place / "nats").mkdir(parents=True)
    (place / "stentor.db").touch(0o644)
    (place / "nats" / "server.conf").touch(0o644)
    for path in (place, place / "nats"):
        path.chmod(0o755)
    (place / "elsewhere").symlink_to(tmp_path)
    tmp_path.chmod(0o755)
    folder.make(place)
    assert modes(place) - {"0o755"} == {"0o700", "0o600"}
    assert oct(stat.S_IMODE(tmp_path.stat().st_mode)) == "0o755", "what a link names is somebody else's"


def test_one_at_a_time(tmp_path: Path) -> None:
    """A second start on the same folder is refused; after the end of the first it is not."""
    with folder.held(tmp_path), pytest.raises(SetupError, match="in use"), folder.held(tmp_path):
        pass
    with folder.held(tmp_path):
        pass

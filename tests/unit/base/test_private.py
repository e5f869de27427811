"""Secret files that everybody can read: made private where they are ours, refused where they are not."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stentor.base import config, keys
from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.base.private import exposed, guard, secret_files
from stentor.cli.doctor import secrets
from stentor.cli.findings import Verdict

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def site(place: Path) -> Settings:
    """A site with all its secrets: what Stentor makes, and a file that a setting names."""
    (place / "turn").write_text("a secret that coturn knows")
    settings = Settings(data=str(place), turn_secret_file=str(place / "turn"))
    keys.write(settings, keys.folder(settings))
    config.metrics_token(settings)
    return settings


def test_every_secret_is_looked_at(open_folder: Path) -> None:
    """The secret, both tokens, each role's keys, the bus's, and what settings name."""
    settings = site(open_folder)
    names = {str(path.relative_to(open_folder)) for path in secret_files(settings)}
    own = {f"keys/{role}" for role in (*keys.ROLES, keys.BUS_FILE)}
    assert names == {"secret", "admin-token", "metrics-token", "turn"} | own


def test_our_own_files_are_made_private(open_folder: Path) -> None:
    """A file that came with rights for everybody loses them; those of a group stay."""
    settings = site(open_folder)
    wide = list(secret_files(settings))
    for path in wide:
        path.chmod(0o644)
    (open_folder / "keys").chmod(0o755)
    told = list[Path]()
    assert secrets(settings).verdict is Verdict.BAD
    guard(settings, told.append)
    assert told == wide
    assert {path.stat().st_mode & 0o777 for path in wide} == {0o640}
    assert secrets(settings).verdict is Verdict.OK


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file to somebody else")
def test_the_files_of_another_user_are_refused(open_folder: Path) -> None:
    """With the file and what to do; Stentor does not start with a secret that everybody knows."""
    settings = site(open_folder)
    (open_folder / "turn").chmod(0o644)
    os.chown(open_folder / "turn", NOBODY, NOBODY)
    with pytest.raises(SetupError, match=r"can read the secret file .*/turn, .* chmod o-rwx"):
        guard(settings)
    (open_folder / "turn").chmod(0o440)  # as Kubernetes gives it, by a group
    guard(settings)


def test_a_file_that_nobody_gets_to_is_private(open_folder: Path) -> None:
    """The folders above count: a wide file below a folder of our own is no trouble. Nor is a link to it."""
    (open_folder / "shut").mkdir(mode=0o700)
    (open_folder / "shut" / "secret").touch(mode=0o644)
    (open_folder / "shut" / "secret").chmod(0o644)
    (open_folder / "link").symlink_to(open_folder / "shut" / "secret")
    assert not exposed(open_folder / "link")
    (open_folder / "shut").chmod(0o711)
    assert exposed(open_folder / "link")

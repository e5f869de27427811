"""What is built to be passed on: an sdist and a wheel, without npm and without a network."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from trove_classifiers import classifiers

from hatch_build import NODE, PARTS, VendorHook, alone
from tests.support import source


def unplugged() -> list[str]:
    """What stands before a command that is to have no network at all; nothing where no namespace can be made."""
    unshare = shutil.which("unshare", path="/usr/bin:/bin")
    for way in ([unshare, "--net"], [unshare, "--map-root-user", "--net"]) if unshare else ():
        if subprocess.run([*way, sys.executable, "-c", ""], capture_output=True, check=False).returncode == 0:
            return way
    return []


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """This Python runs it without a network, with a PATH on which there is nothing and an index that is nowhere."""
    environment = {
        "PATH": "/nowhere",
        "HOME": str(folder),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "npm_config_registry": "http://127.0.0.1:9",
    }
    command = (*unplugged(), sys.executable, *command)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def build(folder: Path) -> dict[str, Path]:
    """The files that a build makes, by suffix."""
    done = run(folder, "-m", "hatchling", "build")
    assert done.returncode == 0, done.stderr
    return {file.suffix: file for file in (folder / "dist").iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(source.copy(tmp_path_factory.mktemp("source")))


def test_an_sdist_has_all_that_a_wheel_needs(built: dict[str, Path], tmp_path: Path) -> None:
    """A wheel from the unpacked sdist has the same files as one from the source, with what npm brings and licences."""
    with tarfile.open(built[".gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    again = build(unpacked)
    with zipfile.ZipFile(built[".whl"]) as first, zipfile.ZipFile(again[".whl"]) as second:
        names = set(first.namelist())
        assert names == set(second.namelist())
    for role in ("base", "house", "edge", "rehearsal"):
        here = {path.name for path in Path("src/stentor", role, "templates").iterdir()}
        assert {f"stentor/{role}/templates/{name}" for name in here} <= names
    assert {f"stentor/base/shared/{script.name}" for script in Path("web/shared").iterdir()} <= names
    packed = {f"{part.folder.relative_to('src')}/{name}" for part in PARTS for name in part.files.values()}
    assert packed <= names
    assert {name.rpartition("/")[2] for name in names if "licenses/" in name} == {"LICENSE", "NOTICE"}


def test_a_build_needs_no_network(built: dict[str, Path], tmp_path: Path) -> None:
    """hatchling has made both without any; pip makes the same wheel of the sdist, where hatchling is installed."""
    if not unplugged():
        pytest.skip(
            "no network namespace can be made here: it needs root, or user namespaces, and util-linux's unshare"
        )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        call = f"import socket; socket.create_connection({listener.getsockname()!r}, 5)"
        assert "Network is unreachable" in run(tmp_path, "-c", call).stderr
    made = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(built[".gz"])]
    done = run(tmp_path, *made)
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    assert wheel.read_bytes() == built[".whl"].read_bytes()


def test_metadata_is_ready_for_an_index(built: dict[str, Path]) -> None:
    """Valid by the standard, classifiers that exist, a text without links that lead nowhere outside this source."""
    with zipfile.ZipFile(built[".whl"]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        about = Metadata.from_email(wheel.read(name), validate=True)
    assert about.name == "stentor"
    assert about.license_expression == "Apache-2.0"
    assert set(about.classifiers or ()) <= set(classifiers)
    assert about.description_content_type == "text/markdown"
    assert about.description
    assert "pip install" in about.description
    assert not re.search(r"\]\((?!https?://|#)", about.description)


def test_links_into_the_source_become_words() -> None:
    """Pictures too; addresses elsewhere stay."""
    assert alone("a [b](c.md) ![d](e.webp) [f](https://g.example) [h](#i)") == "a b d [f](https://g.example) [h](#i)"


def test_npm_is_asked_for_only_where_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when all parts are there; not when npm is there; else pip brings it."""
    folder = source.copy(tmp_path)
    hook = VendorHook(str(folder), {}, None, None, "", "wheel")  # type: ignore[arg-type]
    monkeypatch.setenv("PATH", "/nowhere")
    assert hook.dependencies() == []
    next((folder / PARTS[-1].folder).iterdir()).unlink()
    assert hook.dependencies() == [NODE]
    (tmp_path / "npm").write_text("#!/bin/sh\n")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert hook.dependencies() == []

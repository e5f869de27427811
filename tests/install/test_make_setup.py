"""``make setup`` on machines that are not this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.utils import canonicalize_name

from tests.support import source
from tests.support.package_index import PackageIndex, package_index
from tests.unit.test_lock import chosen, version

INSTALL_S = 900
"""Everything, on a machine that has other things to do."""
DEBIAN_12 = "23.0.1"
"""It has Python 3.11; a pip before 23.1.2 does not start with a newer Python."""
NOBODY = 65534


class Machine(NamedTuple):
    """A copy of the source, and an empty home, below a folder that everybody may enter."""

    source: Path
    home: Path
    packages: PackageIndex

    def run(self, *command: str, user: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs a command with nothing of this machine's but PATH; packages come from the test's own index."""
        path = os.pathsep.join(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
        environment = {
            "HOME": str(self.home),
            "PATH": path,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.packages.address,
        }
        if user:
            command = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command)
        return subprocess.run(
            command,
            cwd=self.source,
            env=environment | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_S,
        )

    @property
    def stamp(self) -> Path:
        return self.source / ".venv" / ".ready"

    def python(self, real: str, pip: str) -> str:
        """A Python whose new environments have this pip, as another system's would; its own where it is empty."""
        if not pip:
            return real
        script = self.home.parent / "python"
        install = f".venv/bin/python -m pip install --quiet --disable-pip-version-check pip=={pip}"
        script.write_text(f'#!/bin/sh\n"{real}" "$@" || exit\nif [ "$1 $2" = "-m venv" ]; then {install}; fi\n')
        script.chmod(0o755)
        return str(script)


def interpreters() -> dict[str, str]:
    """Pythons that Stentor runs on and this machine has: this one, on PATH, or where pyenv puts them."""
    kept = Path(os.environ.get("PYENV_ROOT", Path("~/.pyenv").expanduser())) / "versions"
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    for minor in ("3.11", "3.12", "3.13"):
        system = shutil.which(f"python{minor}", path="/usr/local/bin:/usr/bin")
        for path in [*map(str, sorted(kept.glob(f"{minor}.*/bin/python"))), *([system] if system else [])]:
            found.setdefault(minor, path)
    return found


def packages(machine: Machine) -> dict[str, str]:
    """What is installed, without pip's own company and Stentor."""
    listed = machine.run(".venv/bin/python", "-m", "pip", "list", "--format=json", "--disable-pip-version-check")
    return {canonicalize_name(each["name"]): each["version"] for each in json.loads(listed.stdout)}


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index without packages."""
    with package_index(tmp_path_factory.mktemp("nothing")) as index:
        yield index


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index with the files of the lock, fetched from where pip is set to, and newer releases of everything."""
    folder = tmp_path_factory.mktemp("wheels")
    lock = source.ROOT / "requirements" / "dev.txt"
    for python in interpreters().values():
        fetch = [python, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder)]
        subprocess.run([*fetch, "--require-hashes", "-r", str(lock)], check=True, timeout=INSTALL_S)
    subprocess.run([*fetch, f"pip=={DEBIAN_12}"], check=True, timeout=INSTALL_S)
    subprocess.run([*fetch, "pip"], check=True, timeout=INSTALL_S)
    with package_index(folder) as index:
        del index.files["pip"]["pip-99999.0-py3-none-any.whl"]
        yield index


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that a plain user may enter, which pytest's are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "home").mkdir()
        yield Path(folder)


@pytest.fixture
def machine(place: Path, wheels: PackageIndex) -> Machine:
    return Machine(source.copy(place / "stentor"), place / "home", wheels)


def newest_pip(index: PackageIndex) -> str:
    return next(name.split("-")[1] for name in index.files["pip"] if DEBIAN_12 not in name)


def bundled_pip(python: str) -> str:
    """The pip that a Python puts into new environments."""
    return subprocess.check_output([python, "-c", "import ensurepip; print(ensurepip.version())"], text=True).strip()


def test_a_failure_leaves_no_stamp(place: Path, nothing: PackageIndex) -> None:
    """An index that has nothing: make fails, says why, leaves no stamp, and the next call fails in the same way.

    Also where an older, finished installation was there.
    """
    machine = Machine(source.copy(place / "stentor"), place / "home", nothing)
    machine.stamp.parent.mkdir()
    machine.stamp.touch()
    os.utime(machine.stamp, (1, 1))
    (machine.stamp.parent / "left over").touch()
    said = [machine.run("make", "setup", f"PYTHON={interpreters()['3.11']}") for _ in range(2)]
    assert [each.returncode for each in said] == [2, 2]
    first = (machine.source / "requirements/dev.txt").read_text("utf-8").partition("==")[0]
    assert all(f"No matching distribution found for {first}" in each.stderr for each in said)
    assert not machine.stamp.exists()
    assert not (machine.stamp.parent / "left over").exists()


def test_a_venv_that_cannot_be_made_is_tried_again(place: Path, nothing: PackageIndex) -> None:
    """Debian without python3-venv leaves half of one: the same sentence at every call."""
    machine = Machine(source.copy(place / "stentor"), place / "home", nothing)
    half = place / "python"
    start = f'[ "$1" = -c ] && exec {sys.executable} "$@"'
    half.write_text(f"#!/bin/sh\n{start}\nmkdir -p .venv/bin; ln -sf /bin/true .venv/bin/python; exit 1\n")
    half.chmod(0o755)
    for _ in range(2):
        done = machine.run("make", "setup", f"PYTHON={half}")
        assert done.returncode == 2
        assert "install python3-venv" in done.stdout
        assert not machine.stamp.exists()


@pytest.mark.install
@pytest.mark.timeout(4 * INSTALL_S)
@pytest.mark.parametrize("python", interpreters())
@pytest.mark.parametrize("pip", ["old", "newest"])
def test_every_package_has_a_newer_release(machine: Machine, python: str, pip: str) -> None:
    """Exactly the lock is installed, with each Python, by an old pip and the newest, with empty home and caches.

    The old one is Debian 12's, or the one that a newer Python brings. ``doctor`` and the unit tests are content.
    """
    old = DEBIAN_12 if python == "3.11" else ""
    wanted = newest_pip(machine.packages) if pip == "newest" else old
    done = machine.run("make", "setup", f"PYTHON={machine.python(interpreters()[python], wanted)}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.stamp.exists()
    installed = packages(machine)
    assert installed.pop("pip") == (wanted or bundled_pip(interpreters()[python]))
    installed = {name: found for name, found in installed.items() if name not in ("setuptools", "stentor")}
    assert installed == {name: version(entry) for name, entry in chosen("dev", python).items()}
    doctor = machine.run(".venv/bin/stentor", "doctor", "--json", "--data", str(machine.home / "data"))
    assert {each["verdict"] for each in json.loads(doctor.stdout)} <= {"ok", "warning"}, doctor.stdout + doctor.stderr
    if pip == "newest":
        unit = machine.run(
            ".venv/bin/python", "-m", "pytest", "tests/unit", "-n", "2", "--deselect", "tests/unit/test_rows.py"
        )
        assert unit.returncode == 0, unit.stdout[-4000:]


@pytest.mark.install
@pytest.mark.timeout(2 * INSTALL_S)
def test_a_plain_user_installs(machine: Machine) -> None:
    """Somebody without rights, whose home is empty, with the system's Python."""
    system = "/usr/bin/python3"
    if (
        os.geteuid() != 0
        or subprocess.run(
            [system, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 11))"], check=False
        ).returncode
    ):
        pytest.skip("needs root, to become somebody else, and a system's Python 3.11 or newer")
    for path in [machine.home, machine.source, *machine.source.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    done = machine.run("make", "setup", f"PYTHON={system}", user=NOBODY)
    assert done.returncode == 0, done.stdout + done.stderr
    doctor = machine.run(".venv/bin/stentor", "doctor", "--data", str(machine.home / "data"), user=NOBODY)
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr

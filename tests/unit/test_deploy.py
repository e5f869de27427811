"""The recipes of ``deploy/`` speak of settings and commands that there are."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import msgspec
import pytest

from stentor.base.config import PREFIX, Settings
from stentor.cli import COMMANDS
from stentor.cli.role import ROLES

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = DEPLOY / "kubernetes" / "base"
RECIPES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_names_settings_that_there_are(recipe: Path) -> None:
    """A setting that was renamed would be ignored without a word by whoever starts from the recipe."""
    known = {PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", recipe.read_text("utf-8"))) <= known


def test_kubernetes_runs_every_role_by_commands_that_there_are() -> None:
    """Each role is a Deployment; its arguments are those of the command line."""
    text = "".join(path.read_text("utf-8") for path in MANIFESTS.glob("*.yaml"))
    assert sorted(re.findall(r'args: \["role", "(\w+)", "--instance", "\$\(NAME\)"\]', text)) == sorted(ROLES)
    assert set(re.findall(r'args: \["(\w+)"', text)) <= set(COMMANDS)


@pytest.mark.parametrize("recipe", ["nats.conf", "nats-leaf.conf"])
def test_a_bus_for_a_network_has_tls_and_passwords(recipe: str) -> None:
    """Each address that others can reach wants TLS, and every client and server a password."""
    text = re.sub(r"#.*", "", (DEPLOY / recipe).read_text("utf-8"))
    blocks = re.findall(r"^(\w+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^\w+ \{\n.*?^\}", "", text, flags=re.MULTILINE | re.DOTALL)
    reached = [block for block in [("clients", outside), *blocks] if 'listen: "0.0.0.0:' in block[1]]
    assert [name for name, block in reached if "tls {" not in block] == []
    assert re.search(r'^include "\w+\.conf"$', outside, re.MULTILINE), "the accounts, also for leaf nodes"
    assert [name for name, block in reached if name == "cluster" and "authorization {" not in block] == []


def test_kubernetes_comes_to_the_bus_by_tls() -> None:
    """Every address, and the authority for it in every pod."""
    [settings] = re.findall(r"STENTOR_NATS_URL: (.+)", (MANIFESTS / "config.yaml").read_text("utf-8"))
    assert all(address.startswith("tls://") for address in settings.split(","))


def copied(path: str) -> bool:
    """Whether Docker sends a file to the build: the last line that fits it, or a folder above it, counts."""
    kept = True
    ways = [path, *map(str, Path(path).parents)][:-1]
    for line in (DEPLOY.parent / ".dockerignore").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            names = [Path(way).name for way in ways] if line.startswith("**/") else ways
            if any(fnmatch(name, pattern) for name in names):
                kept = line.startswith("!")
    return kept


def test_the_image_is_made_of_the_code_alone() -> None:
    """What is installed from is there; keys, data, history and a developer's Python are not even sent to the build."""
    needed = ("src/stentor/cli/up.py", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "NOTICE")
    assert all(copied(path) for path in (*needed, "requirements/run.txt", "web/package-lock.json"))
    private = (
        "stentor-data/secret",
        "data/admin-token",
        ".git/config",
        ".venv/bin/python",
        "deploy/compose.yaml",
        ".env",
    )
    assert not any(copied(path) for path in (*private, "web/node_modules/x.js", "src/stentor/__pycache__/x.pyc"))


def test_the_image_runs_as_a_user_without_rights() -> None:
    """By number, so that an engine that refuses root can see it."""
    assert "\nUSER 10001:10001\n" in (DEPLOY / "Dockerfile").read_text("utf-8")

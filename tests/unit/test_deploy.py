"""The recipes of ``deploy/`` speak of settings and commands that there are."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from stentor.base.config import PREFIX, Settings
from stentor.cli import COMMANDS
from stentor.cli.role import ROLES

DEPLOY = Path(__file__).parents[2] / "deploy"
RECIPES = sorted(path for path in DEPLOY.iterdir() if path.is_file())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_names_settings_that_there_are(recipe: Path) -> None:
    """A setting that was renamed would be ignored without a word by whoever starts from the recipe."""
    known = {PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", recipe.read_text("utf-8"))) <= known


def test_kubernetes_runs_every_role_by_commands_that_there_are() -> None:
    """Each role is a Deployment; its arguments are those of the command line."""
    text = (DEPLOY / "kubernetes.yaml").read_text("utf-8")
    assert sorted(re.findall(r'args: \["role", "(\w+)", "--instance", "\$\(NAME\)"\]', text)) == sorted(ROLES)
    assert set(re.findall(r'args: \["(\w+)"', text)) <= set(COMMANDS)

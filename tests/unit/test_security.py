"""SECURITY.md says what is true: its ports, roles and limits are those of the code."""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from stentor.base.config import PREFIX, Settings
from stentor.cli.role import ROLES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "min": 60, "hours": 3600, "days": 86_400}
"""What a number of the page is multiplied by; other words (bytes, s, characters) say what the code counts in."""


def rows(first: str) -> list[list[str]]:
    """The cells of the table whose first column is called ``first``."""
    found = re.search(rf"^\| {first} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert found, f"there is no table of {first}s"
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in found[1].splitlines()]


def amount(text: str) -> float:
    """``16 KiB`` → 16384."""
    number, _, unit = text.partition(" ")
    return float(number.replace(",", "")) * UNITS.get(unit, 1)


def constant(link: str) -> Any:
    """What the code says: a name in a module, or the default of a field of a class there."""
    found = re.fullmatch(r"\[`([\w.]+)`\]\(src/([\w/]+)\.py#(\w+)\)", link)
    assert found, link
    name, module, anchor = found.groups()
    first, *rest = name.split(".")
    assert first == anchor, link
    thing = getattr(importlib.import_module(module.replace("/", ".")), first)
    return reduce(getattr, rest, thing() if rest else thing)


@pytest.mark.parametrize("row", rows("limit"), ids=lambda row: row[0])
def test_a_limit_is_the_code_s(row: list[str]) -> None:
    """Whoever changes a limit changes the page."""
    _, value, link = row
    assert amount(value) == constant(link)


def test_the_roles_are_those_that_run() -> None:
    """None is forgotten, and none is there that nothing runs."""
    assert sorted(row[0].strip("`") for row in rows("role")) == sorted(ROLES)


def test_the_ports_are_those_of_the_settings() -> None:
    """Every port that can be set is on the page, with its default; 0 and none mean any."""
    settings = Settings()
    ports = {name for name in Settings.__struct_fields__ if name.endswith(("port", "ports"))}
    found = {}
    for cell, *_ in rows("port"):
        setting = re.search(rf"`{PREFIX}(\w+)`", cell)
        assert setting, cell
        found[setting[1].lower()] = cell
    assert found.keys() == ports
    for name, cell in found.items():
        assert cell.startswith(f"`{getattr(settings, name)}` TCP" if getattr(settings, name) else "any ")

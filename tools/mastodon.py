"""Writes ``docs/reference/mastodon.md``: every method of Mastodon.py, and whether it works here.

``python -m tools.mastodon``; ``tests/unit/test_mastodon_table.py`` says when that was forgotten.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from mastodon import Mastodon

from tests.support.mastodon_methods import APART, LOCAL, NOTHING, WORKS, missing

FILE = Path(__file__).parents[1] / "docs" / "reference" / "mastodon.md"
MARKS = re.compile(r"(<!-- methods -->\n).*(<!-- /methods -->)", re.DOTALL)


def table() -> str:
    """The file as it should be."""
    names = {name for name, _ in inspect.getmembers(Mastodon, inspect.isfunction) if not name.startswith("_")}
    rows = {each: f"works: {group}" for group, some in WORKS.items() for each in some.split()}
    rows |= {each: f"answers with nothing: {reason}" for reason, some in NOTHING.items() for each in some.split()}
    rows |= dict.fromkeys(APART.split(), "works: tried without this library")
    rows |= dict.fromkeys(LOCAL.split(), "works: it asks no server")
    rows |= {name: f"not here: {reason}" for name, reason in missing(names).items()}
    made = "".join(f"| `{name}` | {rows[name]} |\n" for name in sorted(names))
    return MARKS.sub(lambda found: f"{found[1]}| method | |\n|---|---|\n{made}{found[2]}", FILE.read_text("utf-8"))


if __name__ == "__main__":
    FILE.write_text(table(), "utf-8")

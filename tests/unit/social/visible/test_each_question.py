"""Each question of who may see what has a file of tests beside it, and each is asked."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from stentor.social import visible

SOURCE = Path(visible.__file__).parents[1]
QUESTIONS = {
    name
    for name, found in inspect.getmembers(visible, inspect.isfunction)
    if found.__module__ == visible.__name__ and not name.startswith("_")
}


def test_each_question_has_its_tests() -> None:
    """A file of its name, in which it is called; and no file is left of one that is asked no more."""
    files = {each.stem.removeprefix("test_"): each.read_text("utf-8") for each in Path(__file__).parent.glob("test_*")}
    del files["each_question"]
    assert set(files) == QUESTIONS
    for name, text in files.items():
        assert re.search(rf"^from stentor\.social\.visible import .*\b{name}\b", text, re.MULTILINE), name
        assert re.search(rf"\b{name}\(", text), name


def test_each_question_is_asked() -> None:
    """None of them is there for its tests alone."""
    used = "\n".join(
        each.read_text("utf-8") for each in SOURCE.rglob("*.py") if each != Path(visible.__file__)
    )  # fmt: skip
    assert [name for name in sorted(QUESTIONS) if not re.search(rf"\b{name}\(", used)] == []

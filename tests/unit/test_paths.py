"""The table of paths: what it says, and that every recipe and document says the same."""

from __future__ import annotations

import pytest

from stentor.base.paths import HOUSE, of_house
from tools import paths


@pytest.mark.parametrize(
    ("path", "house"),
    [
        ("/", False), ("//", False), ("//api", False), ("", False), ("*", False), ("/api", True), ("/api/", True),
        ("/api/v1/spaces", True), ("/apis", False), ("/API", False), ("/s/api", False), ("/sign-in", True),
        ("/mine", True), ("/accounts/eve", True), ("/static/1/page.js", False), ("/healthz", False),
        ("/metrics", False),
    ],
)  # fmt: skip
def test_a_row_is_a_path_and_all_below_it(path: str, house: bool) -> None:
    """And nothing that only begins alike."""
    assert of_house(path) is house


def test_every_row_is_found_by_its_path() -> None:
    """Once, in the order of the alphabet, in lower-case letters and hyphens: it goes into patterns as it is."""
    found = [row.path for row in HOUSE]
    assert found == sorted(set(found))
    assert all(of_house(path) for path in found)
    assert all(set(path) <= set("/-abcdefghijklmnopqrstuvwxyz") for path in found)


@pytest.mark.parametrize("file", paths.WRITERS)
def test_recipes_and_documents_have_the_table(file: str) -> None:
    """Run ``python -m tools.paths`` after a change of the table."""
    assert (paths.ROOT / file).read_text("utf-8") == paths.written(file), "python -m tools.paths"

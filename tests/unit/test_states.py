"""The page that shows what is said of a space."""

from __future__ import annotations

from tests.support import states


def test_the_page_says_what_people_are_told() -> None:
    """Phases and words stand in it as the table has them: run ``python -m tests.support.states`` after a change."""
    assert states.PAGE.read_text(encoding="utf-8") == states.page()

"""What ``stentor space`` asks whoever sits there."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from stentor.base.errors import BadInput
from stentor.cli.space import spoken


@pytest.mark.parametrize(("typed", "of_site", "said"), [("fr\n", "", "fr"), ("fr\n", "de", "fr"), ("\n", "de", "de")])
def test_the_language_is_asked_on_a_terminal(typed: str, of_site: str, said: str) -> None:
    """The site's is what Enter takes; without one there is no way around an answer."""
    with CliRunner().isolation(input=typed):
        assert spoken(of_site, asks=True) == said


def test_a_program_gets_the_language_of_the_site() -> None:
    """Without one it reads what to give: nothing is guessed."""
    assert spoken("de", asks=False) == "de"
    with pytest.raises(BadInput, match="--language en, or STENTOR_LANGUAGE=en"):
        spoken("", asks=False)

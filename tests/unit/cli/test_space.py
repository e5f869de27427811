"""What ``stentor space`` asks whoever sits there."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from stentor.cli import tables
from stentor.cli.space import seat_words, spoken
from stentor.spaces.model import ON_AIR, State


@pytest.mark.parametrize(("typed", "of_site", "said"), [("fr\n", "", "fr"), ("fr\n", "de", "fr"), ("\n", "de", "de")])
def test_the_language_is_asked_on_a_terminal(typed: str, of_site: str, said: str) -> None:
    """The site's is what Enter takes; without one there is no way around an answer."""
    with CliRunner().isolation(input=typed):
        assert spoken(of_site) == said


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"state": "scheduled", "phase": "no_show"}, "Did not start"),
        ({"state": "live", "phase": "interrupted"}, "Live, interrupted"),
        ({"state": "doors_open"}, "Doors open"),  # an older house
        ({"state": "live", "phase": "of_tomorrow"}, "of tomorrow"),  # a newer one
    ],
)
def test_tables_say_what_people_read(space: dict[str, str], said: str) -> None:
    """Lists say what is true of a space now, in the words of the table of phases."""
    assert tables.phase(space) == said


@pytest.mark.parametrize("state", State)
def test_nobody_is_missed_while_there_is_no_stage(state: State) -> None:
    """Before the doors and after the end it is not said who is not there."""
    words = seat_words({"state": state.value}, {"role": "co_host", "state": "away"})
    assert words == (("co-host", "away") if state in ON_AIR else ("co-host",))

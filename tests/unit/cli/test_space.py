"""What ``stentor space`` asks whoever sits there."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from stentor.cli import tables
from stentor.cli.space import seat_words, spoken
from stentor.spaces.model import TALKING, State


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
def test_nobody_is_missed_but_during_the_talk(state: State) -> None:
    """Before and after it is not said who is not there."""
    words = seat_words({"state": state.value}, {"role": "co_host", "state": "away", "heard": False})
    assert words == (("co-host", "away") if state in TALKING else ("co-host",))


@pytest.mark.parametrize(
    ("seat", "said"),
    [
        ({"state": "connected", "heard": True}, "ready"),
        ({"state": "connected", "heard": False}, "connected, nothing heard yet"),
        ({"state": "lost", "heard": True}, "lost"),
    ],
)
@pytest.mark.parametrize("state", [State.SCHEDULED, State.DOORS_OPEN])
def test_before_the_talk_it_is_said_who_is_ready(state: State, seat: dict[str, str | bool], said: str) -> None:
    """Ready is who is there and was heard."""
    assert seat_words({"state": state.value}, {"role": "host", **seat}) == ("host", said)

"""The colour that a site chooses: any can be chosen, and all can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stentor.base import colour
from stentor.base.colour import DAY, LEAST_OF_TEXT, NIGHT, contrast, rgb, shades
from tests.unit.base.test_looks import GROUNDS, colours


def test_the_grounds_are_those_of_the_design() -> None:
    """What a colour is compared with is what it stands on."""
    assert [colours("light")[name] for name in GROUNDS] == list(DAY)
    assert [colours("dark")[name] for name in GROUNDS] == list(NIGHT)
    assert [colours(scheme)["on-accent"] for scheme in ("light", "dark")] == [colour.ON_DAY, colour.ON_NIGHT]


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_every_colour_becomes_one_that_can_be_read(chosen: str) -> None:
    """On each ground, with what is written on it, and on the ground that hints at it; by day and by night."""
    for shade, grounds in zip(shades(chosen), (DAY, NIGHT), strict=True):
        for other in (*grounds, shade.on, shade.soft):
            assert contrast(rgb(shade.accent), rgb(other)) >= LEAST_OF_TEXT


@pytest.mark.parametrize(("chosen", "day", "night"), [("#046480", True, False), ("#6fcee4", False, True)])
def test_a_colour_that_can_be_read_stays(chosen: str, day: bool, night: bool) -> None:
    """Only what is hard to read is changed."""
    assert [shade.accent == chosen for shade in shades(chosen)] == [day, night]

"""How good a connection is, in one word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import stentor
from stentor.spaces.quality import LIMITS, LineQuality, Quality, quality


@pytest.mark.parametrize(
    ("numbers", "word"),
    [
        ({}, Quality.GOOD),
        ({"loss": 0.019, "jitter_ms": 29, "delay_ms": 249}, Quality.GOOD),
        ({"loss": 0.02}, Quality.FAIR),
        ({"loss": 0.0, "jitter_ms": 30}, Quality.FAIR),
        ({"loss": 0.03, "jitter_ms": 0, "delay_ms": 600}, Quality.POOR),
    ],
)
def test_as_bad_as_the_worst(numbers: dict[str, float], word: Quality) -> None:
    """One number that is poor makes the connection poor, however good the others are."""
    assert quality(**numbers) is word


def test_one_bad_second_is_no_bad_connection() -> None:
    """A burst fades; loss that stays is told within some seconds, and so is its end."""
    line = LineQuality()
    told = []
    for ticks, loss in ((1, 0.3), (40, 0.1), (60, 0.0)):
        for _ in range(ticks):
            line.note(0.2, loss=loss)
        told.append(line.quality)
    assert told == [Quality.GOOD, Quality.POOR, Quality.GOOD]


def test_the_page_has_the_same_limits() -> None:
    """What the green room calls good is not called poor on the stage."""
    script = (Path(stentor.__file__).parent / "house" / "static" / "sound-check.js").read_text("utf-8")
    found = re.findall(r"(\w+): \[([\d.]+), ([\d.]+)\]", script.partition("const LIMITS")[2].partition(";")[0])
    assert {name: (float(fair), float(poor)) for name, fair, poor in found} == LIMITS

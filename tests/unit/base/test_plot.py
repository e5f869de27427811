"""Line plots as SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Tree

import pytest

from stentor.base.plot import nice, plot, short


def test_a_logarithmic_plot_has_the_same_way_to_each_tenfold() -> None:
    """The first is at the left edge, the last at the right one, and each has its mark; one alone is drawn too."""
    svg = plot("t", [1_000, 10_000, 100_000], {"a": [1.0, 2.0, 5.0]}, x_name="listeners", logarithmic=True)
    [points] = re.findall(r'points="([^"]*)"', svg)
    assert [float(point.partition(",")[0]) for point in points.split()] == [64.0, 380.0, 696.0]
    assert all(f">{mark}</text>" in svg for mark in ("1k", "10k", "100k"))
    assert 'points="64.0,' in plot("t", [1_000], {"a": [1.0]}, x_name="listeners", logarithmic=True)


def test_a_plot_leaves_holes() -> None:
    """What was not measured is not drawn; all that was is."""
    svg = plot("t", [0, 1, 2, 3], {"a": [1.0, 2.0, None, 4.0]}, x_name="seconds")
    lines = [each.get("points") for each in Tree.fromstring(svg).iter() if each.tag.endswith("polyline")]
    assert [len((points or "").split()) for points in lines] == [2, 2]


@pytest.mark.parametrize(
    ("value", "top", "text"), [(0.7, 1, "1"), (2100, 2500, "2.5k"), (5, 5, "5"), (9e6, 1e7, "10M")]
)
def test_axes_have_round_numbers(value: float, top: float, text: str) -> None:
    """An axis ends at 1, 2, 2.5 or 5 times a power of ten."""
    assert nice(value) == top
    assert short(nice(value)) == text

"""Line plots as SVG: drawn here, no script, colours by custom properties so that light and dark both work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from typing import Final

from markupsafe import Markup

from stentor.base.html import Templates

WIDTH: Final = 720
HEIGHT: Final = 220
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 12, 34
TICKS: Final = 5
STYLE: Final = Markup("""
svg.plot { --ink: #1d2630; --faint: #d5dbe1; --a: #0b62c4; --b: #c2410c; --c: #15803d; --d: #7e22ce; --e: #be185d;
  font: 12px system-ui, sans-serif; max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { svg.plot { --ink: #dfe6ee; --faint: #39434e; --a: #6db3ff; --b: #ff9d66;
  --c: #6fd694; --d: #d3a4ff; --e: #ff8fc0; } }
svg.plot text { fill: var(--ink); } svg.plot .grid { stroke: var(--faint); }
svg.plot polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg.plot .a { stroke: var(--a); } svg.plot .b { stroke: var(--b); } svg.plot .c { stroke: var(--c); }
svg.plot .d { stroke: var(--d); } svg.plot .b { stroke-dasharray: 6 3; } svg.plot .c { stroke-dasharray: 2 3; }
svg.plot .e { stroke: var(--e); stroke-dasharray: 9 3 2 3; }
""")
"""Lines differ by dashes too, for those who do not see colours."""
_TEMPLATES: Final = Templates("stentor.base")

Scale = Callable[[float], float]
Series = Mapping[str, Sequence[float | None]]


def plot(
    title: str,
    xs: Sequence[float],
    series: Series,
    *,
    x_name: str,
    unit: str = "",
    standalone: bool = False,
    logarithmic: bool = False,
) -> Markup:
    """An SVG element with up to five lines over ``xs``; None leaves a hole.

    ``standalone`` brings its style along, for a file of its own. ``logarithmic`` draws ``xs``, which are above 0 and
    ascend, by their logarithms from the first to the last, and marks each of them.
    """
    values = [value for line in series.values() for value in line if value is not None]
    top = nice(max(values, default=0.0) or 1.0)
    furthest = max(xs, default=0.0) or 1.0
    last = nice(furthest) if standalone or furthest < TICKS else TICKS * ceil(furthest / TICKS)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        share = log10(value / xs[0]) / (log10(xs[-1] / xs[0]) or 1.0) if logarithmic else value / last
        return round(LEFT + wide * share, 1)

    def y(value: float) -> float:
        return round(TOP + high * (1 - value / top), 1)

    ups = [top * step / TICKS for step in range(TICKS + 1)]
    across = xs if logarithmic else [last * step / TICKS for step in range(TICKS + 1)]
    text = _TEMPLATES.render(
        "plot",
        "en",
        title=title,
        x_name=x_name,
        unit=unit,
        standalone=standalone,
        style=STYLE,
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=HEIGHT - BOTTOM,
        rungs=[(y(up), short(up)) for up in ups],
        marks=[(x(value), short(value)) for value in across],
        lines=[(name, _runs(xs, line, x, y)) for name, line in series.items()],
    )
    return Markup(text)


def _runs(xs: Sequence[float], line: Sequence[float | None], x: Scale, y: Scale) -> list[str]:
    """The points of each stretch without a hole; a lone one becomes a short dash."""
    runs: list[list[str]] = [[]]
    for across, up in zip(xs, line, strict=True):
        if up is None:
            runs.append([])
        else:
            runs[-1].append(f"{x(across)},{y(up)}")
    return [" ".join(run if len(run) > 1 else run * 2) for run in runs if run]


def nice(value: float) -> float:
    """The next of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * 0.999)


def short(value: float) -> str:
    """A number for an axis: 1,500 is 1.5k."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:.3g}"

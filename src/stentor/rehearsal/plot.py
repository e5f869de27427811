"""Line plots as SVG: drawn here, no script, colours by custom properties so that light and dark both work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 220
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 12, 34
TICKS: Final = 5
STYLE: Final = """
svg.plot { --ink: #1d2630; --faint: #d5dbe1; --a: #0b62c4; --b: #c2410c; --c: #15803d; --d: #7e22ce; --e: #be185d;
  font: 12px system-ui, sans-serif; max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { svg.plot { --ink: #dfe6ee; --faint: #39434e; --a: #6db3ff; --b: #ff9d66;
  --c: #6fd694; --d: #d3a4ff; --e: #ff8fc0; } }
svg.plot text { fill: var(--ink); } svg.plot .grid { stroke: var(--faint); }
svg.plot polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg.plot .a { stroke: var(--a); } svg.plot .b { stroke: var(--b); } svg.plot .c { stroke: var(--c); }
svg.plot .d { stroke: var(--d); } svg.plot .b { stroke-dasharray: 6 3; } svg.plot .c { stroke-dasharray: 2 3; }
svg.plot .e { stroke: var(--e); stroke-dasharray: 9 3 2 3; }
"""
"""Lines differ by dashes too, for those who do not see colours."""
CLASSES: Final = "abcde"

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
) -> str:
    """An SVG element with up to five lines over ``xs``; None leaves a hole.

    ``standalone`` brings its style along, for a file of its own. ``logarithmic`` draws ``xs``, which are above 0 and
    ascend, by their logarithms from the first to the last, and marks each of them.
    """
    values = [value for line in series.values() for value in line if value is not None]
    top = nice(max(values, default=0.0) or 1.0)
    furthest = max(xs, default=0.0) or 1.0
    last = nice(furthest) if standalone else TICKS * ceil(furthest / TICKS)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        share = log10(value / xs[0]) / (log10(xs[-1] / xs[0]) or 1.0) if logarithmic else value / last
        return round(LEFT + wide * share, 1)

    def y(value: float) -> float:
        return round(TOP + high * (1 - value / top), 1)

    parts = [
        f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 20}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>'
    ]
    if standalone:
        parts.append(f"<style>{STYLE}</style>")
    for step in range(TICKS + 1):
        up = top * step / TICKS
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(up)}" y2="{y(up)}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(up) + 4}" text-anchor="end">{short(up)}</text>')
    for across in xs if logarithmic else [last * step / TICKS for step in range(TICKS + 1)]:
        parts.append(f'<text x="{x(across)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{short(across)}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 2}" text-anchor="end">{escape(x_name)}</text>')
    for index, (name, line) in enumerate(series.items()):
        parts += [f'<polyline class="{CLASSES[index]}" points="{points}"/>' for points in _runs(xs, line, x, y)]
        left = LEFT + index * wide // max(3, len(series))
        parts.append(f'<line class="{CLASSES[index]}" stroke-width="2" x1="{left}" x2="{left + 20}" '
                     f'y1="{HEIGHT + 10}" y2="{HEIGHT + 10}"/>')  # fmt: skip
        label = f"{name}, {unit}" if unit else name
        parts.append(f'<text x="{left + 26}" y="{HEIGHT + 14}">{escape(label)}</text>')
    return "".join([*parts, "</svg>"])


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

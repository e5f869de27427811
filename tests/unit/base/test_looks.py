"""How people and spaces look that have no picture."""

from __future__ import annotations

import json
import re
import subprocess
from colorsys import hls_to_rgb
from itertools import pairwise
from pathlib import Path

import pytest

from stentor.base.colour import LEAST_OF_TEXT, contrast, rgb
from stentor.base.looks import BARS, HUES, heights, hue, initials
from tests.support.npm import node

ROOT = Path(__file__).parents[3]
SHARED = ROOT / "web" / "shared"
DESIGN, NIGHT = ((SHARED / f"{name}.css").read_text("utf-8") for name in ("design", "night"))
LEAST_OF_CONTROLS = 3.0
"""WCAG 2.2, 1.4.11."""
GROUNDS = ("paper", "surface", "sunken")
TEXTS = ("ink", "soft", "accent-text", "ok", "warn", "bad")
PAIRS = [
    *[(text, ground, LEAST_OF_TEXT) for text in TEXTS for ground in GROUNDS],
    *[(f"on-{ground}", ground, LEAST_OF_TEXT) for ground in ("accent", "live")],
    *[(text, f"{text}-soft", LEAST_OF_TEXT) for text in ("ok", "warn", "bad")],
    ("accent-text", "accent-soft", LEAST_OF_TEXT),
    ("ink", "bad-soft", LEAST_OF_TEXT),
    *[(sign, ground, LEAST_OF_CONTROLS) for sign in ("edge", "talk", "live") for ground in GROUNDS],
]
NAMES = ["Ada Lovelace", "ada", "", "  ", "Bob from Leeds", "élise Ödön", "李 明", "ß"]


def colours(scheme: str) -> dict[str, str]:
    """The colour roles of a scheme: those of the night stand over those of the day."""
    blocks = [DESIGN] if scheme == "light" else [DESIGN, NIGHT]
    found: dict[str, str] = {}
    for block in blocks:
        found |= {name: whole(text) for name, text in re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block)}
    return found


def whole(text: str) -> str:
    """``#fff`` as ``#ffffff``."""
    return "#" + "".join(2 * digit for digit in text[1:]) if len(text) == 4 else text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: str) -> None:
    """Each pair of colours that is used together is far enough apart."""
    known = colours(scheme)
    near = {
        f"{one} on {other}": found
        for one, other, least in PAIRS
        if (found := contrast(rgb(known[one]), rgb(known[other]))) < least
    }
    assert not near


def test_white_stands_out_on_every_cover() -> None:
    """At both ends of each of the gradients, by day and by night."""
    hues = [int(found) for found in re.findall(r"--hue: (\d+)", DESIGN)]
    assert len(hues) == HUES
    ends = re.findall(r"hsl\((?:calc\()?var\(--hue\)(?: - (\d+)\))? (\d+)% (\d+)%\)", DESIGN + NIGHT)
    assert len(ends) == 4
    for each in hues:
        for turned, saturation, lightness in ends:
            at = (each - int(turned or 0)) % 360 / 360
            colour = hls_to_rgb(at, int(lightness) / 100, int(saturation) / 100)
            assert contrast(colour, (1, 1, 1)) >= LEAST_OF_TEXT, (each, turned)


def test_pages_and_scripts_find_the_same_face() -> None:
    """The hue and the initials of the server are those of the browser."""
    keys = ["ada", "space-1", "0190f3c2-aaaa", ""]
    script = (
        f'import {{ hue, initials }} from "{ROOT}/web/shared/portrait.js";'
        f"console.log(JSON.stringify([{json.dumps(keys)}.map(hue), {json.dumps(NAMES)}.map(initials)]));"
    )
    ran = subprocess.run([node(), "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [[hue(key) for key in keys], [initials(name) for name in NAMES]]


def test_a_cover_is_always_the_same_and_another_for_another_space() -> None:
    """It follows from the id alone, fills its height and ends low."""
    assert heights("jazz") == heights("jazz") != heights("news")
    for found in map(heights, ("jazz", "news", "")):
        assert len(found) == BARS
        assert all(0.06 <= height <= 1 for height in found)
        assert max(found[0], found[-1]) < max(found)
        assert any(one != other for one, other in pairwise(found))

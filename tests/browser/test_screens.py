"""Main screens look as in the pictures that were looked at (``tests/data/screens``); ``make pictures`` takes them anew.

What is compared is where a page is light, dark and coloured, at the size of a postage stamp, with rows that may move
(:mod:`tests.support.likeness`): another font, another Chromium or a line more pass, and the test says so itself by a
page in another font. What fails is a style that is not loaded, colours of the night by day, a part that is gone.
"""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browsers
from tests.support.likeness import distance, reduced
from tests.support.screens import LAMP, NIGHT, PHONE, audience, file

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
SAMPLE = {"front": LAMP, "live": NIGHT, "replay": PHONE}
LIMIT = 0.02
"""The same page again is at 0.006 (the pictures are compressed), in a font with serifs at 0.009; the most alike of two
screens are at 0.05."""
OTHER_FONT = ":root { --font: 'DejaVu Serif', 'Liberation Serif', serif !important; }"
NO_STYLES = "* { all: revert !important; }"


async def test_screens_look_as_they_did(browsers: Browsers) -> None:
    """A few of them, as they are and in another font; without their styles they would not."""
    async with audience() as screens:
        for screen in screens:
            look = SAMPLE.get(screen.name)
            if look is None:
                continue
            known = {each.name: reduced(file(each.name, look).read_bytes()) for each in screens}
            for style in ("", OTHER_FONT):
                found = reduced(await screen.take(browsers.plain, look, style=style))
                far = {name: distance(found, picture) for name, picture in known.items()}
                assert far[screen.name] < LIMIT, f"{screen.name} looks otherwise; if it is to, make pictures: {far}"
                assert min(far, key=far.__getitem__) == screen.name
            bare = reduced(await screen.take(browsers.plain, look, style=NO_STYLES))
            assert distance(bare, known[screen.name]) > LIMIT

"""Somebody who does not hear reads a talk: real voices, the real recogniser, and never a byte of sound."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import pytest

from stentor.audio.pcm import Samples
from stentor.base.units import SpaceId
from stentor.bus.identity import join
from stentor.captions.whisper import Whisper
from stentor.client.speaker import Speaker
from stentor.store.objects import Objects
from tests.browser.conftest import Browsers
from tests.integration.test_captions import captions
from tests.support.browser import Visit, visit
from tests.support.speech import voice
from tests.support.whole import Whole

SPACE = SpaceId("read")
SAID = {
    "Ada": "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do "
    "for them he was not an ill disposed young man",
    "Bob": "eight of spades four of clubs seven of hearts",
}
WRONG = 0.1
"""Of the words said: 2 of 91 of the reader's are wrong in a calm phase."""
AS_WRITTEN = {"mr": "mister", "4": "four", "5": "five", "7": "seven", "8": "eight", "10": "ten"}
TALK_S = 11
pytestmark = [
    pytest.mark.browser,
    pytest.mark.realtime,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(150),
]


def words(text: str) -> list[str]:
    return [AS_WRITTEN.get(word, word) for word in re.findall(r"[a-z0-9']+", text.lower().replace("-", " "))]


def wrong(said: Sequence[str], read: Sequence[str]) -> int:
    """How many words are missing, added or other ones (the distance of Levenshtein, in words)."""
    row = list(range(len(read) + 1))
    for at, word in enumerate(said, 1):
        above, row[0] = row[0], at
        for column, other in enumerate(read, 1):
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, above + (word != other))
    return row[-1]


async def test_a_deaf_listener_reads_the_whole_talk(house: Whole, browsers: Browsers) -> None:
    """From the first word to the last, under the name of whoever said it, and at most one word in ten is wrong."""
    engine = await asyncio.to_thread(Whisper)
    tokens = await house.space(SPACE, "Ada", "Bob")
    async with join(house.settings, "captions", name="captions-0") as bus:
        objects = Objects.open(house.settings.recordings_address)
        async with captions(bus, objects, engine), visit(browsers.plain, house.audience(SPACE)) as page:
            await page.page.get_by_role("button", name="Captions").click()
            await house.call("POST", f"/spaces/{SPACE}/live")
            await page.says("#captions-wait", "as they are spoken")
            await speak(house, tokens["Ada"], voice("reader")[: 48_000 * TALK_S])
            await speak(house, tokens["Bob"], voice("cards")[-48_000 * 4 :])
            await page.says("#captions-read", "hearts")
            read = await lines(page)
            await house.call("POST", f"/spaces/{SPACE}/end")
            over = "['Ended', 'Replay'].includes(document.querySelector('#state').textContent)"
            await page.until(over, "the end is said")
            assert await lines(page) == read, "what was said stays to be read after the end"
            assert not [each.url for each in page.watch.responses if re.search(r"/live\.|/hls/|hold\.", each.url)]
            page.calm()
    missed = {name: wrong(words(text), words(read.get(name, ""))) for name, text in SAID.items()}
    every = sum(len(words(text)) for text in SAID.values())
    print(f"\nwrong words {missed} of {every}: {read}", end="")
    assert sum(missed.values()) <= WRONG * every


async def speak(house: Whole, token: str, samples: Samples) -> None:
    """Comes, says it once, and goes."""
    await Speaker(house.whip(SPACE), token, samples, name="speaker", loop=False).run()


async def lines(page: Visit) -> dict[str, str]:
    """Speaker → what the page shows of them, under their name."""
    found: dict[str, str] = {}
    name = ""
    for row in await page.page.locator("#captions-read p").all():
        name = (await row.locator("b").inner_text()).strip() or name
        found[name] = f"{found.get(name, '')} {await row.locator('q').inner_text()}".strip()
    return found

"""More than everything can carry, and then the usual load: nothing keeps the overload going."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from stentor.rehearsal.order import CrowdMix, Format
from stentor.rehearsal.plan import RehearsalPlan
from stentor.rehearsal.rehearse import rehearse
from stentor.rehearsal.rehearsed import Rehearsed
from tests.support.whole import whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

PLACES = 150
"""Of each of the two edges."""
USUAL = 150
"""Half of all places: they stay from before the overload until after it."""
LINE_MBPS = 25.0
"""All places take 20 of it: the ladder climbs when they are taken. Each edge has half of it, on which rung 1 bears 102
listeners; the kernel deals the usual 150 by chance, and that is more than four standard deviations off.
"""
MANY = 900
OVERLOAD_S = 15.0
FOR_S = 85.0
BACK_S = 60.0
STAYING = CrowdMix({Format.AAC: 1.0}, stay=True, straight=True)
"""They heed no door, and come again as soon as they were refused: the worst of clients."""


@dataclass
class Story:
    usual: Rehearsed
    many: Rehearsed
    highest: int
    narrowest: float
    back_s: float
    """From the end of the overload until the ladder was at 0 or 1 and the door was open."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One overload; every test looks at another side of it."""
    told = asyncio.run(_overload(tmp_path_factory.mktemp("overload")))
    print(f"\nrung {told.highest}, door {told.narrowest}, back after {told.back_s:.0f} s; {told.many.refused} refusals")
    return told


async def _overload(folder: Path) -> Story:
    async with whole(folder, edges=2, edge_listeners=PLACES, line_mbps=LINE_MBPS) as house:
        await house.space("talk")
        page = house.audience("talk")
        usual = asyncio.create_task(
            rehearse(RehearsalPlan(page=page, listeners=USUAL, curve="step", within_s=2, for_s=FOR_S, mix=STAYING)),
            name="usual",
        )
        await house.until("talk", lambda view: view["listeners"] >= USUAL, "the usual load is there")
        crowd = RehearsalPlan(page=page, listeners=MANY, curve="together", within_s=1, for_s=OVERLOAD_S, mix=STAYING)
        many = asyncio.create_task(rehearse(crowd), name="many")
        highest, narrowest = 0, 1.0
        while not many.done():
            view = await house.call("GET", "/spaces/talk")
            highest, narrowest = max(highest, view["ladder"]["rung"]), min(narrowest, view["door"]["p"])
            await asyncio.sleep(0.3)
        ended = time.monotonic()
        await house.until(
            "talk",
            lambda view: view["ladder"]["rung"] <= 1 and view["door"]["p"] == 1.0,
            "the ladder is down and the door is open",
            BACK_S,
        )
        back_s = time.monotonic() - ended
        view = await house.call("GET", "/spaces/talk")
        assert view["listeners"] >= USUAL * 0.95, "the usual load is still there"
        return Story(await usual, await many, highest, narrowest, back_s)


def test_it_was_an_overload(story: Story) -> None:
    """The ladder was climbed, the door was shut, and hundreds were refused again and again."""
    assert story.highest >= 2
    assert story.narrowest == 0.0
    assert story.many.refused + story.many.waited > MANY / 2


def test_who_was_inside_stays(story: Story) -> None:
    """The usual listeners were neither dropped nor did their players run dry."""
    assert (story.usual.heard, story.usual.cut, story.usual.stalled) == (USUAL, 0, 0)


def test_all_is_as_before_within_a_minute(story: Story) -> None:
    """With the usual load kept on, on the same lines: rung 0 or 1, and the door open."""
    assert story.back_s < BACK_S

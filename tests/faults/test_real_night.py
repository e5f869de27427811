"""One of the nights of ``make proof-nights``: real listeners, real senders, and the verdict by the command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stentor.evidence.told import lines
from stentor.evidence.verdict import Outcome
from tests.support.real_nights import PLACES, held
from tests.support.senders import PLACES_ATTACK, Order
from tests.support.whole import whole

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(120)]


async def test_who_fills_the_places_and_takes_nothing_is_named(tmp_path: Path) -> None:
    """Sixty want a place each and take nothing; twelve people would have had room. No address is in the rows."""
    async with whole(tmp_path, edges=1, edge_listeners=PLACES) as house:
        order = Order(0, house.settings.audience_port, "friday", 24.0, 12, "push", PLACES_ATTACK, PLACES)
        found = await held(house, order, tmp_path)
    assert found.truth.finding is Outcome.ATTACK
    assert not found.truth.border
    assert found.verdict.finding is Outcome.ATTACK
    load = found.verdict.loads[0]
    assert load.hostile.value == pytest.approx(found.truth.hostile, abs=0.1)
    assert load.audience.value == pytest.approx(found.truth.audience, abs=0.1)
    assert "Without these sources it would have stood at" in "\n".join(lines(found.verdict))
    rows = (tmp_path / "friday.jsonl").read_bytes()
    assert not re.search(rb"127\.\d+\.\d+\.(?!0/24)", rows)  # networks of twenty and more may be there

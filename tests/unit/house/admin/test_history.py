"""The audience of the last days: what is over is not read again at every look."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from stentor.base.errors import Overloaded
from stentor.base.units import SpaceId
from stentor.evidence.counts import Counts
from stentor.house.admin.history import KEPT_MS, OLD_MS, AudienceHistory
from stentor.spaces.model import Space, State
from tests.support.wait import PATIENCE_S

ENDED_MS = 1_796_040_000_000


class Asked:
    """Stands for the numbers and for the list of spaces: says what it is given, and remembers who asked."""

    def __init__(self, *spaces: Space) -> None:
        self.spaces, self.of_which = spaces, list[str]()
        self.together = 0
        """So many have to ask before anybody is answered, and then nobody is: the store is away."""

    async def get(self) -> tuple[Space, ...]:
        return self.spaces

    async def of(self, space: str) -> Counts | None:
        self.of_which.append(space)
        while len(self.of_which) < self.together:  # noqa: ASYNC110 (those of one look come in the same turn)
            await asyncio.sleep(0)
        if self.together:
            raise Overloaded("The store is away.", retry_after_s=1)
        return None


def space(name: str, state: State, ended_ms: int | None) -> Space:
    return Space(SpaceId(name), name, state, doors_open_ms=ENDED_MS - 1000, ended_ms=ended_ms)


@pytest.mark.asyncio
async def test_what_is_over_is_asked_for_once_a_minute_and_then_never() -> None:
    """The page asks anew every few seconds, and a site may have two hundred spaces."""
    asked, now = Asked(space("over", State.REPLAY, ENDED_MS), space("on", State.LIVE, None)), [ENDED_MS / 1000]
    history = AudienceHistory(cast(Any, asked), cast(Any, asked), lambda: now[0])
    for after_ms, read in (
        (0, ["over", "on"]),
        (5000, ["on"]),
        (KEPT_MS, ["over", "on"]),
        (OLD_MS + 1000, ["over", "on"]),
        (OLD_MS + 2 * KEPT_MS, ["on"]),
    ):
        now[0] = (ENDED_MS + after_ms) / 1000
        asked.of_which.clear()
        await history.days()
        assert asked.of_which == read, after_ms


@pytest.mark.asyncio
async def test_a_store_that_is_away_is_waited_for_once() -> None:
    """For all spaces at the same time, and not again at the next look: each may take twenty seconds."""
    asked = Asked(*(space(f"over-{number}", State.REPLAY, ENDED_MS) for number in range(30)))
    asked.together = 30
    history = AudienceHistory(cast(Any, asked), cast(Any, asked), lambda: ENDED_MS / 1000)
    async with asyncio.timeout(PATIENCE_S):
        assert sum(day.most for day in await history.days()) == 0
        await history.days()
    assert len(asked.of_which) == 30

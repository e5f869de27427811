"""The audience of the last days: what is over is not read again at every look."""

from __future__ import annotations

from typing import Any, cast

import pytest

from stentor.base.units import SpaceId
from stentor.evidence.counts import Counts
from stentor.house.admin.history import KEPT_MS, OLD_MS, AudienceHistory
from stentor.spaces.model import Space, State

ENDED_MS = 1_796_040_000_000


class Asked:
    """Stands for the numbers and for the list of spaces: says what it is given, and remembers who asked."""

    def __init__(self, *spaces: Space) -> None:
        self.spaces, self.of_which = spaces, list[str]()

    async def get(self) -> tuple[Space, ...]:
        return self.spaces

    async def of(self, space: str) -> Counts | None:
        self.of_which.append(space)
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

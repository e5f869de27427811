"""All that administrators have of the whole site, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from stentor.bus.status import Statuses
from stentor.house.admin.history import AudienceHistory
from stentor.house.admin.overview import Overviews
from stentor.house.counts.service import AudienceCounts
from stentor.house.spaces.service import Spaces


class Administration:
    """``duties`` are tasks of the role."""

    def __init__(self, spaces: Spaces, statuses: Statuses, counts: AudienceCounts) -> None:
        self.overviews = Overviews(spaces, statuses, AudienceHistory(counts, spaces.newest, spaces.clock))

    def duties(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs by itself, by the names of the tasks."""
        return {"troubles": self.overviews.record.run(self.overviews.troubles)}

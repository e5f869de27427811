"""All that administrators have of the whole site, put together."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from stentor.base.config import Settings
from stentor.bus.status import Statuses
from stentor.house.admin.backups import Backups
from stentor.house.admin.history import AudienceHistory
from stentor.house.admin.overview import Overviews
from stentor.house.admin.tonight import Tonight
from stentor.house.counts.service import AudienceCounts
from stentor.house.site.service import SiteKeeper
from stentor.house.spaces.service import Spaces


class Administration:
    """``duties`` are tasks of the role."""

    def __init__(
        self,
        spaces: Spaces,
        statuses: Statuses,
        counts: AudienceCounts,
        site: SiteKeeper,
        settings: Settings,
        *,
        leads: Callable[[], bool],
    ) -> None:
        """``leads`` says whether this process is the one of several that does what is due."""
        self.overviews = Overviews(spaces, statuses, AudienceHistory(counts, spaces.newest, spaces.clock))
        self.tonight = Tonight(settings, spaces)
        self.backups = Backups(settings, site, spaces.clock, leads)

    def duties(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs by itself, by the names of the tasks."""
        return {
            "troubles": self.overviews.record.run(self.overviews.troubles),
            "backups": self.backups.run(),
            "tonight": self.tonight.run(),
        }

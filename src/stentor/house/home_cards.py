"""Cards of spaces on the pages of posts: what is on beside them, and what one may put into a post."""

from __future__ import annotations

from typing import Final

from stentor.base.errors import NotFound
from stentor.house.social import schema
from stentor.house.social.views import PostViews
from stentor.house.spaces.service import Spaces
from stentor.house.spaces.views import prominence
from stentor.people.model import Account
from stentor.spaces.model import ON_AIR, Space, State

MOST_BESIDE: Final = 4
MOST_OFFERED: Final = 30


class SpaceCards:
    """Looks spaces up, and says nothing of those that are private or were removed."""

    def __init__(self, spaces: Spaces, views: PostViews) -> None:
        self._spaces, self._views = spaces, views

    async def beside(self) -> list[schema.SpaceCardView]:
        """What is on, and what comes soonest."""
        found = [space for space in await self._spaces.newest.get() if _open(space) and space.listed]
        soon = [space for space in found if space.state in ON_AIR or space.state is State.SCHEDULED]
        return [self._views.card(space) for space in sorted(soon, key=prominence)[:MOST_BESIDE]]

    async def offered(self, account: Account, chosen: str) -> list[schema.SpaceCardView]:
        """What one may put into a post: the chosen one, one's own, what is on and what comes."""
        own = [self._views.card(space) for space, _ in await self._spaces.seats_of(account.id) if _open(space)]
        found = {each.id: each for each in (*await self._chosen(chosen), *own, *await self.beside())}
        return list(found.values())[:MOST_OFFERED]

    async def _chosen(self, name: str) -> list[schema.SpaceCardView]:
        try:
            space = await self._spaces.load(name) if name else None
        except NotFound:
            return []
        return [self._views.card(space)] if space is not None and _open(space) else []


def _open(space: Space) -> bool:
    return not space.private and space.removed is None

"""Searches of people who are signed in: everything that is shown is looked up as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stentor.base.errors import NotFound, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.terms import wanted
from stentor.house.federation.looking import LookingDesk
from stentor.house.searching.schema import FoundLineView, KindWord, SearchView
from stentor.house.social.service import PostDesk
from stentor.house.social.views import person
from stentor.house.spaces.service import Spaces
from stentor.people.model import Account
from stentor.social import searching
from stentor.social.ids import LARGEST
from stentor.social.word_filters import FilterContext
from stentor.spaces import front, withdrawal
from stentor.spaces.model import Space, State
from stentor.store.quotes import shown_from_ms
from stentor.store.search import FoundLine, SearchesTable

KINDS: Final[tuple[KindWord, ...]] = ("posts", "people", "tags", "spaces", "lines")
SOME: Final = 5
"""Of each kind where all are asked for."""
LIMIT: Final = Bucket(burst=30, refill_ms=1000)
"""Of an account: faster than anybody types, and a search costs up to a tenth of a second of the database."""
_WEB: Final = ("https://", "http://")
MOST_LOOKED_AT: Final = 200
"""Lines of one page: of spaces that are private or gone there may be many."""


def _too_many(wait_s: float) -> Overloaded:
    said = "These are many searches at once; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-searches")


class SearchDesk:
    """Finds what is for whoever asks."""

    def __init__(self, desk: PostDesk, spaces: Spaces, looking: LookingDesk) -> None:
        self.desk, self._spaces, self._looking = desk, spaces, looking
        self.table = SearchesTable(desk.table.work, desk.clock)
        self._limit = RateLimit(LIMIT, _too_many)

    async def find(
        self, account: Account, me: int, text: str, kinds: Sequence[KindWord], *, before: int = LARGEST, most: int,
        resolve: bool = False,
    ) -> SearchView:  # fmt: skip
        """Up to ``most`` of each kind. With ``resolve`` other servers are asked for ``name@server`` or an address that
        is not known. Raises :class:`Overloaded` (429)."""
        query = searching.parse(text)
        if not query.text:
            return SearchView()
        self._limit.spend(account.id, self.desk.clock())
        if query.text.startswith(_WEB):
            return await self._at(account, me, query.text, asks=resolve)
        if resolve and "people" in kinds:
            await self._looking.person(query.text, account=account.id)
        posts, after = [], None
        if "posts" in kinds:
            found = await self.table.posts(me, query, before=before, most=most)
            readings = await self.desk.table.read(found.ids, me)
            posts, after = await self.desk.shown(readings, me, FilterContext.PUBLIC), found.before
        people = await self.table.people(me, query.text, most=most) if "people" in kinds else []
        tags = await self.table.tags(me, query.text) if "tags" in kinds else []
        spaces = await self._found_spaces(query.text, most) if "spaces" in kinds else []
        lines = list[FoundLineView]()
        if "lines" in kinds:
            lines, after_lines = await self._found_lines(query.text, before if kinds == ("lines",) else LARGEST, most)
            after = after_lines if kinds == ("lines",) else after
        return SearchView(
            posts=posts,
            people=[person(each) for each in people],
            tags=tags[:most],
            spaces=[self.desk.views.card(each) for each in spaces],
            lines=lines,
            before=f"{after}" if after is not None and len(kinds) == 1 else None,
        )

    async def _at(self, account: Account, me: int, address: str, *, asks: bool) -> SearchView:
        """Who or what has an address."""
        found = await self._looking.at(address, account=account.id, asks=asks)
        readings = await self.desk.table.read([found.post], me) if found.post is not None else []
        people = await self.table.person(me, found.actor) if found.actor is not None else []
        posts = await self.desk.shown(readings, me, FilterContext.PUBLIC)
        return SearchView(posts=posts, people=[person(each) for each in people])

    async def _found_spaces(self, text: str, most: int) -> list[Space]:
        """Spaces that stand in lists, the newest first."""
        found = await self.table.lines(wanted(text), most=MOST_LOOKED_AT, spaces=True)
        known = [await self._space(each.space) for each in found[: 4 * most]]
        return [space for space in known if space is not None and front.may_be_listed(space)][:most]

    async def _found_lines(self, text: str, before: int, most: int) -> tuple[list[FoundLineView], int | None]:
        """Lines of recordings that everybody may hear, and from where to go on."""
        asked, shown, spaces = wanted(text), list[FoundLineView](), dict[str, Space | None]()
        found = await self.table.lines(asked, before=before, most=MOST_LOOKED_AT, spaces=False)
        for each in found:
            if each.space not in spaces:
                spaces[each.space] = await self._space(each.space)
            space = spaces[each.space]
            if space is not None and _heard(space, each):
                shown.append(self._line(space, each))
            if len(shown) >= most:
                return shown, each.id
        return shown, found[-1].id if len(found) >= MOST_LOOKED_AT else None

    def _line(self, space: Space, found: FoundLine) -> FoundLineView:
        at_s = max(0, (found.start_ms or 0) - shown_from_ms(space)) // 1000
        seat = space.seats.get(found.seat)
        return FoundLineView(
            self.desk.views.card(space), seat.name if seat else "", found.said, at_s, f"/s/{space.id}#t={at_s}"
        )

    async def _space(self, name: str) -> Space | None:
        try:
            return await self._spaces.load(name)
        except NotFound:
            return None


def _heard(space: Space, line: FoundLine) -> bool:
    """Whether everybody may hear a line, now."""
    start_ms, end_ms = line.start_ms or 0, line.end_ms or 0
    if not (front.may_be_listed(space) and space.state is State.REPLAY and space.recorded):
        return False
    trim_ms = space.trim.to_ms if space.trim else None
    shown = start_ms >= shown_from_ms(space) and (trim_ms is None or end_ms <= trim_ms)
    return shown and withdrawal.of(space).at(start_ms, end_ms) is None

"""Posts that announce spaces: a look at a space posts what is due, and takes back what must not be there.

One look is a job of the house (``store.announcements``), ordered in the transaction of what happened to the space. It
goes by what is so when it looks: a moment that is over by then gets no post. Private spaces are announced to nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from stentor.base import log
from stentor.base.errors import BadInput, NotAllowed, NotFound
from stentor.base.texts import UNSAID
from stentor.house.social.schema import NewPost
from stentor.house.social.service import PostDesk
from stentor.house.spaces.service import Spaces
from stentor.people.model import Account
from stentor.spaces import announcing, rights
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import TALKING, Role, Space, State
from stentor.store.announcements import ANNOUNCE, AnnouncementsTable
from stentor.store.jobs import Job

_MOMENTS = {
    State.DOORS_OPEN: SpaceMoment.DOORS,
    State.ENDED: SpaceMoment.ENDED,
    State.REPLAY: SpaceMoment.REPLAY,
    State.CANCELLED: SpaceMoment.CANCELLED,
} | dict.fromkeys(TALKING, SpaceMoment.LIVE)


class Announcer:
    """Looks at spaces."""

    def __init__(self, spaces: Spaces, posts: PostDesk) -> None:
        self.spaces, self._posts = spaces, posts
        self.table = AnnouncementsTable(spaces.store.work)
        self._log = log.get("house")

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[str | None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {ANNOUNCE: self.look}

    async def look(self, job: Job) -> str | None:
        """Brings the posts about a space in line with it; the code of why there is none. To look twice does no harm.

        Raises :class:`Conflict` where another house was quicker, and :class:`Overloaded`."""
        try:
            space = await self.spaces.load(job.key)
        except NotFound:
            return "space-not-found"
        if space.private or space.removed is not None:
            await self._posts.media.forget(await self.table.withdraw(space.id, now_ms=self._posts.now_ms))
            return None
        made = await self.table.of(space.id)
        if made:
            await self.table.show(space.id, listed=space.listed, now_ms=self._posts.now_ms)
        moments = announcing.due(space.announcing, moment(space), made) if space.listed else ()
        if not moments:
            return None
        author = await self._author(space)
        if author is None:  # whoever hosts without an account has no posts
            return None
        number = await self._posts.actors.of_account(author.id)
        wish = NewPost(text=space.announcing.words, space=space.id, language=_language(space))
        try:
            composed, now_ms = await self._posts.announcement(author, wish), self._posts.now_ms
            await self.table.add(space.id, moments, self._posts.new_id(), number, composed, now_ms=now_ms)
        except (NotAllowed, BadInput) as error:  # they may not write just now, or not that
            return error.error_code
        self._log.info("space-announced", space=space.id, moment=moments[-1])
        return None

    async def _author(self, space: Space) -> Account | None:
        """Who posts: whoever has chosen so while they host it, else the host; None where they have no account."""
        chosen = space.announcing.by
        account = chosen if hosts(space, chosen) else (space.host.account if space.host else "")
        try:
            found = await self.spaces.store.accounts.get(account) if account else None
        except NotFound:
            return None
        return found if found is not None and found.suspended_ms is None else None


def hosts(space: Space, account: str) -> bool:
    """Whether somebody is host, co-host or co-owner of a space; never nobody (an empty name)."""
    seat = space.seat_of(account)
    return rights.owns(space, account) or (seat is not None and seat.role is not Role.SPEAKER)


def moment(space: Space) -> SpaceMoment | None:
    """At which moment a space is; one that nobody planned is announced when its doors open, as are those of a show,
    which are made long before."""
    if space.state is State.SCHEDULED:
        return SpaceMoment.PLANNED if space.scheduled_ms is not None and not space.show else None
    return _MOMENTS[space.state]


def _language(space: Space) -> str | None:
    return space.language if space.announcing.words and space.language != UNSAID else None

"""Shows: makes and changes them, and brings their spaces in line (``spaces.shows`` says how).

One look at a show is a job of the house (``store.shows.PLAN``): whoever changes a show orders one in the same
transaction, and each look orders the next, when the next date will have begun. So a show costs nothing in between, and
looks survive a house that dies. To look twice does no harm: the space of a date has one address only.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec

from stentor.base import log
from stentor.base.clock import unix_ms
from stentor.base.errors import CallerError, Conflict, NotAllowed, NotFound, NotSignedIn
from stentor.base.units import SeatId, space_id
from stentor.house.spaces.pictures import SeatPictures
from stentor.house.spaces.service import Spaces
from stentor.people.model import Account
from stentor.spaces import blueprint, front, rights, series, setting, shows
from stentor.spaces import commands as c
from stentor.spaces.command_base import Command
from stentor.spaces.model import Role, Space, State
from stentor.spaces.rights import Actor, Rank
from stentor.spaces.shows import Occurrence, PlannedSlot, PublicShow, Show, ShowChapter
from stentor.spaces.visibility import PRIVATE
from stentor.store.jobs import Job
from stentor.store.shows import ShowsTable

LOOK_BACK = timedelta(days=2)
"""Dates of which the day is not over everywhere."""


class ShowDesk:
    """All shows."""

    def __init__(self, spaces: Spaces, pictures: SeatPictures) -> None:
        self.spaces, self._pictures = spaces, pictures
        self.table = ShowsTable(spaces.store.work)
        self._log = log.get("house")

    @property
    def now_ms(self) -> int:
        return unix_ms(self.spaces.clock())

    async def create(self, show: Show) -> Show:
        """Makes a show and its first dates; raises :class:`Conflict`."""
        await self.table.create(show, now_ms=self.now_ms)
        await self.look(show.id)
        return await self.table.load(show.id)

    async def load(self, show: str, actor: Actor) -> Show:
        """For whoever leads it; raises :class:`NotFound`, :class:`NotAllowed`, :class:`NotSignedIn`."""
        if actor == rights.ANYONE:
            raise NotSignedIn("Sign in to see the shows that you lead.")
        found = await self.table.load(str(space_id(show)))
        require_led(found, actor)
        return found

    async def change(self, show: str, since: str | None, actor: Actor, new: Show, old: Show) -> Show:
        """Puts what is different between ``old`` and ``new`` into the show as it is now, from a date on."""

        def decide(now: Show) -> Show:
            require_led(now, actor)
            if now.version != old.version:
                raise Conflict("Somebody else has just changed this show; look at it again.", code="show-changed")
            return new

        changed = await self.table.change(show, decide, now_ms=self.now_ms)
        self._log.info("show-changed", show=show, version=changed.version, since=since or "")
        await self.look(show)
        return await self.table.load(show)

    async def end(self, show: str, actor: Actor) -> Show:
        """No new dates; those that have not begun are cancelled. Its page stays."""

        def decide(now: Show) -> Show:
            require_owned(now, actor)
            return now if now.ended_ms is not None else msgspec.structs.replace(now, ended_ms=self.now_ms)

        ended = await self.table.change(show, decide, now_ms=self.now_ms)
        await self.look(show)
        return ended

    async def set_co_host(self, show: str, account: Account, on: bool, actor: Actor) -> Show:
        """Makes somebody a co-owner of a show and of its dates, or takes that away; they may leave by themselves."""

        def decide(now: Show) -> Show:
            leaves = not on and actor.account == account.id
            if not leaves:
                require_owned(now, actor)
            left = tuple(each for each in now.co_hosts if each != account.id)
            if on and account.id == now.owner:
                raise Conflict("They lead this show already.", code="owns-already")
            if on and len(left) >= shows.MOST_CO_HOSTS:
                raise Conflict(f"A show has {shows.MOST_CO_HOSTS} co-hosts at most.", code="many-owners")
            return msgspec.structs.replace(now, co_hosts=(*left, account.id) if on else left)

        changed = await self.table.change(show, decide, now_ms=self.now_ms)
        if not on:
            for _, space in await self.table.dates(show, self._since()):
                if space.state is State.SCHEDULED:
                    await self._let_go(space, account.id)
        await self.look(show)
        return changed

    async def dates(self, show: str) -> Sequence[tuple[Occurrence, Space]]:
        """Its dates that are to come, and those that have not begun."""
        return await self.table.dates(show, self._since())

    # Looking

    async def plan(self, job: Job) -> None:
        """The job; a show that is gone by now needs none."""
        with suppress(NotFound):
            await self.look(job.key)

    async def look(self, name: str) -> None:
        """Makes, moves and cancels what is to be; then orders the next look, and tells the edges."""
        show, now_ms = await self.table.load(name), self.now_ms
        there = await self.table.dates(name, self._since())
        spaces: dict[str, Space] = {space.id: space for _, space in there}
        todo = shows.plan(show, there, now_ms)
        for each in todo.cancel:
            with suppress(CallerError):  # its doors have just been opened
                await self.spaces.change(each.space, c.Cancel(), rights.ADMIN)
        for before, goal in todo.lay:
            await self._lay(show, spaces[before.space], before, goal)
        for goal in todo.make:
            await self._make(show, goal)
        if (due_ms := shows.next_look_ms(show, now_ms)) is not None:
            await self.table.look_again(name, due_ms, now_ms=now_ms)
        await self.tell(show)

    async def tell(self, show: Show) -> None:
        """Writes what edges know of it."""
        found = [space for space in await self.table.told(show.id) if space.removed is None and space.listed]
        document = PublicShow(
            id=show.id,
            title=show.title,
            description=show.description,
            language=show.language,
            zone=show.newest.rule.zone,
            rule=show.newest.rule,
            ended=show.ended_ms is not None,
            listed=show.newest.blueprint.visibility not in PRIVATE,
            spaces=[front.slim(space) for space in found],
            made_ms=show.made_ms,
        )
        await self.spaces.objects.put(shows.key(show.id), msgspec.json.encode(document))

    async def _lay(self, show: Show, space: Space, before: Occurrence, goal: PlannedSlot) -> None:
        wishes = blueprint.changes(space, before.planned, goal.planned, self.spaces.clock())
        with suppress(CallerError):  # its doors have just been opened, or it was cancelled
            if wishes:
                space = await self.spaces.change(space.id, wishes, rights.ADMIN)
            await self._seat_co_hosts(show, space)
        after = Occurrence(goal.date, space.id, goal.planned)
        if after != before:
            await self.table.note(show.id, after)

    async def _make(self, show: Show, goal: PlannedSlot) -> None:
        host = await self._account(show.owner)
        space = await self._created(show, goal, host)
        wishes = blueprint.changes(space, None, goal.planned, self.spaces.clock())
        if wishes:
            space = await self.spaces.change(space.id, wishes, rights.ADMIN)
        if host is not None and space.host is not None:
            space = await self._pictures.show(space, space.host, host)
        await self._seat_co_hosts(show, space)
        await self.table.note(show.id, Occurrence(goal.date, space.id, goal.planned))

    async def _created(self, show: Show, goal: PlannedSlot, host: Account | None) -> Space:
        """The space of a date; one that a house which died has made is taken up."""
        wanted = goal.planned.blueprint
        name = shows.space_id(show, goal.date, private=wanted.visibility in PRIVATE)
        other = f"{name[:41]}-{hashlib.sha256(f'{show.seed} {name}'.encode()).hexdigest()[:6]}"
        for each in (name, other):
            wish = c.CreateSpace(
                id=space_id(each),
                title=wanted.title,
                host_seat=SeatId(f"host-{secrets.token_hex(4)}"),
                host_name=show.host_name or (host.name if host else "Host"),
                host_account=host.id if host else "",
                scheduled_ms=goal.planned.at_ms,
                max_seats=wanted.max_seats,
                language=wanted.language,
                description=wanted.description,
                visibility=wanted.visibility,
                show=show.id,
                announcing=wanted.announcing,
            )
            try:
                return await self.spaces.create(wish, rights.ADMIN, made_for=show.owner)
            except Conflict:
                found = await self.spaces.load(each)
                if found.show == show.id:
                    return found
        raise Conflict(f"There are spaces {name!r} and {other!r} already.", code="space-exists")

    async def _seat_co_hosts(self, show: Show, space: Space) -> None:
        """Gives each co-owner of the show a seat, and the same rights in the space."""
        for account in show.co_hosts:
            if account in space.owners or space.shuts_out(account):
                continue
            person = await self._account(account)
            if person is None:
                continue
            if space.seat_of(account) is None:
                seat = SeatId(f"co-{secrets.token_hex(4)}")
                given = c.GiveSeat(seat, person.name, Role.CO_HOST)
                await self.spaces.change(space.id, given, rights.ADMIN)
                space = await self.spaces.change(space.id, c.ClaimSeat(seat, account), rights.seated(seat))
                space = await self._pictures.show(space, space.seats[seat], person)
            space = await self.spaces.change(space.id, setting.SetOwner(account), rights.ADMIN)

    async def _let_go(self, space: Space, account: str) -> None:
        wishes: list[Command] = [setting.SetOwner(account, owner=False)]
        wishes += [
            c.RemoveSeat(seat.id)
            for seat in space.seats.values()
            if seat.account == account and seat.role is not Role.HOST
        ]
        with suppress(CallerError):
            await self.spaces.change(space.id, wishes, rights.ADMIN)

    async def _account(self, account: str) -> Account | None:
        if not account:
            return None
        try:
            return await self.spaces.store.accounts.get(account)
        except NotFound:
            return None

    def _since(self) -> str:
        return (datetime.fromtimestamp(self.spaces.clock(), UTC) - LOOK_BACK).date().isoformat()


def require_led(show: Show, actor: Actor) -> None:
    """Raises :class:`NotAllowed` for whoever does not lead it."""
    if actor.rank is not Rank.ADMIN and not show.led_by(actor.account):
        raise NotAllowed("You do not lead this show; ask whoever does.")


def require_owned(show: Show, actor: Actor) -> None:
    """The same, and co-owners may not either."""
    if actor.rank is not Rank.ADMIN and not (actor.account and actor.account == show.owner):
        raise NotAllowed("Only whoever made this show may do that; ask them.")


def since_of(show: Show, since: str | None, now_ms: int) -> str:
    """The date from which a change holds: the next one when none is said."""
    if since is not None:
        return series.day(since, field="since").isoformat()
    found = shows.coming(show, now_ms, 1)
    return found[0].date if found else datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat()


def with_chapter(show: Show, chapter: ShowChapter) -> Show:
    """The show with what holds from a date on; what was to change later than that is dropped."""
    kept = [each for each in show.chapters if each.since < chapter.since]
    first = not kept
    if first:
        chapter = msgspec.structs.replace(chapter, since="")
    if len(kept) >= series.MOST_CHAPTERS:
        kept = kept[-series.MOST_CHAPTERS + 1 :]
        kept[0] = msgspec.structs.replace(kept[0], since="")
    return msgspec.structs.replace(show, chapters=[*kept, chapter])

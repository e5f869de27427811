"""What a decision does, and what taking it back undoes. Each step may be done twice."""

from __future__ import annotations

from contextlib import suppress

from stentor.base.errors import Conflict, NotFound
from stentor.base.units import SeatId, SpaceId
from stentor.fediverse.policies import ServerSeverity
from stentor.house.accounts.people import People
from stentor.house.accounts.schema import Ruling
from stentor.house.comments.chat import ChatKeeper
from stentor.house.media.service import MediaDesk
from stentor.house.spaces.pictures import Pictures
from stentor.house.spaces.service import Spaces
from stentor.people.model import Account
from stentor.people.moderation import Action, CaseDecision, Thing, ThingKind
from stentor.spaces import commands as c
from stentor.spaces import rights
from stentor.spaces.guests import GuestVerdict
from stentor.store.comments import CommentsTable
from stentor.store.guest_comments import GuestCommentsTable
from stentor.store.person_policies import PersonPolicies
from stentor.store.requests import Requests
from stentor.store.withheld import WithheldTable


class Effects:
    """Of decisions on spaces, comments, requests, posts, accounts and people elsewhere."""

    def __init__(self, spaces: Spaces, people: People, pictures: Pictures, chats: ChatKeeper, media: MediaDesk) -> None:
        self._spaces, self._people, self._pictures, self._chats = spaces, people, pictures, chats
        work = spaces.store.work
        self._media, self._withheld, self._elsewhere = media, WithheldTable(work), PersonPolicies(work)
        self._comments, self._guests, self._line = CommentsTable(work), GuestCommentsTable(work), Requests(work)

    async def carry_out(self, decision: CaseDecision, thing: Thing, by: Account | None, about: Account | None) -> None:
        """Does it. What is gone already, or over, is no error."""
        match decision.action:
            case Action.HIDE:
                with suppress(NotFound, Conflict):
                    await self._hide(thing, about, decision.at_ms)
            case Action.NONE if thing.kind is ThingKind.POST:
                await self._put_back(int(thing.id), decision.at_ms)
            case Action.LABEL:
                await self._withheld.label(int(thing.id), decision.label, now_ms=decision.at_ms)
                await self._put_back(int(thing.id), decision.at_ms)
            case Action.LIMIT | Action.BAN_SITE if thing.server:
                severity = ServerSeverity.LIMIT if decision.action is Action.LIMIT else ServerSeverity.BLOCK
                with suppress(NotFound):
                    await self._elsewhere.put(
                        thing.name, severity, decision.reason, by=decision.by, now_ms=decision.at_ms
                    )
            case Action.MUTE if about:
                await self._leave_lines(about)
            case Action.LIMIT if about:
                await self._withheld.limit(about.id, on=True, now_ms=decision.at_ms)
            case Action.BAN_SPACE:
                await self._ban_from_space(decision, thing, about)
            case Action.BAN_SITE if about:
                await self._ban_from_site(by, about)

        if thing.kind is ThingKind.POST and decision.action not in (Action.NONE, Action.LABEL, Action.HIDE):
            await self._withheld.close_held(int(thing.id), now_ms=decision.at_ms)

    async def undo(self, decision: CaseDecision, thing: Thing, by: Account | None, about: Account) -> None:
        """Takes back what can be: a name that was reset its person writes anew."""
        match decision.action:
            case Action.HIDE if thing.kind is ThingKind.SPACE:
                with suppress(NotFound, Conflict):
                    await self._spaces.change(thing.space, c.SetListed(True), rights.ADMIN)
            case Action.HIDE if thing.kind is ThingKind.COMMENT and thing.text:
                await self._comments.restore(SpaceId(thing.space), about.id, thing.text, at_ms=thing.at_ms)
                await self._chats.changed(thing.space)
            case Action.HIDE if thing.kind is ThingKind.POST:
                await self._put_back(int(thing.id), decision.at_ms)
            case Action.LABEL:
                await self._withheld.label(int(thing.id), "", now_ms=decision.at_ms)
            case Action.LIMIT:
                await self._withheld.limit(about.id, on=False, now_ms=decision.at_ms)
            case Action.BAN_SPACE:
                await self._comments.lift(SpaceId(thing.space), about.id)
                with suppress(NotFound, Conflict):
                    found = await self._spaces.load(thing.space)
                    held = [seat for seat, account in found.banned_accounts.items() if account == about.id]
                    await self._spaces.change(found.id, [c.LiftBan(SeatId(seat)) for seat in held], rights.ADMIN)
            case Action.BAN_SITE:
                await self._people.rule(by, about, Ruling(suspended=False))

    async def limited(self, account: str) -> bool:
        """Whether what an account posts stands in no list of the site."""
        return await self._withheld.limited(account)

    async def _put_back(self, post: int, at_ms: int) -> None:
        """Pictures first, then the post; what is not withheld stays as it is."""
        await self._media.show(await self._withheld.pictures_of(post))
        await self._withheld.put_back(post, now_ms=at_ms)

    async def _hide(self, thing: Thing, about: Account | None, at_ms: int) -> None:
        match thing.kind:
            case ThingKind.COMMENT:
                await self._comments.remove(SpaceId(thing.space), int(thing.id))
                await self._chats.changed(thing.space)
            case ThingKind.GUEST_COMMENT:
                await self._guests.remove(SpaceId(thing.space), int(thing.id))
                await self._chats.changed(thing.space)
            case ThingKind.SEAT:
                await self._line.drop(SpaceId(thing.space), SeatId(thing.id))
                self._spaces.follow_up(SpaceId(thing.space))
                await self._spaces.change(thing.space, c.RemoveSeat(SeatId(thing.id)), rights.ADMIN)
            case ThingKind.SPACE:
                await self._spaces.change(thing.space, c.SetListed(False), rights.ADMIN)
            case ThingKind.POST:
                taken = await self._withheld.take_down(int(thing.id), now_ms=at_ms)
                await self._media.hide(taken)
            case ThingKind.PERSON if about:
                await self._people.store.change(about.id, name=about.handle, bio="", now_ms=at_ms)
                await self._pictures.remove(about)
                for each in self._spaces.of_people:
                    each()

    async def _ban_from_space(self, decision: CaseDecision, thing: Thing, about: Account | None) -> None:
        space = SpaceId(thing.space)
        if thing.kind is ThingKind.GUEST_COMMENT:
            with suppress(NotFound):
                await self._guests.judge(space, int(thing.id), GuestVerdict.SILENCE, at_ms=decision.at_ms)
        elif about:
            await self._comments.silence(space, about.id, at_ms=decision.at_ms)
            await self._line.drop_all(about.id, space)
            await self._shut_out(space, about, decision.number)
        else:
            ban = c.BanPerson(SeatId(thing.id), thing.name or thing.text, "")
            with suppress(NotFound, Conflict):
                await self._line.drop(space, SeatId(thing.id))
                await self._spaces.change(space, ban, rights.HOUSE)
                await self._spaces.change(space, c.RemoveSeat(SeatId(thing.id)), rights.ADMIN)
        self._spaces.follow_up(space)
        await self._chats.changed(space)

    async def _shut_out(self, space: SpaceId, about: Account, number: int) -> None:
        """Takes the seats of an account away, and gives it none again; nothing where the space is over."""
        with suppress(NotFound, Conflict):
            found = await self._spaces.load(space)
            seats = [seat.id for seat in found.seats.values() if seat.account == about.id]
            if seats:
                await self._spaces.change(space, [c.BanSeat(seat) for seat in seats], rights.ADMIN)
            ban = c.BanPerson(SeatId(f"decision-{number}"), about.name, about.id)
            await self._spaces.change(space, ban, rights.HOUSE)

    async def _ban_from_site(self, by: Account | None, about: Account) -> None:
        await self._people.rule(by, about, Ruling(suspended=True))
        await self._leave_lines(about)
        for space, seat in await self._spaces.seats_of(about.id):
            with suppress(NotFound, Conflict):
                await self._spaces.change(space.id, c.BanSeat(seat.id), rights.ADMIN)

    async def _leave_lines(self, about: Account) -> None:
        for space in await self._line.drop_all(about.id):
            self._spaces.follow_up(space)

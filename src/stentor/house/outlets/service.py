"""Outlets of people: connected, chosen for a space, and handed over to couriers at its moments."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from stentor.base.clock import Clock, unix_ms
from stentor.base.errors import BadInput, Conflict, NotFound, Overloaded, SetupError
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.seal import Seal
from stentor.bus.jobs import JobQueue
from stentor.house.outlets.newsletters import NewsletterDesk
from stentor.house.pace.budget import ArrivalBudget
from stentor.outlets import words
from stentor.outlets.contract import OutletAdapter, OutletField
from stentor.outlets.kinds import OUTLETS, WEIGHTS, X
from stentor.outlets.webhooks import template
from stentor.spaces import hooks
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import ON_AIR, Space, State
from stentor.store.jobs import Job
from stentor.store.newsletters import mark_of
from stentor.store.outlet_costs import OutletCosts
from stentor.store.outlets import (
    JOB,
    SEALED,
    TELL,
    OutletChoice,
    OutletPostRow,
    OutletRow,
    OutletsTable,
    OutletState,
)
from stentor.store.reach import ReachTable
from stentor.wire.ways import NEWSLETTER

OUTLET_PEOPLE: Final = 100
"""So many are told by a post elsewhere. Assumed: no network says it before."""
LONGEST_FIELD: Final = 500
CONNECTS: Final = Bucket(burst=10, refill_ms=60_000)
"""Each is a request to a server that somebody names."""


class OutletMoney(msgspec.Struct, frozen=True):
    """What posts at X cost, in US dollars, and may cost in a month; ``client`` is what it calls this site."""

    costs: OutletCosts
    client: str
    post: float
    month: float


class OutletDesk:
    """Methods raise :class:`Overloaded` without the database or the bus."""

    def __init__(
        self, table: OutletsTable, reach: ReachTable, queue: JobQueue, seal: Seal, budget: ArrivalBudget, clock: Clock,
        site: str, home: str, newsletters: NewsletterDesk, money: OutletMoney,
    ) -> None:  # fmt: skip
        """``site`` is where pages are, ``home`` where the house is."""
        self.money = money
        self.kinds = {kind: each for kind, each in OUTLETS.items() if kind != X or money.client}
        """Those that can be connected here."""
        self.table, self.site, self.home, self.newsletters = table, site, home, newsletters
        self._reach, self._queue, self.seal, self._budget, self._clock = reach, queue, seal, budget, clock
        self._connects = RateLimit(CONNECTS, _too_many)

    def handlers(self) -> Mapping[str, Callable[[Job], Awaitable[None]]]:
        """What a house does by itself, for ``duty.jobs``."""
        return {TELL: self.tell, **self.newsletters.handlers()}

    async def connect(self, account: str, kind: str, given: Mapping[str, str]) -> int:
        """Keeps what a host has filled in, sealed, and has a courier look whose account it is. Raises
        :class:`BadInput`, :class:`Conflict`."""
        if kind == NEWSLETTER:
            return await self._begin_newsletter(account)
        outlet = self.kinds.get(kind)
        if outlet is None:
            raise BadInput("There is no such outlet.", field="kind")
        if not any(each.secret for each in outlet.fields):
            raise BadInput("This is connected in the browser.", field="kind")
        return await self.keep(account, outlet, checked(outlet.fields, given))

    async def keep(self, account: str, outlet: OutletAdapter, secret: Mapping[str, str], number: int = 0) -> int:
        """Keeps the secret of a new outlet, or of one that is there, and has a courier look. Raises
        :class:`Conflict`, :class:`Overloaded`."""
        self._connects.spend(account, self._clock())
        sealed, host = self.seal.close(msgspec.json.encode(secret), SEALED), hooks.host_of(outlet.host(secret))
        if number:
            await self.table.renew(number, sealed, host)
        else:
            number = await self.table.add(account, outlet.kind, sealed, host, now_ms=self._now_ms)
        await self.look(number, host)
        return number

    async def _begin_newsletter(self, account: str) -> int:
        if not self.newsletters.post.on:
            raise Conflict("This site sends no e-mail.", code="mail-off")
        for each in await self.table.of_account(account):
            if each.kind == NEWSLETTER:
                return each.number
        return await self.table.add(account, NEWSLETTER, "", "", now_ms=self._now_ms)

    async def renew(self, account: str, number: int, given: Mapping[str, str]) -> None:
        """Another token or password for an outlet; what was chosen stays. Raises :class:`NotFound`,
        :class:`BadInput`."""
        row = await self.mine(account, number)
        outlet = OUTLETS.get(row.kind)
        if outlet is None or not any(each.secret for each in outlet.fields):
            raise BadInput("Nothing is filled in for this outlet.", field="kind")
        await self.keep(account, outlet, checked(outlet.fields, given), number)

    async def filled_in(self, number: int) -> dict[str, str]:
        """What was filled in for an outlet, without its secrets; nothing where another key has sealed it."""
        found = await self.table.secret(number)
        outlet = OUTLETS.get(found[0].kind) if found else None
        if found is None or outlet is None:
            return {}
        try:
            kept = msgspec.json.decode(self.seal.open(found[1], SEALED), type=dict[str, str])
        except SetupError:
            return {}
        return {each.name: kept[each.name] for each in outlet.fields if not each.secret and each.name in kept}

    async def mine(self, account: str, number: int) -> OutletRow:
        """One of somebody's; raises :class:`NotFound`."""
        for each in await self.table.of_account(account):
            if each.number == number:
                return each
        raise NotFound("There is no such outlet.", code="outlet-missing")

    async def look(self, number: int, host: str) -> None:
        """Has a courier look whose account it is, and whether it may still post there."""
        if not host:  # a newsletter
            return
        key = f"check.{number}.{secrets.token_hex(4)}"
        payload = {"outlet": number, "check": 1}
        await self._queue.put(
            JOB, key, payload, host=host, now_ms=self._now_ms, subject=f"outlet {number}", what="outlet.check"
        )

    async def choose(self, space: Space, account: str, choice: OutletChoice) -> None:
        """What of a space is posted at an outlet from now on. Raises :class:`Conflict`, :class:`BadInput`."""
        require_public(space)
        kinds = {each.number: each.kind for each in await self.table.of_account(account)}
        if choice.outlet not in kinds:
            raise BadInput("This outlet is not yours.", field="outlet")
        if kinds[choice.outlet] in words.ONCE and len(choice.moments) > 1:
            raise BadInput("Each post costs money there: choose one moment.", field="moments")
        if any(len(each) > words.LONGEST_WORDS for each in (choice.words, *choice.own.values())):
            raise BadInput(f"At most {words.LONGEST_WORDS} characters.", field="words", reason="outlet-words")
        await self.table.choose(space, choice, moment_now(space), now_ms=self._now_ms)

    async def again(self, space: Space, account: str, number: int, moment: SpaceMoment) -> None:
        """A host has looked that a post is not there, and wants it. Raises :class:`NotFound`."""
        if number not in {each.number for each in await self.table.of_account(account)}:
            raise BadInput("This outlet is not yours.", field="outlet")
        await self.table.again(space.id, number, moment, now_ms=self._now_ms)

    async def tell(self, job: Job) -> None:
        """Hands a moment of a space over, once for each outlet that is to post it, each in its turn."""
        moment = SpaceMoment(str(job.payload["moment"]))
        expected = await self.table.expect(job.key, moment, now_ms=self._now_ms)
        waiting = sorted(expected, key=lambda each: each[0].kind == NEWSLETTER)  # which may find the line of mails full
        calls, people = moment in words.CALLS, [0 if each.kind == NEWSLETTER else OUTLET_PEOPLE for each, _ in waiting]
        moments = await self._budget.moments(people) if calls else [0] * len(waiting)
        for (outlet, tries), due_ms in zip(waiting, moments, strict=True):
            if outlet.kind == NEWSLETTER:
                await self._tell_subscribers(outlet, job, moment)
                continue
            fresh = await self._queue.put(
                JOB, f"{outlet.number}.{job.key}.{moment}.{tries}",
                {"space": job.key, "outlet": outlet.number, "moment": moment.value, "tries": tries},
                host=outlet.host, now_ms=self._now_ms, due_ms=due_ms, subject=f"outlets {job.key}"[:64],
                what=f"outlet.{moment}",
            )  # fmt: skip
            if fresh:
                await self._reach.sent(job.key, outlet.kind, sent=1)

    async def _tell_subscribers(self, outlet: OutletRow, job: Job, moment: SpaceMoment) -> None:
        """Orders the mails of a newsletter. A house that dies within does it again: nobody gets two."""
        done = await self.newsletters.hand_over(outlet.number, job.key, moment, job.made_ms)
        state, trouble = (OutletState.DONE, "") if done else (OutletState.REFUSED, "mail-off")
        for post in await self.table.posts(job.key):
            if (post.outlet, post.moment) == (outlet.number, moment):
                await self.table.ended(post, state, trouble=trouble)

    async def shown(self, space: Space, account: str) -> Sequence[tuple[OutletRow, OutletChoice | None]]:
        """The outlets of somebody with what of a space is posted there."""
        chosen = {each.outlet: each for each in await self.table.choices(space.id)}
        return [(each, chosen.get(each.number)) for each in await self.table.of_account(account)]

    async def posts(self, space: Space) -> Mapping[int, Sequence[OutletPostRow]]:
        """What was or is to be posted of a space, by outlet."""
        found: dict[int, list[OutletPostRow]] = {}
        for each in await self.table.posts(space.id):
            found.setdefault(each.outlet, []).append(each)
        return found

    @staticmethod
    def number(text: str) -> int:
        """The number of an outlet as it stands in an address; raises :class:`NotFound`."""
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise NotFound("There is no such outlet.", code="outlet-missing")
        return int(text)

    @staticmethod
    def moment(name: str) -> SpaceMoment:
        """A moment by its name; raises :class:`NotFound`."""
        try:
            return SpaceMoment(name)
        except ValueError:
            raise NotFound("There is no such moment.", code="outlet-missing") from None

    async def reached(self, post: OutletPostRow) -> int:
        """To how many a mail of a newsletter went so far."""
        return await self.newsletters.table.sent(post.outlet, mark_of(post.space, post.moment))

    def preview(self, space: Space, moment: SpaceMoment, own: str, kind: str) -> str:
        """The post as it would be now."""
        link = words.link_of(space, self.site, kind, moment)
        longest = OUTLETS[kind].longest if kind in OUTLETS else words.LONGEST_WORDS
        return words.compose(space, moment, own, link, longest, WEIGHTS.get(kind, len))

    async def spent(self) -> str:
        """What posts at X have cost this month, in US dollars."""
        return f"{await self.money.costs.spent(X, self._now_ms) / 1_000_000:.2f}"

    @property
    def _now_ms(self) -> int:
        return unix_ms(self._clock())


def checked(fields: Sequence[OutletField], given: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, as it is kept. Raises :class:`BadInput`."""
    found = {}
    for field in fields:
        value = given.get(field.name, "").strip() or field.given
        if field.template:
            found[field.name] = template(value)
            continue
        if field.signing and not value:
            continue
        if field.address and "://" not in value and value:
            value = f"https://{value}"
        if not value or len(value) > LONGEST_FIELD or not value.isprintable():
            said = f"Fill in all fields; each has at most {LONGEST_FIELD} characters."
            raise BadInput(said, field=field.name, reason="outlet-field")
        if field.signing:
            hooks.secret_of(value)
        found[field.name] = hooks.checked_url(value) if field.address else value
    return found


def require_public(space: Space) -> None:
    """Raises :class:`Conflict` for a space that is announced to nobody."""
    if space.private or space.removed is not None:
        raise Conflict("Only spaces that everybody may hear are announced.", code="outlet-private")


def moment_now(space: Space) -> SpaceMoment | None:
    """The moment at which a space is, which is posted at once when an outlet is chosen."""
    if space.state is State.SCHEDULED:
        return SpaceMoment.PLANNED if space.scheduled_ms is not None else None
    if space.state is State.DOORS_OPEN:
        return SpaceMoment.DOORS
    return SpaceMoment.LIVE if space.state in ON_AIR else None


def _too_many(wait_s: float) -> Overloaded:
    return Overloaded("That was often; wait a little.", retry_after_s=wait_s, status=429, code="too-fast")

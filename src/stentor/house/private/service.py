"""Lets listeners into private spaces: by an account, a password or a ticket. What they get is a pass.

Nobody learns here whether there is a space: an unknown one is answered as one whose word was wrong, after as much work.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import aclosing

from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import BadInput, Conflict, NotAllowed, NotFound, Overloaded
from stentor.bus.documents import Gone
from stentor.bus.revocations import EVERY_HOLDER, EVERY_SPACE, Revocation, Revocations, RevokedPasses
from stentor.bus.status import Statuses
from stentor.crowd.addresses import source
from stentor.house.accounts.passwords import Passwords
from stentor.house.accounts.people import People
from stentor.house.private import schema
from stentor.house.spaces.service import Spaces
from stentor.people import checks
from stentor.people.digests import digest
from stentor.people.model import Account
from stentor.spaces import commands as c
from stentor.spaces import private, rights
from stentor.spaces.model import Space
from stentor.spaces.private import Pass
from stentor.spaces.rights import Actor
from stentor.spaces.visibility import PRIVATE, Visibility
from stentor.store.jobs import Job, Jobs, Wanted
from stentor.store.tickets import PrivateTable

CODE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for another one."""
CODE_LENGTH = 12
"""31^12 is 2^59: at ten tries a minute nobody finds one."""
REVOKE = "revoke-passes"


class Listeners:
    """``doors`` is the key that house and edges share."""

    def __init__(self, spaces: Spaces, statuses: Statuses, people: People, settings: Settings, doors: bytes) -> None:
        self._spaces, self._statuses, self._limit = spaces, statuses, people.limit
        self._table = PrivateTable(spaces.store.work)
        self._passwords = Passwords()
        self._right: dict[str, tuple[str, bytes]] = {}
        """Of each space the password that was right last: its stored hash, and a keyed digest of itself."""
        self._memory_key = secrets.token_bytes(32)
        self._secret = private.secret(doors)
        self._revocations, self._revoked = Revocations(spaces.bus), RevokedPasses()
        self._audience = settings.audience_address
        spaces.on_shut_out, people.on_gone = self.end, self.end_all
        self._secure = settings.house_address.startswith("https://")

    def cookie(self, space: str) -> str:
        """The name of the cookie with a pass to a space."""
        return f"{'__Host-' if self._secure else ''}{private.COOKIE}{space}"

    def base(self, space: Space) -> str:
        """The path below which everything of a private space lies now."""
        return f"/s/{space.id}{private.below(private.keys(self._secret, space, self._spaces.clock())[0])}"

    async def find(self, space: str) -> Space | None:
        """The space, None where there is none, and for what is no id."""
        try:
            return await self._spaces.load(space)
        except (NotFound, BadInput):
            return None

    def has_pass(self, space: Space, text: str) -> bool:
        """Whether a pass holds: we have signed it, its time is not over, and its holder was not shut out since."""
        found = private.check(self._secret, space.id, text, now=self._spaces.clock())
        return found is not None and not self._revoked.has(space.id, found)

    async def follow(self) -> None:
        """Keeps whose passes hold no more, also of what other houses say; for ever."""
        async with aclosing(self._revocations.watch()) as following:
            async for told in following:
                if isinstance(told, Gone):
                    self._revoked.forget(told.key)
                else:
                    self._revoked.hear(told)

    async def by_account(self, space: Space, account: Account | None, actor: Actor) -> Pass | None:
        """The pass of somebody who is signed in or brings a token: of members or of those who are invited, and of
        those with a seat."""
        if account is None:
            seated = rights.rank(actor, space) is not rights.Rank.ANYONE
            return self._given(private.of_account(self._secret, f"{space.id} {actor.seat}")) if seated else None
        if space.shuts_out(account.id):
            return None
        member = space.visibility is Visibility.MEMBERS
        if space.visibility is Visibility.INVITED:
            member = await self._table.is_invited(space.id, account.id)
        if not (member or rights.rank(actor, space) is not rights.Rank.ANYONE):
            return None
        return self._given(private.of_account(self._secret, account.id))

    async def by_word(self, name: str, word: str, address: str) -> tuple[Space, Pass]:
        """The pass for a password or a ticket's code; raises :class:`NotAllowed` when it is wrong or there is no such
        space, :class:`Overloaded` (429) after too many wrong ones of an address."""
        tries = f"enter {source(address)}"
        await self._limit.spend(tries)
        space = await self.find(name)
        given = await self._fits(space, word.strip())
        if space is None or given is None:
            raise NotAllowed("That is not right; look at what you were given once more.", code="wrong-word")
        await self._limit.refund(tries)
        return space, given

    def text(self, space: Space, given: Pass) -> str:
        return private.issue(self._secret, space.id, given)

    async def choose(self, space: str, wish: schema.VisibilityChoice, actor: Actor) -> Space:
        """Who may hear a space. Another choice ends all passes, a new password those that the old one gave."""
        found = await self._spaces.load(space)
        rights.require(actor, c.SetVisibility(wish.visibility), found)
        known = await self._table.password(found.id)
        self.require_choice(wish.visibility, wish.password, known)
        other = wish.visibility is not private.chosen(found)
        if other:  # before and after: the one for a bus that is away, the other for who comes in between
            await self._revoke_all(found.id)
        if wish.password is not None:
            await self.set_password(found.id, wish.password)
        after = await self._spaces.change(
            space, c.SetVisibility(wish.visibility, anew=wish.password is not None), actor
        )
        if other:
            await self._revoke_all(found.id)
        return after

    async def set_password(self, space: str, password: str) -> None:
        await self._table.set_password(space, await self._passwords.hash(password), unix_ms(self._spaces.clock()))
        await self._revoke(space, holder_of_password(self._secret, space))

    def require_choice(self, visibility: Visibility, password: str | None, known: str | None = None) -> None:
        """Raises :class:`BadInput` for a password too many or too few, :class:`Conflict` while a process runs that
        would show a private space to everybody."""
        if password is not None and visibility is not Visibility.PASSWORD:
            raise BadInput("A password goes with visibility: password.", field="password")
        if visibility is Visibility.PASSWORD and password is None and known is None:
            raise BadInput("Choose a password of 8 characters or more.", field="password")
        if visibility in PRIVATE and not self._statuses.reads_private(self._spaces.clock()):
            raise Conflict(
                "A part of an older version still runs; bring everything to this version first.", code="older-version"
            )

    async def add_tickets(self, space: str, names: Sequence[str], actor: Actor) -> list[schema.MadeTicket]:
        """Makes a ticket for each name."""
        found = await self._spaces.load(space)
        rights.require(actor, c.SetVisibility(Visibility.TICKETS), found)
        codes = ["".join(secrets.choice(CODE) for _ in range(CODE_LENGTH)) for _ in names]
        told = [(checks.normal(name), digest(code)) for name, code in zip(names, codes, strict=True)]
        numbers = await self._table.add(found.id, told)
        return [
            schema.MadeTicket(number, name, code, f"{self._audience}/enter/{found.id}#{code}")
            for number, name, code in zip(numbers, names, codes, strict=True)
        ]

    async def tickets(self, space: str, actor: Actor) -> list[schema.TicketView]:
        found = await self._spaces.load(space)
        rights.require(actor, c.SetVisibility(Visibility.TICKETS), found)
        return [schema.TicketView(*row) for row in await self._table.tickets(found.id)]

    async def withdraw(self, space: str, number: int, actor: Actor) -> Space:
        """Takes a ticket back: its code opens nothing, and who listens with it hears no more."""
        found = await self._spaces.load(space)
        rights.require(actor, c.SetVisibility(Visibility.TICKETS), found)
        await self._table.withdraw(found.id, number)
        await self._revoke(found.id, private.of_ticket(self._secret, found.id, number))
        return await self._spaces.change(space, c.SetVisibility(found.visibility, anew=True), actor)

    async def invited(self, space: str, actor: Actor) -> schema.ListenerList:
        """Who is on the list of a space, and who is shut out of it."""
        found = await self._spaces.load(space)
        rights.require(actor, c.SetVisibility(Visibility.INVITED), found)
        return schema.ListenerList(
            [schema.ListenerView(*row) for row in await self._table.invited(found.id)],
            [schema.ListenerView(*row) for row in await self._table.people(found.shut_out)],
        )

    async def invite(self, space: str, account: str, actor: Actor) -> None:
        """Puts somebody on the list of a space; it counts where ``invited`` is chosen."""
        found = await self._spaces.load(space)
        rights.require(actor, c.SetVisibility(Visibility.INVITED), found)
        await self._table.invite(found.id, account, unix_ms(self._spaces.clock()))

    async def uninvite(self, space: str, account: str, actor: Actor) -> None:
        """Takes somebody off the list; where it counts they hear no more."""
        found = await self._spaces.load(space)
        rights.require(actor, c.SetVisibility(Visibility.INVITED), found)
        await self._table.uninvite(found.id, account)
        if found.visibility is Visibility.INVITED:
            await self.end(found.id, account)
            await self._spaces.change(space, c.SetVisibility(found.visibility, anew=True), actor)

    async def shut_out(self, space: str, account: str, actor: Actor) -> Space:
        """An account hears a private space no more."""
        after = await self._spaces.change(space, c.ShutOut(account), actor)
        await self.end(after.id, account)
        return after

    async def end(self, space: str, account: str) -> None:
        """No pass of an account to this space opens anything any more."""
        await self._revoke(space, private.of_account(self._secret, account))

    async def end_all(self, account: str) -> None:
        """No pass of an account opens anything any more, in no space: it was suspended."""
        await self._revoke(EVERY_SPACE, private.of_account(self._secret, account))

    async def _revoke(self, space: str, holder: bytes) -> None:
        # One later than now: what was given in this very millisecond is meant, too.
        await self._tell(Revocation(space, holder.hex(), unix_ms(self._spaces.clock()) + 1))

    async def _revoke_all(self, space: str) -> None:
        await self._tell(Revocation(space, EVERY_HOLDER, unix_ms(self._spaces.clock()) + 1))

    async def _tell(self, told: Revocation) -> None:
        """Now, or by a job as soon as the bus takes it."""
        self._revoked.hear(told)
        try:
            await self._revocations.put(told)
        except Overloaded:
            wanted = Wanted(REVOKE, key=f"{told.space}.{told.holder}", payload={"before_ms": told.version})
            await Jobs(self._spaces.store.work).add([wanted], now_ms=unix_ms(self._spaces.clock()))

    async def revoke_late(self, job: Job) -> None:
        """Says what the bus did not take; raises :class:`Overloaded` while it does not."""
        space, _, holder = job.key.partition(".")
        await self._revocations.put(Revocation(space, holder, int(job.payload["before_ms"])))

    async def _fits(self, space: Space | None, word: str) -> Pass | None:
        """The same work whether there is such a space or not, and whatever it takes."""
        name = space.id if space is not None else ""
        number = await self._table.find(name, digest(word.lower()))
        stored = await self._table.password(name)
        right = await self._is_right(name, stored, word)
        if space is None:
            return None
        if space.visibility is Visibility.PASSWORD and right:
            return self._given(holder_of_password(self._secret, space.id))
        if space.visibility is not Visibility.TICKETS or number is None:
            return None
        holder = private.of_ticket(self._secret, space.id, number)
        now_ms = unix_ms(self._spaces.clock()) + 1
        await self._table.use(space.id, number, now_ms)
        await self._tell(Revocation(space.id, holder.hex(), now_ms))
        return self._given(holder, now_ms)

    async def _is_right(self, space: str, stored: str | None, word: str) -> bool:
        """A password that was right a moment ago is known again without argon2: a crowd comes with the same one."""
        seen = hashlib.blake2b(word.encode(), key=self._memory_key).digest()
        if stored is not None and self._right.get(space) == (stored, seen):
            return True
        right = await self._passwords.fits(word, stored)
        if right and stored is not None:
            self._right[space] = stored, seen
        return right

    def _given(self, holder: bytes, issued_ms: int = 0) -> Pass:
        now = self._spaces.clock()
        return Pass(holder, issued_ms or unix_ms(now), round(now) + private.PASS_S)


def holder_of_password(key: bytes, space: str) -> bytes:
    """All who come by the password have one holder: a new password ends them all."""
    return private.of_ticket(key, space, 0)

"""Guests' comments at the house: who may write, what is held, and what those who keep order answer.

Addresses are counted in memory for a while and never stored.
"""

from __future__ import annotations

import secrets

from stentor.base import log, words
from stentor.base.clock import unix_ms
from stentor.base.config import Settings
from stentor.base.errors import Conflict, Overloaded
from stentor.base.rate_limit import Bucket, RateLimit
from stentor.base.units import SpaceId
from stentor.crowd.addresses import source
from stentor.house.comments import schema
from stentor.house.comments.chat import ChatKeeper, too_many
from stentor.house.spaces.service import Spaces
from stentor.spaces import comments, guests, rights
from stentor.spaces.guests import GuestComment, GuestHistory, GuestVerdict
from stentor.spaces.model import Space
from stentor.spaces.rights import Actor, Look
from stentor.store.guest_comments import GuestCommentsTable

ADDRESS_LIMIT = Bucket(burst=20, refill_ms=5000)
"""An address sends twenty at once, and then one every five seconds: people in one hall share it."""
SPACE_LIMIT = Bucket(burst=20, refill_ms=200)
"""Five a second are looked at in one space: nobody approves more, and the database has other things to do."""


def _too_fast(wait_s: float) -> Overloaded:
    said = "Too many comments came from your address; wait a little."
    return Overloaded(said, retry_after_s=wait_s, status=429, code="too-many-comments")


class GuestComments:
    """Of all spaces. ``key`` signs the passes of devices."""

    def __init__(self, spaces: Spaces, chats: ChatKeeper, settings: Settings, key: bytes) -> None:
        self._spaces, self._chats, self._key = spaces, chats, key
        self._table = GuestCommentsTable(spaces.store.work)
        self._forbidden = words.parse(settings.comments_words.split(","))
        self._addresses = RateLimit(ADDRESS_LIMIT, _too_fast)
        self._flow = RateLimit(SPACE_LIMIT, too_many)
        self._log = log.get("house")

    async def write(self, space: str, wish: schema.NewGuestComment, *, address: str) -> schema.GuestCommentView:
        """Keeps a comment, held or shown. What is too much is refused before anything is looked up.

        Raises what :func:`guests.admit` does, :class:`Conflict` (``guests-off``) and :class:`Overloaded` (429).
        """
        if not self._chats.guests:
            raise Conflict("On this site one comments with an account; sign in, or make one.", code="guests-off")
        now = self._spaces.clock()
        self._addresses.spend(source(address), now)
        self._flow.spend(space, now)
        found = await self._spaces.load(space)
        known = guests.device(wish.device, self._key)
        own = wish.device if known else guests.new_pass(secrets.token_bytes(guests.PASS_BYTES), self._key)
        device = known or guests.device(own, self._key) or ""
        at_ms = unix_ms(now)

        def admit(current: Space, past: GuestHistory) -> GuestComment:
            state = comments.asks(self._chats.state(current)) if wish.question else self._chats.state(current)
            return guests.admit(current, state, wish.name, wish.text, past, forbidden=self._forbidden, at_ms=at_ms)

        _, made = await self._table.add(
            found.id, guests.digest(device, found.id), at_ms=at_ms, admit=admit, question=wish.question
        )
        await self._chats.changed(found.id)
        return schema.GuestCommentView(made.held, made.name, made.text, own)

    async def moderation(self, space: str, actor: Actor) -> schema.GuestModeration:
        """All that those who keep order need."""
        return await self._moderation(await self._led(space, actor))

    async def judge(self, space: str, comment: int, verdict: GuestVerdict, actor: Actor) -> schema.GuestModeration:
        """Approves a comment, trusts its writer or shuts them out; raises :class:`NotFound`."""
        found = await self._led(space, actor)
        await self._table.judge(found, comment, verdict, at_ms=unix_ms(self._spaces.clock()))
        return await self._done(found, verdict.value, comment=comment)

    async def remove(self, space: str, comment: int, actor: Actor) -> schema.GuestModeration:
        """Refuses a comment, or takes away one that was approved; raises :class:`NotFound`."""
        found = await self._led(space, actor)
        await self._table.remove(found, comment)
        return await self._done(found, "remove", comment=comment)

    async def refuse_held(self, space: str, actor: Actor) -> schema.GuestModeration:
        """Refuses all that waits."""
        found = await self._led(space, actor)
        count = await self._table.refuse_held(found)
        return await self._done(found, "refuse-held", count=count)

    async def forget(self, space: str, guest: str, actor: Actor) -> schema.GuestModeration:
        """What a guest writes is held again, as anybody's."""
        found = await self._led(space, actor)
        await self._table.forget(found, guest)
        return await self._moderation(found)

    async def _led(self, space: str, actor: Actor) -> SpaceId:
        """The space, for those who keep order there."""
        found = await self._spaces.load(space)
        rights.require(actor, Look.COMMENTS, found)
        return found.id

    async def _done(self, space: SpaceId, deed: str, **about: int) -> schema.GuestModeration:
        self._log.info("guest-comments", space=space, deed=deed, **about)
        await self._chats.changed(space)
        return await self._moderation(space)

    async def _moderation(self, space: SpaceId) -> schema.GuestModeration:
        return schema.GuestModeration(
            opens=self._chats.guests,
            held=[
                schema.HeldComment(each.id, each.guest, each.name, each.text, each.at_ms)
                for each in await self._table.held(space)
            ],
            guests=[schema.GuestView(each.guest, each.name, each.standing) for each in await self._table.guests(space)],
        )

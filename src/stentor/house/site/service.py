"""Keeps name, looks, texts and rules of the site: in the database, and as an object that edges read.

Each house looks every few seconds whether another one has changed them, and writes the object when it is not as it
should be, so one that was lost comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stentor.base.config import Settings
from stentor.house.site.reread import Reread
from stentor.house.site.schema import SiteChange
from stentor.house.uploads.readers import Readers
from stentor.people import site
from stentor.people.model import Creators, SignUp, SiteRole
from stentor.people.site import SiteLook, SiteRules, SiteWishes
from stentor.social import filters
from stentor.social.filters import PostRules
from stentor.spaces.model import Keep
from stentor.spaces.retention import of_site
from stentor.store.objects import Objects
from stentor.store.retention import StorageLimits
from stentor.store.site import SiteTable


class SiteKeeper(Reread):
    """``run`` is a task of the role. ``wishes``, ``look`` and ``post_rules`` are as they were read last."""

    named = "site-not-written"

    def __init__(self, table: SiteTable, objects: Objects, settings: Settings) -> None:
        self._table, self._objects = table, objects
        self._usual = SiteRules(SignUp(settings.sign_up), Creators(settings.create_spaces))
        self._keep, self._room = of_site(settings), StorageLimits(settings.quota_gb, settings.account_gb)
        self.wishes, self.look = SiteWishes(), SiteLook()
        self.post_rules = PostRules()
        self._written = b""

    @property
    def rules(self) -> SiteRules:
        """Who may come in, and what members may do."""
        return site.in_force(self.wishes, self._usual)

    @property
    def keep(self) -> Keep:
        """How long things are kept: what administrators have set, else what the installation says."""
        set_ = {"recording": self.wishes.keep_recordings, "comments": self.wishes.keep_comments}
        set_ |= {"sounds": self.wishes.keep_sounds, "events": self.wishes.keep_events}
        return msgspec.structs.replace(self._keep, **{name: days for name, days in set_.items() if days is not None})

    @property
    def room(self) -> StorageLimits:
        """How much room recordings may have, by the same rule."""
        site, account = self.wishes.quota_gb, self.wishes.account_gb
        return StorageLimits(
            self._room.site_gb if site is None else site, self._room.account_gb if account is None else account
        )

    async def read(self) -> None:
        """Reads what is set, and writes the object unless it is there as it is; raises :class:`Overloaded`."""
        wishes, logo = await self._table.read()
        if (wishes, logo) != (self.wishes, self.look.logo):
            self.wishes, self.look = wishes, site.look(wishes, logo)
            self.post_rules = filters.rules(wishes.refuse_words, wishes.hold_words, wishes.blocked_places)
        document = msgspec.json.encode(self.look)
        if document != self._written:
            await self._objects.put(site.KEY, document)
            self._written = document

    async def change(self, wish: SiteChange) -> None:
        """Sets what is wished; what is left out stays. Raises :class:`BadInput`, :class:`Overloaded`."""
        found = {name: value for name, value in msgspec.structs.asdict(wish).items() if value is not msgspec.UNSET}
        checked = {name: _checked(name, value) for name, value in found.items()}
        await self._table.change(lambda known: msgspec.structs.replace(known, **checked))
        await self.read()

    async def set_group_roles(self, change: Callable[[Mapping[str, SiteRole]], dict[str, SiteRole]]) -> None:
        """Which groups of the sign-in provider give which role; ``change`` makes the new rows of the old."""
        await self._table.change(lambda known: msgspec.structs.replace(known, group_roles=change(known.group_roles)))
        await self.read()

    async def plan_backups(self, hour: int | None, keep: int) -> None:
        """When backups are made each day (an hour of UTC; None for never), and how many are kept."""
        await self._table.change(lambda known: msgspec.structs.replace(known, backup_hour=hour, backup_keep=keep))
        await self.read()

    async def set_logo(self, data: bytes, readers: Readers) -> None:
        """Sets the logo; raises :class:`BadInput` for what is no picture, :class:`Overloaded`."""
        await self._table.set_logo(await readers.picture("site", data))
        await self.read()

    async def remove_logo(self) -> None:
        await self._table.set_logo(b"")
        await self.read()


def _checked(name: str, value: Any) -> Any:
    match name:
        case "sign_up" | "create_spaces" | "captions" | "quota_gb" | "account_gb":
            return value
        case _ if name.startswith("keep_"):
            return value
        case "name":
            return site.name(value)
        case "accent":
            return site.accent(value)
        case "contact":
            return site.contact(value)
        case "refuse_words" | "hold_words" | "blocked_places":
            return site.entries(value, name)
    return site.text(value, name)

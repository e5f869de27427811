"""Roles by groups of the sign-in provider, as administrators give them on a page; those of the settings are fixed.

They count at the next sign-in, at every house, and each change stands in the record.
"""

from __future__ import annotations

from stentor.base.config import Settings
from stentor.house.accounts.people import People
from stentor.house.admin.schema import GroupRole, GroupRoleList
from stentor.house.site.service import SiteKeeper
from stentor.people import groups
from stentor.people.model import Account, SiteRole
from stentor.people.record import Deed


class GroupRoles:
    """The rows, and who may change them is asked before."""

    def __init__(self, site: SiteKeeper, people: People, settings: Settings) -> None:
        self._site, self._people = site, people
        self._fixed = groups.mapping(settings.oidc_roles)
        self._provider = settings.oidc_name or settings.oidc_issuer
        self._claim = settings.oidc_groups

    async def view(self) -> GroupRoleList:
        """All rows, those of the settings first."""
        await self._site.read()
        fixed = [GroupRole(group, role, fixed=True) for group, role in self._fixed.items()]
        own = [GroupRole(group, role) for group, role in self._site.wishes.group_roles.items()]
        rows = [*fixed, *(each for each in own if each.group not in self._fixed)]
        return GroupRoleList(self._provider, self._claim, rows)

    async def give(self, group: str, role: SiteRole, by: Account | None) -> GroupRoleList:
        """Raises :class:`BadInput`, :class:`Conflict` (``group-fixed``, ``many-groups``)."""
        name = groups.name(group)
        groups.require_free(name, self._fixed)
        before = self._site.wishes.group_roles.get(name)
        await self._site.set_group_roles(lambda rows: groups.given(rows, name, role))
        if before is not role:
            await self._people.note(by, Deed.GROUP_ROLE, None, f"{name}={role.value}")
        return await self.view()

    async def take(self, group: str, by: Account | None) -> GroupRoleList:
        """Raises :class:`Conflict` (``group-fixed``), :class:`NotFound`."""
        groups.require_free(group, self._fixed)
        await self._site.set_group_roles(lambda rows: groups.taken(rows, group))
        await self._people.note(by, Deed.GROUP_FREED, None, group)
        return await self.view()

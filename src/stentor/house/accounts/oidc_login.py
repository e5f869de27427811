"""Signing in, signing up and linking an account by the site's provider."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping

import msgspec

from stentor.base import log
from stentor.base.errors import BadInput, Conflict, NotFound, NotSignedIn
from stentor.house.accounts import schema
from stentor.house.accounts.people import People
from stentor.house.accounts.provider import Flow, Provider, ProviderPerson
from stentor.people import checks, digests, groups, rights
from stentor.people.model import Account, Identity, SiteRole
from stentor.people.record import Deed
from stentor.spaces import checks as space_checks

SECRET_BYTES = 32
HANDLES_TRIED = 5
"""Handles that are tried for a newcomer: the provider's word for them, then the same with a number."""


class OidcLogin:
    """People whom the provider vouches for. ``opens`` lets all of them have an account, ``roles`` says which
    groups give which role now; None stands for no provider.
    """

    def __init__(
        self, people: People, provider: Provider | None, *, opens: bool, roles: Callable[[], Mapping[str, SiteRole]]
    ) -> None:
        self._people, self._provider, self.opens, self._roles = people, provider, opens, roles
        self._identities = people.store.identities
        self._log = log.get("house")

    @property
    def name(self) -> str:
        """What the provider's button says; empty without one."""
        return self._provider.name if self._provider else ""

    async def begin(self, wish: schema.ProviderWish, address: str, *, account: str = "") -> tuple[str, str]:
        """Where the browser is to go, and what it is to keep meanwhile; ``account`` is to be linked."""
        await self._people.limit.spend(f"provider {address}")
        flow = Flow(
            secret=secrets.token_urlsafe(SECRET_BYTES),
            next=checks.local_path(wish.next),
            invitation=wish.invitation,
            account=account,
        )
        kept = base64.urlsafe_b64encode(msgspec.json.encode(flow)).decode()
        return await self._there().address(flow), kept

    async def finish(self, kept: str, query: Mapping[str, str], me: Account | None) -> tuple[Account, str]:
        """Who comes back, and where to go on to; ``kept`` is what the browser kept, ``me`` who is signed in there.

        Raises what :meth:`Provider.person` does, :class:`Conflict` when the person has another account here, and what
        signing up raises for somebody new.
        """
        flow = _flow(kept)
        person = await self._there().person(flow, query)
        known = await self._identities.account(person.issuer, person.subject)
        if flow.account:
            if me is None or me.id != flow.account:
                raise NotSignedIn(
                    "You are not signed in any more; sign in and link once more.", code="provider-expired"
                )
            if known != me.id:
                await self._identities.add(self._identity(person, me.id))
                await self._people.note(me, Deed.PROVIDER_LINKED, me)
            return me, flow.next
        if known is not None:
            account = await self._people.store.get(known)
            rights.require_active(account)
            await self._give_role(account, person)
            return account, flow.next
        made = await self._sign_up(person, flow)
        await self._give_role(made, person)
        return made, flow.next

    async def _give_role(self, account: Account, person: ProviderPerson) -> None:
        """The role that somebody's groups give, where they give any; the last administrator stays one."""
        roles = self._roles()
        if not roles:
            return
        if person.groups is None:
            self._log.warning("provider-no-groups")
            return
        role = groups.role(person.groups, roles)
        if await self._people.store.give_role(account.id, role):
            await self._people.note(account, Deed.ROLE, account, role.value)

    async def unlink(self, account: Account) -> None:
        """Raises :class:`NotFound` when it is not linked, :class:`Conflict` for the last way to sign in."""
        await self._identities.remove(account.id, self._there().issuer)
        await self._people.note(account, Deed.PROVIDER_UNLINKED, account)

    async def _sign_up(self, person: ProviderPerson, flow: Flow) -> Account:
        """An account for somebody new; raises :class:`NotAllowed` when the site is closed to them."""
        opens = self.opens and not flow.invitation
        role = SiteRole.MEMBER if opens else await self._people.role_of_new(flow.invitation)
        wanted = checks.handle_like(person.handle or person.name)
        for attempt in range(HANDLES_TRIED):
            handle = wanted if not attempt else f"{wanted[:24]}-{secrets.randbelow(9000) + 1000}"
            account = Account(
                id=secrets.token_hex(16),
                handle=handle,
                name=_name(person, handle),
                role=role,
                created_ms=self._people.now_ms,
            )
            try:
                await self._people.store.create(
                    account,
                    password=None,
                    passkey=None,
                    codes=[],
                    invitation=digests.digest(flow.invitation) if flow.invitation else None,
                    identity=self._identity(person, account.id),
                )
            except Conflict as error:
                if error.error_code != "handle-taken":
                    raise
            else:
                self._log.info("account-created", role=role.value, by="provider")
                await self._people.note(account, Deed.SIGNED_UP, account, role.value)
                return account
        raise Conflict("No handle could be found for you; ask an administrator for an account.", code="handle-taken")

    def _identity(self, person: ProviderPerson, account: str) -> Identity:
        return Identity(issuer=person.issuer, subject=person.subject, account=account, created_ms=self._people.now_ms)

    def _there(self) -> Provider:
        if self._provider is None:
            raise NotFound("This site has no sign-in provider.", code="no-provider")
        return self._provider


def _flow(kept: str) -> Flow:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(kept), type=Flow)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise NotSignedIn(
            "This sign-in was begun elsewhere or too long ago; begin again.", code="provider-expired"
        ) from error


def _name(person: ProviderPerson, handle: str) -> str:
    """What the provider calls somebody, if that may stand in our pages; else the handle."""
    try:
        return space_checks.name(person.name[: space_checks.NAME_CHARACTERS])
    except BadInput:
        return handle

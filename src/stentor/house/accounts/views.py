"""What accounts look like to those who own them."""

from __future__ import annotations

from stentor.house.accounts import schema
from stentor.house.accounts.people import People
from stentor.house.who.sessions import IDLE_MS
from stentor.people import rights
from stentor.people.model import Account, Session


class AccountViews:
    """One's own account, read anew for each answer."""

    def __init__(self, people: People) -> None:
        self._people, self._store = people, people.store

    async def account(self, account: Account) -> schema.AccountView:
        """The account with what it may do and how its owner signs in."""
        return schema.AccountView(
            profile=schema.profile(account),
            has_password=account.has_password,
            passkeys=[schema.passkey(each) for each in await self._store.passkeys(account.id)],
            recovery_codes_left=await self._store.codes_left(account.id),
            providers=[each.issuer for each in await self._store.identities.of(account.id)],
            public=account.hidden_ms is None,
            creates=rights.creates(account.role, self._people.creators),
            invites=sorted(rights.invites(account.role, self._people.sign_up_rule)),
        )

    async def sessions(self, account: Account, current: Session) -> list[schema.SessionView]:
        """Where the account is signed in; ``current`` is the session that asks."""
        found = await self._store.sessions(account.id, since_ms=self._people.now_ms - IDLE_MS)
        return [schema.session(each, current) for each in found]

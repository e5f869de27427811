"""Accounts: how they come to be, how their people sign in, and what they may change of them."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from stentor.base import log
from stentor.base.clock import Clock, unix_ms
from stentor.base.config import Settings
from stentor.base.errors import BadInput, Conflict, NotAllowed, NotSignedIn
from stentor.house.accounts import schema
from stentor.house.accounts.passkeys import Passkeys
from stentor.house.accounts.passwords import Passwords
from stentor.house.site.service import SiteKeeper
from stentor.house.who.devices import Device
from stentor.house.who.shared_limit import SharedLimit
from stentor.people import checks, digests, rights
from stentor.people.model import Account, Challenge, Creators, Passkey, SignUp, SiteInvitation, SiteRole
from stentor.people.record import Deed, RecordEntry
from stentor.spaces import checks as space_checks
from stentor.store.accounts import Accounts
from stentor.store.deletions import Deletion

CHALLENGE_MS = 5 * 60_000
"""So long may somebody look for their telephone."""
CHALLENGE_BYTES = 32
INVITATION_BYTES = 24
DELETION_BYTES = 24


class People:
    """Everything that is done with accounts. ``address`` is where a request comes from, for limits."""

    def __init__(self, accounts: Accounts, settings: Settings, clock: Clock, site: SiteKeeper) -> None:
        self.store, self._clock = accounts, clock
        self._site = site
        self._house = settings.house_address
        self._passwords = Passwords()
        self._passkeys = Passkeys(settings.house_address, *settings.house_others, named=lambda: site.look.name)
        self.limit = SharedLimit(accounts.attempts, clock)
        self.on_gone: Callable[[str], Awaitable[None]] = _nothing
        """Called with an account that was suspended."""
        self.why_suspended: Callable[[str], Awaitable[str]] = _nowhere
        """The link to the decision that suspended an account, given its id; empty where there is none."""
        self._log = log.get("house")

    @property
    def sign_up_rule(self) -> SignUp:
        return self._site.rules.sign_up

    @property
    def creators(self) -> Creators:
        return self._site.rules.create_spaces

    @property
    def now_ms(self) -> int:
        return unix_ms(self._clock())

    async def note(self, by: Account | None, deed: Deed, account: Account | None, detail: str = "") -> None:
        """Writes into the record who (None: the holder of the admin token) did what to which account."""
        entry = RecordEntry(
            at_ms=self.now_ms,
            by=by.handle if by else "",
            handle=account.handle if account else "",
            deed=deed,
            detail=detail,
        )
        await self.store.record.add(entry, by_account=by.id if by else "", account=account.id if account else "")

    # Signing up

    async def sign_up_options(self, wish: schema.SignUpWish, address: str) -> dict[str, Any]:
        """What the browser is asked to make the first passkey of a new account; refuses what sign-up would refuse."""
        await self._admitted(wish.invitation, address)
        account = await self._draft(wish.handle, wish.name, secrets.token_hex(16), SiteRole.MEMBER)
        return self._passkeys.creation(await self._challenge("sign-up", account.id), account, [])

    async def sign_up(self, wish: schema.NewAccount, address: str) -> tuple[Account, list[str]]:
        """Makes an account; returns it with its recovery codes. The invitation is used up by it."""
        role = await self._admitted(wish.invitation, address)
        if wish.password is None and wish.passkey is None:
            raise BadInput("Choose a password or make a passkey.", field="password")
        account, passkey = await self._draft(wish.handle, wish.name, secrets.token_hex(16), role), None
        if wish.passkey is not None:
            challenge = await self._answered(wish.passkey, "sign-up")
            account = await self._draft(wish.handle, wish.name, challenge.account, role)
            passkey = self._made(wish.passkey, challenge, "Passkey")
        hashed = None if wish.password is None else await self.hashed(wish.password, account)
        codes, stored = _codes()
        await self.store.create(
            account,
            password=hashed,
            passkey=passkey,
            codes=stored,
            invitation=digests.digest(wish.invitation) if wish.invitation else None,
        )
        self._log.info("account-created", role=account.role.value)
        await self.note(account, Deed.SIGNED_UP, account, account.role.value)
        return await self.store.get(account.id), codes

    async def _admitted(self, invitation: str | None, address: str) -> SiteRole:
        """The same as :meth:`role_of_new`, limited: by the invitation when it holds, else by the address."""
        if not invitation:
            await self.limit.spend(f"sign-up {address}")
            return await self.role_of_new(None)
        async with self.limit.counted(f"sign-up {address}"):
            role = await self.role_of_new(invitation)
        await self.limit.spend(f"sign-up with {digests.digest(invitation)}")
        return role

    async def role_of_new(self, invitation: str | None) -> SiteRole:
        """As what somebody may sign up; raises :class:`NotAllowed` when they may not."""
        if invitation:
            found = await self.store.invitations.find(digests.digest(invitation), now_ms=self.now_ms)
            if found is None:
                raise NotAllowed("This invitation is not valid any more; ask for a new one.", code="invitation-wrong")
            return found.role
        if self.sign_up_rule is not SignUp.OPEN:
            raise NotAllowed(
                "An account here needs an invitation; ask an administrator for one.", code="sign-up-closed"
            )
        return SiteRole.MEMBER

    async def _draft(self, handle: str, name: str, account: str, role: SiteRole) -> Account:
        checks.handle(handle)
        if await self.store.find(handle) is not None:
            raise Conflict("This handle is taken; choose another.", code="handle-taken")
        return Account(id=account, handle=handle, name=space_checks.name(name), role=role, created_ms=self.now_ms)

    # Signing in

    async def sign_in_options(self, address: str, device: Device | None) -> dict[str, Any]:
        """What the browser is asked to sign in by any passkey that it has for this site."""
        await self.limit.spend(f"challenge {device.name if device else address}")
        return self._passkeys.request(await self._challenge("sign-in", ""))

    async def sign_in(self, wish: schema.SignIn, address: str, device: Device | None) -> Account:
        """Who this is; raises :class:`NotSignedIn` in the same words whatever was wrong, :class:`Overloaded` (429).

        ``device`` is what the browser's cookie says. Only passwords can be guessed: strangers' tries hold up neither
        passkeys nor recovery codes, nor passwords on a device that has signed in before.
        """
        if wish.passkey is not None:
            async with self.limit.counted(f"sign-in {address}"):
                account = await self._by_passkey(wish.passkey)
        elif wish.handle and wish.password is not None:
            account = await self._by_password(wish.handle, wish.password, address, device)
        elif wish.handle and wish.recovery_code:
            async with self.limit.counted(f"sign-in {address}"):
                account = await self._by_code(wish.handle, wish.recovery_code)
        else:
            raise BadInput("Send a passkey, or a handle and a password, or a handle and a recovery code.")
        if account.suspended_ms is not None:
            if link := await self.why_suspended(account.id):
                said = "This account is suspended. Why, and where you can answer, says the page of the decision."
                raise NotAllowed(said, code="account-suspended", decision=link)
            rights.require_active(account)
        return account

    async def _by_passkey(self, answer: Mapping[str, Any]) -> Account:
        challenge = await self._answered(answer, "sign-in")
        passkey = await self.store.passkey(str(answer.get("id", "")))
        if passkey is None:
            raise NotSignedIn("This passkey is not known here; it may have been removed.", code="passkey-unknown")
        count = self._passkeys.signed(answer, challenge.challenge, passkey)
        await self.store.used_passkey(passkey.id, sign_count=count, now_ms=self.now_ms)
        return await self.store.get(passkey.account)

    async def _by_password(self, handle: str, password: str, address: str, device: Device | None) -> Account:
        account = await self.store.find(handle)
        known = device is not None and account is not None and device.knows(account.id)
        keys = [f"device {device.name}"] if device and known else [f"sign-in {address}", f"handle {handle}"]
        await self.limit.spend(*keys)
        stored = await self.store.password(account.id) if account else None
        if not await self._passwords.fits(password, stored) or account is None:
            raise NotSignedIn("Handle or password is wrong.", code="sign-in-wrong")
        await self.limit.refund(*keys)
        return account

    async def _by_code(self, handle: str, code: str) -> Account:
        account = await self.store.find(handle)
        if account is None or not await self.store.use_code(account.id, digests.recovery_digest(code)):
            raise NotSignedIn("Handle or recovery code is wrong; each code counts once.", code="sign-in-wrong")
        return account

    # One's own account

    async def change_password(self, account: Account, wish: schema.PasswordChange) -> None:
        """Sets a password; whoever has one must know it. Its tries are the account's own: it takes a session."""
        if account.has_password:
            key = f"password {account.id}"
            await self.limit.spend(key)
            if not await self._passwords.fits(wish.current or "", await self.store.password(account.id)):
                raise NotAllowed("The current password is wrong.", code="password-wrong")
            await self.limit.refund(key)
        await self.store.set_password(account.id, await self.hashed(wish.password, account))
        await self.note(account, Deed.PASSWORD, account)

    async def passkey_options(self, account: Account) -> dict[str, Any]:
        """What the browser is asked to make another passkey."""
        await self.limit.spend(f"passkeys {account.id}")
        known = list(await self.store.passkeys(account.id))
        return self._passkeys.creation(await self._challenge("passkey", account.id), account, known)

    async def add_passkey(self, account: Account, wish: schema.NewPasskey) -> None:
        """Adds a passkey that was made for this account."""
        challenge = await self._answered(wish.passkey, "passkey")
        if challenge.account != account.id:
            raise NotAllowed("This passkey was made for another account; try again.", code="passkey-wrong", status=401)
        await self.store.add_passkey(self._made(wish.passkey, challenge, space_checks.name(wish.name)))
        await self.note(account, Deed.PASSKEY_ADDED, account)

    async def new_codes(self, account: Account) -> list[str]:
        """New recovery codes; the old ones count no more."""
        codes, stored = _codes()
        await self.store.set_codes(account.id, stored)
        await self.note(account, Deed.RECOVERY_CODES, account)
        return codes

    async def rule(self, by: Account | None, account: Account, ruling: schema.Ruling) -> Account:
        """Changes what an admin may of somebody's account; whoever is suspended is signed out at once."""
        if ruling.suspended is not None:
            await self.store.suspend(account.id, self.now_ms if ruling.suspended else None, now_ms=self.now_ms)
            if ruling.suspended:
                await self.on_gone(account.id)
            await self.note(by, Deed.SUSPENDED if ruling.suspended else Deed.RESTORED, account)
        changed = await self.store.change(account.id, role=ruling.role)
        if ruling.role is not None:
            await self.note(by, Deed.ROLE, account, ruling.role.value)
        return changed

    async def delete(self, by: Account | None, account: Account) -> tuple[Deletion, str]:
        """Deletes an account, all or nothing; with the link by which its person sees what is still to be done."""
        token = secrets.token_urlsafe(DELETION_BYTES)
        asks = by.id if by else None
        deletion = await self.store.deletions.delete(
            account.id, by=asks, digest=digests.digest(token), now_ms=self.now_ms
        )
        self._log.info("account-deleted", number=deletion.number)
        return deletion, f"{self._house}/account/deletion/{token}"

    async def banned(self, by: Account | None, account: str) -> Account:
        """The account of this id, which ``by`` may shut out; raises :class:`Conflict` where there is none."""
        if not account:
            raise Conflict(
                "Nobody's account has this seat; ban its person from the space.", code="seat-without-account"
            )
        found = await self.store.get(account)
        rights.require_ban(by, found)
        return found

    # Invitations to the site

    async def invite(self, by: Account | None, wish: schema.NewSiteInvitation) -> tuple[SiteInvitation, str]:
        """A link with which one person may make an account; None invites as the holder of the admin token."""
        role = by.role if by else SiteRole.ADMIN
        rights.require_invite(role, wish.role, self.sign_up_rule)
        if by is not None:
            await self.limit.spend(f"invite {by.id}")
        token, now_ms = secrets.token_urlsafe(INVITATION_BYTES), self.now_ms
        invitation = SiteInvitation(
            digest=digests.digest(token),
            role=wish.role,
            made_by=by.id if by else "",
            created_ms=now_ms,
            expires_ms=now_ms + wish.expires_s * 1000,
        )
        await self.store.invitations.add(invitation)
        await self.note(by, Deed.INVITED, None, wish.role.value)
        return invitation, f"{self._house}/sign-up#invitation={token}"

    async def invitations(self, by: Account | None) -> Sequence[SiteInvitation]:
        """Those that hold: all for an admin, one's own for others."""
        return await self.store.invitations.list(made_by=_whose(by), now_ms=self.now_ms)

    async def withdraw(self, by: Account | None, invitation: str) -> None:
        """Takes an invitation back."""
        await self.store.invitations.withdraw(invitation, made_by=_whose(by))
        await self.note(by, Deed.WITHDRAWN, None)

    # Within

    async def _challenge(self, purpose: str, account: str) -> str:
        made = Challenge(
            challenge=secrets.token_urlsafe(CHALLENGE_BYTES),
            purpose=purpose,
            account=account,
            expires_ms=self.now_ms + CHALLENGE_MS,
        )
        await self.store.challenge(made, now_ms=self.now_ms)
        return made.challenge

    async def _answered(self, answer: Mapping[str, Any], purpose: str) -> Challenge:
        challenge = self._passkeys.challenge_in(answer)
        found = await self.store.answered(challenge, purpose, now_ms=self.now_ms)
        if found is None:
            raise NotSignedIn("This took too long, or was sent twice; try again.", code="challenge-gone")
        return found

    def _made(self, answer: Mapping[str, Any], challenge: Challenge, name: str) -> Passkey:
        return self._passkeys.made(
            answer, challenge.challenge, account=challenge.account, name=name, now_ms=self.now_ms
        )

    async def hashed(self, password: str, account: Account) -> str:
        """What is stored of a new password; raises :class:`BadInput` for one that will not do."""
        return await self._passwords.hash(checks.password(password, about=(account.handle, account.name)))


async def _nowhere(account: str) -> str:
    return ""


def _codes() -> tuple[list[str], list[str]]:
    """Recovery codes, and what is stored of them."""
    codes = [digests.recovery_code(secrets.token_bytes(digests.RECOVERY_BYTES)) for _ in range(digests.RECOVERY_CODES)]
    return codes, [digests.recovery_digest(code) for code in codes]


def _whose(by: Account | None) -> str | None:
    """Whose invitations somebody may see: None for everybody's."""
    return None if by is None or by.role is SiteRole.ADMIN else by.id


async def _nothing(account: str) -> None:
    """Until somebody wants to know."""

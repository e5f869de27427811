"""Who may do what on the whole site; what may be done in a space is in ``spaces.rights``."""

from __future__ import annotations

from stentor.base.errors import NotAllowed
from stentor.people.model import Account, Creators, SignUp, SiteRole

_INVITES: dict[SiteRole, frozenset[SiteRole]] = {
    SiteRole.ADMIN: frozenset(SiteRole),
    SiteRole.MODERATOR: frozenset({SiteRole.MEMBER}),
    SiteRole.MEMBER: frozenset(),
}


def creates(role: SiteRole, creators: Creators) -> bool:
    """Whether somebody of this role may make spaces."""
    return role is not SiteRole.MEMBER or creators is Creators.MEMBERS


def moderates(role: SiteRole) -> bool:
    """Whether somebody of this role keeps order in the comments of all spaces."""
    return role is not SiteRole.MEMBER


def invites(role: SiteRole, sign_up: SignUp) -> frozenset[SiteRole]:
    """As what somebody of this role may invite others to the site."""
    if role is SiteRole.MEMBER and sign_up is not SignUp.CLOSED:
        return frozenset({SiteRole.MEMBER})
    return _INVITES[role]


def require_invite(role: SiteRole, wanted: SiteRole, sign_up: SignUp) -> None:
    """Raises :class:`NotAllowed` when somebody of this role may not invite as ``wanted``."""
    if wanted not in invites(role, sign_up):
        raise NotAllowed(f"You may not invite as {wanted.value}; ask an administrator.")


def require_ban(by: Account | None, account: Account) -> None:
    """Raises :class:`NotAllowed` unless ``by`` may shut this account out: admins anybody, moderators members.

    None stands for the holder of the admin token.
    """
    if by is not None and by.id == account.id:
        raise NotAllowed("Nobody shuts out themselves.")
    if by is None or by.role is SiteRole.ADMIN:
        return
    if by.role is not SiteRole.MODERATOR or account.role is not SiteRole.MEMBER:
        raise NotAllowed("Only an administrator may do this.")


def require_active(account: Account) -> None:
    """Raises :class:`NotAllowed` for an account that is suspended."""
    if account.suspended_ms is not None:
        raise NotAllowed("This account is suspended; ask an administrator.", code="account-suspended")


def require_admin(account: Account | None) -> None:
    """Raises :class:`NotAllowed` unless an admin asks; None stands for the holder of the admin token."""
    if account is not None and account.role is not SiteRole.ADMIN:
        raise NotAllowed("Only an administrator may do this.")

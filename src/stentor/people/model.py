"""What an account is, and what goes with it. The database keeps them (``store.accounts``); times are ms since 1970."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class SiteRole(StrEnum):
    """What somebody may do on the whole site; what they may do in a space is their seat's (``spaces.rights``)."""

    ADMIN = "admin"
    """May do everything everywhere, as the holder of the admin token may."""
    MODERATOR = "moderator"
    """May make spaces, invite members, and keep order in the comments of all spaces."""
    MEMBER = "member"


class SignUp(StrEnum):
    """Who may make an account (``STENTOR_SIGN_UP``)."""

    OPEN = "open"
    """Anyone."""
    INVITATION = "invitation"
    """Whoever has an invitation; every member may give one."""
    CLOSED = "closed"
    """Whoever has an invitation of an admin or a moderator."""


class Creators(StrEnum):
    """Who may make spaces besides admins and moderators (``STENTOR_CREATE_SPACES``)."""

    ADMINS = "admins"
    """Nobody else."""
    MEMBERS = "members"
    """Every member."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can sign in. ``id`` is random and never shown; spaces name it, so it outlives nothing by itself."""

    id: str
    handle: str
    name: str
    bio: str = ""
    role: SiteRole = SiteRole.MEMBER
    created_ms: int
    has_password: bool = False
    suspended_ms: int | None = None
    """Since when it is suspended: it cannot be signed in to, and its sessions count nothing; None when it is not."""
    hidden_ms: int | None = None
    """Since when its person wants no public page; None when they want one."""
    picture_ms: int | None = None
    """When the picture was set; None without one. Its address carries it, so that caches notice a new one."""


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A WebAuthn credential. ``id`` is base64url as browsers write it, ``public_key`` is COSE."""

    id: str
    account: str
    public_key: bytes
    sign_count: int
    name: str
    created_ms: int
    used_ms: int | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A person as a sign-in provider knows them: issuer and subject, which never change, unlike names and addresses."""

    issuer: str
    subject: str
    account: str
    created_ms: int


FRESH_MS = 10 * 60_000
"""So long after signing in somebody may change how the account is got into, or take it all away: nobody else has come
to the screen meanwhile."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One browser in which an account is signed in. ``digest`` is the SHA-256 of its token, in hex."""

    digest: str
    account: str
    created_ms: int
    seen_ms: int
    agent: str = ""
    """What the browser called itself, for the list of sessions."""

    @property
    def id(self) -> str:
        """Names the session to its owner; says nothing about the token."""
        return self.digest[:16]

    def fresh(self, now_ms: int) -> bool:
        """Whether the sign-in was a short while ago; a new sign-in makes a new session."""
        return now_ms - self.created_ms <= FRESH_MS


class SiteInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link with which one person may make an account. ``digest`` is the SHA-256 of its token, in hex."""

    digest: str
    role: SiteRole
    made_by: str
    """The account that gave it; empty for the holder of the admin token."""
    created_ms: int
    expires_ms: int

    @property
    def id(self) -> str:
        return self.digest[:16]


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """A WebAuthn challenge that was given out and may come back once. ``account`` is whom it would sign up or serve."""

    challenge: str
    purpose: str
    account: str
    expires_ms: int

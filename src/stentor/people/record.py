"""The record of what is done to accounts, for those who run the site."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Deed(StrEnum):
    """What was done to an account."""

    SIGNED_UP = "signed-up"
    INVITED = "invited"
    """A link was made with which somebody may sign up; ``detail`` says as what."""
    WITHDRAWN = "invitation-withdrawn"
    ROLE = "role"
    """``detail`` is the new one."""
    SUSPENDED = "suspended"
    RESTORED = "restored"
    WARNED = "warned"
    MUTED = "muted"
    LIMITED = "limited"
    POST_REMOVED = "post-removed"
    POST_LABELLED = "post-labelled"
    SHUT_OUT = "shut-out"
    """Of one space."""
    LIFTED = "decision-lifted"
    """What a moderator had decided was taken back after the person's answer."""
    PASSWORD = "password"
    RECOVERY_CODES = "recovery-codes"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    PROVIDER_LINKED = "provider-linked"
    PROVIDER_UNLINKED = "provider-unlinked"
    TOKEN_MADE = "token-made"
    """Of a program; ``detail`` is its name."""
    TOKEN_REVOKED = "token-revoked"
    MAIL_GIVEN = "mail-given"
    MAIL_CONFIRMED = "mail-confirmed"
    MAIL_TAKEN = "mail-taken"
    WAY_BACK = "way-back"
    """They signed in by a link that was mailed to them."""
    DELETED = "deleted"
    GROUP_ROLE = "group-role"
    """A group of the sign-in provider gives a role from now on; ``detail`` is both, as ``desk=moderator``."""
    GROUP_FREED = "group-freed"
    """It gives none any more; ``detail`` is the group."""
    BACKUP_MADE = "backup-made"
    """``detail`` is its file, as below; the daily ones stand in no record."""
    BACKUP_FETCHED = "backup-fetched"
    BACKUP_DELETED = "backup-deleted"


class RecordEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One deed. It names handles as they were then; those of an account that was deleted are its number."""

    id: int = 0
    """Rises; the database gives it."""
    at_ms: int
    by: str
    """The handle of who did it; empty for the holder of the admin token."""
    handle: str
    """Of the account that it was done to; empty for an invitation, whose account is not there yet."""
    deed: Deed
    detail: str = ""

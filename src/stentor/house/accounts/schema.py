"""What the part of the REST API that is about accounts takes and gives; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from stentor.house.comments.schema import WrittenComment
from stentor.house.spaces.schema import Name, Time
from stentor.people.browser import named
from stentor.people.checks import BIO_CHARACTERS, FEWEST_PASSWORD_CHARACTERS, HANDLE, MOST_PASSWORD_CHARACTERS
from stentor.people.model import Account, Passkey, Session, SignUp, SiteInvitation, SiteRole
from stentor.people.record import RecordEntry
from stentor.spaces import events
from stentor.spaces.model import Seat, Space
from stentor.store.comments import Written
from stentor.store.jobs import Progress
from stentor.store.traces import Happened

Handle = Annotated[str, Meta(pattern=HANDLE)]
Password = Annotated[str, Meta(max_length=1000)]
NewPassword = Annotated[
    str,
    Meta(
        max_length=1000,
        extra_json_schema={"minLength": FEWEST_PASSWORD_CHARACTERS, "allOf": [{"maxLength": MOST_PASSWORD_CHARACTERS}]},
        description="Not one of those that are guessed at once.",
    ),
]
BIO = {
    "allOf": [{"maxLength": BIO_CHARACTERS}],
    "pattern": r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$",
}
Token = Annotated[str, Meta(max_length=100)]
Code = Annotated[str, Meta(max_length=60)]
Answer = dict[str, Any]
"""What ``navigator.credentials`` gave, by its ``toJSON()``."""

SITE_INVITATION_S = 7 * 86_400
LONGEST_SITE_INVITATION_S = 30 * 86_400


class SignUpWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Before a passkey is made: who it is to be for."""

    handle: Handle
    name: Name
    invitation: Token | None = None


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account to be made, with a password, a passkey, or both."""

    handle: Handle
    name: Name
    invitation: Token | None = None
    password: NewPassword | None = None
    passkey: Answer | None = None


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of three ways: a passkey; handle and password; handle and recovery code."""

    passkey: Answer | None = None
    handle: Handle | None = None
    password: Password | None = None
    recovery_code: Code | None = None


class ProviderWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signing in by the site's provider: where to go on to, and an invitation for whoever is new."""

    next: Annotated[str, Meta(max_length=1000)] = "/"
    invitation: Token | None = None


class Elsewhere(msgspec.Struct, frozen=True):
    """Where the browser is to go."""

    address: str


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may change of one's own account; what is left out stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    bio: Annotated[str, Meta(max_length=2 * BIO_CHARACTERS, extra_json_schema=BIO)] | msgspec.UnsetType = msgspec.UNSET
    public: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether one has a page for everybody once one has hosted a listed space, or spoken in one."""


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new password; ``current`` when there is one."""

    password: NewPassword
    current: Password | None = None


class NewPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    passkey: Answer
    name: Name = "Passkey"


class Goodbye(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The handle once more, so that nobody deletes an account by a slip."""

    handle: Handle


class Ruling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an admin may change of somebody's account; what is left out stays."""

    role: SiteRole | None = None
    suspended: bool | None = None
    """Whether it cannot be signed in to; its sessions count nothing meanwhile."""


class NewSiteInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link with which one person may make an account."""

    role: SiteRole = SiteRole.MEMBER
    expires_s: Annotated[int, Meta(ge=60, le=LONGEST_SITE_INVITATION_S)] = SITE_INVITATION_S


class ClaimedSeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of the invitation whose seat is to be the account's."""

    token: Annotated[str, Meta(max_length=2000)]


class ProfileView(msgspec.Struct, frozen=True):
    """What others see of an account."""

    handle: str
    name: str
    bio: str
    role: SiteRole
    created_ms: Time
    picture: str | None
    """Its address, or null."""
    suspended: bool


class PasskeyView(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_ms: Time
    used_ms: Time | None


class SessionView(msgspec.Struct, frozen=True):
    id: str
    created_ms: Time
    seen_ms: Time
    agent: str
    """What the browser calls itself, as it was sent."""
    browser: str
    """What people call it; empty when it is not known."""
    system: str
    """What it runs on; empty when it is not known."""
    current: bool
    """Whether it is the one that asks."""


class AccountView(msgspec.Struct, frozen=True):
    """One's own account."""

    profile: ProfileView
    has_password: bool
    passkeys: list[PasskeyView]
    recovery_codes_left: int
    providers: list[str]
    """Issuers of OpenID Connect by which one can sign in."""
    public: bool
    """Whether one has a page for everybody, if one hosts or speaks."""
    creates: bool
    """Whether one may make spaces."""
    invites: list[SiteRole]
    """As what one may invite others."""


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Shown once; each signs in once."""

    recovery_codes: list[str]


class SignedUp(msgspec.Struct, frozen=True):
    profile: ProfileView
    recovery_codes: list[str]


class SignedIn(msgspec.Struct, frozen=True):
    profile: ProfileView
    recovery_codes_left: int


class Options(msgspec.Struct, frozen=True):
    """For ``PublicKeyCredential.parseCreationOptionsFromJSON`` or ``parseRequestOptionsFromJSON``."""

    options: dict[str, Any]


class SessionList(msgspec.Struct, frozen=True):
    sessions: list[SessionView]


class AccountList(msgspec.Struct, frozen=True):
    accounts: list[ProfileView]


class SiteInvitationView(msgspec.Struct, frozen=True):
    id: str
    role: SiteRole
    created_ms: Time
    expires_ms: Time
    link: str | None = None
    """As good as a key; only in the answer that makes it."""


class SiteInvitationList(msgspec.Struct, frozen=True):
    sign_up: SignUp
    invitations: list[SiteInvitationView]


class SpaceSeat(msgspec.Struct, frozen=True):
    space: str
    title: str
    seat: str
    name: str
    role: str


class Deleted(msgspec.Struct, frozen=True):
    """An account is gone. Only its number is left, and ``status`` is where its person sees how far all is."""

    number: int
    status: str


class DeletionStep(msgspec.Struct, frozen=True):
    """Jobs of one kind: for each portrait's folder, space with comments on air, space with a seat."""

    kind: str
    jobs: int
    done: int
    trouble: str
    """The code of the error that one which waits met last; empty when nothing went wrong."""


class DeletionView(msgspec.Struct, frozen=True):
    """How far the deletion of an account is. Whatever is in the database went at once."""

    number: int
    asked_ms: Time
    done: bool
    steps: list[DeletionStep]


class DeletionList(msgspec.Struct, frozen=True):
    deletions: list[DeletionView]


class Export(msgspec.Struct, frozen=True):
    """Everything that is stored about an account, but for secrets, which are stored as hashes only."""

    account: AccountView
    sessions: list[SessionView]
    invitations: list[SiteInvitationView]
    seats: list[SpaceSeat]
    events: list[dict[str, Any]]
    """What happened in spaces with these seats, and with those that are gone: ``space``, ``version``, the event."""
    comments: list[WrittenComment]
    """All that were not removed, the oldest first."""
    backstage: list[WrittenComment]
    """What was written to other hosts and is still kept."""
    requests: list[str]
    """In which spaces the person waits to speak."""
    mail: str
    """The address that was given for mail; empty without one."""
    record: list[RecordEntry]
    """What was done to the account, and what its person did to others."""
    picture_jpeg: bytes | None
    """The picture in base64."""


def profile(account: Account) -> ProfileView:
    picture = (
        None if account.picture_ms is None else f"/api/v1/accounts/{account.handle}/picture?v={account.picture_ms}"
    )
    return ProfileView(
        account.handle,
        account.name,
        account.bio,
        account.role,
        account.created_ms,
        picture,
        account.suspended_ms is not None,
    )


def seat(space: Space, found: Seat) -> SpaceSeat:
    return SpaceSeat(space.id, space.title, found.id, found.name, found.role.value)


def happened(found: Happened) -> dict[str, Any]:
    return {"space": found.space, "version": found.version, **msgspec.json.decode(events.encode(found.event))}


def written(found: Written) -> WrittenComment:
    return WrittenComment(found.space, found.text, found.at_ms)


def step(found: Progress) -> DeletionStep:
    return DeletionStep(found.kind, found.jobs, found.done, found.trouble)


def passkey(found: Passkey) -> PasskeyView:
    return PasskeyView(found.id, found.name, found.created_ms, found.used_ms)


def session(found: Session, current: Session | None) -> SessionView:
    here = current is not None and current.digest == found.digest
    return SessionView(found.id, found.created_ms, found.seen_ms, found.agent, *named(found.agent), here)


def invitation(found: SiteInvitation, link: str | None = None) -> SiteInvitationView:
    return SiteInvitationView(found.id, found.role, found.created_ms, found.expires_ms, link)


class RecordList(msgspec.Struct, frozen=True):
    """Entries of the record, the newest first."""

    entries: list[RecordEntry]

"""What the part of the REST API takes and gives that is for administrators of the whole site."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE, SpaceText, Time
from stentor.people.groups import NAME_CHARACTERS
from stentor.people.model import SiteRole


class BackupView(msgspec.Struct, frozen=True):
    """One backup."""

    name: str
    made_ms: Time
    size_bytes: int
    checked_ms: Time | None
    """When it was read back to its end, and every file in it was what its hash says; null where nobody has."""
    by: str
    """The handle of who made it; empty for the clock, and for the holder of the admin token."""


class BackupRunning(msgspec.Struct, frozen=True):
    """The one that is being made."""

    since_ms: Time
    written_bytes: int


class BackupFailure(msgspec.Struct, frozen=True):
    """Why the last one was not made."""

    at_ms: Time
    code: str
    """``backups-unwritable``, ``backup-no-room`` or ``backup-failed``."""
    detail: str


class BackupList(msgspec.Struct, frozen=True):
    """All backups, the newest first, and when they are made."""

    folder: str
    own_disk: bool
    """Whether they are on another disk than the data."""
    backups: list[BackupView]
    running: BackupRunning | None
    failed: BackupFailure | None
    """Null once one was made."""
    hour: int | None
    """Of each day (UTC) in which one is made; null for none."""
    keep: int
    """How many of them are kept where they are made every day, the newest."""


class BackupPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When backups are made, and how many are kept."""

    hour: Annotated[int, Meta(ge=0, le=23)] | None
    """Of each day (UTC); null for never."""
    keep: Annotated[int, Meta(ge=1, le=365)] = 7


class CheckFinding(msgspec.Struct, frozen=True):
    """One thing that was looked at, as ``stentor doctor`` tells it."""

    what: str
    verdict: str
    """``ok``, ``warning`` or ``bad``."""
    found: str
    advice: str = ""


class ChecksRunning(msgspec.Struct, frozen=True):
    """How far the checks are."""

    since_ms: Time
    listeners: int
    space: str
    progress: float
    """0 to 1."""
    come: int
    playing: int


class CheckResult(msgspec.Struct, frozen=True):
    """What came of them."""

    at_ms: Time
    listeners: int
    space: str
    by: str
    """The handle of who began it; empty for the holder of the admin token."""
    ended: str
    """``done``, ``stopped``, ``failed``, or ``live``: something began."""
    said: str
    """Why it failed."""
    findings: list[CheckFinding]


class ChecksView(msgspec.Struct, frozen=True):
    """Whether checks run, what speaks against a large crowd, and the last results, the newest first."""

    running: ChecksRunning | None
    small: int
    """So many listeners may come while something is on."""
    on_air: list[str]
    """The titles of what is on."""
    results: list[CheckResult]


class ChecksWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be checked."""

    listeners: Annotated[int, Meta(ge=0, le=5000)] = 50
    """How many come to the rehearsal; 0 for none."""
    space: SpaceText | None = None
    """The one of tonight, which is looked at, too."""


class GroupRole(msgspec.Struct, frozen=True):
    """People of this group of the sign-in provider have that role here."""

    group: str
    role: SiteRole
    fixed: bool = False
    """Whether the settings of the installation say it."""


class GroupRoleList(msgspec.Struct, frozen=True):
    """All of them, those of the settings first."""

    provider: str
    """What it is called; empty where the site has none."""
    claim: str
    """Of its ID tokens, in which groups are looked for."""
    rows: list[GroupRole]


class NewGroupRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group as the provider writes it, and its role."""

    group: Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS, extra_json_schema=ONE_LINE)]
    role: SiteRole

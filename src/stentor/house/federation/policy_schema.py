"""What the REST API says about other servers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stentor.fediverse.policies import LONGEST_COMMENT, MOST_BYTES, MOST_ROWS, DomainPolicy, RowTrouble
from stentor.house.federation.policies import PolicyPreview, PreviewedPolicy
from stentor.store.domain_policies import KnownPolicy

SeverityWord = Literal["none", "limit", "block"]
Domain = Annotated[str, Meta(min_length=1, max_length=260)]
Count = Annotated[int, Meta(ge=0)]
Time = Annotated[int, Meta(ge=0)]


class NewServerPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to hold for a server and all below its name."""

    severity: SeverityWord = "none"
    """``limit``: its people stand in no list. ``block``: nothing comes from there, and nothing goes there."""
    no_media: bool = False
    """No pictures are fetched from there."""
    no_reports: bool = False
    """What it reports is not read."""
    comment: Annotated[str, Meta(max_length=LONGEST_COMMENT)] = ""


class ServerPolicyView(msgspec.Struct, frozen=True):
    """What holds for a server."""

    domain: str
    severity: SeverityWord
    no_media: bool
    no_reports: bool
    comment: str


class ServerRow(msgspec.Struct, frozen=True):
    """A row of the list: since when, how many people of the server are known here, and how many follows there are
    between them and people here."""

    policy: ServerPolicyView
    made_ms: Time
    people: Count
    follows: Count


class ServerPolicies(msgspec.Struct, frozen=True):
    servers: list[ServerRow]


class ServerList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list as it is passed around (CSV, as Mastodon writes it)."""

    text: Annotated[str, Meta(max_length=MOST_BYTES)]
    only: Annotated[list[Domain], Meta(max_length=MOST_ROWS)] | None = None
    """Of its rows only these; null for all."""


class PreviewRow(msgspec.Struct, frozen=True):
    """A row of the list, and what is set for that server now."""

    policy: ServerPolicyView
    now: ServerPolicyView | None
    follows: Count
    changes: bool
    """Whether it would change something: what is set becomes stricter by a list, and never milder."""


class SkippedView(msgspec.Struct, frozen=True):
    line: Count
    text: str
    trouble: RowTrouble


class ServerListView(msgspec.Struct, frozen=True):
    """What a list would do, or has done."""

    rows: list[PreviewRow]
    skipped: list[SkippedView]


def view(policy: DomainPolicy) -> ServerPolicyView:
    return ServerPolicyView(policy.domain, policy.severity.value, policy.no_media, policy.no_reports, policy.comment)


def row(known: KnownPolicy) -> ServerRow:
    return ServerRow(view(known.policy), known.made_ms, known.people, known.follows)


def preview(found: PolicyPreview) -> ServerListView:
    return ServerListView(
        [_row(each) for each in found.rows], [SkippedView(each.line, each.text, each.trouble) for each in found.skipped]
    )


def _row(each: PreviewedPolicy) -> PreviewRow:
    return PreviewRow(view(each.policy), view(each.now) if each.now else None, each.follows, each.stricter)

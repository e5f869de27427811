"""What the REST API takes and gives about reports and decisions; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import Time
from stentor.people.model import Account
from stentor.people.moderation import (
    ADDRESS_CHARACTERS,
    LONGEST_MUTE_H,
    REASON_CHARACTERS,
    TEXT_CHARACTERS,
    Action,
    Basis,
    Case,
    CaseDecision,
    CaseState,
    ReportReason,
    ThingKind,
)

PLAIN = {"pattern": r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"}
Text = Annotated[str, Meta(max_length=TEXT_CHARACTERS, extra_json_schema=PLAIN)]
Reason = Annotated[str, Meta(max_length=REASON_CHARACTERS, extra_json_schema=PLAIN)]
Said = Annotated[str, Meta(min_length=1, max_length=REASON_CHARACTERS, extra_json_schema=PLAIN)]
Id = Annotated[str, Meta(max_length=ADDRESS_CHARACTERS)]


class NewReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that somebody finds wrong. People without an account say what and why, and that they mean it
    (Regulation (EU) 2022/2065, article 16)."""

    kind: ThingKind
    id: Id
    """As its kind says: of a comment the number, of a person the handle, of a space its id, else an address here."""
    why: ReportReason
    space: Annotated[str, Meta(max_length=48)] = ""
    """Of a comment or a seat: in which space."""
    text: Text = ""
    name: Annotated[str, Meta(max_length=80)] = ""
    """Of whoever reports, if they like; only moderators see it."""
    mail: Annotated[str, Meta(max_length=200)] = ""
    good_faith: bool = False


class ReportView(msgspec.Struct, frozen=True):
    """What became of a report, for whoever made it."""

    number: int
    at_ms: Time
    link: str
    """Where one sees it; whoever has the link can."""
    decided: bool
    action: Action | None
    """What was done; null while nothing is decided."""


class PersonView(msgspec.Struct, frozen=True):
    """Somebody with an account."""

    handle: str
    name: str
    created_ms: Time
    suspended: bool


class CaseView(msgspec.Struct, frozen=True):
    """A thing that was reported."""

    number: int
    kind: ThingKind
    id: str
    space: str
    name: str
    """Whose it is, as it was shown."""
    text: str
    """What stood there; empty once it was erased."""
    state: CaseState
    opened_ms: Time
    newest_ms: Time
    reports: int


class CaseList(msgspec.Struct, frozen=True):
    """Fifty at most, the newest first."""

    open: int
    """How many wait."""
    answers: list[DecisionView]
    """Decisions whose people have answered, and nobody has replied."""
    cases: list[CaseView]


class ReportedView(msgspec.Struct, frozen=True):
    """One report, for moderators."""

    at_ms: Time
    by: str
    """The handle of whoever reported; empty for nobody we know."""
    why: ReportReason
    text: str
    address: str
    name: str
    mail: str


class ContextView(msgspec.Struct, frozen=True):
    """A comment near the one that was reported."""

    id: int
    name: str
    text: str
    at_ms: Time
    this: bool


class DecisionView(msgspec.Struct, frozen=True):
    """What was decided, for moderators and for whom it is about: never who reported."""

    number: int
    case: int
    at_ms: Time
    action: Action
    basis: Basis
    space: str
    until_ms: Time | None
    reason: str
    lifted_ms: Time | None
    answer: str
    answered_ms: Time | None
    reply: str
    replied_ms: Time | None


class CaseDetail(msgspec.Struct, frozen=True):
    """One case with all that helps to decide it."""

    case: CaseView
    reports: list[ReportedView]
    context: list[ContextView]
    """What was written just before and after it."""
    person: PersonView | None
    """Whom it is about, if they have an account."""
    history: list[DecisionView]
    """What was decided about that person before, the newest first."""
    cases_about: int
    """How many cases were about that person, this one among them."""
    decisions: list[DecisionView]
    """Of this case."""
    possible: list[Action]


class CaseRuling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a moderator decides. The person reads the reason; it is needed for everything but ``none``."""

    action: Action
    reason: Reason = ""
    basis: Basis = Basis.RULES
    hours: Annotated[int, Meta(ge=0, le=LONGEST_MUTE_H)] = 24
    """Of a mute."""


class OwnDecision(msgspec.Struct, frozen=True):
    """A decision about oneself, with what it is about and the link to answer."""

    decision: DecisionView
    kind: ThingKind
    text: str
    """What stood there."""
    answerable: bool
    link: str


class OwnDecisions(msgspec.Struct, frozen=True):
    """The newest first."""

    decisions: list[OwnDecision]


class DecisionAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says to a decision; once."""

    text: Said


class DecisionReply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a moderator says to an answer; ``lift`` takes the decision back."""

    text: Said
    lift: bool = False


def person(found: Account) -> PersonView:
    return PersonView(found.handle, found.name, found.created_ms, found.suspended_ms is not None)


def case(found: Case, name: str) -> CaseView:
    thing = found.thing
    return CaseView(
        number=found.number,
        kind=thing.kind,
        id=thing.id,
        space=thing.space,
        name=name,
        text=thing.text,
        state=found.state,
        opened_ms=found.opened_ms,
        newest_ms=found.newest_ms,
        reports=found.reports,
    )


def decision(found: CaseDecision) -> DecisionView:
    return DecisionView(**{name: getattr(found, name) for name in DecisionView.__struct_fields__})

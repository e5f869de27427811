"""What the REST API takes and gives about reports and decisions; times are ms since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stentor.house.media.schema import Number
from stentor.house.social.schema import VisibilityWord
from stentor.house.social.views import WORDS
from stentor.house.spaces.schema import Time
from stentor.people.model import Account
from stentor.people.moderation import (
    ADDRESS_CHARACTERS,
    LABEL_CHARACTERS,
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
from stentor.social import reported as reported_posts
from stentor.social.model import Audience
from stentor.store.reported import KeptPost

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
    """As its kind says: of a comment the number, of a person the handle, of a space or a post its id, else an address
    here."""
    why: ReportReason
    space: Annotated[str, Meta(max_length=48)] = ""
    """Of a comment or a seat: in which space."""
    posts: Annotated[list[Number], Meta(max_length=reported_posts.MOST)] = []
    """Of a person: which of their posts it is about. They are kept with the report."""
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
    limited: bool
    """What they post stands in no list of the site."""


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


class SaidBefore(msgspec.Struct, frozen=True):
    """What a post said until it was changed."""

    text: str
    warning: str
    at_ms: Time


class KeptPicture(msgspec.Struct, frozen=True):
    alt: str
    url: str
    """For moderators only."""


class KeptPostView(msgspec.Struct, frozen=True):
    """A post as it was when it was reported."""

    id: str
    visibility: VisibilityWord
    text: str
    warning: str
    answers: list[str]
    """Of its poll."""
    made_ms: Time
    edited_ms: Time | None
    versions: list[SaidBefore]
    """What it said before, the oldest first."""
    pictures: list[KeptPicture]
    state: Literal["there", "changed", "withheld", "deleted"]
    """How it is now: changed since, shown to nobody but its author, or deleted."""
    label: str
    """What moderators have put before it."""


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
    label: str
    """What a post was marked with."""
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
    posts: list[KeptPostView]
    """The post, or those of the person that were reported, as they were then."""
    person: PersonView | None
    """Whom it is about, if they have an account."""
    history: list[DecisionView]
    """What was decided about that person before, the newest first."""
    cases_about: int
    """How many cases were about that person, this one among them."""
    decisions: list[DecisionView]
    """Of this case."""
    possible: list[Action]
    server: str
    """Where whoever it is about has their account; empty for here."""
    stands: Literal["none", "limit", "block"] = "none"
    """What moderators have set for them, of people elsewhere."""


class CaseRuling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a moderator decides. The person reads the reason; it is needed for everything but ``none``."""

    action: Action
    reason: Reason = ""
    basis: Basis = Basis.RULES
    hours: Annotated[int, Meta(ge=0, le=LONGEST_MUTE_H)] = 24
    """Of a mute."""
    label: Annotated[str, Meta(max_length=LABEL_CHARACTERS, extra_json_schema=PLAIN)] = ""
    """What readers of a post see first; needed for ``label``."""
    forward: bool = False
    """Whether the server of whoever it is about is told, too, with the reason and the posts."""


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


def person(found: Account, *, limited: bool) -> PersonView:
    return PersonView(found.handle, found.name, found.created_ms, found.suspended_ms is not None, limited)


def reported(case: int, found: KeptPost) -> KeptPostView:
    then, now = found.reported, found.now
    return KeptPostView(
        id=f"{then.id}",
        visibility=WORDS[then.audience],
        text=then.text,
        warning=then.warning,
        answers=list(then.answers),
        made_ms=then.created_ms,
        edited_ms=then.edited_ms,
        versions=[SaidBefore(each.text, each.warning, each.at_ms) for each in then.versions],
        pictures=[
            KeptPicture(each.alt, f"/api/v1/moderation/cases/{case}/pictures/{each.key}") for each in then.pictures
        ],
        state=_state(found),
        label=now.label if now else "",
    )


def _state(found: KeptPost) -> Literal["there", "changed", "withheld", "deleted"]:
    if found.now is None:
        return "deleted"
    if found.now.visibility is Audience.WITHHELD:
        return "withheld"
    return "there" if found.now.edited_ms == found.reported.edited_ms else "changed"


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

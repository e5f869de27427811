"""Reports about things, and what is decided about them; pure.

A *report* is about a *thing* of some kind. All reports about one thing make one *case* until somebody decides it. A
*decision* has a reason, which the person reads and may answer once. Whoever reported is never told to whom it is about.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from stentor.base.errors import BadInput, Conflict, NotAllowed
from stentor.people.model import Account, SiteRole

TEXT_CHARACTERS: Final = 2000
"""Of a report: a lawyer's notice fits, a book does not."""
REASON_CHARACTERS: Final = 1000
LABEL_CHARACTERS: Final = 100
ADDRESS_CHARACTERS: Final = 500
MAIL_CHARACTERS: Final = 200
MOST_REPORTS: Final = 100
"""Of one case: who reads a hundred needs no more, and a crowd cannot fill the disk."""
MOST_OPEN: Final = 1000
"""Cases that only people without an account have reported: a flood ends here; who signs in still gets through."""
HOUR_MS: Final = 3_600_000
LONGEST_MUTE_H: Final = 24 * 365
ANSWER_MS: Final = 180 * 24 * HOUR_MS
"""So long one may answer: six months, as in article 20 of Regulation (EU) 2022/2065."""
_MAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,120}\.[^\s@<>\".]{1,60}")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REVERSERS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


class ThingKind(StrEnum):
    """What a report may be about; its ``id`` is what the kind says."""

    COMMENT = "comment"
    """Its number."""
    GUEST_COMMENT = "guest-comment"
    """Its number."""
    SEAT = "seat"
    """Somebody on the stage or in the line before it: the seat's id."""
    PERSON = "person"
    """A handle; of somebody elsewhere with their server."""
    SPACE = "space"
    """Its id."""
    POST = "post"
    """Its id."""
    ADDRESS = "address"
    """Anything else of this site: where it is."""


class ReportReason(StrEnum):
    """What is wrong, in the words of whoever reports."""

    SPAM = "spam"
    INSULT = "insult"
    HATE = "hate"
    VIOLENCE = "violence"
    PRIVACY = "privacy"
    FRAUD = "fraud"
    RIGHTS = "rights"
    ILLEGAL = "illegal"
    OTHER = "other"
    FILTER = "filter"
    """A word of the site's lists stands in it: it is held, and nobody has reported it."""


REASONS: Final = tuple(each for each in ReportReason if each is not ReportReason.FILTER)
"""What people choose from."""


class Action(StrEnum):
    """What is decided."""

    NONE = "none"
    HIDE = "hide"
    """It is shown no more: a comment or a post goes, a space leaves the lists, a name becomes the handle."""
    LABEL = "label"
    """A post is shown behind words of the moderators."""
    WARN = "warn"
    MUTE = "mute"
    """For some hours nothing is written, and nobody asks to speak, on the whole site."""
    LIMIT = "limit"
    """What an account posts stands in no list of the site, and strangers are not told of it; also of one elsewhere."""
    BAN_SPACE = "ban-space"
    BAN_SITE = "ban-site"
    """The account is suspended; the site has nothing to do with one elsewhere."""


class Basis(StrEnum):
    """What a decision rests on (article 17(3)(d) and (e))."""

    RULES = "rules"
    LAW = "law"


class CaseState(StrEnum):
    OPEN = "open"
    DONE = "done"


class Thing(msgspec.Struct, frozen=True):
    """What was reported, as it was then. ``account`` is an id, empty for whoever has none; ``guest`` as in
    ``spaces.guests``."""

    kind: ThingKind
    id: str
    space: str = ""
    account: str = ""
    guest: str = ""
    name: str = ""
    text: str = ""
    at_ms: int = 0
    """When it was written; 0 where that is not known."""

    @property
    def server(self) -> str:
        """Where its person is, of a post or a person elsewhere: the name is their address."""
        there = not self.account and self.kind in (ThingKind.POST, ThingKind.PERSON)
        return self.name.partition("@")[2] if there else ""


class CaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """``account`` is that of whoever reports, empty for nobody we know; ``name`` and ``mail`` are theirs."""

    number: int = 0
    at_ms: int
    account: str = ""
    why: ReportReason
    text: str = ""
    address: str = ""
    name: str = ""
    mail: str = ""
    language: str = "en"
    """In which they are written to."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A thing, and how often it was reported."""

    number: int
    thing: Thing
    state: CaseState
    opened_ms: int
    newest_ms: int
    reports: int


class CaseDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided. ``by`` and ``account`` are ids; ``by`` is empty for the holder of the admin token."""

    number: int = 0
    case: int
    at_ms: int
    by: str
    account: str = ""
    action: Action
    space: str = ""
    """Where a ban holds; empty for the whole site."""
    until_ms: int | None = None
    reason: str = ""
    label: str = ""
    """What stands before a post from then on."""
    basis: Basis = Basis.RULES
    lifted_ms: int | None = None
    answer: str = ""
    """What the person says to it."""
    answered_ms: int | None = None
    reply: str = ""
    replied_ms: int | None = None

    def binds(self, space: str, now_ms: int) -> bool:
        """Whether it keeps its person from writing, and from asking to speak, in a space now."""
        if self.lifted_ms is not None:
            return False
        if self.action is Action.MUTE:
            return self.until_ms is not None and now_ms < self.until_ms
        return self.action is Action.BAN_SPACE and self.space == space

    def answerable(self, now_ms: int) -> bool:
        """Whether its person may still answer."""
        decided = self.action is not Action.NONE and self.lifted_ms is None
        return decided and self.answered_ms is None and now_ms - self.at_ms < ANSWER_MS


def possible(thing: Thing) -> tuple[Action, ...]:
    """What can be decided about a thing."""
    found = [Action.NONE]
    if thing.kind is not ThingKind.ADDRESS and not (thing.kind is ThingKind.PERSON and thing.server):
        found.append(Action.HIDE)
    if thing.kind is ThingKind.POST:
        found.append(Action.LABEL)
    if thing.account:
        found += [Action.WARN, Action.MUTE]
    if thing.kind in (ThingKind.POST, ThingKind.PERSON) and (thing.account or thing.server):
        found.append(Action.LIMIT)
    if thing.kind is ThingKind.SEAT or thing.guest or (thing.kind is ThingKind.COMMENT and thing.account):
        found.append(Action.BAN_SPACE)
    if thing.account or thing.server:
        found.append(Action.BAN_SITE)
    return tuple(found)


def decide(
    case: Case,
    by: Account | None,
    about: Account | None,
    action: Action,
    reason: str,
    hours: int,
    basis: Basis,
    now_ms: int,
    label: str = "",
) -> CaseDecision:
    """The decision as it is kept; ``by`` None is the holder of the admin token, ``about`` whom it is about, if they
    have an account. Raises :class:`BadInput`, :class:`NotAllowed`, :class:`Conflict` (``case-decided``,
    ``action-impossible``).
    """
    if case.state is CaseState.DONE:
        raise Conflict("Somebody has decided this already; look at it again.", code="case-decided")
    if action not in possible(case.thing):
        raise Conflict("This cannot be done about this thing.", code="action-impossible")
    if action is not Action.NONE:
        require_rank(by, about)
    if action is Action.MUTE and not 1 <= hours <= LONGEST_MUTE_H:
        raise BadInput(f"A mute lasts 1 to {LONGEST_MUTE_H} hours.", field="hours")
    return CaseDecision(
        case=case.number,
        at_ms=now_ms,
        by=by.id if by else "",
        account=about.id if about else "",
        action=action,
        space=case.thing.space if action is Action.BAN_SPACE else "",
        until_ms=now_ms + hours * HOUR_MS if action is Action.MUTE else None,
        reason=lines(reason, REASON_CHARACTERS, "reason", needed=action is not Action.NONE),
        label=lines(label, LABEL_CHARACTERS, "label", needed=True, one=True) if action is Action.LABEL else "",
        basis=basis,
    )


def require_moderator(account: Account | None) -> None:
    """Raises :class:`NotAllowed` unless this is a moderator or an admin; None is the holder of the admin token."""
    if account is not None and account.role is SiteRole.MEMBER:
        raise NotAllowed("Only moderators of the site may do this; ask an administrator.")


def require_rank(by: Account | None, about: Account | None) -> None:
    """Raises :class:`NotAllowed` where somebody would decide about themselves, or a moderator about the staff."""
    if about is None:
        return
    if by is not None and by.id == about.id:
        raise NotAllowed("Nobody decides about themselves; another moderator does.", code="own-case")
    if by is not None and by.role is not SiteRole.ADMIN and about.role is not SiteRole.MEMBER:
        raise NotAllowed("About moderators and administrators only an administrator decides.", code="staff-case")


def require_free(decisions: Iterable[CaseDecision], space: str, now_ms: int) -> None:
    """Raises :class:`NotAllowed` (``shut-out``, ``muted``) for whoever is kept from writing and asking in a space."""
    held = [each for each in decisions if each.binds(space, now_ms)]
    if any(each.action is Action.BAN_SPACE for each in held):
        raise NotAllowed("You are shut out of this space. Why stands under Decisions in your account.", code="shut-out")
    if held:
        until_ms = max(each.until_ms or 0 for each in held)
        said = "You may not write or ask to speak for now. Why, and until when, stands under Decisions in your account."
        raise NotAllowed(said, code="muted", until_ms=until_ms)


def answer(decision: CaseDecision, text: str, now_ms: int) -> str:
    """What a person says to a decision, as it is kept; raises :class:`Conflict` (``answered``, ``answer-late``)."""
    if decision.answered_ms is not None:
        raise Conflict("You have answered already; a moderator reads it.", code="answered")
    if not decision.answerable(now_ms):
        raise Conflict("This can no longer be answered.", code="answer-late")
    return lines(text, REASON_CHARACTERS, "text", needed=True)


def reply(decision: CaseDecision, text: str) -> str:
    """What a moderator says to an answer, as it is kept; raises :class:`Conflict` (``not-answered``, ``replied``)."""
    if decision.answered_ms is None:
        raise Conflict("The person has not answered.", code="not-answered")
    if decision.replied_ms is not None:
        raise Conflict("This was replied to already.", code="replied")
    return lines(text, REASON_CHARACTERS, "text", needed=True)


def report(made: CaseReport, *, good_faith: bool) -> CaseReport:
    """The report as it is kept. Somebody without an account says where, what and why, and means it (article 16(2))."""
    stranger = not made.account
    if made.why not in REASONS:
        raise BadInput("Choose what is wrong.", field="why")
    if stranger and not good_faith:
        said = "Say that, to the best of your knowledge, what you report is true and complete."
        raise BadInput(said, field="good_faith")
    return msgspec.structs.replace(
        made,
        text=lines(made.text, TEXT_CHARACTERS, "text", needed=stranger or made.why is ReportReason.OTHER),
        name=lines(made.name, 80, "name", one=True),
        mail=_mail(made.mail),
        address=lines(made.address, ADDRESS_CHARACTERS, "address", one=True),
    )


def lines(written: str, most: int, field: str, *, needed: bool = False, one: bool = False) -> str:
    """Plain text, trimmed, in NFC, as one line or several; raises :class:`BadInput`."""
    found = unicodedata.normalize("NFC", written.replace("\r\n", "\n").strip())
    if len(found) > most or (needed and not found):
        raise BadInput(f"Write {1 if needed else 0} to {most} characters here.", field=field)
    plain = found if one else found.replace("\n", "").replace("\t", "")
    if any(unicodedata.category(sign) in _FORBIDDEN or sign in _REVERSERS for sign in plain):
        raise BadInput("This text has control characters; write it as plain text.", field=field)
    return found


def _mail(written: str) -> str:
    found = written.strip()
    if found and (len(found) > MAIL_CHARACTERS or not _MAIL.fullmatch(found)):
        raise BadInput("This is no e-mail address; leave it out or mend it.", field="mail")
    return found


TRANSPARENCY_KEY: Final = "public/transparency.json"
"""The object that edges read (:class:`Transparency`)."""
MOST_MONTHS: Final = 24


class MonthCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was reported and decided in a month (UTC), as numbers: no name, no text."""

    month: str
    """``2026-11``."""
    reports: int = 0
    strangers: int = 0
    """Of them by people without an account."""
    reasons: dict[str, int] = {}
    """By :class:`ReportReason`."""
    decisions: dict[str, int] = {}
    """By :class:`Action`."""
    law: int = 0
    """Decisions that rest on the law, not on the site's rules; without those that did nothing."""
    answers: int = 0
    """Decisions of this month that their person has answered."""
    lifted: int = 0
    """Of them taken back."""


class Transparency(msgspec.Struct, frozen=True):
    """The newest month first."""

    made_ms: int
    months: list[MonthCounts]

"""What people report with their apps: it comes to the moderators' list like any other report."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from stentor.base.errors import BadInput
from stentor.house.clients.asking import Ask, nothing
from stentor.house.clients.ways import AppWay
from stentor.house.mastodon.entities import stamp
from stentor.house.mastodon.shapes import StatusShapes
from stentor.house.moderation import schema
from stentor.house.moderation.service import CaseDesk
from stentor.house.web.language import language_of
from stentor.house.who.callers import address_of
from stentor.people.moderation import ReportReason, ThingKind
from stentor.social import ids, reported
from stentor.spaces.model import Space

LONGEST: Final = 1000
"""Mastodon's number."""
_REASONS: Final = {
    "spam": ReportReason.SPAM,
    "legal": ReportReason.ILLEGAL,
    "violation": ReportReason.OTHER,
    "other": ReportReason.OTHER,
}


class ReportWish(msgspec.Struct, frozen=True):
    account_id: str
    status_ids: list[str] = []
    comment: str = ""
    category: Literal["spam", "legal", "violation", "other"] | None = None


class ReportWays:
    """``cases`` takes reports."""

    def __init__(self, shapes: StatusShapes, cases: CaseDesk) -> None:
        self.shapes, self._cases = shapes, cases

    def ways(self) -> list[AppWay]:
        return [AppWay("POST", "/v1/reports", "write:reports", self.report)]

    async def report(self, ask: Ask) -> dict[str, Any]:
        """Of a person, with posts of theirs. It goes to nobody elsewhere."""
        wish = ask.wish(ReportWish)
        number = ids.parse(wish.account_id)
        known = await self.shapes.profiles.of([number]) if number is not None else {}
        if number is None or number not in known:
            raise nothing()
        if len(wish.status_ids) > reported.MOST:
            raise BadInput(f"A report has at most {reported.MOST} posts.", field="status_ids")
        made = schema.NewReport(
            kind=ThingKind.PERSON, id=known[number].author.address, why=_REASONS[wish.category or "other"],
            posts=wish.status_ids, text=wish.comment[:LONGEST], good_faith=True,
        )  # fmt: skip
        request = ask.request
        told = await self._cases.report(made, ask.account, address_of(request), language_of(request), _nobody)
        return {
            "id": f"{told.number}",
            "action_taken": told.decided,
            "action_taken_at": None,
            "category": wish.category or "other",
            "comment": wish.comment[:LONGEST],
            "forwarded": False,
            "created_at": stamp(told.at_ms),
            "status_ids": wish.status_ids,
            "rule_ids": None,
            "target_account": self.shapes.people.account(known[number]),
        }


async def _nobody(_: Space) -> bool:
    return False

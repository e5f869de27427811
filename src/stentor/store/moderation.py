"""Reports and the cases that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, Row, exists, func, insert, select, update

from stentor.base.errors import Conflict, NotFound, Overloaded
from stentor.people.moderation import (
    MOST_OPEN,
    MOST_REPORTS,
    Case,
    CaseReport,
    CaseState,
    ReportReason,
    Thing,
    ThingKind,
)
from stentor.social.reported import ReportedPost
from stentor.store import tables
from stentor.store.reported import forget_reported, keep
from stentor.store.work import Work

PAGE: Final = 50
"""Cases that are read at once."""
FULL_RETRY_S: Final = 3600.0
_CASES, _REPORTS = tables.cases, tables.reports


class CasesTable:
    """All of them. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def report(self, thing: Thing, report: CaseReport, posts: Sequence[ReportedPost] = ()) -> int:
        """Keeps a report with posts as they are now, in the open case of its thing or a new one; its number.

        Raises :class:`Conflict` (``reported-already``) for the second one of an account, and :class:`Overloaded` (429,
        ``reports-full``) when strangers have reported more than anybody can look at.
        """

        def work(connection: Connection) -> int:
            case = _open_case(connection, thing, report)
            keep(connection, case, thing.account, posts, now_ms=report.at_ms)
            row = msgspec.structs.asdict(report) | {"case_number": case, "why": report.why.value}
            del row["number"]
            return int(connection.execute(insert(_REPORTS).values(row).returning(_REPORTS.c.number)).scalar_one())

        return await self._work.write(work)

    async def open(self) -> int:
        """How many wait."""
        query = select(func.count()).where(_CASES.c.state == CaseState.OPEN.value)
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def list(self, state: CaseState, *, before: int) -> Sequence[Case]:
        """A page of cases below the number ``before``, the newest first."""
        query = select(_CASES).where(_CASES.c.state == state.value, _CASES.c.number < before)
        query = query.order_by(_CASES.c.number.desc()).limit(PAGE)

        def work(connection: Connection) -> Sequence[Case]:
            rows = connection.execute(query).all()
            counts = _counts(connection, [row.number for row in rows])
            return [_case(row, counts.get(row.number, 0)) for row in rows]

        return await self._work.read(work)

    async def get(self, number: int) -> Case:
        """Raises :class:`NotFound`."""

        def work(connection: Connection) -> Case:
            row = connection.execute(select(_CASES).where(_CASES.c.number == number)).one_or_none()
            if row is None:
                raise NotFound("There is no such case.", code="case-not-found")
            return _case(row, _counts(connection, [number]).get(number, 0))

        return await self._work.read(work)

    async def reports(self, case: int) -> Sequence[CaseReport]:
        """Those of a case, the oldest first."""
        query = select(_REPORTS).where(_REPORTS.c.case_number == case).order_by(_REPORTS.c.number)

        def work(connection: Connection) -> Sequence[CaseReport]:
            return [_report(row) for row in connection.execute(query)]

        return await self._work.read(work)

    async def case_of(self, report: int) -> tuple[int, CaseReport]:
        """The case of a report; raises :class:`NotFound`."""
        query = select(_REPORTS).where(_REPORTS.c.number == report)

        def work(connection: Connection) -> tuple[int, CaseReport]:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NotFound("There is no such report.", code="report-not-found")
            return row.case_number, _report(row)

        return await self._work.read(work)

    async def has_address(self, address: str) -> bool:
        """Whether a report came with that address."""
        query = select(exists().where(_REPORTS.c.address == address))
        return bool(await self._work.read(lambda connection: connection.execute(query).scalar()))

    async def about(self, account: str) -> int:
        """How many cases were about somebody."""
        query = select(func.count()).where(_CASES.c.account == account)
        return await self._work.read(lambda connection: int(connection.execute(query).scalar_one()))


def forget_person(connection: Connection, account: str) -> None:
    """What stays of an account that is deleted: numbers, kinds and times; no word of theirs, or about them."""
    cases, reports, decisions = tables.cases, tables.reports, tables.decisions
    forget_reported(connection, account)
    connection.execute(update(cases).where(cases.c.account == account).values(text="", name="", thing="", account=""))
    words = dict.fromkeys(("text", "account", "address", "name", "mail"), "")
    connection.execute(update(reports).where(reports.c.account == account).values(words))
    words = dict.fromkeys(("account", "reason", "label", "answer", "reply"), "")
    connection.execute(update(decisions).where(decisions.c.account == account).values(words))
    connection.execute(update(decisions).where(decisions.c.by_account == account).values(by_account=""))


def forget_space(connection: Connection, space: str) -> None:
    """What was reported in a space that is removed: the words and guests' names go."""
    connection.execute(update(_CASES).where(_CASES.c.space == space).values(text="", name=""))


def report_held(connection: Connection, thing: Thing, post: ReportedPost, *, now_ms: int) -> None:
    """Opens a case about a post that the word filter holds, in the transaction that keeps it."""
    made = CaseReport(at_ms=now_ms, why=ReportReason.FILTER)
    case = _open_case(connection, thing, made)
    keep(connection, case, thing.account, [post], now_ms=now_ms)
    row = msgspec.structs.asdict(made) | {"case_number": case, "why": made.why.value}
    del row["number"]
    connection.execute(insert(_REPORTS).values(row))


def _open_case(connection: Connection, thing: Thing, report: CaseReport) -> int:
    """The number of the case that a report belongs to; it is made if there is none."""
    same = (_CASES.c.kind == thing.kind.value, _CASES.c.thing == thing.id, _CASES.c.space == thing.space)
    query = select(_CASES.c.number).where(*same, _CASES.c.state == CaseState.OPEN.value).limit(1).with_for_update()
    known = 1 if report.account or report.why is ReportReason.FILTER else 0
    found = connection.execute(query).scalar()
    if found is None:
        if not known:
            _require_room(connection)
        row = msgspec.structs.asdict(thing) | {"kind": thing.kind.value, "thing": thing.id}
        row["written_ms"] = row.pop("at_ms")
        del row["id"]
        row |= {"state": CaseState.OPEN.value, "opened_ms": report.at_ms, "newest_ms": report.at_ms, "known": known}
        return int(connection.execute(insert(_CASES).values(row).returning(_CASES.c.number)).scalar_one())
    mine = select(func.count()).where(_REPORTS.c.case_number == found)
    if report.account and connection.execute(mine.where(_REPORTS.c.account == report.account)).scalar_one():
        raise Conflict("You have reported this already; a moderator will look at it.", code="reported-already")
    if connection.execute(mine).scalar_one() >= MOST_REPORTS:
        raise Conflict("Many people have reported this already; a moderator will look at it.", code="reported-already")
    newer = update(_CASES).where(_CASES.c.number == found)
    connection.execute(newer.values(newest_ms=report.at_ms, known=_CASES.c.known + known))
    return int(found)


def _require_room(connection: Connection) -> None:
    strangers = select(func.count()).where(_CASES.c.state == CaseState.OPEN.value, _CASES.c.known == 0)
    if connection.execute(strangers).scalar_one() >= MOST_OPEN:
        said = "So many reports wait that nobody can look at more; come back later, or sign in."
        raise Overloaded(said, retry_after_s=FULL_RETRY_S, status=429, code="reports-full")


def _counts(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    query = select(_REPORTS.c.case_number, func.count()).where(_REPORTS.c.case_number.in_(numbers))
    rows = connection.execute(query.group_by(_REPORTS.c.case_number)).all()
    return {row[0]: row[1] for row in rows}


def _case(row: Row[tuple[object, ...]], reports: int) -> Case:
    thing = Thing(ThingKind(row.kind), row.thing, row.space, row.account, row.guest, row.name, row.text, row.written_ms)
    return Case(
        number=row.number,
        thing=thing,
        state=CaseState(row.state),
        opened_ms=row.opened_ms,
        newest_ms=row.newest_ms,
        reports=reports,
    )


def _report(row: Row[tuple[object, ...]]) -> CaseReport:
    values = {name: getattr(row, name) for name in CaseReport.__struct_fields__}
    return CaseReport(**{**values, "why": ReportReason(row.why)})

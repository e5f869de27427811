"""What moderators have decided, and what people answer to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from stentor.base.errors import Conflict, NotFound
from stentor.people import moderation
from stentor.people.moderation import Action, Basis, CaseDecision, CaseState
from stentor.store import tables
from stentor.store.jobs import Wanted, add_jobs, finish_jobs
from stentor.store.social_tables import actors
from stentor.store.telling import put_decision
from stentor.store.work import Work

MOST_LISTED = 100
CARRY_OUT, TAKE_BACK = "decision-carry-out", "decision-take-back"
"""Jobs: what a decision does, and what taking it back undoes. Whoever decides does it at once; the job is for a house
that dies in between."""
AT_ONCE_MS = 10_000
"""So long whoever decides has time for it; then the keeper of jobs does it (again)."""
_TABLE = tables.decisions


class DecisionsTable:
    """All of them. Methods may raise :class:`Overloaded` when the database does not answer."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, decision: CaseDecision) -> CaseDecision:
        """Keeps a decision, closes its case, tells whom it is about, and orders that it is carried out, which
        :meth:`carried_out` ends; raises :class:`Conflict` when another was quicker."""

        def work(connection: Connection) -> CaseDecision:
            here = (tables.cases.c.number == decision.case) & (tables.cases.c.state == CaseState.OPEN.value)
            done = update(tables.cases).where(here).values(state=CaseState.DONE.value)
            if connection.execute(done).rowcount != 1:
                raise Conflict("Somebody has decided this already; look at it again.", code="case-decided")
            number = connection.execute(insert(_TABLE).values(_row(decision)).returning(_TABLE.c.number)).scalar_one()
            _order(connection, CARRY_OUT, int(number), decision.at_ms)
            if decision.action is not Action.NONE:
                put_decision(connection, decision.account, int(number), now_ms=decision.at_ms)
            return msgspec.structs.replace(decision, number=int(number))

        return await self._work.write(work)

    async def get(self, number: int) -> CaseDecision:
        """Raises :class:`NotFound`."""
        found = await self._work.read(lambda connection: _of(connection, _TABLE.c.number == number))
        if not found:
            raise NotFound("There is no such decision.", code="decision-not-found")
        return found[0]

    async def of_case(self, case: int) -> Sequence[CaseDecision]:
        """The newest first."""
        return await self._work.read(lambda connection: _of(connection, _TABLE.c.case_number == case))

    async def of_account(self, account: str) -> Sequence[CaseDecision]:
        """What was decided about somebody, the newest first."""
        return await self._work.read(lambda connection: decisions_of(connection, account))

    async def waiting(self) -> Sequence[CaseDecision]:
        """Those whose person has answered, and nobody has replied."""
        unread = _TABLE.c.answered_ms.is_not(None) & _TABLE.c.replied_ms.is_(None)
        return await self._work.read(lambda connection: _of(connection, unread))

    async def answer(self, number: int, text: str, now_ms: int) -> None:
        """Keeps what a person answers; raises :class:`Conflict` when there is an answer."""
        here = (_TABLE.c.number == number) & _TABLE.c.answered_ms.is_(None)
        await self._once(here, {"answer": text, "answered_ms": now_ms}, "answered")

    async def reply(self, number: int, text: str, now_ms: int, *, lift: bool) -> None:
        """Keeps what a moderator says to an answer, and tells its person; ``lift`` takes the decision back, and orders
        that it is undone."""
        here = (_TABLE.c.number == number) & _TABLE.c.replied_ms.is_(None)
        values: dict[str, object] = {"reply": text, "replied_ms": now_ms}

        def then(connection: Connection) -> None:
            account = connection.execute(select(_TABLE.c.account).where(_TABLE.c.number == number)).scalar_one()
            put_decision(connection, account, number, now_ms=now_ms)
            if lift:
                finish_jobs(connection, CARRY_OUT, str(number), now_ms=now_ms)
                _order(connection, TAKE_BACK, number, now_ms)

        await self._once(here, values | ({"lifted_ms": now_ms} if lift else {}), "replied", then)

    async def carried_out(self, number: int, now_ms: int) -> None:
        """What a decision orders is done."""

        def work(connection: Connection) -> None:
            for kind in (CARRY_OUT, TAKE_BACK):
                finish_jobs(connection, kind, str(number), now_ms=now_ms)

        await self._work.write(work)

    async def _once(
        self, where: object, values: dict[str, object], code: str, then: Callable[[Connection], None] | None = None
    ) -> None:
        query = update(_TABLE).where(where).values(values)  # type: ignore[arg-type]

        def work(connection: Connection) -> None:
            if connection.execute(query).rowcount != 1:
                raise Conflict("This was said already.", code=code)
            if then is not None:
                then(connection)

        await self._work.write(work)


def require_free(connection: Connection, account: str, space: str, now_ms: int) -> None:
    """Raises what :func:`moderation.require_free` does, in the transaction that would keep what somebody writes."""
    if account:
        moderation.require_free(decisions_of(connection, account), space, now_ms)


def require_may_post(connection: Connection, actor: int, now_ms: int) -> None:
    """The same of whoever posts, anywhere."""
    account = connection.execute(select(actors.c.account).where(actors.c.number == actor)).scalar()
    require_free(connection, account or "", "", now_ms)


def _order(connection: Connection, kind: str, number: int, now_ms: int) -> None:
    wanted = Wanted(kind, key=str(number), subject=f"decision {number}")
    add_jobs(connection, [wanted], now_ms=now_ms, after_ms=AT_ONCE_MS)


def decisions_of(connection: Connection, account: str) -> list[CaseDecision]:
    """About an account, the newest :data:`MOST_LISTED` first."""
    return _of(connection, _TABLE.c.account == account)


def _of(connection: Connection, where: object) -> list[CaseDecision]:
    query = select(_TABLE).where(where).order_by(_TABLE.c.number.desc()).limit(MOST_LISTED)  # type: ignore[arg-type]
    return [_decision(row) for row in connection.execute(query).mappings()]


def _decision(row: RowMapping) -> CaseDecision:
    values = {name: row[name] for name in CaseDecision.__struct_fields__ if name in row}
    values |= {"case": row["case_number"], "by": row["by_account"]}
    values |= {"action": Action(row["action"]), "basis": Basis(row["basis"])}
    return CaseDecision(**values)


def _row(decision: CaseDecision) -> dict[str, object]:
    values = msgspec.structs.asdict(decision)
    del values["number"]
    values |= {"case_number": values.pop("case"), "by_account": values.pop("by")}
    return values | {"action": decision.action.value, "basis": decision.basis.value}

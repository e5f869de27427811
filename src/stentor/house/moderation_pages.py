"""Pages about reports and decisions: for whoever reports, for moderators, for whom it is about. Plain forms: they work
without JavaScript, and a text that somebody wrote is only ever text in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Router, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from stentor.base.errors import NotFound
from stentor.house.forms import Page, form_of, problem_of, see, tried, wish_of
from stentor.house.moderation import schema
from stentor.house.moderation.api import number
from stentor.house.moderation.elsewhere import NewPersonPolicy
from stentor.house.moderation.service import CaseDesk
from stentor.house.pages import READ, Pages, Visit
from stentor.house.private.guard import Guard
from stentor.house.spaces.schema import LARGEST
from stentor.house.who.callers import Callers, address_of
from stentor.people.moderation import REASONS, CaseState, ThingKind, require_moderator
from stentor.store.moderation import PAGE

MOST_BYTES = 64 * 1024
"""Of a form: the longest text as percent-encoded Chinese, and some more."""
_Request = Request[Any, Any, Any]
_Only = Callable[[_Request, Callable[[Visit], Awaitable[Page]]], Awaitable[Page]]


def routes(pages: Pages, moderation: CaseDesk, callers: Callers, guard: Guard) -> Router:
    """All of them."""
    found = [*_of_reports(pages, moderation, callers, guard), *_of_moderators(pages, moderation, callers)]
    return Router("/", route_handlers=[*found, *_of_decisions(pages, moderation)], request_max_body_size=MOST_BYTES)


def _of_reports(pages: Pages, moderation: CaseDesk, callers: Callers, guard: Guard) -> list[HTTPRouteHandler]:
    """``/report`` and ``/report/{receipt}``."""

    async def form(request: _Request, visit: Visit, fields: dict[str, str], wrong: str = "") -> Page:
        kind = fields.get("kind", "")
        about = None
        if kind in list(ThingKind) and kind != ThingKind.ADDRESS:
            about = await moderation.things.find(
                ThingKind(kind), fields.get("id", ""), fields.get("space", ""), partial(guard.knows, request),
                reader=visit.account.id if visit.account else "",
            )  # fmt: skip
        shown = {"kind": ThingKind.ADDRESS, "id": "", "space": "", "why": "", "text": "", "name": "", "mail": ""}
        shown |= {name: value[:2000] for name, value in fields.items() if name in shown}
        if about is None:
            shown["kind"] = ThingKind.ADDRESS
        return pages.answer(visit, "report", fields=shown, about=about, whys=REASONS, wrong=wrong)

    @route("/report", http_method=READ, include_in_schema=False)
    async def ask(request: _Request) -> Page:
        fields = {name: str(value) for name, value in request.query_params.items()}
        return await form(request, await pages.visit(request), fields)

    @post("/report", include_in_schema=False)
    async def send(request: _Request) -> Page:
        visit, fields = await pages.visit(request), await form_of(request)

        async def work() -> Page:
            wish = wish_of(schema.NewReport, {**fields, "good_faith": "good_faith" in fields})
            account = await callers.account(request)
            made = await moderation.report(
                wish, account, address_of(request), visit.language, partial(guard.knows, request)
            )
            return see(made.link.removeprefix(moderation.house))

        return await tried(pages, visit, work, lambda wrong: form(request, visit, fields, wrong))

    @route("/report/{receipt:str}", http_method=READ, include_in_schema=False)
    async def outcome(request: _Request, receipt: FromPath[str]) -> Page:
        visit = msgspec.structs.replace(await pages.visit(request), path="/")  # the link goes no further
        return pages.answer(visit, "reported", report=await moderation.outcome(receipt))

    return [ask, send, outcome]


def _of_moderators(pages: Pages, moderation: CaseDesk, callers: Callers) -> list[HTTPRouteHandler]:
    """``/admin/moderation``, a case and a decision in it."""

    async def only(request: _Request, work: Callable[[Visit], Awaitable[Page]]) -> Page:
        """For moderators and administrators."""
        visit = await pages.visit(request)
        if visit.account is None:
            return see(f"/sign-in?next={quote(visit.path)}")
        require_moderator(visit.account)
        return await work(visit)

    @route("/admin/moderation", http_method=READ, include_in_schema=False)
    async def queue(request: _Request) -> Page:
        async def work(visit: Visit) -> Page:
            done = request.query_params.get("state") == CaseState.DONE
            state, before = CaseState.DONE if done else CaseState.OPEN, str(request.query_params.get("before", ""))
            found = await moderation.queue(state, number(before) if before else LARGEST)
            older = found.cases[-1].number if len(found.cases) == PAGE else 0
            return pages.answer(visit, "moderation", found=found, state=state, older=older)

        return await only(request, work)

    async def show(visit: Visit, case: str, fields: dict[str, str], wrong: str = "") -> Page:
        found = await moderation.case(number(case))
        return pages.answer(visit, "case", found=found, fields=fields, wrong=wrong)

    @route("/admin/moderation/{case:str}", http_method=READ, include_in_schema=False)
    async def look(request: _Request, case: FromPath[str]) -> Page:
        return await only(request, lambda visit: show(visit, case, {}))

    @post("/admin/moderation/{case:str}", include_in_schema=False)
    async def decide(request: _Request, case: FromPath[str]) -> Page:
        fields = await form_of(request)

        async def work(visit: Visit) -> Page:
            async def decided() -> Page:
                given: dict[str, object] = {name: value for name, value in fields.items() if value or name == "reason"}
                given["forward"] = "forward" in fields
                await moderation.decide(number(case), wish_of(schema.CaseRuling, given), visit.account)
                return see("/admin/moderation")

            return await tried(pages, visit, decided, lambda wrong: show(visit, case, fields, wrong))

        return await only(request, work)

    @post("/admin/moderation/{case:str}/{decision:str}", include_in_schema=False)
    async def reply(request: _Request, case: FromPath[str], decision: FromPath[str]) -> Page:
        fields = await form_of(request)

        async def work(visit: Visit) -> Page:
            async def replied() -> Page:
                wish = wish_of(schema.DecisionReply, {"text": fields.get("text", ""), "lift": "lift" in fields})
                await moderation.reply(number(decision), wish, visit.account)
                return see(f"/admin/moderation/{number(case)}")

            return await tried(pages, visit, replied, lambda wrong: show(visit, case, fields, wrong))

        return await only(request, work)

    return [queue, look, decide, reply, *_of_people(pages, moderation, only)]


def _of_people(pages: Pages, moderation: CaseDesk, only: _Only) -> list[HTTPRouteHandler]:
    """``/admin/moderation/elsewhere``: people on other servers."""

    async def show(visit: Visit, fields: dict[str, str], wrong: str = "") -> Page:
        found = await moderation.elsewhere.all()
        return pages.answer(visit, "people-elsewhere", found=found, fields=fields, wrong=wrong)

    @route("/admin/moderation/elsewhere", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        fields = {"name": str(request.query_params.get("name", ""))[:320]}
        return await only(request, lambda visit: show(visit, fields))

    @post("/admin/moderation/elsewhere", include_in_schema=False)
    async def change(request: _Request) -> Page:
        fields = await form_of(request)

        async def work(visit: Visit) -> Page:
            async def changed() -> Page:
                chosen = {name: value for name, value in fields.items() if name in ("severity", "reason")}
                try:
                    if "lift" in fields:
                        await moderation.elsewhere.lift(fields["lift"])
                    else:
                        wish = wish_of(NewPersonPolicy, chosen)
                        await moderation.elsewhere.put(fields.get("name", ""), wish, visit.account)
                except NotFound as error:  # a name that somebody has typed, and no page that is not there
                    return await show(visit, fields, problem_of(pages, visit, error))
                return see("/admin/moderation/elsewhere")

            return await tried(pages, visit, changed, lambda wrong: show(visit, fields, wrong))

        return await only(request, work)

    return [look, change]


def _of_decisions(pages: Pages, moderation: CaseDesk) -> list[HTTPRouteHandler]:
    """``/account/decisions`` and ``/account/decision/{receipt}``."""

    @get("/account/decisions", include_in_schema=False)
    async def mine(request: _Request) -> Page:
        visit = await pages.visit(request)
        if visit.account is None:
            return see(f"/sign-in?next={quote(visit.path)}")
        return pages.answer(visit, "decisions", found=await moderation.own(visit.account))

    async def show(visit: Visit, receipt: str, fields: dict[str, str], wrong: str = "") -> Page:
        visit = msgspec.structs.replace(visit, path="/")  # the link goes no further
        found = await moderation.decision(receipt)
        return pages.answer(visit, "decision", found=found, fields=fields, wrong=wrong)

    @get("/account/decision/{receipt:str}", include_in_schema=False)
    async def look(request: _Request, receipt: FromPath[str]) -> Page:
        return await show(await pages.visit(request), receipt, {})

    @post("/account/decision/{receipt:str}", include_in_schema=False)
    async def answer(request: _Request, receipt: FromPath[str]) -> Page:
        visit, fields = await pages.visit(request), await form_of(request)

        async def work() -> Page:
            wish = wish_of(schema.DecisionAnswer, {"text": fields.get("text", "")})
            await moderation.answer(receipt, wish.text)
            return see(f"/account/decision/{receipt}")

        return await tried(pages, visit, work, lambda wrong: show(visit, receipt, fields, wrong))

    return [mine, look, answer]

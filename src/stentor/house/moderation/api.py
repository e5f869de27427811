"""The REST API's addresses about reports and decisions: for everybody, for moderators, for whom it is about."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.base.errors import BadInput, NotFound
from stentor.house.moderation import elsewhere, schema
from stentor.house.moderation.service import CaseDesk
from stentor.house.private.guard import Guard
from stentor.house.spaces.schema import LARGEST
from stentor.house.web.language import language_of
from stentor.house.who.callers import Callers, address_of
from stentor.people.model import Account
from stentor.people.moderation import CaseState, require_moderator
from stentor.social import pictures

LONGEST_NUMBER = 9
_Request = Request[Any, Any, Any]


def handlers(moderation: CaseDesk, callers: Callers, guard: Guard) -> list[HTTPRouteHandler]:
    """The handlers, which share the service."""
    people = elsewhere.handlers(moderation.elsewhere, partial(moderator, callers))
    return [*_for_everybody(moderation, callers, guard), *_for_moderators(moderation, callers), *people]


def number(text: str) -> int:
    """Of a case or a decision in an address; raises :class:`NotFound` for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise NotFound("There is nothing with this number.", code="case-not-found")
    return int(text)


async def moderator(callers: Callers, request: _Request) -> Account | None:
    """Who keeps order on the site; None for the holder of the admin token. Raises for everybody else."""
    by = await callers.staff(request)
    require_moderator(by)
    return by


def _for_everybody(moderation: CaseDesk, callers: Callers, guard: Guard) -> list[HTTPRouteHandler]:
    @post("/reports", summary="Report a post, a person, a comment, a space or a page; with or without an account")
    async def report(request: _Request, data: JSONBody[schema.NewReport]) -> schema.ReportView:
        account = await callers.account(request)
        return await moderation.report(
            data, account, address_of(request), language_of(request), partial(guard.knows, request)
        )

    @get("/reports/{receipt:str}", summary="What became of one's report; the link is the key")
    async def outcome(receipt: FromPath[str]) -> schema.ReportView:
        return await moderation.outcome(receipt)

    @get("/account/decisions", summary="What moderators have decided about oneself, the newest first")
    async def own(request: _Request) -> schema.OwnDecisions:
        return await moderation.own(await callers.signed_in(request))

    @get("/decisions/{receipt:str}", summary="One decision about oneself; the link is the key")
    async def decision(receipt: FromPath[str]) -> schema.OwnDecision:
        return await moderation.decision(receipt)

    @post("/decisions/{receipt:str}/answer", status_code=200, summary="Answer a decision, once")
    async def answer(receipt: FromPath[str], data: JSONBody[schema.DecisionAnswer]) -> schema.OwnDecision:
        return await moderation.answer(receipt, data.text)

    return [report, outcome, own, decision, answer]


def _for_moderators(moderation: CaseDesk, callers: Callers) -> list[HTTPRouteHandler]:
    @get("/moderation/cases", summary="What was reported: fifty cases, the newest first")
    async def queue(
        request: _Request, done: FromQuery[bool] = False, before: FromQuery[int] = LARGEST
    ) -> schema.CaseList:
        await moderator(callers, request)
        if not 0 <= before <= LARGEST:
            raise BadInput("before is the number of a case.", field="before")
        return await moderation.queue(CaseState.DONE if done else CaseState.OPEN, before)

    @get("/moderation/cases/{case:str}", summary="One case with its reports, context and history")
    async def look(request: _Request, case: FromPath[str]) -> schema.CaseDetail:
        await moderator(callers, request)
        return await moderation.case(number(case))

    @post("/moderation/cases/{case:str}/decisions", summary="Decide a case")
    async def decide(request: _Request, case: FromPath[str], data: JSONBody[schema.CaseRuling]) -> schema.CaseDetail:
        return await moderation.decide(number(case), data, await moderator(callers, request))

    @post("/moderation/decisions/{decision:str}/reply", status_code=200, summary="Reply to a person's answer")
    async def reply(
        request: _Request, decision: FromPath[str], data: JSONBody[schema.DecisionReply]
    ) -> schema.DecisionView:
        return await moderation.reply(number(decision), data, await moderator(callers, request))

    @get(
        "/moderation/cases/{case:str}/pictures/{key:str}",
        summary="A picture of a post, as it was reported",
        media_type=pictures.TYPE,
    )
    async def picture(request: _Request, case: FromPath[str], key: FromPath[str]) -> Response[bytes]:
        await moderator(callers, request)
        headers = {"cache-control": "no-store", "content-security-policy": "default-src 'none'; sandbox"}
        return Response(await moderation.picture(number(case), key), media_type=pictures.TYPE, headers=headers)

    return [queue, look, decide, reply, picture]

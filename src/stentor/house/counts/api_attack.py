"""The API of the attack file: for administrators alone."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from stentor.base.errors import NotFound
from stentor.bus.attacks import AttackFile
from stentor.evidence.attack import table, together
from stentor.house.counts.schema import AttackFileView
from stentor.house.who.callers import Callers
from stentor.people import rights

NO_FILE = "There is no attack file: nobody was hostile in the last 72 hours, or STENTOR_ATTACK_FILE was off then."


def handlers(callers: Callers, file: AttackFile) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/site/attack", summary="Whether there is an attack file")
    async def whether(request: Request[Any, Any, Any]) -> AttackFileView:
        rights.require_admin(await callers.staff(request))
        found = together(await file.read())
        return AttackFileView(len(found), max((one.last_ms for one, _ in found), default=None))

    @get("/site/attack.csv", summary="Hostile sources of the last 72 hours, by address, where that was switched on")
    async def attack(request: Request[Any, Any, Any]) -> Response[str]:
        rights.require_admin(await callers.staff(request))
        told = await file.read()
        if not told:
            raise NotFound(NO_FILE, code="no-attack-file")
        fields = {"content-disposition": 'attachment; filename="attack.csv"', "cache-control": "no-store"}
        return Response(table(told), media_type="text/csv; charset=utf-8", headers=fields)

    return [whether, attack]

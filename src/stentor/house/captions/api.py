"""The REST API's address to correct captions. Reading them is the edges'."""

from __future__ import annotations

from typing import Any

from litestar import Request, patch
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.house.captions import schema
from stentor.house.captions.service import Corrections
from stentor.house.who.callers import Callers

_Request = Request[Any, Any, Any]


def handlers(corrections: Corrections, callers: Callers) -> list[HTTPRouteHandler]:
    """The handler, which shares the corrections."""

    @patch("/spaces/{space:str}/captions/{cue:str}", summary="Correct a line of the captions")
    async def correct(
        request: _Request, space: FromPath[str], cue: FromPath[str], data: JSONBody[schema.NewWords]
    ) -> schema.CorrectedCue:
        actor = await callers.actor(request, space)
        return schema.cue(await corrections.correct(space, cue, data.text, actor))

    return [correct]

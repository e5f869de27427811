"""The REST API's addresses to correct captions, and to quote them. Reading them is the edges'."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, patch
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.house.captions import schema
from stentor.house.captions.quotes import Quotes
from stentor.house.captions.service import Corrections
from stentor.house.who.callers import Callers

_Request = Request[Any, Any, Any]


def handlers(corrections: Corrections, quotes: Quotes, callers: Callers) -> list[HTTPRouteHandler]:
    """The handlers, which share corrections and quotes."""

    @patch("/spaces/{space:str}/captions/{cue:str}", summary="Correct a line of the captions")
    async def correct(
        request: _Request, space: FromPath[str], cue: FromPath[str], data: JSONBody[schema.NewWords]
    ) -> schema.CorrectedCue:
        actor = await callers.actor(request, space)
        return schema.cue(await corrections.correct(space, cue, data.text, actor))

    @get("/spaces/{space:str}/quote", summary="A sentence of the transcript, signed, with where to hear it")
    async def quote(space: FromPath[str], at_ms: FromQuery[int]) -> schema.QuoteView:
        made = await quotes.make(space, at_ms)
        return schema.quote(made)

    return [correct, quote]

"""The REST API's addresses about words that one does not want to read."""

from __future__ import annotations

from typing import Any

from litestar import Request, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from stentor.base.errors import BadInput
from stentor.house.safety import schema
from stentor.house.social.service import PostDesk
from stentor.house.social.viewers import Viewers
from stentor.social import ids
from stentor.social.word_filters import FilterAction, FilterContext, FilterWord, WordFilter, plain
from stentor.spaces import checks
from stentor.store.word_filters import no_filter

_Request = Request[Any, Any, Any]


def handlers(desk: PostDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the table."""
    table = desk.filters

    @get("/filters", summary="One's word filters")
    async def look(request: _Request) -> schema.Filters:
        return schema.Filters([_view(each) for each in await table.of(await viewers.me(request))])

    @post("/filters", status_code=201, summary="Make a word filter")
    async def make(request: _Request, data: JSONBody[schema.NewFilter]) -> schema.FilterView:
        made = filter_of(desk.new_id(), data)
        await table.add(await viewers.me(request), made)
        return _view(made)

    @get("/filters/{filter_id:str}", summary="One of them")
    async def one(request: _Request, filter_id: FromPath[str]) -> schema.FilterView:
        return _view(await table.one(await viewers.me(request), _number(filter_id)))

    @put("/filters/{filter_id:str}", status_code=200, summary="Put a word filter in the place of another")
    async def change(
        request: _Request, filter_id: FromPath[str], data: JSONBody[schema.NewFilter]
    ) -> schema.FilterView:
        changed = filter_of(_number(filter_id), data)
        await table.change(await viewers.me(request), changed)
        return _view(changed)

    @delete("/filters/{filter_id:str}", status_code=204, summary="Delete a word filter")
    async def remove(request: _Request, filter_id: FromPath[str]) -> None:
        await table.remove(await viewers.me(request), _number(filter_id))

    return [look, make, one, change, remove]


def filter_of(number: int, wanted: schema.NewFilter) -> WordFilter:
    """A filter as it is kept; raises :class:`BadInput` for a word that is none."""
    words = tuple(FilterWord(checks.name(each.text, field="words"), each.whole) for each in wanted.words)
    if not all(plain(each.text) for each in words):
        raise BadInput("A word has at least one letter or sign that people see.", field="words")
    return WordFilter(
        id=number,
        title=checks.name(wanted.title, field="title"),
        contexts=tuple(each for each in FilterContext if each.value in wanted.contexts),
        action=FilterAction(wanted.action),
        until_ms=wanted.until_ms,
        words=words,
    )


def _view(found: WordFilter) -> schema.FilterView:
    return schema.FilterView(
        id=f"{found.id}",
        title=found.title,
        contexts=[schema.CONTEXTS[each] for each in found.contexts],
        action="hide" if found.action is FilterAction.HIDE else "warn",
        until_ms=found.until_ms,
        words=[schema.FilterWordView(each.text, each.whole) for each in found.words],
    )


def _number(text: str) -> int:
    found = ids.parse(text)
    if found is None:
        raise no_filter()
    return found

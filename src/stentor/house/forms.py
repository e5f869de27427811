"""Plain forms of pages, which work without JavaScript: what was filled in, and the page again with what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from litestar import MediaType, Request, Response
from litestar.response import Redirect

from stentor.base.errors import BadInput, NotFound, Overloaded, StentorError
from stentor.house.pages import Pages, Visit
from stentor.house.web.problems import KEPT, headers_of

Page = Response[str] | Redirect
Wish = TypeVar("Wish", bound=msgspec.Struct)


async def form_of(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadInput("Send the form of this page.")
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def wish_of(kind: type[Wish], fields: dict[str, Any]) -> Wish:
    """The fields as the API takes them; raises :class:`BadInput`."""
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`") if "$." in str(error) else ""
        raise BadInput(f"Not valid: {error}.", field=field) from error


def problem_of(pages: Pages, visit: Visit, error: StentorError) -> str:
    """What is wrong, in the language of the page where there is a sentence for it."""
    keys = (f"moderation.wrong_{error.fields.get('field')}", f"moderation.refused_{error.error_code.replace('-', '_')}")
    own = (pages.text(visit, key) for key in keys if pages.knows(key))
    said = next(own, None) or pages.sentence(visit.language, error)
    answer = str(error.fields.get("said", ""))
    return f"{said} {pages.text(visit, 'mail.answer').format(said=answer)}" if answer else said


async def tried(
    pages: Pages, visit: Visit, work: Callable[[], Awaitable[Page]], again: Callable[[str], Awaitable[Page]]
) -> Page:
    """What ``work`` answers; where it is refused the page once more, with the reason."""
    try:
        return await work()
    except NotFound:
        raise
    except StentorError as error:
        if error.status >= 500 and not isinstance(error, Overloaded):
            raise
        shown = await again(problem_of(pages, visit, error))
        if isinstance(shown, Response):
            shown.status_code = error.status
            shown.headers.update({name: value for name, value in headers_of(error).items() if name in KEPT})
        return shown


def see(path: str) -> Redirect:
    return Redirect(path, status_code=303, headers={"cache-control": "no-store"}, media_type=MediaType.HTML)

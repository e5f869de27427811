"""Pages of lists: which part is asked for, and where the parts beside it are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from litestar import Request, Response

from stentor.base.errors import BadInput
from stentor.house.social import schema
from stentor.social import ids

MOST: Final = 40
USUAL: Final = 20
_Request = Request[Any, Any, Any]


class Cursor(NamedTuple):
    """Between two ids, which are not in the page themselves."""

    before: int
    after: int
    most: int


def cursor(before: str | None, after: str | None, limit: int) -> Cursor:
    """What a query asks for; raises :class:`BadInput`."""
    if not 1 <= limit <= MOST:
        raise BadInput(f"A page has 1 to {MOST} entries.", field="limit")
    return Cursor(_id(before, "before") or ids.LARGEST, _id(after, "after") or 0, limit)


def page(
    request: _Request, base: str, posts: list[schema.PostView], found: Sequence[int], asked: Cursor
) -> Response[schema.PostPage]:
    """A page, with the addresses beside it in the ``Link`` header (RFC 8288), ``next`` first, and in the answer.

    ``found`` are all ids that were looked at: some may have posts that are not for whoever asks."""
    path = f"{request.url.path}?limit={asked.most}"
    older = f"{path}&before={found[-1]}" if found and (len(found) >= asked.most or asked.after) else None
    newest = found[0] if found else asked.after
    newer = f"{path}&after={newest}" if newest else None
    links = [f'<{base}{target}>; rel="{name}"' for target, name in ((older, "next"), (newer, "prev")) if target]
    headers = {"cache-control": "no-store"} | ({"link": ", ".join(links)} if links else {})
    return Response(schema.PostPage(posts, older, newer), headers=headers)


def _id(text: str | None, field: str) -> int | None:
    if text is None:
        return None
    found = ids.parse(text)
    if found is None:
        raise BadInput(f"{field} is the id of a post.", field=field)
    return found

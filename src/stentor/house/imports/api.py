"""The REST API's addresses about bringing files along, and taking them."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from stentor.house.imports.exports import Exports, ListName
from stentor.house.imports.schema import ImportKindWord, ImportPage, Imports, ImportView
from stentor.house.imports.service import MOST_ARCHIVE_BYTES, ImportDesk
from stentor.house.social.service import parse_id
from stentor.house.social.viewers import Viewers
from stentor.social.imports import MOST_BYTES, NAMES, ImportKind

_Request = Request[Any, Any, Any]
CSV: Final = "text/csv; charset=utf-8"


def handlers(desk: ImportDesk, exports: Exports, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""

    @get("/imports", summary="What one brings along, the newest file first")
    async def imports(request: _Request) -> Imports:
        return Imports(await desk.of(await viewers.me(request)))

    @get("/imports/{import_id:str}", summary="How far a file is, and what of it could not be done")
    async def look(request: _Request, import_id: FromPath[str]) -> ImportPage:
        found, lines = await desk.look(await viewers.me(request), parse_id(import_id))
        return ImportPage(found, lines)

    @delete(
        "/imports/{import_id:str}",
        status_code=204,
        summary="Stop a file, and take it out of the list; what came in stays",
    )
    async def forget(request: _Request, import_id: FromPath[str]) -> None:
        await desk.forget(await viewers.me(request), parse_id(import_id))

    @put(
        "/imports/list",
        request_max_body_size=MOST_BYTES,
        status_code=202,
        summary="Bring a CSV file of Mastodon's along",
    )
    async def bring_list(
        request: _Request, name: FromQuery[str] = "", of: FromQuery[ImportKindWord | None] = None
    ) -> ImportView:
        account, me = await viewers.account(request), await viewers.me(request)
        wanted = ImportKind(of) if of else None
        return await desk.begin_list(account, me, name[:200], await request.body(), wanted)

    @put(
        "/imports/archive", request_max_body_size=MOST_ARCHIVE_BYTES, status_code=202,
        summary="Bring the archive of an account along: its posts with their dates, told to nobody",
    )  # fmt: skip
    async def bring_archive(request: _Request, name: FromQuery[str] = "") -> ImportView:
        account, me = await viewers.account(request), await viewers.me(request)
        return await desk.begin_archive(account, me, name[:200], request.stream())

    @get(
        "/account/lists/{list_name:str}",
        summary="A list of one's own as CSV, as Mastodon takes it",
        media_type="text/csv",
    )
    async def export(request: _Request, list_name: FromPath[ListName]) -> Response[bytes]:
        data = await exports.csv(await viewers.me(request), ImportKind(list_name))
        named = f'attachment; filename="{NAMES[ImportKind(list_name)]}"'
        headers = {"content-disposition": named, "cache-control": "no-store"}
        return Response(data, media_type=CSV, headers=headers)

    return [imports, look, forget, bring_list, bring_archive, export]

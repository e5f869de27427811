"""The REST API's addresses about bringing files along, and taking them."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from stentor.base.errors import NotFound
from stentor.house.imports.exports import Exports, ListName
from stentor.house.imports.schema import ImportKindWord, ImportPage, Imports, ImportView, UploadView
from stentor.house.imports.service import MOST_ARCHIVE_BYTES, ImportDesk
from stentor.house.imports.uploads import MOST_PART_BYTES, Uploads
from stentor.house.social.service import parse_id
from stentor.house.social.viewers import Viewers
from stentor.social.imports import MOST_BYTES, NAMES, ImportKind

_Request = Request[Any, Any, Any]
CSV: Final = "text/csv; charset=utf-8"


def handlers(desk: ImportDesk, uploads: Uploads, exports: Exports, viewers: Viewers) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""
    found = [*_files(desk, viewers), *_coming(desk, uploads, viewers), *_parts(uploads, viewers)]
    return [*found, _export(exports, viewers)]


def _files(desk: ImportDesk, viewers: Viewers) -> list[HTTPRouteHandler]:
    """What there is."""

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

    return [imports, look, forget]


def _coming(desk: ImportDesk, uploads: Uploads, viewers: Viewers) -> list[HTTPRouteHandler]:
    """Files at once, and archives whose parts are here."""

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
    async def bring_archive(request: _Request, name: FromQuery[str] = "", upload: FromQuery[str] = "") -> ImportView:
        account, me = await viewers.account(request), await viewers.me(request)
        if upload:
            return await uploads.end(account, me, _number(upload), name[:200])
        return await desk.begin_archive(account, me, name[:200], request.stream())

    return [bring_list, bring_archive]


def _number(upload: str) -> int:
    """Of an upload; raises :class:`NotFound` when it is none."""
    try:
        return parse_id(upload)
    except NotFound:
        raise NotFound("There is no such upload of yours.", code="import-not-found") from None


def _parts(uploads: Uploads, viewers: Viewers) -> list[HTTPRouteHandler]:
    """Archives that come in parts."""

    @post("/imports/uploads", summary="Begin to upload an archive in parts; another that was not ended goes")
    async def begin(request: _Request) -> UploadView:
        return await uploads.begin(await viewers.account(request), await viewers.me(request))

    @get("/imports/uploads/{upload:str}", summary="How far an upload is")
    async def look(request: _Request, upload: FromPath[str]) -> UploadView:
        return await uploads.look(await viewers.me(request), _number(upload))

    @put("/imports/uploads/{upload:str}", request_max_body_size=MOST_PART_BYTES, summary="The next part of an archive")
    async def add(request: _Request, upload: FromPath[str], at: FromQuery[int] = 0) -> UploadView:
        me = await viewers.me(request)
        return await uploads.add(me, _number(upload), at, await request.body())

    @delete("/imports/uploads/{upload:str}", status_code=204, summary="Take an upload away that is not to go on")
    async def forget(request: _Request, upload: FromPath[str]) -> None:
        await uploads.forget(await viewers.me(request), _number(upload))

    return [begin, look, add, forget]


def _export(exports: Exports, viewers: Viewers) -> HTTPRouteHandler:
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

    return export

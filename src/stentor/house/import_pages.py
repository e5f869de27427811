"""Bringing one's posts and lists along from elsewhere, and taking them: pages, which work without JavaScript."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from litestar import HttpMethod, Request, post, route
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from stentor.base.errors import BadInput, NotAllowed, StentorError
from stentor.house.forms import Page, see
from stentor.house.home_pages import HOME, WORDS, HomePages, PostReader
from stentor.house.imports.service import MOST_ARCHIVE_BYTES, ImportDesk
from stentor.house.imports.taken import TakenArchive
from stentor.house.pages import READ
from stentor.house.social.service import parse_id
from stentor.social.imports import MOST_BYTES, ImportKind

PATH: Final = f"{HOME}/imports"
PART_BYTES: Final = 1 << 20
MOST_BESIDES: Final = 64 * 1024
"""Of a form besides its file."""
LISTS: Final = [each.value for each in ImportKind if each is not ImportKind.ARCHIVE]
BUSY: Final = ("reading", "working")
UPLOAD_WORDS: Final = (
    "imports.far_up", "imports.percent_up", "imports.broken", "imports.goes_on", "imports.stored", "imports.cancelled",
    "imports.unreadable", "imports.signed_out", "imports.not_sent", "problem.archive-too-large",
    "problem.too-many-imports", "problem.too-many-imports-at-once", "problem.import-kind-differs",
    "problem.import-kind-unknown", "problem.import-nothing", "problem.import-too-large", "problem.import-no-list",
    "problem.import-not-found",
)  # fmt: skip
"""What the script says while a file is uploaded, besides what those of all these pages do."""
_Request = Request[Any, Any, Any]


def imports(made: HomePages, desk: ImportDesk, taken: TakenArchive, federated: bool) -> list[HTTPRouteHandler]:
    """``/home/imports``."""

    async def show(reader: PostReader, wrong: str = "") -> Any:
        found = await desk.of(reader.me)
        words = {key: made.pages.text(reader.visit, key) for key in (*WORDS, *UPLOAD_WORDS)}
        return made.show(
            reader, "imports", imports=found, lists=LISTS, wrong=wrong, busy=BUSY, federated=federated,
            known=made.pages.knows, words=words,
        )  # fmt: skip

    @route("/imports", http_method=READ, include_in_schema=False)
    async def look(request: _Request) -> Page:
        return await made.only(request, show)

    @post("/imports", include_in_schema=False, request_max_body_size=MOST_ARCHIVE_BYTES + MOST_BESIDES)
    async def bring(request: _Request) -> Page:
        made.sessions.guard(request)
        sent = await request.form()
        file, kind = sent.get("file"), str(sent.get("kind", ""))

        async def work(reader: PostReader) -> Page:
            try:
                if not isinstance(file, UploadFile) or not file.filename:
                    raise BadInput("Choose a file first.", code="no-file", field="file")
                await _begin(desk, reader, file, kind)
            except StentorError as error:
                return made.refused(reader, error, await show(reader, made.told(reader, error)))
            return see(PATH)

        return await made.only(request, work)

    @route("/imports/{import_id:str}", http_method=READ, include_in_schema=False)
    async def one(request: _Request, import_id: FromPath[str]) -> Page:
        async def work(reader: PostReader) -> Page:
            found, lines = await desk.look(reader.me, parse_id(import_id))
            return made.show(
                reader, "imported", move=found, lines=lines, busy=BUSY, federated=federated, known=made.pages.knows
            )

        return await made.only(request, work)

    @post("/imports/{import_id:str}/forget", include_in_schema=False)
    async def forget(request: _Request, import_id: FromPath[str]) -> Page:
        async def work(reader: PostReader, _: dict[str, str]) -> str:
            await desk.forget(reader.me, parse_id(import_id))
            return PATH

        return await made.doing(request, work)

    return [look, bring, _archive(made, taken, show), one, forget]


def _archive(
    made: HomePages, taken: TakenArchive, show: Callable[[PostReader, str], Awaitable[Any]]
) -> HTTPRouteHandler:
    @route("/imports/archive", http_method=HttpMethod.GET, media_type="application/zip", include_in_schema=False)
    async def archive(request: _Request) -> Any:
        async def work(reader: PostReader) -> Any:
            try:
                await made.sessions.fresh(request)
            except NotAllowed as error:
                return made.refused(reader, error, await show(reader, made.told(reader, error)))
            named = f'attachment; filename="archive-{reader.account.handle}.zip"'
            headers = {"content-disposition": named, "cache-control": "no-store"}
            parts = taken.of(reader.me, reader.account.handle, reader.account.name)
            return Stream(parts, media_type="application/zip", headers=headers)

        return await made.only(request, work)

    return archive


async def _begin(desk: ImportDesk, reader: PostReader, file: UploadFile, kind: str) -> None:
    name = file.filename
    if kind == ImportKind.ARCHIVE.value or (kind not in LISTS and not name.lower().endswith((".csv", ".txt"))):
        await desk.begin_archive(reader.account, reader.me, name, _parts(file))
        return
    data = await file.read(MOST_BYTES + 1)
    await desk.begin_list(reader.account, reader.me, name, data, ImportKind(kind) if kind in LISTS else None)


async def _parts(file: UploadFile) -> AsyncIterator[bytes]:
    while part := await file.read(PART_BYTES):
        yield part

"""The REST API's addresses about pictures of posts."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, patch, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from stentor.house.media import schema
from stentor.house.media.passes import MediaPasses
from stentor.house.media.service import MOST_BYTES, MediaDesk, missing
from stentor.house.who.callers import Callers
from stentor.social import ids, pictures
from stentor.social.model import Picture
from stentor.social.visible import is_file
from stentor.store.actors import ActorsTable
from stentor.store.posts import PostsTable

_Request = Request[Any, Any, Any]
KEPT = "private, max-age=86400"
"""By the browser of who may see it. The file under an address never changes."""


def handlers(
    desk: MediaDesk, posts: PostsTable, actors: ActorsTable, callers: Callers, passes: MediaPasses
) -> list[HTTPRouteHandler]:
    """The handlers, which share the desk."""

    async def mine(request: _Request, media: str) -> Picture:
        account = await callers.signed_in(request)
        number = ids.parse(media)
        found = (await desk.table.get([number])).get(number) if number is not None else None
        if found is None or found.actor != await actors.of_account(account.id):
            raise missing()
        return found

    async def public(found: Picture) -> bool:
        shown = await posts.read([found.post], None) if found.post is not None else []
        return bool(shown) and is_file(shown[0].post)

    @put("/media", request_max_body_size=MOST_BYTES, status_code=201, summary="Upload a picture for a post")
    async def upload(request: _Request) -> schema.MediaView:
        account = await callers.signed_in(request)
        actor = await actors.of_account(account.id)
        return schema.media(await desk.upload(account, actor, await request.body()), public=False)

    @get("/media/{media:str}", summary="One's own picture")
    async def look(request: _Request, media: FromPath[str]) -> schema.MediaView:
        found = await mine(request, media)
        return schema.media(found, public=await public(found))

    @patch("/media/{media:str}", summary="Say what is to be seen in it, also after it was posted")
    async def describe(request: _Request, media: FromPath[str], data: JSONBody[schema.AltText]) -> schema.MediaView:
        found = await mine(request, media)
        if not await desk.table.describe(found.id, found.actor, pictures.alt(data.alt)):
            raise missing()
        changed = (await desk.table.get([found.id]))[found.id]
        return schema.media(changed, public=await public(changed))

    @get("/media/{media:str}/file", summary="The picture itself, for those who may see it", media_type=pictures.TYPE)
    async def file(request: _Request, media: FromPath[str], small: FromQuery[bool] = False) -> Response[bytes]:
        number, account = ids.parse(media), await callers.account(request)
        given = request.query_params.get("pass", "")
        found = (await desk.table.get([number])).get(number) if number is not None else None
        if found is None:
            raise missing()
        viewer = await actors.of_account(account.id) if account else passes.viewer(given, found.id)
        if found.actor != viewer and not (found.post is not None and await posts.read([found.post], viewer)):
            raise missing()
        return Response(
            await desk.read(found, small=small),
            media_type=pictures.TYPE,
            headers={"cache-control": KEPT, "content-security-policy": "default-src 'none'; sandbox"},
        )

    return [upload, look, describe, file]

"""The addresses of streams: who may listen to what, as Mastodon's apps ask for it.

``/api/v1/streaming`` is WebSocket, with as many streams as an app asks for; below it each stream is an address that
answers with server-sent events. The token comes in the header, in the query, or as the protocol of the WebSocket, since
scripts in browsers can send no header with one.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from litestar import Request, Response, asgi, get
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import Receive, Scope, Send

from stentor.base.errors import BadInput, NotAllowed, NotFound, StentorError
from stentor.base.paths import STREAMING
from stentor.house.clients.asking import unknown
from stentor.house.clients.ways import refused
from stentor.house.streaming import lines, sockets
from stentor.house.streaming.hub import MOST_STREAMS, Encoding, Hub, StreamClient
from stentor.house.streaming.messages import StreamCommand
from stentor.house.web.tunnel import SWITCHING, tunnel_of
from stentor.house.who.app_tokens import AppReader, brought
from stentor.people import app_scopes
from stentor.social import streams
from stentor.social.streams import StreamKind, StreamName
from stentor.store.actors import ActorsTable
from stentor.store.happenings import HappeningsTable

NEEDED: Final = {
    StreamKind.NOTICES: "read:notifications",
    StreamKind.LIST: "read:lists",
}
"""What a token needs for a stream; for all others it is ``read:statuses``."""
STATUSES, NOTICES = "read:statuses", "read:notifications"
_MEDIA: Final = "only_media"
_Request = Request[Any, Any, Any]


class StreamListener(NamedTuple):
    """Who wants to listen."""

    token: str
    me: int
    scopes: tuple[str, ...]


class StreamDoor:
    """Lets apps in."""

    def __init__(self, hub: Hub, reader: AppReader, actors: ActorsTable, table: HappeningsTable) -> None:
        self.hub, self._reader, self._actors, self._table = hub, reader, actors, table

    async def listener(self, request: _Request) -> StreamListener:
        """Whose token it is; raises :class:`NotSignedIn`, :class:`NotAllowed`."""
        token = _token(request)
        caller = await self._reader.caller(token)
        if caller.account is None:
            raise NotAllowed("This method requires an authenticated user", status=422)
        return StreamListener(token, await self._actors.of_account(caller.account.id), caller.token.scopes)

    def client(self, listener: StreamListener, encode: Encoding) -> StreamClient:
        """A connection of theirs, which does not listen yet."""
        posts, notices = (app_scopes.covers(listener.scopes, each) for each in (STATUSES, NOTICES))
        return StreamClient(listener.me, encode, posts=posts, notices=notices)

    async def follow(self, listener: StreamListener, client: StreamClient, name: StreamName | None) -> None:
        """Has a client told of a stream, too. Raises :class:`BadInput`, :class:`NotAllowed`, :class:`NotFound`."""
        if name is None:
            raise BadInput("Unknown stream type", field="stream")
        if not app_scopes.covers(listener.scopes, NEEDED.get(name.kind, STATUSES)):
            raise NotAllowed("Access token does not have the required scopes", code="scope-missing")
        if name.kind is StreamKind.LIST and int(name.of) not in await self._table.lists_of(listener.me):
            raise NotFound("Record not found", code="list-not-found")
        if len(client.names) >= MOST_STREAMS:
            raise BadInput(f"One connection has {MOST_STREAMS} streams at most.", field="stream")
        client.names.add(name)

    async def lasts(self, listener: StreamListener) -> bool:
        """Whether somebody may still listen: the token was not taken back."""
        return await self._reader.lasts(listener.token)


def handlers(door: StreamDoor) -> list[ASGIRouteHandler | HTTPRouteHandler]:
    """The handlers. What scripts of other sites may do with them says ``house.clients.front``."""

    @asgi(STREAMING, copy_scope=False)
    async def socket(scope: Scope, receive: Receive, send: Send) -> None:
        request: _Request = Request(scope, receive=receive, send=send)
        try:
            await _socket(door, request, send)
        except StentorError as error:
            await _told(refused(error), send)

    @get(f"{STREAMING}/{{stream:path}}", include_in_schema=False, media_type="text/event-stream")
    async def events(request: _Request, stream: FromPath[str]) -> Response[Any]:
        try:
            return await _events(door, request, stream.strip("/"))
        except StentorError as error:
            return refused(error)

    return [socket, events]


async def _socket(door: StreamDoor, request: _Request, send: Send) -> None:
    tunnel = tunnel_of(request.scope)
    listener = await door.listener(request)
    if tunnel is None:
        raise BadInput("Ask with WebSocket here, or for the events of a stream below.", code="no-websocket", status=426)
    fields = request.headers
    head = sockets.handshake(
        fields.get("sec-websocket-key", ""), fields.get("sec-websocket-version", ""), _protocol(request)
    )
    client = door.client(listener, lambda event, name: event.frame(name))
    query = request.query_params
    if query.get("stream"):
        await door.follow(listener, client, _named(query.get("stream", ""), query))
    door.hub.join(client)

    async def heed(asked: StreamCommand) -> None:
        name = streams.parse(asked.stream, asked.tag, asked.list)
        if asked.type == "subscribe":
            await door.follow(listener, client, name)
        elif name is not None:
            client.names.discard(name)

    try:
        await door.hub.begun()
        await send({"type": "http.response.start", "status": SWITCHING, "headers": head})
        await sockets.SocketStream(tunnel, client, heed, lambda: door.lasts(listener)).run()
    finally:
        door.hub.leave(client)


async def _events(door: StreamDoor, request: _Request, path: str) -> Response[Any] | Stream:
    if path == "health":
        return Response("OK", media_type="text/plain")
    listener = await door.listener(request)
    client = door.client(listener, lambda event, _: event.line())
    await door.follow(listener, client, _named(path.replace("/", ":"), request.query_params))
    door.hub.join(client)
    try:
        await door.hub.begun()
    except BaseException:
        door.hub.leave(client)
        raise
    told = lines.lines(door.hub, client, lambda: door.lasts(listener))
    return Stream(told, media_type="text/event-stream", headers=lines.HEADERS)


def _named(kind: str, query: Any) -> StreamName | None:
    """A stream by its name and the other fields of a query."""
    if query.get(_MEDIA, "").lower() in ("true", "1") and kind.partition(":")[0] == "public":
        kind = f"{kind.removesuffix(':media')}:media"
    return streams.parse(kind, query.get("tag", ""), query.get("list", ""))


def _token(request: _Request) -> str:
    """Raises :class:`NotSignedIn` without one."""
    if token := brought(request):
        return token
    raise unknown()


def _protocol(request: _Request) -> str:
    """The first protocol that an app offers (RFC 6455, 4.1)."""
    return request.headers.get("sec-websocket-protocol", "").partition(",")[0].strip()


async def _told(answer: Response[bytes], send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status_code or 500, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content, "more_body": False})

"""A request that becomes another protocol at the house (WebSocket, RFC 6455): then bytes pass both ways as they are.

Both directions wait for each other: a client that takes nothing is not sent to, and the worker closes it like any that
stalls; a house that takes nothing is not written to, and its client is not read from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stentor.base.paths import SWITCHING
from stentor.edge.protocol import Connection
from stentor.edge.upstream import Head, HouseLost, Upstream
from stentor.wire.http import BodyStream, Request

HEAD: Final = b"HTTP/1.1 101 Switching Protocols"
FIELDS: Final = ("connection: upgrade", "upgrade: websocket")
"""They are for one connection alone, and so written anew for each."""


def may_switch(request: Request) -> bool:
    """Whether a request asks for WebSocket where the house has it."""
    fields = request.headers
    named = {each.strip().lower() for each in fields.get("connection", "").split(",")}
    asked = fields.get("upgrade", "").strip().lower() == "websocket" and "upgrade" in named
    plain = request.method == "GET" and request.version == "1.1" and request.stream is None and not request.body
    return asked and plain and request.path.rstrip("/") in SWITCHING


async def carry(
    uplink: BodyStream, house: Upstream, connection: Connection, head: Head, passed: Sequence[bytes]
) -> None:
    """Sends the head of the answer, whose other lines are ``passed``, and passes bytes until either is gone: what the
    client says into ``uplink``, which somebody else takes to the house."""
    connection.listen(uplink.put)
    connection.replied(head.status)
    await connection.send(b"\r\n".join([HEAD, *passed, *(each.encode() for each in FIELDS), b"", b""]))
    try:
        while (piece := await house.read()) and await connection.send(piece):
            pass
    except HouseLost:
        pass  # it has said all that it had to say

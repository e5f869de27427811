"""A stream over WebSocket (RFC 6455): one connection, and as many streams as its app asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol
from websockets.utils import accept_key

from stentor.base.errors import BadInput, StentorError
from stentor.house.streaming import messages
from stentor.house.streaming.hub import StreamClient
from stentor.house.streaming.messages import StreamCommand
from stentor.house.web.tunnel import Tunnel

SILENT_S: Final = 25.0
"""So long nothing is said at most: proxies close what is silent for 30 s or 60 s."""
LOST_S: Final = 60.0
"""Who has not answered for so long is gone."""
MOST_SAID_BYTES: Final = 4096
"""Of one message of an app: it names a stream."""
SAID: Final = 30
"""Messages of an app in one period of :data:`SILENT_S`; it has no reason for more."""
Heed = Callable[[StreamCommand], Awaitable[None]]
Check = Callable[[], Awaitable[bool]]


def handshake(key: str, version: str, protocol: str) -> list[tuple[bytes, bytes]]:
    """The fields of the answer that opens it (RFC 6455, 4.2.2); raises :class:`BadInput`.

    ``protocol`` is sent back as it came: apps put their token there, and browsers close where it is missing."""
    if version.strip() != "13" or len(key.strip()) != 24:  # 16 bytes in base64
        raise BadInput("This is no WebSocket of RFC 6455: Sec-WebSocket-Version is 13.", field="Sec-WebSocket-Version")
    fields = [(b"upgrade", b"websocket"), (b"connection", b"upgrade")]
    fields.append((b"sec-websocket-accept", accept_key(key.strip()).encode()))
    if protocol:
        fields.append((b"sec-websocket-protocol", protocol.encode("latin-1")))
    return fields


class SocketStream:
    """One of them. ``heed`` does what its app asks for, ``lasts`` says whether it may still listen."""

    def __init__(self, tunnel: Tunnel, client: StreamClient, heed: Heed, lasts: Check) -> None:
        self._tunnel, self._client, self._heed, self._lasts = tunnel, client, heed, lasts
        self._protocol = Protocol(SERVER, state=OPEN, max_size=MOST_SAID_BYTES)
        self._said = bytearray()
        self._heard_s = asyncio.get_running_loop().time()
        self._asks = 0

    async def run(self) -> None:
        """Until either side ends it."""
        sending = asyncio.create_task(self._send(), name="stream to an app")
        try:
            await self._hear()
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            self._tunnel.close()

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        look_s = loop.time() + SILENT_S
        while True:
            data = await self._next(look_s - loop.time())
            if data is None:  # also while there is always something to say
                if not await self._goes_on():
                    await self._close(CloseCode.POLICY_VIOLATION)
                    return
                data, look_s = messages.PING, loop.time() + SILENT_S
            elif not data:
                await self._close(CloseCode.TRY_AGAIN_LATER)
                return
            await self._tunnel.write(data)

    async def _next(self, within_s: float) -> bytes | None:
        """What is to be said next; None once it is time to look whether the app may listen, and does."""
        if within_s <= 0:
            return None
        try:
            async with asyncio.timeout(within_s):
                return await self._client.waiting.get()
        except TimeoutError:
            return None

    async def _goes_on(self) -> bool:
        self._asks = 0
        return asyncio.get_running_loop().time() - self._heard_s < LOST_S and await self._lasts()

    async def _hear(self) -> None:
        while data := await self._tunnel.read():
            self._heard_s = asyncio.get_running_loop().time()
            self._protocol.receive_data(data)
            for frame in self._protocol.events_received():
                if isinstance(frame, Frame):
                    await self._frame(frame)
            for piece in self._protocol.data_to_send():  # pongs, and the answer to a good-bye
                if not piece:
                    return
                await self._tunnel.write(piece)
        if not self._tunnel.gone:
            await self._close(CloseCode.GOING_AWAY)

    async def _frame(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        self._said += frame.data
        if len(self._said) > MOST_SAID_BYTES:
            await self._close(CloseCode.MESSAGE_TOO_BIG)
            return
        if not frame.fin:
            return
        text, self._said = bytes(self._said), bytearray()
        self._asks += 1
        if self._asks > SAID:
            await self._close(CloseCode.POLICY_VIOLATION)
        elif (found := messages.asked(text)) is not None:
            try:
                await self._heed(found)
            except StentorError as error:
                await self._tunnel.write(messages.text_frame({"error": error.detail, "status": error.status}))

    async def _close(self, code: CloseCode) -> None:
        with suppress(Exception):  # it may be closed already, by either side
            self._protocol.send_close(code)
        for piece in self._protocol.data_to_send():
            if piece:
                await self._tunnel.write(piece)
        self._tunnel.close()

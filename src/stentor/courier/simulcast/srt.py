"""Calls a server by SRT and sends it an MPEG transport stream."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from stentor.base.errors import SetupError
from stentor.courier.addresses import reachable
from stentor.courier.simulcast.libsrt import PAYLOAD_BYTES, SrtOption, SrtReject, SrtSocket, SrtState
from stentor.courier.simulcast.line import CONNECT_S, GOODBYE_S, ByteLine, LineBroken
from stentor.courier.simulcast.video import EncodedPicture
from stentor.wire.forwarded import Networks
from stentor.wire.mpegts import TransportStream
from stentor.wire.srt import SrtAddress

LOOK_S: Final = 0.02
"""libsrt calls nobody back; so often it is asked."""
MOST_BYTES_S: Final = 5_000_000 // 8
"""Twice what a picture takes at most: the rest is for what was lost and is sent anew."""
LEAST_BYTES, FIRST_BYTES, MOST_BYTES = 8 * 1024, 24 * 1024, 1024 * 1024
"""Of what is under way: a picture that stands alone takes 40 to 100 kB."""
GROWTH: Final = 1.1
NEVER: Final = 0xFFFFFFFF
"""``-1``: what is late is sent all the same. The other side says itself what it does not wait for."""
LAST_S: Final = 2.5
"""The other side gives out what it has when a latency has passed, and nothing more when the call has ended; so long at
most it is waited for."""
_TROUBLES: Final[dict[int, str]] = {
    SrtReject.BADSECRET: "bad-passphrase", SrtReject.UNSECURE: "bad-passphrase", SrtReject.TIMEOUT: "not-reached",
    SrtReject.UNAUTHORIZED: "bad-key", SrtReject.FORBIDDEN: "bad-key", SrtReject.NOT_FOUND: "no-stream",
    SrtReject.CONFLICT: "in-use",
}  # fmt: skip


class SrtLine(ByteLine):
    """One call. So much is under way that it is confirmed within half a latency: what came later would be of no use to
    the other side, which does not wait for it. The rest waits here, where pictures are left out before sound is."""

    def __init__(self, where: SrtAddress, *, allowed: Networks) -> None:
        self._where, self._allowed = where, allowed
        self._stream = TransportStream()
        self._socket: SrtSocket | None = None
        self._aim_s = where.latency_ms / 2000
        self._window: float = FIRST_BYTES
        self._handed: deque[float] = deque()
        """When each piece was sent that is not confirmed."""
        self._judged_s = 0.0
        self._waiting = 0

    @property
    def waiting(self) -> int:
        if self._socket is not None and self._socket.state is SrtState.CONNECTED:
            self._waiting = self._socket.waiting[1]
        return self._waiting

    async def open(self) -> None:
        """Calls. Raises :class:`LineBroken`."""
        trouble = LineBroken("Nobody answers there.", code="not-reached")
        for family, address in await self._addresses():
            try:
                self._socket = self._made()
                self._socket.connect(family, address)
            except SetupError as error:
                raise LineBroken(error.detail, code="no-srt") from error
            except OSError as error:
                trouble = LineBroken(str(error), code="not-reached")
            else:
                if await self._answer(self._socket) is SrtState.CONNECTED:
                    return
                trouble = _refusal(*self._socket.rejected)
            await self.close()
            if trouble.error_code != "not-reached":
                break
        raise trouble

    def sound(self, at_ms: int, frames: list[bytes]) -> bytes:
        return self._stream.sound(at_ms, frames)

    def picture(self, at_ms: int, picture: EncodedPicture) -> bytes:
        return self._stream.picture(at_ms, picture.data, key=picture.key)

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), PAYLOAD_BYTES):
            part = data[at : at + PAYLOAD_BYTES]
            await _until(partial(self._takes, part))

    async def close(self) -> None:
        made, self._socket = self._socket, None
        if made is None:
            return
        try:
            async with asyncio.timeout(GOODBYE_S):
                await _until(lambda: made.state is not SrtState.CONNECTED or not made.waiting[0])
            if made.state is SrtState.CONNECTED:
                await asyncio.sleep(min(self._where.latency_ms / 1000 + LOOK_S * 5, LAST_S))
        except TimeoutError:
            pass  # it does not listen any more
        finally:
            await asyncio.to_thread(made.close)

    async def _answer(self, made: SrtSocket) -> SrtState:
        await _until(lambda: made.state not in (SrtState.INIT, SrtState.OPENED, SrtState.CONNECTING))
        return made.state

    def _takes(self, part: bytes) -> bool:
        if self._socket is None or self._socket.state is not SrtState.CONNECTED:
            raise LineBroken("It closed the connection.", code="closed")
        pieces, size = self._socket.waiting
        while len(self._handed) > pieces:
            self._handed.popleft()
        now = time.monotonic()
        if size and size + len(part) > self._window:
            self._judge(now)
            return False
        try:
            taken = self._socket.send(part)
        except OSError as error:
            raise LineBroken("It closed the connection.", code="closed") from error
        if taken:
            self._handed.append(now)
        return taken

    def _judge(self, now: float) -> None:
        """More may be under way when it is confirmed early, and less when it is late."""
        waits_s = now - self._handed[0] if self._handed else 0.0
        if waits_s < self._aim_s / 2:
            self._window = min(MOST_BYTES, self._window * GROWTH)
        elif waits_s > self._aim_s and now - self._judged_s > self._aim_s:
            self._judged_s = now
            self._window = max(LEAST_BYTES, self._window * self._aim_s / waits_s)

    def _made(self) -> SrtSocket:
        where, made = self._where, SrtSocket()
        made.set(SrtOption.CONNTIMEO, round(CONNECT_S * 1000))
        made.set(SrtOption.LATENCY, where.latency_ms)
        made.set(SrtOption.MAXBW, MOST_BYTES_S)
        made.set(SrtOption.SNDDROPDELAY, NEVER)
        if where.passphrase:
            made.set(SrtOption.PASSPHRASE, where.passphrase)
            if where.key_bytes:
                made.set(SrtOption.PBKEYLEN, where.key_bytes)
        if where.stream:
            made.set(SrtOption.STREAMID, where.stream)
        return made

    async def _addresses(self) -> Sequence[tuple[int, tuple[object, ...]]]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._where.host, self._where.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise LineBroken("There is no host of that name.", code="no-such-host") from error
        good = [(int(info[0]), info[4]) for info in found if reachable(str(info[4][0]), self._allowed)]
        if found and not good:
            raise LineBroken(f"{found[0][4][0]} is not on the internet.", code="refused-address")
        return good


async def _until(said: Callable[[], bool]) -> None:
    while not said():  # noqa: ASYNC110 libsrt calls nobody back
        await asyncio.sleep(LOOK_S)


def _refusal(reason: int, words: str) -> LineBroken:
    code = _TROUBLES.get(reason, "refused")
    said = f"{words} ({reason})" if code == "refused" else ""
    return LineBroken(words, code=code, said=said)

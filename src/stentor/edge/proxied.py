"""The PROXY header before everything else: read, taken off, and then out of the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stentor.base.errors import Malformed
from stentor.wire import proxy


class Proxied(asyncio.Protocol):
    """Stands before ``above`` until the header has come; a connection that begins otherwise is cut off.

    ``above`` is told of the connection at once: it is counted, and its deadline for the first request covers the
    header too.
    """

    __slots__ = ("_above", "_data", "_on_malformed", "_on_source", "_transport")

    _transport: asyncio.Transport

    def __init__(
        self, above: asyncio.Protocol, on_malformed: Callable[[], None], on_source: Callable[[str], bool]
    ) -> None:
        self._above = above
        self._on_malformed, self._on_source = on_malformed, on_source
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's have the methods, not the base class
        self._above.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        try:
            header = proxy.parse(self._data)
        except Malformed:
            self._on_malformed()
            self._transport.abort()
            return
        if header is None:
            return
        self._transport.set_protocol(self._above)
        if not self._on_source(header.address):
            return
        if rest := self._data[header.size :]:
            self._above.data_received(rest)

    def pause_writing(self) -> None:
        self._above.pause_writing()

    def resume_writing(self) -> None:
        self._above.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._above.connection_lost(exc)

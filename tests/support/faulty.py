"""A way to a real server on which things go wrong: what its next posts meet, then all is well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web

WORKS, LOST, DROPPED, FAILED, BUSY = "works", "lost", "dropped", "failed", "busy"
"""It arrives; it is lost on the way; it arrives and the answer is lost; the same with a gateway's error; it is refused
for now."""
_NOT_OURS: Final = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "content-encoding"}


@dataclass
class FaultyWay:
    """To ``server``; ``faults`` happen to the next requests whose path ends with ``at``, one each."""

    server: str
    at: str
    address: str = ""
    faults: list[str] = field(default_factory=list)

    async def carry(self, request: web.Request) -> web.StreamResponse:
        fault = WORKS
        if request.method != "GET" and request.path.endswith(self.at) and self.faults:
            fault = self.faults.pop(0)
        if fault == BUSY:
            return web.json_response({"error": "Too many"}, status=429)
        if fault != LOST:
            answer = await self._asked(request)
        if fault in (LOST, DROPPED):
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=504, text="Gateway") if fault in (FAILED, LOST, DROPPED) else answer

    async def _asked(self, request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_OURS}
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.request(
                request.method, f"{self.server}{request.rel_url}", data=await request.read(), headers=headers,
                allow_redirects=False,
            ) as answer,
        ):  # fmt: skip
            back = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_OURS}
            return web.Response(status=answer.status, body=await answer.read(), headers=back)


@asynccontextmanager
async def faulty_way(server: str, at: str) -> AsyncIterator[FaultyWay]:
    made = FaultyWay(server, at)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.carry)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    made.address = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    try:
        yield made
    finally:
        await runner.cleanup()

"""Statements are prepared where the session of PostgreSQL is one's own, and not where a pooler stands between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Connection

from stentor.store.database import PREPARED_AFTER
from stentor.store.spaces import Store
from tests.support.postgres import Postgres, postgres

__all__ = ["postgres"]


async def test_what_is_asked_often_is_prepared_but_not_behind_a_pooler(postgres: Postgres) -> None:
    """A pooler tells the driver of a session of its own making; the next transaction may have another one."""
    url = postgres.fresh()
    assert await _prepared(url) > 0
    async with _pooler(url) as pooled:
        assert await _prepared(pooled) == 0


async def _prepared(url: str) -> int:
    """How many statements are, after something was asked again and again."""

    def work(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar_one())

    store = await Store.open(url)
    try:
        for _ in range(2 * PREPARED_AFTER):
            found = await store.work.read(work)
    finally:
        await store.close()
    return found


@asynccontextmanager
async def _pooler(url: str) -> AsyncIterator[str]:
    """Passes everything on, and says of each session that it is number 1, as poolers say a number of their own."""
    address = urlsplit(url)
    socket = f"{parse_qs(address.query)['host'][0]}/.s.PGSQL.5432"

    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        from_server, to_server = await asyncio.open_unix_connection(socket)
        passing = asyncio.create_task(_pass(reader, to_server))
        try:
            while True:
                head = await from_server.readexactly(5)
                body = await from_server.readexactly(int.from_bytes(head[1:]) - 4)
                if head[:1] == b"K":  # BackendKeyData
                    body = (1).to_bytes(4) + body[4:]
                writer.write(head + body)
        except asyncio.IncompleteReadError:
            pass  # its end
        finally:
            await passing
            for each in (writer, to_server):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://postgres:@127.0.0.1:{port}{address.path}?sslmode=disable&gssencmode=disable"
        await asyncio.wait([each for each in serving if each is not None])  # or they would outlive the loop


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.write_eof()

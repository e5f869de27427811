"""An app that somebody is signed in to, and what it is told over streams."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from stentor.base.config import Settings
from stentor.house.who.app_tokens import PREFIX
from stentor.people.digests import digest
from tests.support.wait import eventually

EVERYTHING = "read write follow push"


def token_for(settings: Settings, handle: str, scopes: str = EVERYTHING) -> str:
    """A token of somebody, put where signing in to an app would have put it; house or site may be running."""
    token, app = f"{PREFIX}{secrets.token_urlsafe(32)}", secrets.randbits(62) | 1
    with closing(sqlite3.connect(Path(settings.folder) / "stentor.db", timeout=5)) as connection:
        connection.execute(
            "INSERT INTO oauth_apps (id, client_id, secret, name, website, redirect_uris, scopes, made_ms) "
            "VALUES (?, ?, '', 'Test', '', '[]', ?, 0)",
            [app, secrets.token_hex(8), scopes],
        )
        connection.execute(
            "INSERT INTO oauth_tokens (id, digest, app, account, scopes, made_ms) "
            "SELECT ?, ?, ?, id, ?, 0 FROM accounts WHERE handle = ?",
            [secrets.token_hex(8), digest(token), app, scopes, handle],
        )
        connection.commit()
    return token


def revoke(settings: Settings, token: str) -> None:
    with closing(sqlite3.connect(Path(settings.folder) / "stentor.db", timeout=5)) as connection:
        connection.execute("DELETE FROM oauth_tokens WHERE digest = ?", [digest(token)])
        connection.commit()


@dataclass
class Listening:
    """A WebSocket of an app; ``events`` is what came."""

    socket: aiohttp.ClientWebSocketResponse
    events: list[dict[str, Any]] = field(default_factory=list)

    async def run(self) -> None:
        async for message in self.socket:
            self.events.append(json.loads(message.data))

    async def follow(self, stream: str, **fields: str) -> None:
        await self.socket.send_json({"type": "subscribe", "stream": stream, **fields})

    def of(self, event: str, stream: str = "") -> list[Any]:
        """The payloads of some events, as what they are."""
        found = [each for each in self.events if each.get("event") == event]
        payloads = [each["payload"] for each in found if stream in ("", each["stream"][0])]
        return [each if event == "delete" else json.loads(each) for each in payloads]

    async def has(self, event: str, count: int = 1) -> list[Any]:
        await eventually(lambda: len(self.of(event)) >= count, f"{count} × {event}: {self.events}")
        return self.of(event)


@asynccontextmanager
async def listening(base: str, token: str, stream: str = "user", *, way: str = "query") -> AsyncIterator[Listening]:
    """Listens at a site or a house; the token comes in the ``query``, in the ``header`` or as the ``protocol``."""
    address = f"{base}/api/v1/streaming?stream={stream}"
    headers = {"Authorization": f"Bearer {token}"} if way == "header" else {}
    protocols = [token] if way == "protocol" else []
    if way == "query":
        address += f"&access_token={token}"
    async with (
        aiohttp.ClientSession(trust_env=False) as session,
        session.ws_connect(address, headers=headers, protocols=protocols) as socket,
    ):
        assert socket.protocol == (token if protocols else None)
        found = Listening(socket)
        task = asyncio.create_task(found.run(), name="listening")
        try:
            yield found
        finally:
            task.cancel()
            await asyncio.wait([task])

"""Bluesky's own server of personal data, as a receiver of posts: what stands there is read by somebody who is not
signed in, as every other server of that network reads it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support import node
from tests.support.debian import running
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S

NAME = "bluesky"


def missing() -> str:
    """Why it is not here; empty when it is."""
    return node.missing(NAME)


class Bluesky:
    """A running server with one person, ``ada.test``, who has made a password for apps."""

    def __init__(self, port: int, log: Path) -> None:
        self.address, self._log = f"http://localhost:{port}", log
        self._http = httpx.AsyncClient(base_url=f"{self.address}/xrpc/", trust_env=False, timeout=PATIENCE_S)
        self.handle, self.did, self.password = "ada.test", "", ""

    async def begin(self) -> None:
        wish = {"handle": self.handle, "email": "ada@example.com", "password": "her main password"}
        made = await self._http.post("com.atproto.server.createAccount", json=wish)
        assert made.status_code == 200, f"{made.text}: {self._log.read_text()[-2000:]}"
        self.did, headers = made.json()["did"], {"authorization": f"Bearer {made.json()['accessJwt']}"}
        made = await self._http.post("com.atproto.server.createAppPassword", json={"name": "site"}, headers=headers)
        assert made.status_code == 200, made.text
        self.password = made.json()["password"]

    async def posts(self) -> list[dict[str, Any]]:
        """What stands there, as anybody reads it."""
        asked = {"repo": self.did, "collection": "app.bsky.feed.post"}
        found = await self._http.get("com.atproto.repo.listRecords", params=asked)
        assert found.status_code == 200, found.text
        return [each["value"] | {"uri": each["uri"]} for each in found.json()["records"]]

    async def close(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def bluesky() -> AsyncIterator[Bluesky]:
    """A server on loopback; it must be there (:func:`missing`)."""
    found = node.tools()
    assert found is not None
    with tempfile.TemporaryDirectory(prefix="bluesky-") as name:
        folder, port = Path(name), free_port()
        command = [found[0], str(node.kept(NAME) / "pds.mjs"), f"{port}", f"{free_port()}", name]
        async with running(command, port, folder / "log"):
            server = Bluesky(port, folder / "log")
            try:
                await server.begin()
                yield server
            finally:
                await server.close()

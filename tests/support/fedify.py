"""Fedify, a library of the fediverse by others (Ghost and Hollo are made with it), and a small server made with it.

npm fetches it, as the lock file says, into ``.venv/fedify``. It needs Node.js 22, which is beside npm or comes with
this project's own tools.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tests.support import node
from tests.support.debian import running
from tests.support.federated import until
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S


def missing() -> str:
    """Why there is no Fedify here; empty when there is."""
    return node.missing("fedify")


class Fedify:
    """A running server with two people, ``robin`` and ``sam``."""

    def __init__(self, port: int, log: Path) -> None:
        self.host, self._log = f"localhost:{port}", log
        self.address = f"http://{self.host}"
        self._http = httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=PATIENCE_S)

    def actor(self, name: str = "robin") -> str:
        return f"{self.address}/users/{name}"

    async def close(self) -> None:
        await self._http.aclose()

    async def do(self, verb: str, **fields: object) -> str:
        """Somebody there (``who``, else robin) does something; the address of what they wrote."""
        reply = await self._http.post("/control", json={"verb": verb, **fields})
        assert reply.status_code == 200, f"{verb}: {reply.text}"
        return str(reply.json()["done"])

    async def seen(self) -> dict[str, Any]:
        """What is so there, as others' words have made it."""
        found: dict[str, Any] = (await self._http.get("/control")).json()
        return found

    async def post(self, uri: str) -> dict[str, Any] | None:
        """A post of others as it is there; None where it is not."""
        found: dict[str, Any] | None = (await self.seen())["posts"].get(uri)
        return found

    async def until(self, fits: Callable[[dict[str, Any]], object], reason: str) -> dict[str, Any]:
        """What is so there, once it is as ``fits`` wants it."""

        async def look() -> dict[str, Any] | None:
            found = await self.seen()
            return found if fits(found) else None

        try:
            found: dict[str, Any] = await until(look, reason)
        except AssertionError as error:
            raise AssertionError(f"{error}; there came {(await self.seen())['kinds']}, and: {self.logged()}") from None
        return found

    async def marked(self, kind: str, uri: str, reason: str, *, on: bool = True) -> None:
        """Waits until somebody likes a post (``likes``), or has boosted it (``boosts``), or nobody any more."""
        await self.until(lambda seen: bool(seen[kind].get(uri)) == on, reason)

    def logged(self) -> str:
        return self._log.read_text("utf-8", "replace")[-2000:]


@asynccontextmanager
async def fedify() -> AsyncIterator[Fedify]:
    """A server on loopback; it must be there (:func:`missing`)."""
    found = node.tools()
    assert found is not None
    with tempfile.TemporaryDirectory(prefix="fedify-") as name:
        folder, port = Path(name), free_port()
        Image.effect_noise((320, 200), 40).convert("RGB").save(folder / "picture.jpg")
        command = [found[0], str(node.kept("fedify") / "peer.mjs"), str(port), str(folder / "picture.jpg")]
        async with running(command, port, folder / "log"):
            peer = Fedify(port, folder / "log")
            try:
                yield peer
            finally:
                await peer.close()

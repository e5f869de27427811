"""mastodon-mock, a server with Mastodon's REST API on which things go wrong when it is told so.

It lives in a venv of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support import venvs
from tests.support.debian import running
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S

NAME: Final = "mastodon-mock"
WANTED: Final = ("mastodon-mock==0.6.1",)
TOKEN: Final = "the-token"
CONFIG: Final = f"""
[auth]
enforce_scopes = true
[[seed.accounts]]
username = "ada"
access_token = "{TOKEN}"
"""
START: Final = """
import functools, sys, uvicorn
uvicorn.run = functools.partial(uvicorn.run, timeout_graceful_shutdown=1)  # for what hangs by order
from mastodon_mock.cli import main
main(sys.argv[1:])
"""


def missing() -> str:
    """Why it is not here; empty when it is."""
    return venvs.missing(NAME, WANTED)


class MastodonMock:
    """A running one, with ``@ada``."""

    def __init__(self, port: int) -> None:
        self.address = f"http://localhost:{port}"
        self._http = httpx.AsyncClient(base_url=f"{self.address}/api/v1/", trust_env=False, timeout=PATIENCE_S)

    async def fault(self, effect: dict[str, Any], *, method: str = "POST", path: str = "statuses") -> None:
        """What the next request of this kind meets."""
        match = {"methods": [method], "path": f"/api/v1/{path}"}
        added = await self._http.post("_mock/faults", json={"match": match, "effect": effect, "count": 1})
        assert added.status_code == 200, added.text

    async def left(self) -> list[Any]:
        """Faults that nobody has met."""
        found: list[Any] = (await self._http.get("_mock/faults")).json()
        return found

    async def posts(self) -> list[str]:
        """What stands there (HTML), as anybody reads it."""
        ada = (await self._http.get("accounts/lookup", params={"acct": "ada"})).json()["id"]
        found = await self._http.get(f"accounts/{ada}/statuses", params={"limit": 40})
        assert found.status_code == 200, found.text
        return [each["content"] for each in found.json()]

    async def close(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def mastodon_mock() -> AsyncIterator[MastodonMock]:
    """A server on loopback; it must be there (:func:`missing`)."""
    with tempfile.TemporaryDirectory(prefix="mastodon-mock-") as name:
        folder, port = Path(name), free_port()
        (folder / "mock.toml").write_text(CONFIG)
        command = [
            venvs.program(NAME, "python"), "-c", START, "serve", "--in-memory", "--port", str(port),
            "--config", str(folder / "mock.toml"),
        ]  # fmt: skip
        async with running(command, port, folder / "log"):
            made = MastodonMock(port)
            try:
                yield made
            finally:
                await made.close()

"""fediverse-pasture, which asks a server in the ways of six people and says what they got: signed or not, with keys
that everybody may have, or those alone who sign.

It lives in a venv of its own below ``.venv``: its packages do not go together with ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support import venvs
from tests.support.debian import running
from tests.support.ports import free_port

WANTED = ("fediverse-pasture==0.2.25", "uvicorn")
TIMEOUT_S = 8.0
START = """
import os, sys, uvicorn
os.chdir(sys.argv[1])  # it keeps files where it is
from fediverse_pasture.verify_actor import build_app
port = int(sys.argv[2])
uvicorn.run(build_app(False, f"localhost:{port}", False, float(sys.argv[3])), host="127.0.0.1", port=port)
"""


def missing() -> str:
    """Why it is not here; empty when it is."""
    return venvs.missing("pasture", WANTED)


class Pasture:
    """A running one."""

    def __init__(self, port: int) -> None:
        self._http = httpx.AsyncClient(base_url=f"http://localhost:{port}", trust_env=False, timeout=60)

    async def close(self) -> None:
        await self._http.aclose()

    async def judge(self, actor: str) -> dict[str, Any]:
        """What each of its people got from an actor: ``get_actor`` and ``post_inbox``, whether that was well; and under
        ``webfinger`` whether the actor was found by name."""
        reply = await self._http.get("/", params={"actor_uri": actor}, headers={"Accept": "application/json"})
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()["result"]
        return found


@asynccontextmanager
async def pasture() -> AsyncIterator[Pasture]:
    """It must be there (:func:`missing`)."""
    with tempfile.TemporaryDirectory(prefix="pasture-") as name:
        port = free_port()
        command = [venvs.program("pasture", "python"), "-c", START, name, str(port), str(TIMEOUT_S)]
        async with running(command, port, Path(name, "log")):
            made = Pasture(port)
            try:
                yield made
            finally:
                await made.close()

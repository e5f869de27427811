"""snac2, a real server of the fediverse: Debian's package of trixie, unpacked beside the tests and run as nobody.

Nothing of the system changes: apt keeps the lists of trixie in a folder of its own. It is a server by others, in
another language: what it shows of us is what others see.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.debian import running
from tests.support.fetched import alone, run
from tests.support.ports import free_port
from tests.support.wait import PATIENCE_S

KEPT = Path(__file__).parents[2] / ".venv" / "snac"
USER = "peer"
ONCE = httpx.Limits(max_keepalive_connections=0)
"""It closes each connection after its answer and does not say so beforehand: nobody may use it a second time."""
SIGNED = "/usr/share/keyrings/debian-archive-keyring.gpg"


@alone
def missing() -> str:
    """Why there is no snac2 here; empty when there is."""
    if (KEPT / "usr/bin/snac").exists():
        return ""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return "no apt-get and dpkg on this machine"
    KEPT.mkdir(parents=True, exist_ok=True)
    for folder in ("lists/partial", "cache/archives/partial"):
        (KEPT / folder).mkdir(parents=True, exist_ok=True)
    source = _debian()
    if not source:
        return "apt of this machine has no source of Debian's packages"
    (KEPT / "sources").write_text(f"deb [signed-by={SIGNED}] {source} trixie main\n", "utf-8")
    options = [
        f"Dir::State::lists={KEPT}/lists", f"Dir::Etc::sourcelist={KEPT}/sources", "Dir::Etc::sourceparts=/dev/null",
        f"Dir::Cache={KEPT}/cache", "APT::Get::List-Cleanup=0", "Acquire::Languages=none",
    ]  # fmt: skip
    apt = ["apt-get", "-qq", *(word for each in options for word in ("-o", each))]
    for command in ([*apt, "update"], [*apt, "download", "snac2"]):
        if why := _done(command):
            return why
    found = max(KEPT.glob("snac2_*.deb"), default=None, key=lambda file: file.stat().st_mtime)
    return _done(["dpkg", "-x", found.name, "."]) if found else "apt-get brought no package"


def _debian() -> str:
    """Where this machine has Debian's packages from, by its own lists; empty when it has none."""
    told = run(["apt-get", "indextargets", "--format", "$(REPO_URI)"])
    return next((line for line in told.stdout.split() if line.rstrip("/").endswith("/debian")), "")


def _done(command: list[str]) -> str:
    """Runs it in the folder; why that failed, or nothing."""
    done = run(command, cwd=KEPT)
    return f"`{' '.join(command[:1] + command[-2:])}` said: {done.stderr.strip()[-300:]}" if done.returncode else ""


class Snac:
    """A running server with one user, ``peer``."""

    def __init__(self, data: Path, port: int, password: str) -> None:
        self.data, self.host, self.password = data, f"localhost:{port}", password
        self.address = f"http://{self.host}"
        self.actor = f"{self.address}/{USER}"
        self._http = httpx.AsyncClient(
            base_url=self.address, auth=(USER, password), trust_env=False, timeout=PATIENCE_S, limits=ONCE
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def command(self, name: str, *words: str) -> str:
        """A command of its program, for the user."""
        return await _run(str(self.data.parent / "snac"), name, str(self.data), USER, *words)

    async def note(self, text: str, **fields: str) -> None:
        """Writes a note by its form: ``in_reply_to`` answers one, ``edit_id`` changes one."""
        reply = await self._http.post(f"/{USER}/admin/note", data={"content": text, **fields})
        assert reply.status_code in (200, 303), reply.text

    async def act(self, action: str, uri: str) -> None:
        """Presses a button below a post: ``Like``, ``Unlike``, ``Boost``, ``Unboost``, ``Delete``."""
        data = {"action": action, "id": uri, "actor": "", "redir": "x"}
        reply = await self._http.post(f"/{USER}/admin/action", data=data)
        assert reply.status_code in (200, 303), reply.text

    async def vote(self, uri: str, answer: str, actor: str) -> None:
        """Votes in a poll of ``actor``'s."""
        data = {"irt": uri, "question": answer, "actor": actor, "redir": "x"}
        reply = await self._http.post(f"/{USER}/admin/vote", data=data)
        assert reply.status_code in (200, 303), reply.text

    async def migrate(self, actor: str) -> None:
        """The user moves to ``actor``, whose document names the user's."""
        path = self.data / "user" / USER / "user.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"alias": actor}), "utf-8")
        await self.command("migrate")

    def notes(self) -> dict[str, dict[str, Any]]:
        """All posts that it knows, by their addresses; polls and votes are among them."""
        found = {}
        for path in (self.data / "object").rglob("*.json"):
            try:
                each = json.loads(path.read_text("utf-8"))
            except (json.JSONDecodeError, FileNotFoundError):
                continue  # it is being written, or was deleted
            if each.get("type") in ("Note", "Question"):
                found[each["id"]] = each
        return found

    def marks(self, uri: str, kind: str) -> list[str]:
        """Who likes (``l``) or has boosted (``a``) a post, as it keeps them."""
        for path in (self.data / "object").rglob(f"*_{kind}.idx"):
            note = path.with_name(path.name.removesuffix(f"_{kind}.idx") + ".json")
            if note.exists() and json.loads(note.read_text("utf-8")).get("id") == uri:
                return [line for line in path.read_text().split() if not line.startswith("-")]
        return []

    def following(self) -> list[dict[str, Any]]:
        """Whom the user follows, as the answers that came."""
        files = (self.data / "user" / USER / "following").glob("*.json")
        return [json.loads(path.read_text("utf-8")) for path in files]

    def logged(self) -> str:
        """What it says to have done."""
        return (self.data.parent / "log").read_text("utf-8", "replace")

    def followers(self) -> int:
        return len(list((self.data / "user" / USER / "followers").glob("*.json")))


@asynccontextmanager
async def snac() -> AsyncIterator[Snac]:
    """A server on loopback; it and its folder are gone at the end. Its program must be there (:func:`missing`)."""
    folder = Path(tempfile.mkdtemp(prefix="snac-"))
    try:
        shutil.copy(KEPT / "usr/bin/snac", folder / "snac")
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        program, data, port = str(folder / "snac"), folder / "data", free_port()
        await _run(program, "init", str(data), said=f"127.0.0.1\n{port}\nlocalhost:{port}\n\n\n")
        told = await _run(program, "adduser", str(data), USER, said="Peer\n\n\n")
        password = re.search(r"password is (\S+)", told)
        assert password is not None, told
        settings = json.loads((data / "server.json").read_text("utf-8"))
        settings |= {"protocol": "http", "shared_inboxes": True, "dbglevel": 1}
        (data / "server.json").write_text(json.dumps(settings), "utf-8")
        async with running([*_AS_NOBODY, program, "httpd", str(data)], port, folder / "log"):
            server = Snac(data, port, password[1])
            try:
                yield server
            finally:
                await server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] if os.geteuid() == 0 else []


async def _run(*command: str, said: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        *_AS_NOBODY, *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate(said.encode())
    assert process.returncode == 0, f"{' '.join(command[1:])}: {out.decode()}"
    return out.decode()

"""A server of the fediverse that does what the test wants: it has people with keys, answers as it is told, and keeps
what is sent to it. What it signs, it signs as others do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from stentor.base.rsa import RsaKey
from stentor.fediverse.signatures import signed

ACTIVITY = "application/activity+json"
KEYS = {name: RsaKey.make() for name in ("eve", "fay")}
"""Making one takes a tenth of a second."""


@dataclass
class Answered:
    """What stands at an address."""

    body: bytes
    kind: str = ACTIVITY
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Sent:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def activity(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Stranger:
    """``inbox`` holds what was sent to it, ``asked`` the paths that were read."""

    port: int = 0
    there: dict[str, Answered] = field(default_factory=dict)
    inbox: list[Sent] = field(default_factory=list)
    asked: list[Sent] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """The next statuses of the inbox; 202 when it is empty."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def uri(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def person(self, name: str, **changed: object) -> str:
        """Somebody with a key; their address."""
        uri = self.uri(f"/users/{name}")
        document = {
            "@context": "https://www.w3.org/ns/activitystreams", "id": uri, "type": "Person", "name": name.title(),
            "preferredUsername": name, "inbox": f"{uri}/inbox", "followers": f"{uri}/followers",
            "endpoints": {"sharedInbox": self.uri("/inbox")},
            "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": KEYS[name].public},
        } | changed  # fmt: skip
        self.there[f"/users/{name}"] = Answered(json.dumps(document).encode())
        finger = {"subject": f"acct:{name}@{self.host}", "links": [{"rel": "self", "type": ACTIVITY, "href": uri}]}
        self.there[f"/.well-known/webfinger?resource=acct:{name}@{self.host}"] = Answered(
            json.dumps(finger).encode(), "application/jrd+json"
        )
        return uri

    def note(self, name: str, path: str, **changed: object) -> dict[str, Any]:
        """A note of somebody's; it stands at its address."""
        made = {
            "id": self.uri(path),
            "type": "Note",
            "attributedTo": self.uri(f"/users/{name}"),
            "content": f"<p>{path}</p>",
            "to": ["https://www.w3.org/ns/activitystreams#Public"],
            "cc": [self.uri(f"/users/{name}/followers")],
        } | changed
        self.there[path] = Answered(json.dumps(made).encode())
        return made

    def activity(self, kind: str, name: str, what: object, **more: object) -> dict[str, Any]:
        number = hashlib.sha256(json.dumps([kind, what, more], sort_keys=True).encode()).hexdigest()[:12]
        actor = self.uri(f"/users/{name}")
        return {"id": f"{actor}#{kind}-{number}", "type": kind, "actor": actor, "object": what} | more

    async def serve(self, request: web.Request) -> web.Response:
        found = Sent(request.path_qs, {name.lower(): value for name, value in request.headers.items()}, b"")
        if request.method == "POST":
            found.body = await request.read()
            self.inbox.append(found)
            status, headers = self.answers.pop(0) if self.answers else (202, {})
            return web.Response(status=status, headers=headers)
        self.asked.append(found)
        there = self.there.get(unquote(request.raw_path))
        if there is None:
            return web.Response(status=404)
        headers = {"content-type": there.kind, **there.headers}
        return web.Response(body=there.body, status=there.status, headers=headers)

    def kinds(self) -> list[str]:
        """The types of what came, in its order."""
        return [each.activity["type"] for each in self.inbox]


@asynccontextmanager
async def stranger() -> AsyncIterator[Stranger]:
    """A running one on 127.0.0.1."""
    made = Stranger()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server
    assert server is not None
    made.port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield made
    finally:
        await runner.cleanup()


def fields(activity: object, key: RsaKey, key_id: str, *, authority: str, now: float, path: str = "/inbox") -> Any:
    """Body and header fields of a request to an inbox, signed."""
    body = json.dumps(activity).encode()
    made = signed(key, key_id, method="POST", authority=authority, target=path, now=now, body=body)
    return body, made | {"content-type": ACTIVITY}

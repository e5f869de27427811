"""A store of objects that does not answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from stentor.base.errors import NotFound, Overloaded
from stentor.store import objects
from stentor.store.objects import Objects


async def test_a_silent_store_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever for a store that takes the connection and says nothing."""
    monkeypatch.setattr(objects, "PATIENCE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("ALLOW_HTTP", "true")):
            monkeypatch.setenv(f"AWS_{name}", value)
        store = Objects.open("s3://bucket")
        with pytest.raises(Overloaded, match=r"Cannot store key: no answer within 0 s\."):
            await store.put("key", b"x")
        with pytest.raises(Overloaded, match="Cannot read key"):
            await store.get("key")


def test_many_open_one_folder_at_once(tmp_path: Path) -> None:
    """All roles of a machine start together, and none takes another's attempt to write for a folder it cannot write."""
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(Objects.open, [tmp_path.as_uri()] * 400))
    assert len(opened) == 400
    assert list(tmp_path.iterdir()) == []


async def test_what_is_not_there() -> None:
    """Reading says so; looking and deleting take it as it is."""
    store = Objects.open("memory://")
    with pytest.raises(NotFound, match="Cannot read key: it is not there"):
        await store.get("key")
    assert await store.size("key") is None
    await store.delete("key")
    assert await store.list("key") == []


class Untagged(BaseHTTPRequestHandler):
    """A small S3 that sends no ETag."""

    protocol_version = "HTTP/1.1"
    kept: ClassVar[dict[str, bytes]] = {}
    loses = False

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Last-Modified", "Sat, 28 Nov 2026 10:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.loses:
            self.kept[self.path] = data
        self._answer(200)

    def do_POST(self) -> None:
        body = b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
        self._answer(200, body)

    def do_DELETE(self) -> None:
        self.kept.pop(self.path.partition("?")[0], None)
        self._answer(204)

    def do_GET(self) -> None:
        found = self.kept.get(self.path)
        self._answer(200 if found is not None else 404, found or b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None: ...


class OneByOne(Untagged):
    """A small S3 that cannot delete many objects in one request."""

    kept: ClassVar[dict[str, bytes]] = {}
    refusal = 501

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.refusal)


@contextmanager
def served(kind: type[Untagged], monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    """Our store of objects at a server of this kind."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("ALLOW_HTTP", "true")):
            monkeypatch.setenv(f"AWS_{name}", value)
        yield Objects.open("s3://bucket")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("refusal", [400, 501])
async def test_a_store_that_deletes_one_by_one_deletes(monkeypatch: pytest.MonkeyPatch, refusal: int) -> None:
    """Some stores have no request for many; what hosts removed goes all the same, and one that is not there is gone."""
    monkeypatch.setattr(OneByOne, "refusal", refusal)
    monkeypatch.setattr(objects, "BULK_S", 1.0)
    with served(OneByOne, monkeypatch) as store:
        await store.put("recordings/x y/0.m4s", b"x")
        await store.delete("recordings/x y/0.m4s")
        assert OneByOne.kept == {}
        await store.delete("recordings/none")


async def test_a_store_without_etags_is_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small and large objects are kept; one that is not there afterwards is not taken for kept."""
    with served(Untagged, monkeypatch) as store:
        for size in (1000, 12_000_000):
            await store.put(f"key/{size}", b"x" * size)
            assert await store.get(f"key/{size}") == b"x" * size
        monkeypatch.setattr(Untagged, "loses", True)
        with pytest.raises(Overloaded):
            await store.put("key/lost", b"x")

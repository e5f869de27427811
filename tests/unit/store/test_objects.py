"""A store of objects that does not answer."""

from __future__ import annotations

import socket

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


async def test_what_is_not_there() -> None:
    """Reading says so; looking and deleting take it as it is."""
    store = Objects.open("memory://")
    with pytest.raises(NotFound, match="Cannot read key: it is not there"):
        await store.get("key")
    assert await store.size("key") is None
    await store.delete("key")
    assert await store.list("key") == []

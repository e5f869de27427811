"""The bus by TLS: passwords go to nobody but a server whose certificate holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from stentor.base.errors import SetupError
from stentor.bus import server
from stentor.bus.connection import connect
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.region import Server


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that wants TLS and a password."""
    authority, port = Authority(tmp_path), free_port()
    tls = f'tls {{ cert_file: "{authority.chain}", key_file: "{authority.key}" }}\n'
    login = 'authorization { user: "edge-1", password: "secret" }\n'
    running = Server(tmp_path / "nats.conf", f'listen: "127.0.0.1:{port}"\n{tls}{login}', port)
    await running.start()
    yield running
    await running.kill()


def login() -> tuple[str, str]:
    return "edge-1", "secret"


async def test_a_server_with_a_certificate_is_the_bus(secured: Server, tmp_path: Path) -> None:
    """Signed by the authority that the operator names, under the name of the address."""
    async with connect(secured.url, name="test", login=login, ca=str(tmp_path / "ca.pem")) as bus:
        assert bus.connected


@pytest.mark.parametrize("scheme", ["tls", "nats"])
async def test_a_server_of_somebody_else_is_not(secured: Server, tmp_path: Path, scheme: str) -> None:
    """Its certificate is signed by another authority: one sentence, no trying for ever."""
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    url = secured.url.replace("tls", scheme)
    with pytest.raises(SetupError, match=r"is yours: .*certificate"):
        async with connect(url, name="test", login=login, ca=str(other.ca)):
            pass


async def test_a_certificate_that_is_not_there_is_told(secured: Server, tmp_path: Path) -> None:
    """A file that is missing, or holds something else, is named."""
    (tmp_path / "empty.pem").touch()
    for file in ("none.pem", "empty.pem"):
        with pytest.raises(SetupError, match=f"STENTOR_NATS_CA is .*{file}"):
            async with connect(secured.url, name="test", login=login, ca=str(tmp_path / file)):
                pass


async def test_who_takes_tls_away_gets_no_password() -> None:
    """Somebody on the line answers as a server that wants no TLS."""
    heard = bytearray()

    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.14.0", "auth_required": True, "max_payload": 1 << 20, "proto": 1}
        writer.write(b"INFO " + json.dumps(info).encode() + b"\r\n")
        with suppress(ConnectionResetError):
            heard.extend(await reader.read(4096))
        writer.close()

    async with await asyncio.start_server(pretend, "127.0.0.1", 0) as pretender:
        port = pretender.sockets[0].getsockname()[1]
        assert await server.answers(f"nats://127.0.0.1:{port}")
        with pytest.raises(SetupError, match="offers no TLS"):
            async with connect(f"tls://127.0.0.1:{port}", name="test", login=login):
                pass
    assert bytes(heard) == b""

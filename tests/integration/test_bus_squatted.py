"""Another local user listens where the embedded bus should: it learns no password."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.bus import identity, server
from tests.support.ports import free_port

NOBODY = 65534
GREETING = b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576,"headers":true,"jetstream":true}\r\n'


@dataclass
class Squatter:
    """A program of ``uid`` that greets as a NATS server does; ``said`` is the way to what it was told."""

    port: int
    said: int

    def heard(self) -> bytes:
        """What somebody has told it so far."""
        found = b""
        while select.select([self.said], [], [], 0.2)[0] and (piece := os.read(self.said, 4096)):
            found += piece
        return found


def listen(port: int, uid: int, said: int) -> None:
    """In a process of its own, for ever: what comes is written into the pipe."""
    listener = socket.create_server(("127.0.0.1", port))
    os.setuid(uid)
    os.write(said, b"up\n")
    while True:
        connection, _ = listener.accept()
        connection.settimeout(1.0)
        try:
            connection.sendall(GREETING)
            while piece := connection.recv(4096):
                os.write(said, piece)
                if b"PING" in piece:
                    connection.sendall(b"PONG\r\n")
        except OSError:
            connection.close()


@pytest.fixture(params=[NOBODY, os.getuid()], ids=["another user", "our own"])
def squatter(request: pytest.FixtureRequest) -> Iterator[tuple[Squatter, int]]:
    """The program, and its user; needs root, as becoming another user does."""
    port = free_port()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            listen(port, request.param, writer)
        finally:
            os._exit(1)
    os.close(writer)
    assert os.read(reader, 3) == b"up\n"
    try:
        yield Squatter(port, reader), request.param
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)


async def test_another_user_is_told_no_password(squatter: tuple[Squatter, int], tmp_path: Path) -> None:
    """One sentence says who is in the way; what our own user's program gets shows that the test hears passwords."""
    listening, uid = squatter
    settings = Settings(data=str(tmp_path), nats_port=listening.port)
    server.configure(settings)
    if uid == os.getuid():
        async with identity.join(settings, "edge", name="test"):
            assert b"CONNECT" in listening.heard()
        return
    with pytest.raises(SetupError, match="another user"):
        async with identity.join(settings, "edge", name="test"):
            pass
    assert listening.heard() == b""

"""What the doctor says about the ways in: a port that somebody else has, and a real TURN server."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from stentor.base.config import Settings
from stentor.cli import reach
from stentor.cli.findings import Verdict
from tests.support.turn import coturn

ADDRESS = "127.0.5.1"
SECRET = "a-secret-of-house-and-turn-server"


async def test_a_port_of_somebody_elses() -> None:
    """It is bad, with what to do; a free one is well."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = Settings(host="127.0.0.1", port=port)
        found = await reach.of_port("house port", settings, port, "--port")
    assert (found.verdict, str(port) in found.found, "--port" in found.advice) == (Verdict.BAD, True, True)
    assert (await reach.of_port("house port", settings, port, "--port")).verdict is Verdict.OK


async def test_a_turn_server_is_asked_for_a_relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By UDP, TCP and TLS, with what speakers get; a wrong secret, and a server that is not there, are found."""
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "wrong").write_text("another-secret-than-theirs")
    settings = Settings(
        turn_servers=f"turn:{ADDRESS}:3478,turns:{ADDRESS}:443", turn_secret_file=str(tmp_path / "secret")
    )
    async with coturn(tmp_path, ADDRESS, SECRET):
        unknown = await reach.turn(settings)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        good = await reach.turn(settings)
        wrong = Settings(turn_servers=f"turn:{ADDRESS}:3478", turn_secret_file=str(tmp_path / "wrong"))
        refused = await reach.turn(wrong)
    assert [found.verdict for found in good] == [Verdict.OK] * 3, good
    assert [found.verdict for found in unknown] == [Verdict.OK, Verdict.OK, Verdict.BAD]
    assert "certificate" in unknown[2].found
    assert {found.verdict for found in refused} == {Verdict.BAD}
    assert all("401" in found.found for found in refused)
    gone = await reach.turn(Settings(ice_servers=f"turn:a:b@{ADDRESS}:3478?transport=tcp"))
    assert [found.verdict for found in gone] == [Verdict.BAD]


def test_the_doctor_says_who_can_speak() -> None:
    """Without https only this machine; behind a proxy that ends TLS everybody."""
    here = reach.of_https(Settings())
    assert (here.verdict, "https" in here.advice) == (Verdict.WARNING, True)
    assert reach.of_https(Settings(public_url="https://talk.example.org")).verdict is Verdict.OK

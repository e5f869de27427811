"""STUN and TURN servers for browsers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from stentor.base.config import Settings
from stentor.base.errors import SetupError
from stentor.house.spaces.ice import VALID_S, IceServers, servers, turn_addresses


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", []),
        ("stun:host:3478", [{"urls": "stun:host:3478"}]),
        ("turn:u:p@host:3478", [{"urls": "turn:host:3478", "username": "u", "credential": "p"}]),
        ("turns:u:p@host?transport=tcp", [{"urls": "turns:host?transport=tcp", "username": "u", "credential": "p"}]),
        (" stun:a , turn:b:1 ", [{"urls": "stun:a"}, {"urls": "turn:b:1"}]),
        ("http://x,stun:", []),
    ],
)
def test_servers(setting: str, expected: list[dict[str, str]]) -> None:
    """User and password leave the address; what is no STUN or TURN server is left out."""
    assert servers(setting) == expected


def test_credentials_end(tmp_path: Path) -> None:
    """The user name is the time of their end, at least eleven hours from now; the password is its HMAC-SHA1."""
    secret = tmp_path / "turn-secret"
    secret.write_text("a secret that both know\n")
    settings = Settings(turn_servers="turn:t:3478,turns:t:443", turn_secret_file=str(secret), ice_servers="stun:s:1")
    now = 1_900_000_123.0
    fixed, timed = IceServers(settings, lambda: now).now()
    assert fixed == {"urls": "stun:s:1"}
    assert timed["urls"] == ["turn:t:3478?transport=udp", "turn:t:3478?transport=tcp", "turns:t:443?transport=tcp"]
    assert VALID_S - 3600 < int(timed["username"]) - now <= VALID_S
    digest = hmac.new(b"a secret that both know", timed["username"].encode(), hashlib.sha1).digest()
    assert timed["credential"] == base64.b64encode(digest).decode()
    assert IceServers(settings, lambda: now + 60).now()[1] == timed
    assert IceServers(settings, lambda: now + 3600).now()[1] != timed


def test_senders_are_told_by_links(tmp_path: Path) -> None:
    """One Link field value for each address (RFC 9725, 4.6); none where there is no such server."""
    secret = tmp_path / "turn-secret"
    secret.write_text("a secret that both know")
    settings = Settings(turn_servers="turns:t:443", turn_secret_file=str(secret))
    ice = IceServers(settings, lambda: 0.0)
    (link,) = ice.links()
    assert link.startswith('<turns:t:443?transport=tcp>; rel="ice-server"; username="43200"; credential="')
    assert IceServers(Settings(ice_servers="turn:u:p@t"), lambda: 0.0).links() == []


@pytest.mark.parametrize(
    "setting", ["http://t", "turn:", "turn:user:password@t", "turn:t:99999", "turn:t?x=1", "stun:t"]
)
def test_what_is_no_turn_server_stops_the_start(setting: str) -> None:
    """The sentence says what is needed."""
    with pytest.raises(SetupError, match="turn:host:3478"):
        turn_addresses(setting)


@pytest.mark.parametrize("content", [None, b"short"])
def test_a_missing_secret_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    """Without a secret nobody could use the server, and nobody would know why."""
    file = tmp_path / "turn-secret"
    if content is not None:
        file.write_bytes(content)
    for name in ("", str(file)):
        with pytest.raises(SetupError, match=r"STENTOR_TURN_SECRET_FILE|16 characters"):
            IceServers(Settings(turn_servers="turn:t", turn_secret_file=name), lambda: 0.0)

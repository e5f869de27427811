"""STUN and TURN servers for browsers."""

from __future__ import annotations

import pytest

from stentor.house.ice import servers


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

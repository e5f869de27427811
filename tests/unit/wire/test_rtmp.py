"""RTMP: what is said, in which order, and what a server may answer."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import BadInput, Malformed
from stentor.wire import amf, rtmp
from stentor.wire.amf import AmfValue
from stentor.wire.rtmp import AUDIO, VIDEO, Publishing, RtmpAddress, RtmpRefused

WHERE = rtmp.address("rtmps://live.example.org/app", "abc-123")
SERVER_HELLO = bytes([3]) + bytes(range(256)) * 12


def message(kind: int, body: bytes, *, line: int = 3, chunk: int = 128) -> bytes:
    """As a server sends it, in chunks of 128 bytes."""
    out = bytes([line]) + bytes(3) + len(body).to_bytes(3) + bytes([kind]) + bytes(4) + body[:chunk]
    for at in range(chunk, len(body), chunk):
        out += bytes([0xC0 | line]) + body[at : at + chunk]
    return out


def command(*values: AmfValue) -> bytes:
    return message(20, amf.encode(*values))


def begun() -> Publishing:
    """After hello and connect."""
    publishing = Publishing(WHERE, bytes(1528), "Stentor/1")
    assert len(publishing.begin()) == 1537
    said = publishing.receive(SERVER_HELLO)
    assert said.startswith(SERVER_HELLO[1:1537])
    assert b"connect" in said
    assert b"abc-123" not in said  # the key comes when it is asked for
    return publishing


def live() -> Publishing:
    publishing = begun()
    said = publishing.receive(command("_result", 1, None, {"code": "NetConnection.Connect.Success"}))
    assert b"createStream" in said
    said = publishing.receive(command("_result", 4, None, 1))
    assert b"publish" in said
    assert b"abc-123" in said
    assert not publishing.live
    publishing.receive(command("onStatus", 0, None, {"level": "status", "code": "NetStream.Publish.Start"}))
    assert publishing.live
    return publishing


def test_a_server_takes_the_stream() -> None:
    """Connect, create, publish; in between a server may say how large its chunks are, ping, and ask for news."""
    publishing = live()
    assert publishing.receive(message(4, b"\0\6\1\2\3\4", line=2))[-6:] == b"\0\7\1\2\3\4"
    assert b"deleteStream" in publishing.close()


@pytest.mark.parametrize("pieces", [1, 7, 128, 4000])
def test_bytes_may_come_in_any_pieces(pieces: int) -> None:
    """Of one byte, too."""
    publishing = Publishing(WHERE, bytes(1528), "Stentor/1")
    publishing.begin()
    whole = SERVER_HELLO + message(1, (3000).to_bytes(4), line=2)
    whole += message(20, amf.encode("_result", 1, None, {"x": "y" * 500}), chunk=3000)
    said = b"".join(publishing.receive(whole[at : at + pieces]) for at in range(0, len(whole), pieces))
    assert b"createStream" in said


def test_a_long_talk_has_long_times() -> None:
    """From 4.66 hours on the time has four bytes more, in each chunk of a message."""
    publishing = live()
    near, far = publishing.message(VIDEO, 0xFFFFFE, b"x" * 5000), publishing.message(VIDEO, 0x1000000, b"x" * 5000)
    assert len(far) == len(near) + 2 * 4
    assert near[:4] == b"\x06\xff\xff\xfe"
    assert far[:4] == b"\x06\xff\xff\xff"
    assert far[12:16] == b"\1\0\0\0"
    assert far[16 + 4096 : 16 + 4096 + 5] == b"\xc6\1\0\0\0"
    assert publishing.message(AUDIO, 20, b"y")[:12] == b"\x04\0\0\x14\0\0\1\x08\1\0\0\0"


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (("_error", 1, None, {"level": "error", "code": "NetConnection.Connect.Rejected", "description": "no"}), False),
        (("onStatus", 0, None, {"level": "error", "code": "NetStream.Publish.BadName", "description": "no"}), True),
    ],
)
def test_a_server_that_refuses_says_why(answer: tuple[AmfValue, ...], key: bool) -> None:
    with pytest.raises(RtmpRefused, match="no") as refused:
        begun().receive(command(*answer))
    assert refused.value.key is key


def test_a_server_need_not_know_fcpublish() -> None:
    """Those that do not know it say so, and take the stream all the same."""
    publishing = begun()
    publishing.receive(command("_result", 1, None, {}))
    publishing.receive(command("_error", 2, None, {"level": "error", "code": "NetConnection.Call.Failed"}))
    assert b"publish" in publishing.receive(command("_result", 4, None, 1))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_no_server_breaks_it(data: bytes) -> None:
    """Whatever comes is understood, waited for, or an error that is ours."""
    publishing = Publishing(WHERE, bytes(1528), "Stentor/1")
    publishing.receive(SERVER_HELLO)
    with suppress(Malformed, RtmpRefused):
        publishing.receive(data)


def test_too_long_is_too_long() -> None:
    """A message of more than an answer has is not waited for."""
    with pytest.raises(Malformed, match="longer"):
        begun().receive(bytes([3]) + bytes(3) + b"\xff\xff\xff" + bytes([20]) + bytes(4))


@pytest.mark.parametrize(
    ("server", "key", "found"),
    [
        ("rtmp://a.example/live2", "k", RtmpAddress("rtmp", "a.example", 1935, "live2", "k")),
        (
            " rtmps://a.example:443/rtmp/ ",
            " FB-1?s_bl=1 ",
            RtmpAddress("rtmps", "a.example", 443, "rtmp", "FB-1?s_bl=1"),
        ),
        ("rtmps://dc4-1.rtmp.t.me/s/123:abc", "", RtmpAddress("rtmps", "dc4-1.rtmp.t.me", 443, "s", "123:abc")),
        ("rtmp://[::1]:1936/a/b", "k", RtmpAddress("rtmp", "::1", 1936, "a/b", "k")),
    ],
)
def test_addresses_are_those_that_networks_show(server: str, key: str, found: RtmpAddress) -> None:
    assert rtmp.address(server, key) == found
    assert found.key not in found.url


@pytest.mark.parametrize(
    ("server", "key"),
    [
        ("http://a.example/live", "k"), ("rtmp:///live", "k"), ("rtmp://a.example", "k"), ("rtmp://a.example/live", ""),
        ("rtmp://u:p@a.example/live", "k"), ("rtmp://a.example/live", "k\r\nx"), ("rtmp://a.example:x/live", "k"),
    ],
)  # fmt: skip
def test_what_is_none_is_said(server: str, key: str) -> None:
    with pytest.raises(BadInput) as refused:
        rtmp.address(server, key)
    assert not key or key not in refused.value.detail.split()


def test_a_key_within_the_address_is_parted_from_it() -> None:
    """Who has one line enters it as the address: what is shown later has no key."""
    assert rtmp.parted("rtmps://live.example.org/app/abc-1?x=2", "") == ("rtmps://live.example.org/app", "abc-1?x=2")
    assert rtmp.parted(" rtmp://live.example.org/app ", " abc-1 ") == ("rtmp://live.example.org/app", "abc-1")

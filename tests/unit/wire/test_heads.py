"""Heads that come again byte for byte are found, mean what they meant, and never those of one person."""

from __future__ import annotations

import pytest

from stentor.base.errors import Malformed
from stentor.wire import heads
from stentor.wire.heads import Heads
from stentor.wire.http import Request, RequestParser

FIELDS = "Host: a"


def get(target: str, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {target} HTTP/{version}", FIELDS, *fields, "", "")).encode()


def feed(known: Heads, *pieces: bytes) -> list[Request]:
    parser = RequestParser(heads=known)
    return [request for piece in pieces for request in parser.feed(piece)]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_same_bytes_are_read_once(method: str) -> None:
    """On the same connection and on another one the very same request comes out."""
    known, data = Heads(), get("/s/a/hls/aac-64/1.2.m4s?x=1", method=method)
    first, second = feed(known, data, data)
    (third,) = feed(known, data)
    assert first is second is third
    assert (first.method, first.path, first.query) == (method, "/s/a/hls/aac-64/1.2.m4s", {"x": "1"})


@pytest.mark.parametrize(
    "data",
    [
        get("/a", "Cookie: session=1"),
        get("/a", "authorization: Bearer x"),
        get("/a", "Content-Length: 0"),
        get("/a", "Connection: close"),
        get("/a", version="1.0"),
        get("/a", method="OPTIONS"),
        get("/a", "X: " + "y" * heads.LONGEST_BYTES),
        get("/a") + get("/b"),
    ],
)
def test_what_is_of_one_person_or_not_whole_and_alone_is_not_kept(data: bytes) -> None:
    """Cookies and passwords do not stay in memory, and nothing that changes how the connection goes on."""
    known = Heads()
    feed(known, data)
    assert len(known) == 0


def test_a_known_head_after_the_last_request_is_refused_as_an_unknown_one() -> None:
    """What follows a request that ends the connection is refused with and without the table."""
    known, data = Heads(), get("/a")
    feed(known, data)
    for table in (known, Heads()):
        with pytest.raises(Malformed):
            feed(table, get("/b", "Connection: close"), data)


def test_a_known_head_inside_another_request_is_not_taken_for_one() -> None:
    """The bytes of a body, or of the rest of a head, mean what they mean there."""
    known, data = Heads(), get("/a")
    feed(known, data)
    body = f"POST /react HTTP/1.1\r\n{FIELDS}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    (posted,) = feed(known, body, data)
    assert posted.body == data
    (cut,) = feed(known, b"GET /b HTTP/1.1\r\nX: y\r\n", b"Host: a\r\n\r\n")
    assert cut.path == "/b"


def test_the_table_is_bounded_and_keeps_what_is_asked_for() -> None:
    """Whoever invents addresses pushes out what nobody asks for, and not what everybody does."""
    known, wanted = Heads(), get("/wanted")
    (request,) = feed(known, wanted)
    for number in range(3 * heads.MOST):
        feed(known, get(f"/{number}"))
        assert len(known) <= heads.MOST
        if number % (heads.MOST // 4) == 0:
            assert feed(known, wanted)[0] is request
    assert known.find(get("/0")) is None

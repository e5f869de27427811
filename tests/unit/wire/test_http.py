"""HTTP/1.1: requests come out whole however they were cut; every limit has its status."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import Malformed, StentorError
from stentor.wire import http
from stentor.wire.head import PASTED

GET = b"GET /s/evening/live.aac HTTP/1.1\r\nHost: a\r\n\r\n"


def get(target: str, *fields: str, version: str = "1.1") -> bytes:
    return "\r\n".join((f"GET {target} HTTP/{version}", "Host: a", *fields, "", "")).encode("latin-1")


def one(data: bytes) -> http.Request:
    (request,) = http.RequestParser().feed(data)
    return request


def refusal(data: bytes, limits: http.HeadLimits | None = None) -> int:
    with pytest.raises(StentorError) as caught:
        http.RequestParser(limits).feed(data)
    return caught.value.status


@given(st.integers(1, 5), st.lists(st.integers(1, 60), max_size=20))
@settings(max_examples=50)
def test_pipelined_requests_come_in_order_however_cut(count: int, cuts: list[int]) -> None:
    """Every request once, in order, whatever pieces the network makes of them."""
    data = b"".join(
        get(f"/s/{n}?_HLS_msn={n}") + b"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        for n in range(count)
    )
    parser, found, at = http.RequestParser(), [], 0
    for cut in [*cuts, len(data)]:
        found += parser.feed(data[at : at + cut])
        at += cut
    expected = [pair for n in range(count) for pair in ((f"/s/{n}", {"_HLS_msn": str(n)}, b""), ("/r", {}, b"hi"))]
    assert [(r.path, r.query, r.body) for r in found] == expected
    assert parser.idle


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_requests_or_refused_with_a_status(data: bytes) -> None:
    """No bytes raise anything but our own errors."""
    for start in (b"", b"GET ", b"GET / HTTP/1.1\r\nHost: a\r\n"):
        with suppress(StentorError):
            http.RequestParser().feed(start + data)


@given(st.text(max_size=30))
def test_a_path_is_decoded_safely_or_refused(name: str) -> None:
    """What comes out has no dot segment, control character or backslash, and says what was meant."""
    try:
        path = one(get("/s/" + quote(name, safe="")))
    except Malformed:
        return
    name = name.rstrip(PASTED)
    assert path.path == "/s/" + name
    assert name not in (".", "..")
    assert name.isprintable()
    assert not set(name) & set("/\\")


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/s/abend", "/s/abend", {}),
        ("/s/%C3%BCber?", "/s/über", {}),
        ("/a?b=c%20d+e&b=2&f", "/a", {"b": "c d e"}),
        ("http://example.org/s/x?y=1", "/s/x", {"y": "1"}),
        ("HTTP://example.org", "/", {}),
        ("/a.b/..c/.d", "/a.b/..c/.d", {}),
        ("/s/x?utm_term=50%&v=1", "/s/x", {"utm_term": "50%", "v": "1"}),
        ("/s/x?a=%zz&%ff=%ff&v=1", "/s/x", {"a": "%zz", "\ufffd": "\ufffd", "v": "1"}),
        ("/s/x?&&=&;&v=#top", "/s/x", {}),
        ("/s/x#top?v=1", "/s/x", {}),
        ("/s/\xc3\xbcber?q=\xc3\xbc", "/s/über", {"q": "ü"}),
    ],
)
def test_targets_are_read_as_the_standard_has_them(target: str, path: str, query: dict[str, str]) -> None:
    """Origin form and absolute form, percent-encoding, the first of repeated names."""
    request = one(get(target))
    assert (request.path, request.query) == (path, query)


@pytest.mark.parametrize("count", [17, 1000])
def test_any_number_of_query_fields_may_come(count: int) -> None:
    """Links are decorated: what is not ours does not keep people out."""
    others = "&".join(f"u{n}=1" for n in range(count))
    assert one(get(f"/s/x?{others}&_HLS_msn=4")).query["_HLS_msn"] == "4"


def test_sixteen_kilobytes_of_cookies_pass() -> None:
    """All sites of a domain leave some; several lines of them are one list."""
    pairs = [f"c{n}={'x' * 4000}" for n in range(4)]
    assert one(get("/", *(f"Cookie: {pair}" for pair in pairs))).headers["cookie"] == "; ".join(pairs)


@given(st.lists(st.integers(1, 30), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_old_players_may_end_lines_with_a_line_feed(cuts: list[int], last: str) -> None:
    """RFC 9112, 2.2, for HTTP/1.0 only, however the head is cut."""
    data = f"GET /s/x HTTP/1.0\nIcy-MetaData: 1\nUser-Agent: old\n{last}".encode()
    parser, found, at = http.RequestParser(), [], 0
    for cut in [*cuts, len(data)]:
        found += parser.feed(data[at : at + cut])
        at += cut
    assert [(each.path, each.headers, each.version) for each in found] == [
        ("/s/x", {"icy-metadata": "1", "user-agent": "old"}, "1.0")
    ]


def test_an_old_head_without_an_end_is_refused_while_it_comes() -> None:
    """What is kept of a head with bare line feeds has the same bound."""
    parser = http.RequestParser()
    parser.feed(b"GET / HTTP/1.0\n")
    sent, status = 0, 0
    while not status and sent < 100:
        sent += 1
        try:
            parser.feed(b"X: " + b"a" * 1000 + b"\n")
        except StentorError as error:
            status = error.status
    assert (status, sent) == (431, 33)


def test_the_asterisk_is_a_target_of_options() -> None:
    """RFC 9112, 3.2.4."""
    assert one(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").path == "*"


@pytest.mark.parametrize("pasted", ["%E2%80%8B", "%0A", "%EF%BB%BF%E2%80%8E", "%C2%AD%0D%0A"])
def test_what_cannot_be_seen_at_the_end_of_an_address_is_passed_over(pasted: str) -> None:
    """It comes along when an address is copied from a message."""
    assert one(get(f"/s/friday{pasted}")).path == "/s/friday"


@pytest.mark.parametrize(
    "target",
    [
        "/a/../b",
        "/./a",
        "/%2e%2e/x",
        "/a%2fb",
        "/a%00b",
        "/a%zz",
        "/%ff",
        "/a%5cb",
        "/a%0d%0ab",
    ],
)
def test_targets_that_could_mean_two_things_are_refused(target: str) -> None:
    """400 for dot segments, encoded slashes, control characters, broken or non-UTF-8 encoding in a path."""
    assert refusal(get(target)) == 400


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (get("/" + "a" * 8192), 414),
        (get("/", "X: " + "a" * 24_576), 431),
        (get("/", *(f"X{n}: 1" for n in range(100))), 431),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: 4097\r\n\r\n", 413),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n", 400),
        (b"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (GET * 65, 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (get("/", version="2.0"), 505),
        (get("/", version="0.9"), 505),
        (get("/", version="1.2"), 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (GET + get("/", version="0.9"), 505),
        (b"GET /\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nX: a\nHost: a\r\n\r\n", 400),
    ],
    ids=[
        "address", "head", "fields", "body", "huge", "sign", "chunked", "smuggle", "host", "hosts", "lengths",
        "empty", "underscore", "digits",
        "connect",
        "pipelined", "tls", "version",
        "0.9", "1.2", "preface", "second", "no version", "asterisk", "host space", "host user", "host path",
        "old hosts", "fold", "space", "bare", "mixed",
    ],
)  # fmt: skip
def test_every_limit_has_its_status(data: bytes, status: int) -> None:
    """The peer learns which limit it passed."""
    assert refusal(data) == status


def test_an_endless_field_is_refused_while_it_comes() -> None:
    """A head that never ends is not kept."""
    parser = http.RequestParser()
    parser.feed(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    sent, status = 0, 0
    while not status and sent < 100_000:
        sent += 1000
        try:
            parser.feed(b"a" * 1000)
        except StentorError as error:
            status = error.status
    assert status == 431
    assert sent <= 34_000


def test_many_small_requests_in_one_read_are_no_long_head() -> None:
    """Only what belongs to the unfinished head counts."""
    parser = http.RequestParser()
    assert len(parser.feed(get("/", "X: " + "a" * 1000) * 12 + GET[:20])) == 12
    assert not parser.idle
    assert len(parser.feed(GET[20:])) == 1


@pytest.mark.parametrize("length", ["2 ", " 2", "2\t", "02"])
def test_space_around_a_length_is_no_part_of_it(length: str) -> None:
    """RFC 9110, 5.5."""
    assert one(f"POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nhi".encode()).body == b"hi"


def test_header_names_are_lower_case_and_repeated_fields_joined() -> None:
    """RFC 9110, 5.3."""
    request = one(get("/", "Accept-ENCODING: gzip", "accept-encoding: br"))
    assert request.headers["accept-encoding"] == "gzip, br"


@pytest.mark.parametrize(
    ("version", "field", "keep"),
    [
        ("1.1", "X: 1", True),
        ("1.1", "Connection: close", False),
        ("1.0", "X: 1", False),
        ("1.0", "Connection: keep-alive", True),
    ],
)
def test_keep_alive_is_the_versions_default_unless_said(version: str, field: str, keep: bool) -> None:
    """RFC 9112, 9.3."""
    request = one(get("/", field, version=version))
    assert (request.keep_alive, request.version) == (keep, version)


def test_an_offer_to_upgrade_is_ignored() -> None:
    """curl's h2c offer is answered as HTTP/1.1, and what follows is read on."""
    offer = get("/a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    assert [r.path for r in http.RequestParser().feed(offer + get("/b"))] == ["/a", "/b"]


def test_a_reply_says_its_length_and_whether_it_closes() -> None:
    """Whole replies, HEAD and replies without a body."""
    assert http.response(200, {"Cache-Control": "no-store"}, b"hi", keep_alive=True) == (
        b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nhi"
    )
    assert http.response(404, {}, b"no", keep_alive=False, body_omitted=True) == (
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    )
    assert http.response(304, {"ETag": '"a"'}, keep_alive=True) == b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'
    assert http.head(299, {}, keep_alive=True) == b"HTTP/1.1 299 \r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b"])
def test_a_line_break_never_becomes_a_field(value: str) -> None:
    """Nothing from outside splits a reply."""
    with pytest.raises(ValueError, match="line break"):
        http.head(200, {"Location": value}, keep_alive=True)

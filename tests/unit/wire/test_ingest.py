"""Endpoints of WHIP, and what of their answers is heeded."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput
from stentor.wire import ingest
from stentor.wire.ingest import WhipAddress


@pytest.mark.parametrize(
    ("server", "token", "path", "shown"),
    [
        ("https://g.example.net:4443/v2/offer", "live_1", "", ("https://g.example.net:4443/v2/offer", "")),
        (" https://stream.example.org/s3cret/a?x=1 ", "", "", ("https://stream.example.org", "/s3cret/a?x=1")),
        ("https://stream.example.org", "", "/s3cret/publish", ("https://stream.example.org", "/s3cret/publish")),
        ("https://stream.example.org", "token", "/s3cret", ("https://stream.example.org", "/s3cret")),
        ("http://[2001:db8::1]:8889/talk/whip", "me:pw", "", ("http://[2001:db8::1]:8889/talk/whip", "")),
        ("https://whip.example.org", "", "", ("https://whip.example.org", "/")),
    ],
)
def test_what_is_secret_is_parted(server: str, token: str, path: str, shown: tuple[str, str]) -> None:
    """Without a token it is the path; both together are the address, however often it is read."""
    assert ingest.parted(server, token, path) == shown
    assert ingest.parted(shown[0], token, shown[1]) == shown
    assert ingest.address(*shown[:1], token, shown[1]) == WhipAddress("".join(shown), token)


@pytest.mark.parametrize(
    ("server", "token", "code"),
    [
        ("rtmp://h/live", "", "bad-server"), ("https://", "", "bad-server"), ("https://me:pw@h/live", "", "bad-server"),
        ("https://h/live#x", "", "bad-server"), ("https://[h/", "", "bad-server"), ("https://h:x/", "", "bad-server"),
        ("https://h/live", "a b", "bad-stream-key"), ("https://h/live", "a\r\nb: c", "bad-stream-key"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(server: str, token: str, code: str) -> None:
    """Also a token that would be more than one header."""
    with pytest.raises(BadInput) as caught:
        ingest.parted(server, token, "")
    assert caught.value.error_code == code


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("https://b.example.org/s/1", "https://b.example.org/s/1"),
        ("/s/1", "https://a.example.org:4443/s/1"),
        ("s/1", "https://a.example.org:4443/v2/s/1"),  # mediamtx #3177: OBS took it for /s/1
        ("?id=1", "https://a.example.org:4443/v2/offer?id=1"),
        ("http://b.example.org/s/1", ""),  # the token would go in the clear
        ("file:///etc/passwd", ""),
        ("https://[b", ""),
    ],
)
def test_where_a_session_is(location: str, found: str) -> None:
    """Absolute or relative, as a browser reads it; never without TLS where there was."""
    assert ingest.elsewhere("https://a.example.org:4443/v2/offer", location) == found


def test_candidates_that_may_not_be_reached_are_left_out() -> None:
    """Nor are there more than a server has."""
    line = "a=candidate:1 1 UDP 2015363327 {} 5000 typ host"
    hosts = ["192.0.2.1", "10.0.0.1", "x.local"] + ["192.0.2.2"] * 30
    answer = "\n".join(
        ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 96", *map(line.format, hosts), "a=candidate:broken", "a=mid:0"]
    )
    text, left, had = ingest.heeded(answer, lambda host: host.startswith("192.0.2."))
    assert (left, had) == (16, 34)
    assert text.splitlines()[:3] == ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 96", line.format("192.0.2.1")]
    assert text.count("candidate") == 16
    assert text.endswith("a=mid:0\r\n")

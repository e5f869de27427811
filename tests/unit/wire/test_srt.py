"""Addresses of SRT, as others write them."""

from __future__ import annotations

import pytest

from stentor.base.errors import BadInput
from stentor.wire import srt
from stentor.wire.srt import SrtAddress


@pytest.mark.parametrize(
    ("server", "key", "passphrase", "found"),
    [
        ("srt://live.example.org:9000", "", "", SrtAddress("live.example.org", 9000, "", "", 1000, 0)),
        (" srt://[2001:db8::1]:90/ ", " a ", "1234567890", SrtAddress("2001:db8::1", 90, "a", "1234567890", 1000, 0)),
        # srt-live-transmit and servers write milliseconds, OBS and ffmpeg microseconds (srt-server #10)
        ("srt://h:1?latency=400&mode=caller", "", "", SrtAddress("h", 1, "", "", 400, 0)),
        ("srt://h:1?latency=2000000&pkt_size=1316", "", "", SrtAddress("h", 1, "", "", 2000, 0)),
        # what servers show in one line: stream IDs begin with #, and a + is a plus
        (
            "srt://h:1?streamid=#!::r=live/x,m=publish&passphrase=a+b%26cdefghi&pbkeylen=32", "", "",
            SrtAddress("h", 1, "#!::r=live/x,m=publish", "a+b&cdefghi", 1000, 32),
        ),
        ("srt://h:1?streamid=publish:talk:me:secret", "other", "", SrtAddress("h", 1, "other", "", 1000, 0)),
    ],
)  # fmt: skip
def test_addresses_are_read(server: str, key: str, passphrase: str, found: SrtAddress) -> None:
    """In each spelling; what is secret is not in what is shown."""
    assert srt.address(server, key, passphrase) == found
    shown, stream, secret = srt.parted(server, key, passphrase)
    assert srt.address(shown, stream, secret) == found
    for word in ("streamid", "passphrase", "secret", "#"):
        assert word not in shown


@pytest.mark.parametrize(
    ("server", "passphrase", "code"),
    [
        ("srt://h", "", "bad-server"), ("rtmp://h:1", "", "bad-server"), ("srt://h:1/live", "", "bad-server"),
        ("srt://me:pw@h:1", "", "bad-server"), ("srt://h:99999", "", "bad-server"), ("srt://[h:1", "", "bad-server"),
        ("srt://h:1?mode=listener", "", "bad-server"), ("srt://h:1?latency=9000", "", "bad-server"),
        ("srt://h:1?latency=1s", "", "bad-server"), ("srt://h:1?pbkeylen=8", "", "bad-server"),
        ("srt://h:1?streamid=" + "x" * 513, "", "bad-stream-key"), ("srt://h:1?streamid=a%0Ab", "", "bad-stream-key"),
        ("srt://h:1", "123456789", "bad-passphrase"), ("srt://h:1", "x" * 80, "bad-passphrase"),
        ("srt://h:1", "1234567890\n1", "bad-passphrase"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(server: str, passphrase: str, code: str) -> None:
    """With a code that says what is wrong, and never with the secret."""
    with pytest.raises(BadInput) as caught:
        srt.address(server, "", passphrase)
    assert caught.value.error_code == code
    assert not passphrase or passphrase not in caught.value.detail

"""SDP: offers are judged with a reason, answers ask for FEC, fragments come back."""

from __future__ import annotations

import re

import msgspec
import pytest
from aiortc import RTCPeerConnection
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import BadInput, CallerError, TooLarge
from stentor.wire import sdp
from stentor.wire.sdp import IceFragment

# What Chromium 120 offers for one microphone, its codecs cut to three and its identities changed.
CHROMIUM = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 2c3d
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1467250027 1 udp 2122260223 3f1a.local 46243 typ host generation 0 network-id 1
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 0F:74:31:25:CB:A2:13:EC:28:6F:6D:2C:61:FF:5D:C2:BC:B9:DB:3D:98:14:8D:1A:BB:EA:33:0C:A4:60:A8:8E
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendonly
a=msid:2c3d 5f7e
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=20;stereo=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=ssrc:1001 cname:abc
"""
VIDEO = "m=video {port} UDP/TLS/RTP/SAVPF 96\na=mid:1\na=sendonly\na=rtpmap:96 VP8/90000\n"
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:2\n"


def without(prefix: str) -> str:
    return "".join(line for line in CHROMIUM.splitlines(keepends=True) if not line.startswith(prefix))


def refused(text: str) -> tuple[int, str]:
    with pytest.raises(CallerError) as caught:
        sdp.check_offer(text)
    return caught.value.status, caught.value.error_code


@pytest.mark.parametrize("text", [CHROMIUM, CHROMIUM.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_a_browsers_offer_is_taken(text: str) -> None:
    """Everything that matters of it is found."""
    offer = sdp.check_offer(text)
    assert (offer.mid, offer.opus_payload, offer.direction, offer.setup) == ("0", 111, "sendonly", "actpass")
    assert (offer.ice_ufrag, offer.ice_pwd) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")
    assert offer.fingerprint.startswith("sha-256 0F:74")
    assert offer.candidates == ("1467250027 1 udp 2122260223 3f1a.local 46243 typ host generation 0 network-id 1",)


async def test_aiortcs_offer_is_taken() -> None:
    """Our own speakers' offers pass."""
    peer = RTCPeerConnection()
    try:
        peer.addTransceiver("audio", direction="sendrecv")
        await peer.setLocalDescription(await peer.createOffer())
        offer = sdp.check_offer(peer.localDescription.sdp)
        assert offer.direction == "sendrecv"
    finally:
        await peer.close()


@pytest.mark.parametrize("more", [VIDEO.format(port=9), VIDEO.format(port=0), DATA])
def test_other_sections_are_no_fault(more: str) -> None:
    """They are answered as rejected, by whoever answers."""
    assert sdp.check_offer(CHROMIUM + more).mid == "0"


@pytest.mark.parametrize(
    "text",
    [
        CHROMIUM + "\n\n", "\n" + CHROMIUM.replace("\n", "  \r\n\r\n"), CHROMIUM.replace("a=mid:0", "a=mid:0\t"),
        without("a=group"), CHROMIUM.replace("BUNDLE 0", "BUNDLE"), without("a=group") + VIDEO.format(port=0),
        CHROMIUM + "m=audio 0 UDP/TLS/RTP/SAVPF 0\na=inactive\na=mid:1\n",
        CHROMIUM.replace("m=audio 9", "m=audio 0") + "a=bundle-only\n",
        "\ufeff" + CHROMIUM, CHROMIUM.replace("\n", "\r"), CHROMIUM.replace("m=audio 9 ", "m=audio  9  "),
        CHROMIUM.replace("a=mid:", "a=mid: ").replace("a=ice-ufrag:", "a=ice-ufrag: "),
        CHROMIUM.replace("opus/48000/2", "OPUS/48000"), CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
        CHROMIUM.replace("a=fingerprint", "a=fingerprint:md5 00:11\na=fingerprint"),
        CHROMIUM + CHROMIUM[CHROMIUM.index("m=audio") :].replace("mid:0", "mid:1").replace("sendonly", "recvonly"),
        *(
            CHROMIUM.replace("a=setup", f"a=candidate:{candidate}\na=setup")
            for candidate in (
                "2441 1 udp 659136 fe80::1234:5678:9abc:def%21 60720 typ host generation 0",
                "7 1 udp 2113937151 host_name.local 1 typ host", "7 1 UDP 99999999999 192.0.2.1 1 typ host",
                "(odd) 1 udp 1 192.0.2.1 1 typ host", "7 1 ssltcp/x 1 192.0.2.1 1 typ host",
                "", "7 1 udp 1 192.0.2.1 1", "7 1 udp 1 192.0.2.1 typ host",
            )
        ),
    ],
    ids=range(24),
)  # fmt: skip
def test_an_offer_as_real_senders_write_it_is_taken(text: str) -> None:
    """Blank lines, spaces, a mark of byte order, no group for one section, sections that are off, odd candidates."""
    offer = sdp.check_offer(text)
    assert (offer.mid, offer.opus_payload, offer.direction) == ("0", 111, "sendonly")
    assert offer.candidates == sdp.check_offer(CHROMIUM).candidates


def test_a_single_section_needs_no_name() -> None:
    """RFC 9143 names sections for its groups."""
    assert sdp.check_offer(without("a=group").replace("a=mid:0\n", "")).mid == ""


def test_credentials_may_stand_for_the_whole_session() -> None:
    """Firefox puts the fingerprint before the sections; a direction may stand there as well."""
    moved = ("a=fingerprint", "a=ice-ufrag", "a=ice-pwd", "a=setup", "a=sendonly")
    lines = CHROMIUM.splitlines()
    session = [line for line in lines if line.startswith(moved)]
    rest = [line for line in lines if not line.startswith(moved)]
    assert sdp.check_offer("\n".join([*rest[:4], *session, *rest[4:]])) == sdp.check_offer(CHROMIUM)


URL_SAFE = "P2uYro0UCOQ4zxjKXaWC_-=="


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (CHROMIUM + "\0", {}),
        (CHROMIUM.replace("setup:actpass", "setup:ActPass"), {}),
        (CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "udp/tls/rtp/savpf"), {}),
        (
            CHROMIUM.replace("P2uYro0UCOQ4zxjKXaWCBui1", "P2uYro0UCOQ4zxjKXaWC_-=="),
            {"ice_pwd": "P2uYro0UCOQ4zxjKXaWC_-=="},
        ),
    ],
    ids=["the zero that ends a string of C", "capitals", "small letters", "base64 for addresses"],
)
def test_what_programs_write_beside_the_standard(written: str, read: dict[str, str]) -> None:
    """It can only mean one thing, and means it."""
    assert sdp.check_offer(written) == msgspec.structs.replace(sdp.check_offer(CHROMIUM), **read)


def test_without_a_direction_it_is_both() -> None:
    """RFC 8866, 6.7."""
    assert sdp.check_offer(without("a=sendonly")).direction == "sendrecv"


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("", 400, "not-sdp"),
        ("hello", 400, "not-sdp"),
        ('{"type": "offer"}', 400, "not-sdp"),
        (CHROMIUM.replace("v=0", "v=1"), 400, "not-sdp"),
        (CHROMIUM.replace("m=audio 9", "m=audio nine"), 400, "not-sdp"),
        (CHROMIUM.replace("m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9", "m=audio 9"), 400, "not-sdp"),
        (without("a=mid"), 400, "no-mid"),
        (without("a=ice-ufrag"), 400, "bad-ice"),
        (CHROMIUM.replace("P2uYro0UCOQ4zxjKXaWCBui1", "short"), 400, "bad-ice"),
        (without("a=fingerprint"), 400, "no-fingerprint"),
        (CHROMIUM.replace("setup:actpass", "setup:holdconn"), 400, "bad-setup"),
        (without("a=rtpmap:111"), 422, "no-opus"),
        (CHROMIUM.replace("SAVPF 111", "SAVPF"), 422, "no-opus"),
        (CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), 422, "no-dtls"),
        (without("a=group") + VIDEO.format(port=9), 422, "not-bundled"),
        (CHROMIUM.replace("BUNDLE 0", "BUNDLE 1"), 422, "not-bundled"),
        (CHROMIUM.replace("sendonly", "recvonly"), 422, "no-audio"),
        (CHROMIUM.replace("sendonly", "inactive"), 422, "no-audio"),
        (CHROMIUM.replace("m=audio 9", "m=audio 0"), 422, "no-audio"),
        (CHROMIUM.replace("m=audio", "m=video"), 422, "no-audio"),
        (CHROMIUM + CHROMIUM[CHROMIUM.index("m=audio") :].replace("mid:0", "mid:1"), 422, "no-audio"),
        (CHROMIUM + "a=x:" + "y" * 65_536, 413, "too-large"),
        (CHROMIUM + "a=x\n" * 500, 413, "too-large"),
    ],
)
def test_every_refusal_says_why(text: str, status: int, code: str) -> None:
    """400 for what is not valid, 422 for what is not supported, 413 for too much."""
    assert refused(text) == (status, code)


@given(st.data())
def test_a_damaged_offer_is_refused_or_taken(data: st.DataObject) -> None:
    """Nothing but the callers' errors, whatever is changed."""
    lines = CHROMIUM.splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(st.text(max_size=40) | st.sampled_from(lines))
    try:
        sdp.check_offer("".join(lines))
    except CallerError:
        return


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (CHROMIUM, "a=fmtp:111 minptime=10;stereo=1;useinbandfec=1"),
        (without("a=fmtp:111"), "a=fmtp:111 minptime=10;useinbandfec=1"),
        (
            without("a=fmtp:111").replace("a=rtpmap:111 opus", "a=rtpmap:111  OPUS"),
            "a=fmtp:111 minptime=10;useinbandfec=1",
        ),
        (
            CHROMIUM.replace("minptime=20;stereo=1", "useinbandfec=0; cbr ;"),
            "a=fmtp:111 useinbandfec=1;cbr;minptime=10",
        ),
    ],
)
def test_an_answer_asks_for_fec_once(text: str, line: str) -> None:
    """Merged with what stands there, added when nothing does, and nothing else changed."""
    mended = sdp.ask_for_fec(text)
    assert [each for each in mended.split("\r\n") if each.startswith("a=fmtp:111")] == [line]
    assert sdp.ask_for_fec(mended) == mended
    others = [each for each in text.splitlines() if not each.startswith("a=fmtp:111")]
    assert [each for each in mended.split("\r\n")[:-1] if not each.startswith("a=fmtp:111")] == others


def test_a_mended_answer_is_still_sdp_to_aiortc() -> None:
    """aiortc reads the parameters that were asked for."""
    media = SessionDescription.parse(sdp.ask_for_fec(CHROMIUM)).media[0]
    (opus,) = [codec for codec in media.rtp.codecs if codec.mimeType == "audio/opus"]
    assert (opus.parameters["useinbandfec"], opus.parameters["minptime"]) == (1, 10)


def test_an_answer_without_opus_stays_as_it_is() -> None:
    """Nothing to ask for."""
    text = without("a=rtpmap:111").replace("\n", "\r\n")
    assert sdp.ask_for_fec(text) == text


CANDIDATE = st.from_regex(
    re.compile(r"[A-Za-z0-9+/]{1,8} [12] udp \d{1,10} \d{1,3}\.\d\.\d\.\d \d{1,5} typ (host|srflx|relay)", re.ASCII),
    fullmatch=True,
)
ICE = st.text("abcXYZ019+/", min_size=22, max_size=30)


@given(
    st.builds(
        IceFragment,
        ufrag=st.just("") | ICE,
        password=st.just("") | ICE,
        candidates=st.lists(st.tuples(st.sampled_from(["0", "audio"]), CANDIDATE), max_size=8)
        | st.lists(st.tuples(st.just(""), CANDIDATE), max_size=8),
        complete=st.booleans(),
    )
)
@settings(max_examples=25)  # its candidates are slow to invent
def test_a_fragment_comes_back(fragment: IceFragment) -> None:
    """What is rendered is read; an empty one is none."""
    text = sdp.render_fragment(fragment)
    if text:
        assert sdp.parse_fragment(text) == fragment
    else:
        with pytest.raises(BadInput):
            sdp.parse_fragment(text)


def test_a_clients_fragment_is_read() -> None:
    """The example of RFC 9725, 4.3.2, with its end in the section."""
    text = (
        "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n"
        "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host "
        "generation 0 ufrag EsAw network-id 1\r\na=end-of-candidates\r\n"
    )
    found = sdp.parse_fragment(text)
    assert (found.ufrag, found.password, found.complete) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", True)
    assert [mid for mid, _ in found.candidates] == ["0"]
    assert not sdp.parse_fragment(text.replace("a=end-of-candidates\r\n", "")).complete


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", BadInput),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\n", BadInput),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:x\r\n", BadInput),
        ("a=ice-ufrag:a b\r\n", BadInput),
        ("a=ice-pwd:short\r\n", BadInput),
        ("a=candidate:1 1 UDP 1 127.0.0.1 40001 typ host\r\n", BadInput),
        ("m=a\r\n", BadInput),
        (
            "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" + "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n" * 65,
            TooLarge,
        ),
        ("a=x\r\n" * 501, TooLarge),
    ],
)
def test_bad_fragments_are_refused(text: str, error: type[CallerError]) -> None:
    """With the callers' errors, limits included."""
    with pytest.raises(error):
        sdp.parse_fragment(text)

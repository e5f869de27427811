"""Reading a speaker's offer and answering it."""

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.base.errors import BadInput, NotSupported
from stentor.stage import offer as sdp

FINGERPRINT = "D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F"
CHROMIUM = "\r\n".join(
    [
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS stream",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1467250027 1 udp 2122260223 192.0.2.10 46243 typ host generation 0 network-id 1",
        "a=ice-ufrag:F7gI",
        "a=ice-pwd:x9cml/YzichV2+XlhiMu8g",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:63 red/48000/2",
        "a=rtpmap:9 G722/8000",
        "",
    ]
)
OBS = "\r\n".join(
    [
        "v=0",
        "o=rtc 2158832026 0 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "a=setup:actpass",
        "a=ice-ufrag:qHDb",
        "a=ice-pwd:5tzzFhXFKHnYQtTX5WZ8pR",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "a=sendonly",
        "a=rtpmap:96 H264/90000",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=sendonly",
        "a=rtpmap:111 opus/48000/2",
        "",
    ]
)
LOCAL = sdp.Local(
    session=5,
    version=1,
    ufrag="abcd",
    password="p" * 22,
    candidates=["1 1 udp 2130706431 127.0.0.1 40000 typ host"],
    fingerprints=[("sha-256", "AA:BB")],
    ssrc=77,
    cname="name",
    host="127.0.0.1",
    port=40000,
)


def test_a_browsers_offer_is_read() -> None:
    """Payload type, credentials and candidates come from the audio section."""
    offer = sdp.read(CHROMIUM)
    assert (offer.payload_type, offer.ufrag, offer.password) == (111, "F7gI", "x9cml/YzichV2+XlhiMu8g")
    assert offer.listens
    assert offer.candidates == ["1467250027 1 udp 2122260223 192.0.2.10 46243 typ host generation 0 network-id 1"]
    assert not offer.complete


def test_the_answer_takes_opus_alone_and_gives_the_mix_back() -> None:
    """One codec, the section's name, our address, and a stream for who asks for it."""
    answer = SessionDescription.parse(sdp.answer(sdp.read(CHROMIUM), LOCAL))
    (media,) = answer.media
    assert [codec.name for codec in media.rtp.codecs] == ["opus"]
    assert (media.direction, media.rtp.muxId, media.port) == ("sendrecv", "0", 40000)
    assert media.dtls is not None
    assert media.dtls.role == "server"  # passive: the speaker begins, half a round trip sooner
    assert [each.ssrc for each in media.ssrc] == [77]


def test_a_studio_program_just_speaks_and_its_picture_is_refused() -> None:
    """Of OBS' two sections the audio is taken, one way, and the video has port 0 (RFC 3264, 6), in its place."""
    offer = sdp.read(OBS)
    assert not offer.listens
    answer = sdp.answer(offer, LOCAL)
    video, audio = answer.split("m=")[1:]
    assert video.startswith("video 0 ")
    assert audio.startswith("audio 40000 ")
    assert "a=recvonly" in audio
    assert "a=ssrc" not in answer
    assert "a=group:BUNDLE 0\r\n" in answer


def test_sections_that_are_off_are_passed_over() -> None:
    """Port 0 means off, unless the section shares another's port; the answer has no group unasked."""
    off = "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:9\r\na=rtpmap:111 opus/48000/2\r\n"
    before, audio = CHROMIUM.replace("a=group:BUNDLE 0\r\n", "").split("m=audio", 1)
    offer = sdp.read(f"{before}{off}m=audio{audio}")
    assert offer.audio == 1
    answer = sdp.answer(offer, LOCAL)
    assert [section[:9] for section in answer.split("m=")[1:]] == ["audio 0 U", "audio 400"]
    assert "a=group" not in answer
    with pytest.raises(NotSupported):
        sdp.read(before + off)
    assert sdp.read(before + off.replace("a=mid:9", "a=bundle-only") + audio.partition("\r\n")[2]).audio == 0


def test_of_two_sections_of_sound_the_one_that_sends_is_used() -> None:
    """A page that also listens may offer the section for that first; it is refused."""
    before, audio = CHROMIUM.split("m=audio", 1)
    listening = audio.replace("a=mid:0", "a=mid:1").replace("a=sendrecv", "a=recvonly")
    offer = sdp.read(f"{before}m=audio{listening}m=audio{audio}")
    assert (offer.audio, offer.direction) == (1, "sendrecv")


def test_credentials_of_the_session_hold_for_its_sections() -> None:
    """OBS writes ICE and DTLS once, above all sections."""
    offer = sdp.read(OBS)
    assert (offer.ufrag, len(offer.fingerprints), offer.setup) == ("qHDb", 1, "actpass")


@pytest.mark.parametrize(("setup", "role"), [("actpass", "server"), ("active", "server"), ("passive", "client")])
def test_our_dtls_role_follows_the_offer(setup: str, role: str) -> None:
    """The one who may choose lets the speaker begin; an offer that is passive leaves the beginning to us."""
    assert sdp.dtls_role(sdp.read(CHROMIUM.replace("a=setup:actpass", f"a=setup:{setup}"))) == role


@pytest.mark.parametrize(
    ("cut", "put", "error", "code"),
    [
        ("opus/48000/2", "speex/16000", NotSupported, "no-opus"),
        ("a=sendrecv", "a=recvonly", NotSupported, "not-sending"),
        ("a=ice-ufrag:F7gI", "a=x", BadInput, "bad-input"),
        ("a=fingerprint:", "a=x:", BadInput, "bad-input"),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", "m=audio", BadInput, "bad-input"),
    ],
)
def test_what_is_missing_is_named(cut: str, put: str, error: type[BadInput | NotSupported], code: str) -> None:
    """Each offer that cannot be taken gives its own error."""
    with pytest.raises(error) as caught:
        sdp.read(CHROMIUM.replace(cut, put))
    assert caught.value.error_code == code


@settings(max_examples=200)
@given(st.data())
def test_no_text_raises_anything_else(data: st.DataObject) -> None:
    """Lines dropped, doubled, swapped and cut give an offer or a documented error."""
    lines = CHROMIUM.splitlines()
    picked = data.draw(st.lists(st.sampled_from(lines), max_size=40))
    cut = [line[: data.draw(st.integers(0, len(line)))] if data.draw(st.booleans()) else line for line in picked]
    try:
        offer = sdp.read("\n".join(cut))
    except (BadInput, NotSupported):
        return
    assert sdp.answer(offer, LOCAL)

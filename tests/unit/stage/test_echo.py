"""The echo: what a speaker says comes back to him after a while, unchanged."""

import time
from typing import Any

import msgspec
import numpy as np
import pytest

from stentor.audio.pcm import Samples
from stentor.base.errors import Overloaded
from stentor.base.signing import Signer
from stentor.base.units import SpaceId
from stentor.house.who.claims import Claims
from stentor.spaces.claims import Checker
from stentor.stage import echo
from stentor.stage.echo import Echoes, Repeater
from stentor.stage.ice import IceSettings
from stentor.stage.peer import DtlsCertificate
from stentor.stage.rtp import Packet
from stentor.wire.whip import WhipRequest, decode_reply, encode
from tests.support.caller import calling, spoken
from tests.support.wait import eventually

TONE: Samples = (0.2 * np.sin(2 * np.pi * 250 * np.arange(48_000) / 48_000)).astype(np.float32)


def packet(timestamp: int, payload: bytes) -> Packet:
    return Packet(111, 0, timestamp & 0xFFFFFFFF, 1, payload)


def test_packets_come_back_in_their_rhythm() -> None:
    """Each comes back after the delay with the tick of its own timestamp: a pause stays a pause, also over a wrap."""
    repeater = Repeater(2.0)
    for at, timestamp, payload in ((10.0, -960, b"a"), (10.02, 0, b"b"), (10.1, 3 * 960, b"c")):
        repeater.hear(packet(timestamp, payload), at)
    assert repeater.due(11.99) == []
    assert repeater.due(12.03) == [(b"a", 0), (b"b", 1)]
    assert repeater.due(13.0) == [(b"c", 4)]


def test_what_was_overtaken_is_left_out() -> None:
    """A packet older than the one before it would come back in the wrong place."""
    repeater = Repeater(0.0)
    for timestamp, payload in ((0, b"a"), (1920, b"c"), (960, b"b")):
        repeater.hear(packet(timestamp, payload), 1.0)
    assert repeater.due(1.0) == [(b"a", 0), (b"c", 2)]


def test_a_flood_is_kept_within_bounds() -> None:
    """Whoever sends more than a speaker does loses the oldest of it."""
    repeater = Repeater(4.0)
    for number in range(2000):
        repeater.hear(packet(number * 960, b"x"), 1.0)
    assert len(repeater.due(5.0)) == echo.KEPT_PACKETS


CLAIMS = Claims(b"k" * 32, time.time)
CHECKER = Checker(Signer(b"k" * 32).public)


def request(body: str, **fields: Any) -> WhipRequest:
    values = {"method": "POST", "space": "talk", "session": None, "claim": "", "if_match": ""}
    made = WhipRequest(**(values | {"content_type": "application/sdp", "body": body.encode()} | fields))
    claim = CLAIMS.sign("echo", SpaceId("talk"), about=made.signed())
    return msgspec.structs.replace(made, claim=claim)


async def test_a_voice_comes_back_over_webrtc() -> None:
    """A real connection: what was said is heard again, and hanging up frees the place."""
    echoes = Echoes(IceSettings(), DtlsCertificate(), checker=CHECKER, delay_s=0.2)
    async with calling(spoken(TONE)) as caller:
        reply = decode_reply(await echoes.serve(encode(request(await caller.offer()))))
        assert (reply.status, reply.headers["Content-Type"]) == (201, "application/sdp")
        await caller.take(reply.body.decode())
        await eventually(lambda: caller.heard.size > 24_000, "half a second came back")
        spectrum = np.abs(np.fft.rfft(caller.heard[-19_200:]))
        assert abs(np.argmax(spectrum) * 2.5 - 250) < 5, "the tone that was sent"
    await eventually(lambda: not echoes._tasks, "the echo has ended with the call")


async def test_refusals_are_those_of_whip_and_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no offer is refused as WHIP refuses it; beyond the limit the caller is told when to come back."""
    echoes = Echoes(IceSettings(), DtlsCertificate(), checker=CHECKER)
    for wrong, status, code in (
        (request("x", content_type="text/plain"), 415, "content-type"),
        (request("x"), 400, "not-sdp"),
        (request("", method="DELETE"), 405, "method-not-allowed"),
    ):
        reply = decode_reply(await echoes.serve(encode(wrong)))
        assert (reply.status, msgspec.json.decode(reply.body)["code"]) == (status, code)
    assert decode_reply(await echoes.serve(b"nonsense")).status == 503
    monkeypatch.setattr(echo, "MOST_ECHOES", 1)
    async with calling(spoken(TONE)) as caller, calling(spoken(TONE)) as other:
        await echoes.answer(request(await caller.offer()))
        with pytest.raises(Overloaded) as refused:
            await echoes.answer(request(await other.offer()))
        assert refused.value.error_code == "echo-full"
    await echoes.close()
    assert not echoes._tasks

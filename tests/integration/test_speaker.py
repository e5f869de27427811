"""The rehearsal speaker against a real WebRTC peer on loopback."""

from __future__ import annotations

import asyncio
import importlib.metadata
from contextlib import suppress

import pytest

from stentor.base.errors import Conflict, NotFound, NotSignedIn, Overloaded, SetupError, StentorError
from stentor.client import speaker as speaking
from stentor.client.impairment import Impairment
from stentor.client.speaker import Speaker, SpeakerState
from tests.support.sound import assert_heard, assert_not_heard, correlation, mouth_to_ear, voice
from tests.support.wait import eventually
from tests.support.whip_peer import whip_peer


def test_the_private_parts_of_aiortc_are_those_of_this_version() -> None:
    """Receiving and bad networks replace private methods of aiortc, which were read in 1.16."""
    assert importlib.metadata.version("aiortc").startswith("1.16.")


@pytest.mark.realtime
async def test_both_sides_hear_the_other_and_nobody_himself() -> None:
    """A speaker's voice arrives with its time, and the other's comes back."""
    reader, cards = voice("reader"), voice("cards")
    async with whip_peer(cards) as peer:
        async with Speaker(peer.url, "secret-token", reader, keep_heard_s=30.0) as speaker:
            assert speaker.state == SpeakerState.CONNECTED.value
            await eventually(
                lambda: min(peer.monitor.heard.seconds, speaker.monitor.heard.seconds) > 4.0, "4 s both ways"
            )
            assert peer.sessions == 1
        heard, arrival = peer.monitor.heard.samples(), peer.monitor.heard.clock()
        said = reader[: 5 * 48_000]
        assert_heard(said, heard)
        assert_heard(cards[: 5 * 48_000], speaker.monitor.heard.samples())
        assert_not_heard(said, speaker.monitor.heard.samples())
        delay = mouth_to_ear(said, speaker.spoken_at, heard, arrival, lap_s=speaker.lap_s)
        assert delay.least_s > 0.0, "no sample arrives before it was spoken"
        assert delay.median_s < 1.0
        assert speaker.state is SpeakerState.LEFT
        assert peer.sessions == 0
        assert peer.made("DELETE") == 1
        assert peer.tokens == {"Bearer secret-token"}


async def test_a_speaker_who_loses_the_stage_comes_back() -> None:
    """A stage that is gone is noticed and joined again, and the voice has gone on meanwhile."""
    async with whip_peer(voice("cards")) as peer, Speaker(peer.url, "t", voice("reader"), seed=1) as speaker:
        await peer.crash()
        await eventually(lambda: speaker.connections == 2, "the speaker comes back after a closed connection")
        await peer.forget()
        await eventually(lambda: speaker.connections == 3, "the speaker comes back after a silence")
        assert speaker.state is SpeakerState.CONNECTED
        assert peer.made("DELETE") == 0, "a POST for the same seat replaces the connection; a DELETE would vacate it"


async def test_a_speaker_who_hears_nothing_asks_whether_the_session_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A send-only speaker learns from a 404 that the stage has forgotten it."""
    monkeypatch.setattr(speaking, "CHECK_EVERY_S", 0.3)
    async with (
        whip_peer(voice("cards")) as peer,
        Speaker(peer.url, "t", voice("reader"), direction="sendonly") as speaker,
    ):
        await eventually(lambda: peer.made("PATCH") >= 2, "two checks")
        assert speaker.connections == 1
        assert speaker.monitor.packets == 0
        await peer.forget()
        await eventually(lambda: speaker.connections == 2, "the speaker comes back after a 404")


async def test_a_busy_stage_is_asked_again() -> None:
    """503 with Retry-After while the stage starts is no failure."""
    async with whip_peer(voice("cards")) as peer:
        peer.refuse = (503, {"Retry-After": "0"}, b"")
        speaker = Speaker(peer.url, "t", voice("reader"), seed=1)
        running = asyncio.create_task(speaker.run(), name="speaker under test")
        await eventually(lambda: peer.made("POST") >= 2, "a second try")
        assert speaker.state is SpeakerState.CONNECTING
        assert "503" in speaker.problem
        peer.refuse = None
        await eventually(lambda: speaker.state is SpeakerState.CONNECTED, "the stage takes the speaker")
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.mark.parametrize(("status", "kind"), [(401, NotSignedIn), (404, NotFound), (409, Conflict), (503, Overloaded)])
async def test_a_refusal_says_what_it_is(
    status: int, kind: type[StentorError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal for good ends the speaker with the server's own sentence."""
    monkeypatch.setattr(speaking, "PATIENCE_S", 0.0)
    async with whip_peer(voice("cards")) as peer:
        peer.refuse = (status, {}, b'{"detail":"The server says why.","code":"why"}')
        with pytest.raises(kind, match="The server says why"):
            async with Speaker(peer.url, "t", voice("reader")):
                pytest.fail("nobody took this speaker")


async def test_a_host_that_is_not_there_is_named() -> None:
    """Nobody listening is an error that names the host."""
    async with whip_peer(voice("cards")) as peer:
        url = peer.url
    with pytest.raises(SetupError, match=r"127\.0\.0\.1.*cannot be reached"):
        await Speaker(url, "t", voice("reader")).run()


@pytest.mark.realtime
async def test_a_voice_that_does_not_loop_is_said_once() -> None:
    """``run`` returns when everything has been said, and the seat is given back."""
    said = voice("cards")[: 48_000 * 2]
    async with whip_peer(voice("reader")) as peer:
        await Speaker(peer.url, "t", said, loop=False).run()
        assert peer.made("DELETE") == 1
        assert_heard(said, peer.monitor.heard.samples())


@pytest.mark.realtime
async def test_a_bad_network_loses_what_it_should() -> None:
    """Loss leaves holes in the sequence numbers and jitter changes no packet: concealed, the voice is still there."""
    bad = Impairment(loss=0.1, jitter_ms=5.0, seed=7)
    async with whip_peer(voice("cards")) as peer:
        async with Speaker(peer.url, "t", voice("reader"), impairment=bad):
            await eventually(lambda: peer.monitor.packets >= 200, "four seconds of packets")
        assert 0.04 < peer.monitor.lost / (peer.monitor.lost + peer.monitor.packets) < 0.2
        assert correlation(voice("reader")[: 48_000 * 4], peer.monitor.heard.samples()).score > 0.6

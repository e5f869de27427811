"""The microphone: blocks in order, the seam of a loop, the time of a sample."""

from __future__ import annotations

import time

import numpy as np
import pytest

from stentor.audio.opus import OpusDecoder
from stentor.audio.pcm import level_dbfs
from stentor.base.errors import BadInput
from stentor.base.grid import TICK_S, TICK_SAMPLES
from stentor.client.microphone import MAX_BEHIND_BLOCKS, Microphone, MicrophoneTrack
from tests.support.sound import correlation, voice


def test_a_lap_is_the_voice_and_its_pause_in_whole_blocks() -> None:
    """A voice loops with its pause, rounded up to whole blocks."""
    microphone = Microphone(np.ones(1000, dtype=np.float32), pause_s=0.02)
    assert microphone.lap_blocks == 3
    assert microphone.lap_s == pytest.approx(0.06)
    np.testing.assert_array_equal(microphone.block(0), microphone.block(3))
    assert microphone.block(1).sum() == 40
    assert microphone.block(2).sum() == 0


def test_a_voice_that_does_not_loop_ends_in_silence() -> None:
    """After its end a voice that does not loop sends silence, and says that it is finished only when it is."""
    microphone = Microphone(np.ones(960, dtype=np.float32), loop=False, pause_s=0.0)
    assert not microphone.finished
    assert microphone.block(1).sum() == 0
    assert microphone.packet(1) == microphone.packet(7)


def test_packets_carry_the_voice() -> None:
    """What a decoder makes of the packets is the voice."""
    known = voice("cards")
    microphone, decoder = Microphone(known), OpusDecoder()
    heard = np.concatenate([decoder.decode(microphone.packet(n)) for n in range(known.size // TICK_SAMPLES)])
    assert correlation(known, heard).found


def test_a_lap_is_encoded_once() -> None:
    """The packets of the second round are those of the first."""
    microphone = Microphone(voice("cards")[:48_000], pause_s=0.0)
    first = [microphone.packet(number) for number in range(microphone.lap_blocks)]
    assert [microphone.packet(number + microphone.lap_blocks) for number in range(len(first))] == first


def test_a_muted_microphone_sends_silence() -> None:
    """While muted, packets carry silence; the voice goes on underneath."""
    microphone, decoder = Microphone(voice("cards")), OpusDecoder()
    microphone.muted = True
    heard = np.concatenate([decoder.decode(microphone.packet(number)) for number in range(50)])
    assert level_dbfs(heard) < -80


def test_an_empty_voice_is_refused() -> None:
    """A voice of no samples is the caller's mistake."""
    with pytest.raises(BadInput, match="empty"):
        Microphone(np.zeros(0, dtype=np.float32))


async def test_packets_leave_when_their_block_has_been_spoken() -> None:
    """No packet leaves before its last sample was spoken, and their timestamps are their positions."""
    microphone = Microphone(voice("cards"))
    track = MicrophoneTrack(microphone)
    microphone.start()
    for number in range(5):
        packet = await track.recv()
        assert packet.pts == number * TICK_SAMPLES
        assert time.time() >= microphone.spoken_at((number + 1) * TICK_SAMPLES) - 0.005
    assert microphone.spoken_at(0, lap=1) - microphone.spoken_at(0) == pytest.approx(microphone.lap_s)


async def test_after_a_stall_the_oldest_blocks_are_skipped() -> None:
    """A process that stalled sends the last blocks at once and counts the others as skipped."""
    microphone = Microphone(voice("cards"))
    track = MicrophoneTrack(microphone)
    microphone.start()
    await track.recv()
    time.sleep((MAX_BEHIND_BLOCKS + 5) * TICK_S)  # noqa: ASYNC251  the stall itself
    packet = await track.recv()
    assert microphone.skipped >= 3
    assert packet.pts is not None
    assert packet.pts // TICK_SAMPLES == 1 + microphone.skipped

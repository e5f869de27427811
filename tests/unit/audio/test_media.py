"""Files to samples, and streams as a player hears them."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio.media import StreamDecoder, read_audio
from stentor.audio.opus import OpusEncoder
from stentor.audio.pcm import level_dbfs, to_int16
from stentor.base.errors import BadInput, Malformed
from tests.support.speech import SPEECH

TONE = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000)).astype(np.float32)


def wav(rate: int = 48_000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(to_int16(np.repeat(TONE, channels)))
    return file.getvalue()


def test_a_16_khz_recording_comes_out_at_48_khz() -> None:
    """Length and level stay; only the rate changes."""
    samples = read_audio(SPEECH / "reader-0880.flac")
    assert samples.size == pytest.approx(2.99 * 48_000, abs=100)
    assert samples.dtype == np.float32
    assert -35 < level_dbfs(samples) < -15


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (48_000, 2), (44_100, 2), (8_000, 1)])
def test_any_rate_and_layout_become_mono_48_khz(rate: int, channels: int) -> None:
    """A tone keeps its level, and a second stays as long as its rate says."""
    samples = read_audio(wav(rate, channels))
    assert samples.size == pytest.approx(48_000 * 48_000 / rate, abs=100)
    assert level_dbfs(samples) == pytest.approx(-9.03, abs=0.3)


def test_a_file_that_is_too_long_is_refused_while_it_is_read() -> None:
    """The limit holds by samples, whatever the header claims."""
    with pytest.raises(BadInput, match="longer"):
        read_audio(wav(), max_s=0.5)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=400))
def test_what_is_no_sound_is_bad_input(data: bytes) -> None:
    """Any bytes are refused with a sentence, never another error."""
    with pytest.raises(BadInput):
        read_audio(data)


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    """So is a path that leads nowhere."""
    with pytest.raises(BadInput, match="cannot be read"):
        read_audio(tmp_path / "nothing.wav")


def test_a_stream_of_opus_packets_is_heard() -> None:
    """Raw packets decode to as many samples as they carry."""
    encoder, decoder = OpusEncoder(), StreamDecoder("opus")
    heard = np.concatenate([decoder.decode(encoder.encode(TONE[at : at + 960])) for at in range(0, 48_000, 960)])
    assert heard.size == 48_000
    assert level_dbfs(heard[4800:]) == pytest.approx(-9.03, abs=0.5)


def test_a_frame_that_is_none_is_malformed() -> None:
    """A broken frame is the peer's fault; an unknown codec the caller's."""
    with pytest.raises(Malformed):
        StreamDecoder("aac").decode(b"\x00" * 30)
    with pytest.raises(BadInput):
        StreamDecoder("mp3")

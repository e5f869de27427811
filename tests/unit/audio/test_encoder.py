"""The programme's encoders: frame-exact, continuous, the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from stentor.audio.encoder import ProgrammeEncoder, encode_loop
from stentor.audio.media import StreamDecoder
from stentor.audio.pcm import SILENCE, Samples, level_dbfs
from stentor.base.grid import CHUNK_SAMPLES
from stentor.base.rendition import BY_NAME, RENDITIONS, Codec, Rendition
from tests.support.speech import voice

every_rendition = pytest.mark.parametrize("rendition", RENDITIONS, ids=lambda rendition: rendition.name)


def chunks_of(samples: Samples) -> list[Samples]:
    return [samples[at : at + CHUNK_SAMPLES] for at in range(0, samples.size - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)]


def play(frames: list[bytes], encoder: ProgrammeEncoder) -> Samples:
    decoder = StreamDecoder(encoder.rendition.codec, encoder.aac_config())
    return np.concatenate([decoder.decode(frame) for frame in frames])


def delay_of(heard: Samples, said: Samples) -> tuple[int, float]:
    """By how many samples ``heard`` is later, and how alike both are then."""
    window = slice(48_000, 96_000)
    shifts = range(4096)
    scores = [float(np.dot(said[window], heard[window.start + s : window.stop + s])) for s in shifts]
    best = int(np.argmax(scores))
    return best, float(np.corrcoef(said[window], heard[window.start + best : window.stop + best])[0, 1])


@every_rendition
def test_every_chunk_is_whole_from_the_first_on(rendition: Rendition) -> None:
    """15 or 16 frames a call, never one more or less, at the rate promised."""
    encoder = ProgrammeEncoder(rendition)
    made = [encoder.encode(chunk) for chunk in chunks_of(voice("reader")[: 40 * CHUNK_SAMPLES])]
    assert {len(frames) for frames in made} == {rendition.frames_per_chunk}
    assert all(frame for frames in made for frame in frames)
    size = sum(len(frame) for frames in made for frame in frames)
    assert size * 8 / (40 * 0.32) == pytest.approx(rendition.bitrate_bps, rel=0.1)


@every_rendition
def test_the_sound_is_the_sound_and_as_late_as_announced(rendition: Rendition) -> None:
    """Real speech is heard at a decoder's end, ``delay_samples`` later, to the sample."""
    said = voice("reader")[: 10 * CHUNK_SAMPLES]
    encoder = ProgrammeEncoder(rendition)
    frames = [frame for chunk in chunks_of(said) for frame in encoder.encode(chunk)]
    heard = play(frames, encoder)
    assert heard.size == said.size
    delay, likeness = delay_of(heard, said)
    assert delay == encoder.delay_samples
    assert likeness > 0.9


@every_rendition
def test_two_encoders_make_the_same_bytes(rendition: Rendition) -> None:
    """The hot standby relies on it: same PCM, same frames."""
    first, second = ProgrammeEncoder(rendition), ProgrammeEncoder(rendition)
    for chunk in chunks_of(voice("cards")[: 12 * CHUNK_SAMPLES]):
        assert first.encode(chunk) == second.encode(chunk.copy())


@every_rendition
def test_no_seam_between_chunks(rendition: Rendition) -> None:
    """A tone over many chunks has no step at their borders."""
    tone = (0.5 * np.sin(2 * np.pi * 500 * np.arange(12 * CHUNK_SAMPLES) / 48_000)).astype(np.float32)
    encoder = ProgrammeEncoder(rendition)
    heard = play([frame for chunk in chunks_of(tone) for frame in encoder.encode(chunk)], encoder)
    assert np.max(np.abs(np.diff(heard[9600:]))) < 1.3 * 0.5 * 2 * np.pi * 500 / 48_000


@every_rendition
def test_a_loop_has_no_seam(rendition: Rendition) -> None:
    """Played twice round, the codec's error at the seam is no larger than elsewhere."""
    rng = np.random.default_rng(5)
    turn = np.arange(30 * CHUNK_SAMPLES) / (30 * CHUNK_SAMPLES)
    loop = sum(0.1 * np.sin(2 * np.pi * (round(f * 9.6) * turn + rng.random())) for f in (110, 220, 277, 330, 880))
    pcm = np.asarray(loop, dtype=np.float32)
    chunks = encode_loop(pcm, rendition)
    assert len(chunks) == 30
    encoder = ProgrammeEncoder(rendition)
    heard = play([frame for frames in chunks * 2 for frame in frames], encoder)
    twice = np.tile(pcm, 2)
    delay = encoder.delay_samples
    error = heard[delay:] - twice[: twice.size - delay]
    by_tick = np.array([level_dbfs(error[at : at + 960]) for at in range(0, error.size - 959, 960)])
    seam = 30 * 16
    assert max(by_tick[seam - 3 : seam + 6]) <= np.max(by_tick[100:400]) + 3


def test_silence_stays_silence() -> None:
    """Nothing in, nothing to hear."""
    for rendition in RENDITIONS:
        encoder = ProgrammeEncoder(rendition)
        frames = [frame for _ in range(4) for frame in encoder.encode(np.tile(SILENCE, 16))]
        assert level_dbfs(play(frames, encoder)) < -80


def test_the_config_says_aac_lc_mono_48_khz() -> None:
    """Object type 2, frequency index 3, one channel (ISO/IEC 14496-3, 1.6.2.1)."""
    config = ProgrammeEncoder(BY_NAME["aac-64"]).aac_config()
    bits = int.from_bytes(config[:2])
    assert (bits >> 11, (bits >> 7) & 15, (bits >> 3) & 15) == (2, 3, 1)
    assert ProgrammeEncoder(Rendition("opus-24", Codec.OPUS, 24_000)).aac_config() == b""


def test_other_lengths_are_refused() -> None:
    """A chunk has 15,360 samples, a loop whole chunks."""
    with pytest.raises(ValueError, match="15360"):
        ProgrammeEncoder(RENDITIONS[0]).encode(SILENCE)
    with pytest.raises(ValueError, match="loop"):
        encode_loop(SILENCE, RENDITIONS[0])

"""Opus through libopus: real speech there and back, lost packets, packets that are none."""

from __future__ import annotations

import gc

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stentor.audio import opus
from stentor.audio.pcm import SILENCE, Samples, level_dbfs
from stentor.base.errors import Malformed
from tests.support.speech import voice

TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(960 * 50) / 48_000)).astype(np.float32)


def packets_of(samples: Samples, encoder: opus.OpusEncoder | None = None) -> list[bytes]:
    encoder = encoder or opus.OpusEncoder()
    return [encoder.encode(samples[at : at + 960]) for at in range(0, samples.size - 959, 960)]


def similarity(one: Samples, other: Samples) -> float:
    """Largest correlation of two signals over all shifts up to 20 ms."""
    size = min(one.size, other.size) - 960
    return max(float(np.corrcoef(one[:size], other[shift : shift + size])[0, 1]) for shift in range(0, 960, 4))


def test_speech_survives_the_codec() -> None:
    """Real speech decodes to nearly itself, at the rate asked for."""
    speech = voice("reader")[:96_000]
    packets = packets_of(speech)
    decoder = opus.OpusDecoder()
    heard = np.concatenate([decoder.decode(packet) for packet in packets])
    assert similarity(speech, heard) > 0.85
    assert sum(map(len, packets)) * 8 / 2 == pytest.approx(32_000, rel=0.15)


def test_concealment_keeps_a_tone_alive() -> None:
    """A lost packet inside a tone leaves no hole."""
    packets = packets_of(TONE)
    decoder = opus.OpusDecoder()
    for packet in packets[:20]:
        last = decoder.decode(packet)
    made_up = decoder.conceal()
    assert made_up.shape == (960,)
    assert level_dbfs(made_up) > level_dbfs(last) - 6


def test_redundancy_gives_back_a_lost_packet_better_than_concealment() -> None:
    """Over all single losses in real speech, recovered packets are nearer to the truth than concealed ones."""
    packets = packets_of(voice("reader")[: 960 * 200], opus.OpusEncoder(loss_percent=20))
    wrong = {"recovered": 0.0, "concealed": 0.0}
    carried = [at for at in range(10, 199, 5) if opus.has_redundancy(packets[at + 1])]
    assert len(carried) > 10
    for at in carried:
        for how in wrong:
            whole, lossy = opus.OpusDecoder(), opus.OpusDecoder()
            for packet in packets[at - 8 : at]:
                whole.decode(packet)
                lossy.decode(packet)
            truth = whole.decode(packets[at])
            made = lossy.recover(packets[at + 1]) if how == "recovered" else lossy.conceal()
            wrong[how] += float(np.sum((truth - made) ** 2))
    assert wrong["recovered"] < 0.7 * wrong["concealed"]


def test_a_stereo_packet_decodes_to_mono() -> None:
    """Browsers may send stereo; the stage mixes mono. The TOC's stereo bit decides."""
    import av  # noqa: PLC0415 - only here is a stereo encoder needed

    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48_000, "stereo", "flt"
    frame = av.AudioFrame.from_ndarray(np.repeat(TONE[:960], 2).reshape(1, -1), format="flt", layout="stereo")
    frame.sample_rate = 48_000
    packets = [bytes(packet) for _ in range(5) for packet in context.encode(frame)]
    assert packets[-1][0] & 4
    decoder = opus.OpusDecoder()
    heard = [decoder.decode(packet) for packet in packets]
    assert heard[-1].shape == (960,)
    assert level_dbfs(heard[-1]) > -20


@pytest.mark.parametrize(("toc", "samples"), [(0x78, 960), (0x70, 480), (0x18, 2880), (0xE0, 120), (0x79, 1920)])
def test_a_packet_tells_its_length(toc: int, samples: int) -> None:
    """The TOC byte says how long a packet is (RFC 6716, 3.1)."""
    assert opus.packet_samples(bytes([toc, 0, 0])) == samples


@pytest.mark.parametrize("packet", [b"", b"\x7b", b"\x7b\x00", b"\x79\x00", bytes(1501), b"\x7b\x3f" + bytes(40)])
def test_what_is_no_packet_is_malformed(packet: bytes) -> None:
    """Empty, cut, over-long and over-full packets are refused with the one error."""
    with pytest.raises(Malformed):
        opus.OpusDecoder().decode(packet)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_samples_or_malformed(packet: bytes) -> None:
    """No bytes raise anything but Malformed, and what decodes is as long as announced and finite."""
    decoder = opus.OpusDecoder()
    try:
        samples = decoder.decode(packet)
    except Malformed:
        return
    assert samples.size == opus.packet_samples(packet)
    assert np.all(np.isfinite(samples))


def test_a_block_has_960_samples() -> None:
    """The encoder takes nothing else."""
    with pytest.raises(ValueError, match="960"):
        opus.OpusEncoder().encode(SILENCE[:480])


def test_the_encoder_follows_the_reported_loss() -> None:
    """Told of loss, it spends bits on redundancy; told of none, it does not."""
    encoder = opus.OpusEncoder(loss_percent=0)
    without = packets_of(voice("reader")[:96_000], encoder)
    encoder.set_loss_percent(20)
    with_loss = packets_of(voice("reader")[:96_000], encoder)
    assert sum(map(opus.has_redundancy, with_loss)) > sum(map(opus.has_redundancy, without)) + 20


def test_codecs_are_freed() -> None:
    """A thousand encoders and decoders that went away leave no memory behind (one each is 40 kB)."""
    process = psutil.Process()

    def churn(times: int) -> None:
        for _ in range(times):
            opus.OpusEncoder()
            opus.OpusDecoder()
        gc.collect()

    churn(100)
    before = process.memory_info().rss
    churn(1000)
    assert process.memory_info().rss - before < 10_000_000


def test_nothing_is_encoded_once() -> None:
    """After a second of silence the packet is one byte that decodes to silence, and a sound that follows is heard."""
    encoder, decoder = opus.OpusEncoder(), opus.OpusDecoder()
    for packet in packets_of(TONE, encoder):
        decoder.decode(packet)
    silent = [encoder.encode(SILENCE) for _ in range(opus.SETTLED_BLOCKS)]
    assert not encoder.settled
    nothing = [encoder.encode(SILENCE) for _ in range(20)]
    assert encoder.settled
    assert {len(packet) for packet in nothing} == {1}
    assert {opus.packet_samples(packet) for packet in nothing} == {960}
    levels = [level_dbfs(decoder.decode(packet)) for packet in silent + nothing]
    assert max(levels[5:]) < -90
    heard = np.concatenate([decoder.decode(packet) for packet in packets_of(TONE, encoder)])
    assert similarity(TONE[9600:], heard[9600:]) > 0.95

"""What a tick of a stage costs, and what is heard through a bad network: ``python -m bench.audio``.

Beside our own jitter buffer runs aiortc's own, with its own decoder, on the same arrivals. Losses are seeded, so runs
differ in time only.
"""

from __future__ import annotations

import time

import numpy as np
from aiortc.codecs.opus import OpusDecoder as AiortcDecoder
from aiortc.jitterbuffer import JitterBuffer as AiortcBuffer
from aiortc.rtp import RtpPacket

from stentor.audio.encoder import ProgrammeEncoder
from stentor.audio.jitter import JitterBuffer
from stentor.audio.mixer import Mixer
from stentor.audio.opus import OpusDecoder, OpusEncoder
from stentor.audio.pcm import Samples
from stentor.base.grid import CHUNK_SAMPLES
from stentor.base.rendition import RENDITIONS
from tests.support.network import Arrival, send
from tests.support.speech import voice

SEATS, TALKING, TICKS = 13, 3, 500


def _packets(samples: Samples) -> list[bytes]:
    encoder = OpusEncoder(loss_percent=10)
    return [encoder.encode(samples[at * 960 : at * 960 + 960]) for at in range(TICKS)]


def stage() -> None:
    """13 seats, 3 of them talking, for 10 s of sound: CPU of each step, in ms a tick."""
    voices = [np.tile(voice(name), 2)[shift:] for name, shift in (("reader", 0), ("cards", 0), ("reader", 96_000))]
    room = np.random.default_rng(1).standard_normal(960 * TICKS).astype(np.float32) * np.float32(0.0005)
    streams = [_packets(sound) for sound in voices] + [_packets(room)] * (SEATS - TALKING)
    decoders = [OpusDecoder() for _ in streams]
    encoders = {str(seat): OpusEncoder() for seat in range(SEATS)}
    shared, mixer = OpusEncoder(), Mixer()
    spent = dict.fromkeys(("decode", "level and mix", "encode for the seats"), 0.0)

    for tick in range(TICKS):
        started = time.process_time()
        blocks = {str(seat): decoder.decode(streams[seat][tick]) for seat, decoder in enumerate(decoders)}
        decoded = time.process_time()
        mix = mixer.tick(blocks)
        mixed = time.process_time()
        shared.encode(mix.shared)
        for seat, block in mix.minus.items():
            encoders[seat].encode(block)
        spent["decode"] += decoded - started
        spent["level and mix"] += mixed - decoded
        spent["encode for the seats"] += time.process_time() - mixed
    print(f"A tick of {SEATS} seats, {TALKING} talking (20 ms; CPU of one core):")
    for step, seconds in spent.items():
        print(f"  {step:22} {1000 * seconds / TICKS:6.3f} ms  {100 * seconds / TICKS / 0.02:5.1f} %")
    total = sum(spent.values()) / TICKS
    print(f"  {'together':22} {1000 * total:6.3f} ms  {100 * total / 0.02:5.1f} %")


def programme() -> None:
    """The encoders of one programme, in ms a chunk."""
    print("A chunk (320 ms) of the programme:")
    speech = voice("reader")
    for rendition in RENDITIONS:
        encoder = ProgrammeEncoder(rendition)
        start = time.process_time()
        for at in range(40):
            encoder.encode(speech[at * CHUNK_SAMPLES : (at + 1) * CHUNK_SAMPLES])
        seconds = (time.process_time() - start) / 40
        print(f"  {rendition.name:22} {1000 * seconds:6.3f} ms  {100 * seconds / 0.32:5.1f} %")


def _ours(arrivals: list[Arrival]) -> tuple[float, str]:
    buffer, sounding, ticks, ages, at = JitterBuffer(), 0, 0, [], 0
    start = time.process_time()
    for tick in range(int(arrivals[-1].at * 50)):
        now = tick * 0.02
        while at < len(arrivals) and arrivals[at].at <= now:
            arrival = arrivals[at]
            buffer.put(arrival.sequence, arrival.timestamp, arrival.packet, arrival.at)
            at += 1
        block = buffer.take(now)
        if block is not None:
            sounding += 1
            ages.append(buffer.age_ms(now))
        ticks += bool(sounding)
    cost = 1000 * (time.process_time() - start) / ticks
    stats = buffer.stats
    return 50 * sounding / ticks, (
        f"{stats.recovered} recovered, {stats.concealed} concealed, {stats.late} late of {stats.received}; "
        f"age {np.mean(ages):.0f} ms, p99 {np.quantile(ages, 0.99):.0f}; {cost:.3f} ms a tick"
    )


def _aiortc(arrivals: list[Arrival]) -> float:
    buffer, decoder, blocks = AiortcBuffer(capacity=16, prefetch=4), AiortcDecoder(), 0
    for arrival in arrivals:
        packet = RtpPacket(payload_type=96, sequence_number=arrival.sequence, timestamp=arrival.timestamp)
        packet._data = arrival.packet  # type: ignore[attr-defined]
        _, frame = buffer.add(packet)
        if frame is not None:
            blocks += len(decoder.decode(frame))
    return 50 * blocks / (50 * (arrivals[-1].at - arrivals[0].at))


def network() -> None:
    """Ticks with sound of 50, ours beside aiortc's."""
    print("Ticks with sound of 50, through a bad network (10 s of a real voice):")
    packets = _packets(voice("reader"))
    for loss, jitter_s in ((0.0, 0.0), (0.05, 0.0), (0.0, 0.02), (0.05, 0.02), (0.1, 0.04)):
        arrivals = send(packets, loss=loss, jitter_s=jitter_s)
        ours, how = _ours(arrivals)
        theirs = _aiortc(arrivals)
        print(f"  loss {100 * loss:2.0f} %, jitter {1000 * jitter_s:2.0f} ms: {ours:5.1f}   ({how})")
        print(f"  {'aiortc as shipped':24} {theirs:5.1f}   ratio {ours / max(theirs, 0.1):.2f}")


if __name__ == "__main__":
    stage()
    programme()
    network()

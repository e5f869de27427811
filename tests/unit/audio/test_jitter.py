"""The jitter buffer: a block in every tick, whatever the network does."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stentor.audio.jitter import ENDED_S, MAX_PACKETS, JitterBuffer
from stentor.audio.opus import OpusEncoder
from stentor.audio.pcm import Samples, level_dbfs
from tests.support.network import Arrival, send
from tests.support.speech import voice

TONE = (0.3 * np.sin(2 * np.pi * 300 * np.arange(960 * 1000) / 48_000)).astype(np.float32)


@cache
def packets(kind: str = "reader", count: int = 500) -> tuple[bytes, ...]:
    source = TONE if kind == "tone" else voice(kind)
    encoder = OpusEncoder(loss_percent=10)
    return tuple(encoder.encode(source[at * 960 : at * 960 + 960]) for at in range(count))


@dataclass
class Heard:
    buffer: JitterBuffer
    blocks: list[Samples] = field(default_factory=list)
    ages_ms: list[float] = field(default_factory=list)
    ticks_without: int = 0
    """Ticks without a block after the first one and before the last."""

    @property
    def samples(self) -> Samples:
        return np.concatenate(self.blocks)


def listen(arrivals: list[Arrival], buffer: JitterBuffer | None = None, until: float | None = None) -> Heard:
    """Plays arrivals through a buffer, tick by tick, up to the last arrival."""
    heard = Heard(buffer or JitterBuffer())
    waiting = list(reversed(arrivals))
    silent = 0
    for tick in range(int((until or arrivals[-1].at) * 50)):
        now = tick * 0.02 + 0.007
        while waiting and waiting[-1].at <= now:
            arrival = waiting.pop()
            heard.buffer.put(arrival.sequence, arrival.timestamp, arrival.packet, arrival.at)
        block = heard.buffer.take(now)
        if block is None:
            silent += 1
            continue
        assert block.shape == (960,)
        heard.ticks_without += silent if heard.blocks else 0
        silent = 0
        heard.blocks.append(block)
        heard.ages_ms.append(heard.buffer.age_ms(now))
    return heard


def test_a_good_network_changes_nothing() -> None:
    """Without loss and jitter every packet is decoded and nothing is made up; counters wrap unnoticed."""
    heard = listen(send(packets()))
    stats = heard.buffer.stats
    assert (stats.late, stats.duplicate, stats.recovered, stats.concealed, stats.dropped) == (0, 0, 0, 0, 0)
    assert heard.ticks_without == 0
    assert len(heard.blocks) > 490
    assert max(heard.ages_ms) < 90


@pytest.mark.parametrize("seed", range(3))
def test_every_tick_carries_sound_at_5_percent_loss_and_20_ms_of_jitter(seed: int) -> None:
    """The stage's aim: 50 of 50 ticks, most losses recovered, the sound never older than 150 ms."""
    heard = listen(send(packets(), loss=0.05, jitter_s=0.02, double=0.02, seed=seed))
    assert heard.ticks_without == 0
    assert len(heard.blocks) > 485
    assert heard.buffer.stats.recovered > heard.buffer.stats.received * 0.02
    assert max(heard.ages_ms) < 150


def test_a_tone_goes_through_loss_without_holes() -> None:
    """Recovered and concealed stretches have the tone's level, not silence."""
    heard = listen(send(packets("tone"), loss=0.05, jitter_s=0.01))
    levels = [level_dbfs(block) for block in heard.blocks[5:]]
    assert min(levels) > -50
    assert np.mean(np.array(levels) < -20) < 0.1
    assert np.median(levels) == pytest.approx(-13.5, abs=1)


@pytest.mark.parametrize("drift", [0.001, -0.001])
def test_a_drifting_clock_is_followed_without_clicks(drift: float) -> None:
    """A sender 1000 ppm off for 20 s: the delay stays, and no splice leaves a step in a tone."""
    heard = listen(send(packets("tone", 1000), drift=drift))
    assert heard.ticks_without == 0
    assert heard.buffer.stats.concealed == 0
    assert 20 <= heard.buffer.stats.delay_ms <= 80
    steps = np.abs(np.diff(heard.samples[9600:]))
    assert np.max(steps) < 2 * 0.3 * 2 * np.pi * 300 / 48_000


def test_a_late_packet_is_counted_and_the_delay_grows() -> None:
    """When the network gets worse, the buffer learns to wait longer, up to its limit."""
    calm = send(packets()[:100])
    rough = send(packets()[100:], jitter_s=0.04, first_sequence=65_100, first_timestamp=(2**32 - 48_000 + 96_000))
    shifted = [Arrival(a.at + 2.0, a.sequence, a.timestamp, a.packet) for a in rough]
    heard = listen(calm + shifted)
    assert heard.buffer.stats.late > 0
    assert 80 < heard.buffer.stats.target_ms <= 120
    assert heard.ticks_without == 0


def test_the_delay_shrinks_again_when_the_network_calms_down() -> None:
    """After four calm seconds nobody waits for the jitter of before."""
    rough = send(packets()[:150], jitter_s=0.04)
    calm = send(packets()[150:], first_sequence=65_150, first_timestamp=(2**32 - 48_000 + 150 * 960))
    shifted = [Arrival(a.at + 3.0, a.sequence, a.timestamp, a.packet) for a in calm]
    heard = listen(sorted(rough + shifted, key=lambda arrival: arrival.at))
    assert heard.buffer.stats.delay_ms < 65


def test_silence_on_the_wire_fades_and_then_ends() -> None:
    """When packets stop, the sound is made up, is silent after 0.2 s, and after 0.5 s the seat gives nothing."""
    heard = listen(send(packets("tone", 100)), until=4.0)
    assert len(heard.blocks) == pytest.approx(100 + ENDED_S * 50, abs=4)
    assert level_dbfs(heard.blocks[-1]) == -96
    assert level_dbfs(heard.blocks[100]) > -30
    assert np.max(np.abs(np.diff(heard.samples[960:]))) < 0.05
    assert heard.buffer.take(5.0) is None


def test_a_stream_that_ended_can_begin_again() -> None:
    """A speaker who comes back is heard, with whatever counters."""
    heard = listen(send(packets("tone", 100)), until=4.0)
    again = [
        Arrival(a.at + 4.0, a.sequence, a.timestamp, a.packet) for a in send(packets("tone", 100), first_timestamp=7)
    ]
    before = len(heard.blocks)
    second = listen(again, heard.buffer)
    assert before > 100
    assert len(second.blocks) > 90


def test_nothing_is_given_before_the_first_packet() -> None:
    """None is not silence: the seat has not begun."""
    buffer = JitterBuffer()
    assert buffer.take(0.0) is None
    buffer.put(1, 0, packets()[0], 0.0)
    assert buffer.take(0.01) is None
    assert buffer.age_ms(0.01) == 0


@pytest.mark.parametrize("jump", [48_000 * 3600, 2**31, 24_000, 2**32 - 24_000, 2**32 - 48_000 * 60])
def test_a_new_source_is_taken_up(jump: int) -> None:
    """Timestamps that jump (a browser that changed its microphone) cost a moment, not the speaker."""
    old = send(packets("tone", 100))
    new = send(packets("tone", 200), first_sequence=65_100, first_timestamp=(2**32 - 48_000 + 96_000 + jump) % 2**32)
    heard = listen(old + [Arrival(a.at + 2.0, a.sequence, a.timestamp, a.packet) for a in new])
    assert [level_dbfs(block) > -20 for block in heard.blocks[-100:]].count(False) == 0
    assert heard.buffer.stats.delay_ms < 150


def test_one_stray_packet_does_not_throw_the_stream_away() -> None:
    """A single packet from another clock is dropped (RFC 3550, A.1: two are needed)."""
    arrivals = send(packets("tone", 200))
    arrivals.insert(100, Arrival(arrivals[99].at, 7, 1_000_000_000, packets()[0]))
    heard = listen(arrivals)
    assert heard.buffer.stats.resets == 0
    assert heard.buffer.stats.dropped == 1
    assert heard.buffer.stats.concealed == 0


def test_pauses_of_a_silent_sender_are_not_recovered_from_the_wrong_packet() -> None:
    """With DTX the timestamps leave a gap, the sequence numbers do not: nothing was lost."""
    arrivals = send(packets("tone", 200))
    gap = [
        Arrival(a.at, (65_000 + n) & 0xFFFF, a.timestamp, a.packet)
        for n, a in enumerate(arrivals[:100] + arrivals[115:])
    ]
    heard = listen(gap)
    assert heard.ticks_without == 0
    assert heard.buffer.stats.recovered == 0
    assert 10 <= heard.buffer.stats.concealed <= 20


@pytest.mark.parametrize("samples", [480, 1920, 2880])
def test_other_packet_lengths_are_played(samples: int) -> None:
    """Packets of 10, 40 and 60 ms give the same 50 blocks a second."""
    import av  # noqa: PLC0415 - only here is an encoder of other frame lengths needed

    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = 48_000, "mono", "flt"
    context.options = {"frame_duration": str(samples // 48)}
    made: list[bytes] = []
    for at in range(0, 192_000 - samples, samples):
        frame = av.AudioFrame.from_ndarray(TONE[at : at + samples].reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = 48_000
        made += [bytes(packet) for packet in context.encode(frame)]
    heard = listen(send(made, samples=samples, jitter_s=0.005))
    assert heard.ticks_without == 0
    assert min(level_dbfs(block) for block in heard.blocks[5:]) > -18


def test_a_burst_after_a_stall_is_caught_up() -> None:
    """After 0.4 s without packets that then come at once, the delay is small again within two seconds."""
    arrivals = [
        Arrival(2.4 if 2.0 < a.at < 2.4 else a.at, a.sequence, a.timestamp, a.packet)
        for a in send(packets("tone", 250))
    ]
    heard = listen(arrivals)
    assert heard.ticks_without == 0
    assert heard.buffer.stats.delay_ms <= 140


def test_memory_is_bounded_when_nobody_takes() -> None:
    """Ten thousand packets leave the newest hundred-odd behind."""
    buffer = JitterBuffer()
    for number in range(10_000):
        buffer.put(number, number * 960, packets()[number % 500], number * 0.0001)
    assert len(buffer._waiting) <= MAX_PACKETS


FUZZED = st.lists(
    st.tuples(
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.one_of(st.binary(max_size=40), st.sampled_from(range(40)).map(lambda at: packets()[at])),
        st.floats(0, 0.3),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(FUZZED)
def test_nothing_that_arrives_breaks_it(events: list[tuple[int, int, bytes, float]]) -> None:
    """Any sequence of any bytes gives finite blocks of 960 samples or None, in bounded memory."""
    buffer, now = JitterBuffer(), 0.0
    for sequence, timestamp, packet, wait in events:
        buffer.put(sequence, timestamp, packet, now)
        now += wait
        block = buffer.take(now)
        assert block is None or (block.shape == (960,) and np.all(np.isfinite(block)))
        assert buffer._ready.size < 10_000
        assert len(buffer._waiting) <= MAX_PACKETS


@settings(max_examples=40, deadline=None)
@example([(0, 0, 0.0), (0, 489, 0.03125), (0, 249, 0.0), (0, 0, 0.0)])  # a packet that begins inside another
@given(
    st.lists(st.tuples(st.integers(-30, 30), st.integers(-30_000, 30_000), st.floats(0, 0.05)), max_size=80),
)
@example([(0, 0, 0.0), (0, 0, 0.0), (0, -2400, 0.0), (0, 0, 0.0), (0, 0, 0.0)])  # packets that overlap
def test_near_misses_do_not_break_it(events: list[tuple[int, int, float]]) -> None:
    """Counters that wander about the expected ones, at uneven times, keep every promise too."""
    buffer, now = JitterBuffer(), 0.0
    for number, (sequence, timestamp, wait) in enumerate(events):
        buffer.put((number + sequence) & 0xFFFF, (number * 960 + timestamp) & 0xFFFFFFFF, packets()[number], now)
        now += wait
        block = buffer.take(now)
        assert block is None or (block.shape == (960,) and np.all(np.isfinite(block)))
        assert buffer._ready.size < 10_000

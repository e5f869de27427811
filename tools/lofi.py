"""The hold music: "Waiting for the Lamp", twenty bars of slow swing in B flat, composed for Stentor.

78.125 beats a minute make a beat 36,864 samples and twenty bars exactly the 192 chunks of the hold loop. The piece is
rendered in a circle: every tail of a note, the echo of the room, the filters and the wow of the tape wrap round from
the end to the beginning, so there is no seam to hide.

``python -m tools.lofi`` renders it and writes the file that every installation plays: 16 bits, FLAC.

Form: A (8 bars), A' (8), a turn-around of 4 that leads back to the first chord.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np

from stentor.audio.loudness import integrated_lufs
from stentor.audio.music import FILE, TITLE
from stentor.audio.pcm import Samples, gain_of_db, to_int16
from stentor.base.grid import CHUNK_SAMPLES, HOLD_CHUNKS, SAMPLE_RATE_HZ
from tools import instruments

BEAT_SAMPLES: Final = 36_864
BEATS_PER_BAR: Final = 4
BARS: Final = 20
LUFS: Final = -20.0
SEED: Final = 1208

_LOOP_SAMPLES = HOLD_CHUNKS * CHUNK_SAMPLES
_SWING = 0.62
"""Where in its beat an off-beat quaver falls: late, but not a full triplet."""


class _Chord(NamedTuple):
    root: int
    voicing: tuple[int, ...]
    """Without the root: the bass has it."""


_BB9 = _Chord(34, (57, 60, 62, 65))
_A7 = _Chord(33, (55, 61, 65, 70))
_D9 = _Chord(38, (53, 57, 60, 64))
_C9 = _Chord(36, (58, 62, 63, 67))
_F13 = _Chord(41, (57, 62, 63, 67))
_A9 = _Chord(33, (55, 60, 64, 71))
_D7 = _Chord(38, (54, 60, 63, 69))
_G9 = _Chord(43, (53, 57, 58, 62))
_CSUS = _Chord(36, (53, 58, 62, 69))
_C7 = _Chord(36, (52, 58, 61, 67))
_DB9 = _Chord(37, (53, 56, 60, 63))
_GB9 = _Chord(42, (53, 58, 61, 68))
_FSUS = _Chord(41, (51, 58, 62, 67))
_F7 = _Chord(41, (51, 57, 60, 66))

_A_PART: tuple[tuple[_Chord, ...], ...] = (
    (_BB9,),
    (_A7,),
    (_D9,),
    (_C9, _F13),
    (_BB9,),
    (_A9, _D7),
    (_G9,),
    (_CSUS, _C7),
)
_TURN: tuple[tuple[_Chord, ...], ...] = ((_DB9,), (_GB9,), (_C9,), (_FSUS, _F7))
_CHORDS = _A_PART + _A_PART + _TURN
"""One or two chords a bar."""

_MELODY: tuple[tuple[int, float, int, float], ...] = (
    # bar, beat, note, beats. A: a question in thirds, answered a step lower.
    (0, 1.5, 69, 0.5), (0, 2.0, 72, 0.5), (0, 2.5, 74, 1.4),
    (1, 1.5, 73, 0.5), (1, 2.0, 70, 0.5), (1, 2.5, 69, 1.3),
    (2, 1.0, 69, 0.5), (2, 1.5, 65, 0.5), (2, 2.0, 64, 1.8),
    (3, 2.5, 67, 0.5), (3, 3.0, 70, 0.5), (3, 3.5, 72, 0.5),
    (4, 0.0, 74, 1.5), (4, 2.0, 72, 0.5), (4, 2.5, 69, 1.2),
    (5, 1.0, 67, 0.5), (5, 1.5, 64, 0.8), (5, 2.5, 66, 0.5), (5, 3.0, 69, 0.9),
    (6, 0.5, 70, 0.5), (6, 1.0, 69, 0.5), (6, 1.5, 65, 2.0),
    (7, 2.0, 67, 0.5), (7, 2.5, 65, 0.5), (7, 3.0, 64, 0.9),
    # A': the same thought, with more air in it.
    (8, 2.5, 77, 1.4),
    (9, 1.5, 76, 0.5), (9, 2.0, 73, 1.5),
    (10, 1.0, 72, 0.5), (10, 1.5, 74, 0.5), (10, 2.0, 69, 1.8),
    (11, 2.5, 70, 0.5), (11, 3.0, 67, 0.9),
    (12, 0.0, 69, 0.5), (12, 0.5, 72, 0.5), (12, 1.0, 74, 0.5), (12, 1.5, 77, 1.6),
    (13, 1.5, 76, 0.5), (13, 2.5, 75, 0.5), (13, 3.0, 72, 0.9),
    (14, 0.5, 74, 0.5), (14, 1.0, 70, 0.5), (14, 1.5, 69, 2.0),
    (15, 2.0, 70, 0.5), (15, 2.5, 67, 1.2),
    # The turn-around: long notes over borrowed chords, home again by a half-tone.
    (16, 1.0, 72, 2.4),
    (17, 1.0, 70, 0.5), (17, 1.5, 68, 2.0),
    (18, 1.0, 67, 0.5), (18, 2.0, 70, 0.5), (18, 2.5, 74, 1.2),
    (19, 1.0, 72, 0.9), (19, 2.5, 69, 0.5), (19, 3.0, 66, 0.9),
)  # fmt: skip


class _Canvas:
    """The loop as a circle: what is put beyond its end comes round to its beginning."""

    def __init__(self) -> None:
        self.samples: Samples = np.zeros(_LOOP_SAMPLES, dtype=np.float32)

    def put(self, sound: Samples, at: float, gain: float) -> None:
        start = round(at) % _LOOP_SAMPLES
        whole = min(sound.size, _LOOP_SAMPLES - start)
        self.samples[start : start + whole] += sound[:whole] * np.float32(gain)
        self.samples[: sound.size - whole] += sound[whole:] * np.float32(gain)


def _place(bar: int, beat: float) -> float:
    """The sample at which a beat of a bar falls; quavers off the beat swing."""
    whole, part = divmod(beat, 1.0)
    swung = part if part != 0.5 else _SWING
    return ((bar * BEATS_PER_BAR) + whole + swung) * BEAT_SAMPLES


def _seconds(beats: float) -> float:
    return beats * BEAT_SAMPLES / SAMPLE_RATE_HZ


def _harmony(rng: np.random.Generator) -> Samples:
    """The left hand: each chord laid down softly, a little rolled, and touched once more before it ends."""
    canvas = _Canvas()
    for bar, chords in enumerate(_CHORDS):
        length = BEATS_PER_BAR / len(chords)
        for number, chord in enumerate(chords):
            strokes = [(number * length, length - 0.3, 0.55)]
            if length == BEATS_PER_BAR:
                strokes = [(0.0, 2.2, 0.55), (2.5, 1.2, 0.38)]
            for beat, beats, velocity in strokes:
                at = _place(bar, beat) + rng.normal(0, 260)
                for finger, note in enumerate(chord.voicing):
                    touch = velocity + rng.normal(0, 0.04)
                    canvas.put(
                        instruments.piano(note, _seconds(beats), touch), at + finger * rng.uniform(300, 900), 0.2
                    )
    return canvas.samples


def _melody(rng: np.random.Generator) -> Samples:
    """The right hand, a little behind the beat."""
    canvas = _Canvas()
    for bar, beat, note, beats in _MELODY:
        sound = instruments.piano(note, _seconds(beats), 0.62 + rng.normal(0, 0.06))
        canvas.put(sound, _place(bar, beat) + 700 + rng.normal(0, 350), 0.30)
    return canvas.samples


def _bass(rng: np.random.Generator) -> Samples:
    canvas = _Canvas()
    for bar, chords in enumerate(_CHORDS):
        first, last = chords[0].root, chords[-1].root
        following = _CHORDS[(bar + 1) % BARS][0].root
        fifth = first + 7 if first + 7 <= 45 else first - 5
        notes = [(0.0, first, 1.4), (1.5, first, 0.4), (2.0, last if len(chords) > 1 else fifth, 1.3)]
        if bar % 2:
            notes.append((3.5, following + (1 if following < last else -1), 0.4))  # a half-tone into the next bar
        for beat, note, beats in notes:
            sound = instruments.bass(note, _seconds(beats), 0.85 + rng.normal(0, 0.05))
            canvas.put(sound, _place(bar, beat) + rng.normal(0, 180), 0.34)
    return canvas.samples


def _drums(rng: np.random.Generator) -> tuple[Samples, list[float]]:
    """The kit, and where the kick falls."""
    canvas, kicks = _Canvas(), []
    kick = instruments.kick()
    for bar in range(BARS):
        for beat in (0.0, 2.5) if bar % 4 != 3 else (0.0, 1.5, 2.5):
            kicks.append(_place(bar, beat) + rng.normal(0, 120))
            canvas.put(kick, kicks[-1], 0.42 if beat == 0.0 else 0.33)
        for beat in (1.0, 3.0):
            canvas.put(instruments.rim(rng), _place(bar, beat) + 500 + rng.normal(0, 200), 0.19)
        for quaver in range(8):
            stroke = instruments.brush(rng, 0.09, 5000, 11_000, 0.008)
            canvas.put(stroke, _place(bar, quaver / 2) + rng.normal(0, 220), 0.085 if quaver % 2 else 0.055)
        for beat in (0.0, 2.0):
            canvas.put(instruments.brush(rng, 1.4, 1800, 7000, 0.55), _place(bar, beat), 0.035)
    return canvas.samples, kicks


def _breath(kicks: list[float]) -> Samples:
    """A gain that gives way to each kick by 2 dB and comes back in a quarter of a second."""
    canvas = _Canvas()
    t = np.arange(SAMPLE_RATE_HZ // 3) / SAMPLE_RATE_HZ
    dip = (0.2 * (1 - np.exp(-t * 250)) * np.exp(-t * 11)).astype(np.float32)
    for kick in kicks:
        canvas.put(dip, kick, 1.0)
    return (1.0 - canvas.samples).astype(np.float32)


def _room_and_tone(dry: Samples, rng: np.random.Generator) -> Samples:
    """A small dark room, and the dull ends of a worn tape: one circular filter."""
    t = np.arange(int(1.3 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    echo = np.zeros(_LOOP_SAMPLES)
    echo[: t.size] = rng.standard_normal(t.size) * np.exp(-t * 5.5) * (1 - np.exp(-t * 180))
    echo *= 0.22 / np.sqrt(np.sum(echo**2))
    frequencies = np.fft.rfftfreq(_LOOP_SAMPLES, 1 / SAMPLE_RATE_HZ)
    dark = 1 / (1 + (frequencies / 1900) ** 2)
    tone = 1 / np.sqrt(1 + (frequencies / 6200) ** 6) * frequencies**2 / (frequencies**2 + 32.0**2)
    wet = np.fft.rfft(dry) * (1 + np.fft.rfft(echo) * dark) * tone
    return np.fft.irfft(wet, _LOOP_SAMPLES).astype(np.float32)


def _wow(samples: Samples) -> Samples:
    """The unsteady speed of a turntable: slow wow, a trace of flutter, whole periods in the loop so that it closes."""
    turn = (np.arange(_LOOP_SAMPLES) * (2 * np.pi / _LOOP_SAMPLES)).astype(np.float32)
    shift = 16.0 * np.sin(turn * 34) + 6.0 * np.sin(turn * 13 + 1.0) + 0.35 * np.sin(turn * 391)
    position = np.arange(_LOOP_SAMPLES) + shift
    whole = np.floor(position)
    part = (position - whole).astype(np.float32)
    left = whole.astype(np.int64) % _LOOP_SAMPLES
    here: Samples = samples[left]
    bent: Samples = here + (samples[(left + 1) % _LOOP_SAMPLES] - here) * part
    return bent


def render(seed: int = SEED) -> Samples:
    """The whole loop: float32, 192 × 15,360 samples, -20 LUFS, seamless; about 3 s of CPU.

    ``seed`` moves the hands a little (timing, touch) and lays the dust; notes and form stay.
    """
    rng = np.random.default_rng(seed)
    drums, kicks = _drums(rng)
    band = (_harmony(rng) + _melody(rng)) * _breath(kicks) + _bass(rng) + drums
    music = _wow(_room_and_tone(band, rng))
    taped = np.tanh(1.15 * music / np.float32(np.quantile(np.abs(music), 0.999))) + instruments.dust(rng, music.size)
    levelled: Samples = (taped * np.float32(gain_of_db(LUFS - integrated_lufs(taped)))).astype(np.float32)
    return levelled


def write(samples: Samples, path: Path) -> None:
    """Writes a loop as FLAC, 16 bits, mono, 48 kHz."""
    with av.open(str(path), "w", format="flac") as container:
        container.metadata["title"] = TITLE
        stream = container.add_stream("flac", rate=SAMPLE_RATE_HZ, layout="mono", options={"compression_level": "12"})
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(to_int16(samples), "<i2")[None, :], format="s16", layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE_HZ
        fifo = av.AudioFifo()
        fifo.write(frame)
        while (block := fifo.read(4096, partial=True)) is not None:
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    write(render(), Path(str(FILE)))

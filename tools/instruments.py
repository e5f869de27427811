"""The sounds of the hold music, synthesised: an electric piano, a bass, a small drum kit, the dust on a record.

Each function gives one note or stroke as float32 at 48 kHz, about ±1 at its loudest. Nothing here is random but what is
handed in as ``rng``, so the music is the same at every rendering.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from stentor.audio.pcm import Samples
from stentor.base.grid import SAMPLE_RATE_HZ


def frequency_hz(note: float) -> float:
    """The pitch of a MIDI note number (69 = A4 = 440 Hz)."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def _time(seconds: float) -> Samples:
    return np.arange(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)


def _edges(sound: NDArray[np.floating], attack_s: float, release_s: float) -> Samples:
    """Round beginnings and ends, so that no note clicks."""
    attack, release = int(attack_s * SAMPLE_RATE_HZ), int(release_s * SAMPLE_RATE_HZ)
    sound[:attack] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / attack)
    sound[-release:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(release) / release)
    return sound.astype(np.float32, copy=False)


def piano(note: int, seconds: float, velocity: float) -> Samples:
    """An electric piano by frequency modulation: a warm body whose brightness dies first, and a faint metal tine."""
    t = _time(seconds + 0.25)
    phase = t * np.float32(2 * np.pi * frequency_hz(note))
    decay = np.exp(-t * (0.9 + note / 90))
    index = (0.25 + 1.1 * velocity) * np.exp(-t * 3.5) + 0.12
    body = np.sin(phase + index * np.sin(phase + 0.4))
    second = 0.18 * np.sin(phase * 1.003) * decay  # a hair out of tune with itself: the slow beating of old reeds
    tine = 0.06 * velocity * np.sin(phase * 7.0 + 0.3 * np.sin(phase)) * np.exp(-t * 18)
    tremolo = 1.0 + 0.07 * np.sin(2 * np.pi * 4.3 * t)
    return _edges((body * decay + second + tine) * tremolo * (0.35 + 0.65 * velocity), 0.006, 0.22)


def bass(note: int, seconds: float, velocity: float) -> Samples:
    """A soft upright bass: nearly a sine, with a little wood at the beginning."""
    t = _time(seconds + 0.08)
    phase = 2 * np.pi * frequency_hz(note) * t * (1 + 0.004 * np.exp(-t * 30))
    body = np.sin(phase) + 0.28 * np.exp(-t * 5) * np.sin(2 * phase) + 0.10 * np.exp(-t * 9) * np.sin(3 * phase)
    return _edges(np.tanh(1.2 * body) * np.exp(-t * 1.1) * velocity, 0.012, 0.07)


def kick() -> Samples:
    """A felt-beater kick: a sine that falls from 95 to 47 Hz."""
    t = _time(0.42)
    phase = 2 * np.pi * (47 * t + 48 / 32 * (1 - np.exp(-t * 32)))
    return _edges(np.sin(phase) * np.exp(-t * 9), 0.003, 0.05)


def brush(rng: np.random.Generator, seconds: float, low_hz: float, high_hz: float, attack_s: float) -> Samples:
    """A stroke of brushes: noise between two frequencies that swells and dies."""
    t = _time(seconds)
    noise = rng.standard_normal(t.size, dtype=np.float32)
    sos = butter(2, (low_hz, high_hz), "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    shaped = np.asarray(sosfilt(sos, noise), dtype=np.float64)
    shaped /= np.max(np.abs(shaped))
    return _edges(shaped * np.exp(-t * 5.0 / seconds), attack_s, seconds * 0.3)


def rim(rng: np.random.Generator) -> Samples:
    """The snare on two and four: brushes on a head, with a little tone under them."""
    stroke = brush(rng, 0.26, 900, 5200, 0.004)
    t = _time(0.26)
    struck: Samples = 0.75 * stroke + 0.35 * np.sin(2 * np.pi * 188 * t) * np.exp(-t * 28)
    return struck


def dust(rng: np.random.Generator, samples: int) -> Samples:
    """The surface of an old record: a few soft crackles a second and a breath of hiss; as long as asked."""
    surface = 0.0011 * rng.standard_normal(samples)
    crackles = rng.integers(0, samples, samples // 9000)
    surface[crackles] += rng.choice([-1.0, 1.0], crackles.size) * 0.16 * rng.random(crackles.size) ** 3
    return surface.astype(np.float32)

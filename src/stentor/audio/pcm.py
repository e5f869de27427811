"""PCM as the cores pass it: float32, mono, 48 kHz, full scale ±1, in blocks of one tick (960 samples)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stentor.base.grid import TICK_SAMPLES

Samples = NDArray[np.float32]
"""Any number of samples, shape ``(n,)``."""
Block = NDArray[np.float32]
"""The samples of one tick, shape ``(960,)``."""

FLOOR_DBFS: Final = -96.0
"""What silence measures: the noise floor of 16 bits, so that a level is always a finite number."""

_FULL_SCALE_INT16 = 32768.0
_FLOOR_AMPLITUDE = 10.0 ** (FLOOR_DBFS / 20.0)


def _silence() -> Block:
    block = np.zeros(TICK_SAMPLES, dtype=np.float32)
    block.flags.writeable = False
    return block


SILENCE: Final[Block] = _silence()
"""One tick of nothing; read-only, so it can be handed out without a copy."""


def to_int16(samples: Samples) -> bytes:
    """Little-endian 16-bit PCM of ``samples``, rounded to nearest; what is beyond full scale is clipped."""
    scaled = samples * np.float32(_FULL_SCALE_INT16)
    np.rint(scaled, out=scaled)
    np.minimum(np.maximum(scaled, -32768, out=scaled), 32767, out=scaled)
    return bytes(scaled.astype("<i2").tobytes())


def from_int16(data: bytes) -> Samples:
    """float32 samples of little-endian 16-bit PCM; an odd last byte is ignored."""
    whole = np.frombuffer(data, dtype="<i2", count=len(data) // 2)
    return whole.astype(np.float32) / np.float32(_FULL_SCALE_INT16)


def level_dbfs(samples: Samples) -> float:
    """RMS level in dBFS, where a full-scale square wave is 0 (a full-scale sine -3.01); never below -96."""
    if samples.size == 0:
        return FLOOR_DBFS
    rms = float(np.sqrt(np.dot(samples, samples) / samples.size))
    return amplitude_dbfs(rms)


def peak_dbfs(samples: Samples) -> float:
    """Level of the largest sample in dBFS; never below -96."""
    return amplitude_dbfs(float(np.max(np.abs(samples)))) if samples.size else FLOOR_DBFS


def amplitude_dbfs(amplitude: float) -> float:
    """An amplitude (1 = full scale) in dBFS; never below -96."""
    return max(FLOOR_DBFS, 20.0 * float(np.log10(max(amplitude, _FLOOR_AMPLITUDE))))


def gain_of_db(db: float) -> float:
    """The factor on samples that is ``db`` decibels."""
    return float(10.0 ** (db / 20.0))

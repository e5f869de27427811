"""Real voices for tests, as float32 mono at 48 kHz."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from stentor.audio.media import read_audio
from stentor.audio.pcm import Samples

SPEECH = Path(__file__).parent.parent / "data" / "speech"


@cache
def voice(name: str) -> Samples:
    """All recordings of ``reader`` or ``cards``, one after the other with 0.4 s between; read-only."""
    pause = np.zeros(19_200, dtype=np.float32)
    parts = [part for path in sorted(SPEECH.glob(f"{name}-*.flac")) for part in (read_audio(path), pause)]
    joined = np.concatenate(parts)
    joined.flags.writeable = False
    return joined

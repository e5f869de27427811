"""Whether a microphone picks up what its loudspeaker plays: the others come back, and everybody hears an echo.

The generalised cross-correlation with phase transform (Knapp and Carter, 1976) of what came from a seat with what the
others said. With the real voices of the tests, through Opus both ways, the greatest peak stands 13 to 19 times above
the rest for an echo of -10 to -40 dB into a silent seat, and 5 times at most for another voice, noise, or a hum that
both have. An echo under the seat's own speech is missed more often than not: it is heard less, too.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stentor.audio.pcm import Block
from stentor.base.grid import SAMPLE_RATE_HZ, TICK_SAMPLES

RATE_HZ: Final = 8000
WINDOW_TICKS: Final = 128
"""2.56 s, two or three words: shorter windows see weak echoes late, longer ones see them no better."""
LEAST_DELAY_S: Final = 0.05
MOST_DELAY_S: Final = 0.55
"""There and back through two jitter buffers and a loudspeaker; sooner is the same room, later nobody's echo."""
PEAK: Final = 9.0
"""Between the greatest without an echo (5) and the least with one (13)."""
SAME_S: Final = 0.01
"""The delay of an echo stays; that of a chance peak does not."""
LEAST_RMS: Final = 10 ** (-55 / 20)
"""Below it nobody is disturbed: so quiet is what the mixer turns down."""

_FACTOR: Final = SAMPLE_RATE_HZ // RATE_HZ
_SAMPLES: Final = WINDOW_TICKS * TICK_SAMPLES // _FACTOR
_TRANSFORM: Final = 1 << (_SAMPLES + round(MOST_DELAY_S * RATE_HZ)).bit_length()
"""Long enough that no lag in question meets the window's other end."""
_LAGS: Final = slice(round(LEAST_DELAY_S * RATE_HZ), round(MOST_DELAY_S * RATE_HZ))
_BAND: Final = (np.fft.rfftfreq(_TRANSFORM, 1 / RATE_HZ) >= 200) & (np.fft.rfftfreq(_TRANSFORM, 1 / RATE_HZ) <= 3600)
_MEAN: Final = np.full(_FACTOR, 1 / _FACTOR, dtype=np.float32)
_TAPER: Final = np.hanning(_SAMPLES).astype(np.float32)


class EchoDetector:
    """Of one seat; :meth:`hear` once a tick, about 3 ms of CPU each 2.56 s in which others talk."""

    def __init__(self) -> None:
        self.echoing = False
        """Whether the last two windows had an echo of the same delay."""
        self._own = np.zeros((WINDOW_TICKS, TICK_SAMPLES), dtype=np.float32)
        self._others = np.zeros((WINDOW_TICKS, TICK_SAMPLES), dtype=np.float32)
        self._tick = 0
        self._delay_s: float | None = None

    def hear(self, own: Block, others: Block) -> None:
        """Takes in one tick of the seat and of what the others said."""
        self._own[self._tick] = own
        self._others[self._tick] = others
        self._tick += 1
        if self._tick == WINDOW_TICKS:
            self._tick = 0
            self._judge(_fewer(self._own), _fewer(self._others))

    def _judge(self, own: NDArray[np.float32], others: NDArray[np.float32]) -> None:
        """Judges a full window; one in which the others were silent says nothing and changes nothing."""
        if _rms(others) < LEAST_RMS:
            return
        before, self._delay_s = self._delay_s, _delay_s(own, others)
        both = before is not None and self._delay_s is not None
        self.echoing = both and abs((before or 0.0) - (self._delay_s or 0.0)) < SAME_S


def _delay_s(own: NDArray[np.float32], others: NDArray[np.float32]) -> float | None:
    """The delay of the echo in a window, if there is one."""
    if _rms(own) < LEAST_RMS:
        return None
    crossed = np.fft.rfft(own * _TAPER, _TRANSFORM) * np.fft.rfft(others * _TAPER, _TRANSFORM).conj()
    sizes = np.abs(crossed)
    whitened = np.where(_BAND, crossed / np.maximum(sizes, 1e-9 * sizes.max() + 1e-20), 0)
    heights = np.abs(np.fft.irfft(whitened)[_LAGS])
    peak = int(heights.argmax())
    if heights[peak] < PEAK * np.sqrt((heights**2).mean()):
        return None
    return LEAST_DELAY_S + peak / RATE_HZ


def _fewer(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """A window at 8 kHz."""
    return window.reshape(-1, _FACTOR) @ _MEAN  # ten times as fast as mean()


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt((samples**2).mean()))

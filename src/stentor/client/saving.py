"""Keeping what a listener received: the bytes as they came, or a WAV file of what they sound like."""

from __future__ import annotations

import wave
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from stentor.audio.pcm import Samples, to_int16
from stentor.base.errors import BadInput
from stentor.base.grid import SAMPLE_RATE_HZ

MAX_WAV_BYTES: Final = 2**32 - 4096
"""A WAV file counts its bytes in 32 bits: 12 hours of mono. What comes later is not saved."""


class Keepsake:
    """A file that is written while listening; ``.wav`` takes samples, any other name the received bytes.

    Raises :class:`BadInput` when the file cannot be made. ``None`` as a path keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._wave: wave.Wave_write | None = None
        self._raw = None
        self._saved = 0
        if path is None:
            return
        try:
            if path.suffix.lower() == ".wav":
                self._wave = wave.open(str(path), "wb")  # noqa: SIM115  closed in __exit__
                self._wave.setnchannels(1)
                self._wave.setsampwidth(2)
                self._wave.setframerate(SAMPLE_RATE_HZ)
            else:
                self._raw = path.open("wb")
        except OSError as error:
            raise BadInput(f"Cannot save to {path}: {error.strerror}.") from error

    def received(self, data: bytes) -> None:
        if self._raw is not None:
            self._raw.write(data)

    def decoded(self, samples: Samples) -> None:
        if self._wave is not None and self._saved < MAX_WAV_BYTES - samples.size * 2:
            self._saved += samples.size * 2
            self._wave.writeframesraw(to_int16(samples))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wave is not None:
            self._wave.close()
        if self._raw is not None:
            self._raw.close()

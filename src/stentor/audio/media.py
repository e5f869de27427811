"""Foreign streams and our own files to samples, through PyAV. What people upload goes the way of ``house.readers``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from stentor.audio import file
from stentor.audio.pcm import Samples
from stentor.base.errors import BadInput, Malformed
from stentor.base.grid import SAMPLE_RATE_HZ

MAX_FILE_S: Final = 3 * 3600
"""Three hours are 2 GB of float32 samples: more is no jingle and no interlude."""


def _resampler() -> AudioResampler:
    return AudioResampler(format="fltp", rate=SAMPLE_RATE_HZ)


def _samples(frame: AudioFrame) -> Samples:
    # The mean of the channels: FFmpeg's own down-mix makes a voice in both of them 3 dB louder.
    mono: Samples = frame.to_ndarray().mean(axis=0, dtype=np.float32)
    return mono


def read_audio(source: Path | bytes, max_s: float = MAX_FILE_S) -> Samples:
    """All sound of a file of our own as float32 mono at 48 kHz; raises :class:`BadInput` as :func:`file.read` does."""
    if isinstance(source, bytes):
        return file.read(source, max_s).samples
    try:
        data = source.read_bytes()
    except OSError as error:
        raise BadInput(f"The file cannot be read: {error.strerror}.") from error
    return file.read(data, max_s).samples


class StreamDecoder:
    """Raw frames of one stream to samples, frame by frame, as a listener's player would.

    ``codec`` is ``aac`` or ``opus``; ``config`` the AudioSpecificConfig (AAC) or OpusHead (Opus), or empty when the
    frames say it themselves (ADTS). Decoders start with their codec's priming
    samples: see ``ProgrammeEncoder.delay_samples``.
    """

    def __init__(self, codec: str, config: bytes = b"") -> None:
        if codec not in {"aac", "opus"}:
            raise BadInput(f"There is no stream decoder for {codec}.")
        context = av.CodecContext.create("libopus" if codec == "opus" else "aac", "r")
        if not isinstance(context, AudioCodecContext):
            raise BadInput(f"{codec} is not a codec of sound.")
        if config:
            context.extradata = config
        self._context = context
        self._resampler = _resampler()

    def decode(self, frame: bytes) -> Samples:
        """The samples that ``frame`` completes (maybe none); raises :class:`Malformed`."""
        try:
            decoded = self._context.decode(av.Packet(frame))
        except av.error.FFmpegError as error:
            raise Malformed(f"Not a frame of sound: {error}") from error
        parts = [_samples(out) for part in decoded for out in self._resampler.resample(part)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

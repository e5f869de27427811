"""Files and foreign streams to samples, through PyAV: what a host uploads, and what a listener receives."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from stentor.audio.grid import SAMPLE_RATE_HZ
from stentor.audio.pcm import Samples
from stentor.base.errors import BadInput, Malformed

MAX_FILE_S: Final = 3 * 3600
"""Three hours are 2 GB of float32 samples: more is no jingle and no interlude."""


def _resampler() -> AudioResampler:
    return AudioResampler(format="fltp", rate=SAMPLE_RATE_HZ)


def _samples(frame: AudioFrame) -> Samples:
    # The mean of the channels: FFmpeg's own down-mix makes a voice in both of them 3 dB louder.
    mono: Samples = frame.to_ndarray().mean(axis=0, dtype=np.float32)
    return mono


def read_audio(source: Path | str | bytes, max_s: float = MAX_FILE_S) -> Samples:
    """All sound of a file as float32 mono at 48 kHz; whatever PyAV reads (WAV, FLAC, MP3, M4A, Ogg …).

    Raises :class:`BadInput` when it cannot be read, has no sound, or is longer than ``max_s``. Blocks while it decodes
    (an hour of FLAC takes about 5 s): not on an event loop.
    """
    file = BytesIO(source) if isinstance(source, bytes) else str(source)
    parts: list[Samples] = []
    length = 0
    try:
        with av.open(file, "r", metadata_errors="replace") as container:
            if not container.streams.audio:
                raise BadInput("The file has no sound in it.")
            resampler = _resampler()
            for frame in container.decode(container.streams.audio[0]):
                decoded = [_samples(out) for out in resampler.resample(frame)]
                parts += decoded
                length += sum(part.size for part in decoded)
                if length > max_s * SAMPLE_RATE_HZ:
                    raise BadInput(f"The file is longer than {max_s / 60:g} minutes.")
            parts += [_samples(out) for out in resampler.resample(None)]
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise BadInput(f"The file cannot be read as sound: {error}") from error
    if not parts:
        raise BadInput("The file has no sound in it.")
    samples = np.concatenate(parts)
    # A float file may hold anything; what is not a number would poison every filter behind this.
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -4.0, 4.0)


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

"""The hold loop: 61.44 s of music, encoded once, played by whoever needs it at ``chunk % 192``.

Before the talk it is what people wait with; in the talk it is the filler when the stage is lost. Every process has the
same object, so an edge that has lost the bus plays the chunk that any other edge plays.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from stentor.audio.encoder import ProgrammeEncoder, encode_loop
from stentor.audio.fade import equal_power
from stentor.audio.limiter import LOOKAHEAD_SAMPLES, Limiter
from stentor.audio.loudness import SILENT_LUFS, integrated_lufs
from stentor.audio.pcm import Block, Samples, from_int16, gain_of_db, to_int16
from stentor.base.errors import BadInput, Malformed
from stentor.base.grid import CHUNK_SAMPLES, HOLD_CHUNKS, SAMPLE_RATE_HZ, TICK_SAMPLES
from stentor.base.rendition import MAX_FRAME_BYTES, RENDITIONS

LOOP_SAMPLES: Final = HOLD_CHUNKS * CHUNK_SAMPLES
HOLD_LUFS: Final = -20.0
"""4 LU below the speakers: music to wait with, and no shock when the first one speaks."""
MAX_LOOP_BYTES: Final = 12 * 1024 * 1024
"""5.9 MB of PCM and 0.9 MB of frames; twice as much is no loop."""
MAX_LABEL_CHARS: Final = 200
SHORTEST_S: Final = 5.0
"""A shorter sound than this, repeated for an hour, is no music."""

_FADE_SAMPLES = 2 * SAMPLE_RATE_HZ
_SHORTEST_FADE_SAMPLES = SAMPLE_RATE_HZ // 20
_MAX_GAIN_DB = 30.0


class HoldLoop(msgspec.Struct, frozen=True):
    """A loop as PCM and in every rendition. Immutable; :func:`decode` has checked every length."""

    label: str
    """Title and author, for the people who ask what is playing."""
    pcm: bytes
    """int16, little-endian, ``LOOP_SAMPLES`` samples."""
    frames: dict[str, list[list[bytes]]]
    """For each rendition 192 chunks of 15 or 16 raw frames."""

    def block(self, tick: int) -> Block:
        """The loop's sound in tick ``tick`` of a space."""
        start = tick % (HOLD_CHUNKS * CHUNK_SAMPLES // TICK_SAMPLES) * TICK_SAMPLES * 2
        return from_int16(self.pcm[start : start + TICK_SAMPLES * 2])

    def chunk_pcm(self, chunk: int) -> Samples:
        """The loop's 15,360 samples in chunk ``chunk`` of a space."""
        start = chunk % HOLD_CHUNKS * CHUNK_SAMPLES * 2
        return from_int16(self.pcm[start : start + CHUNK_SAMPLES * 2])

    def chunk_frames(self, chunk: int) -> dict[str, list[bytes]]:
        """The loop's frames in chunk ``chunk`` of a space, for every rendition; lists are shared, not copied."""
        return {name: chunks[chunk % HOLD_CHUNKS] for name, chunks in self.frames.items()}


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(HoldLoop)


def build(pcm: Samples, label: str) -> HoldLoop:
    """Encodes a loop of exactly ``LOOP_SAMPLES`` (see :func:`fit_loop`, :mod:`stentor.audio.music`).

    Takes about 1.5 s of CPU: not on an event loop. Raises ValueError for another length, BadInput for a long label.
    """
    if pcm.shape != (LOOP_SAMPLES,):
        raise ValueError(f"A hold loop has {LOOP_SAMPLES} samples, not {pcm.shape}.")
    if len(label) > MAX_LABEL_CHARS:
        raise BadInput(f"A title has at most {MAX_LABEL_CHARS} characters.")
    data = to_int16(pcm)
    heard = from_int16(data)
    return HoldLoop(label, data, {rendition.name: encode_loop(heard, rendition) for rendition in RENDITIONS})


def encode(loop: HoldLoop) -> bytes:
    """The object for the store."""
    return _encoder.encode(loop)


def decode(data: bytes) -> HoldLoop:
    """The loop in an object from the store; raises :class:`Malformed` for anything else, never another error."""
    if len(data) > MAX_LOOP_BYTES:
        raise Malformed(f"A hold loop of {len(data)} bytes is over the limit of {MAX_LOOP_BYTES}.")
    try:
        loop = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Not a hold loop: {error}") from error
    if len(loop.pcm) != 2 * LOOP_SAMPLES:
        raise Malformed(f"A hold loop has {LOOP_SAMPLES} samples.")
    if len(loop.label) > MAX_LABEL_CHARS:
        raise Malformed("A hold loop's title is too long.")
    if loop.frames.keys() != {rendition.name for rendition in RENDITIONS}:
        raise Malformed("A hold loop has every rendition and no other.")
    for rendition in RENDITIONS:
        chunks = loop.frames[rendition.name]
        if len(chunks) != HOLD_CHUNKS or any(len(frames) != rendition.frames_per_chunk for frames in chunks):
            raise Malformed(f"A hold loop has {HOLD_CHUNKS} whole chunks of {rendition.name}.")
        if not all(0 < len(frame) <= MAX_FRAME_BYTES - 7 for frames in chunks for frame in frames):
            raise Malformed(f"A frame of {rendition.name} is empty or too long.")
    return loop


def fit_loop(pcm: Samples) -> Samples:
    """Makes any music a seamless loop of ``LOOP_SAMPLES`` at :data:`HOLD_LUFS`; a new array, nothing beyond ±0.97.

    What is long enough is cut, its end crossfaded into its beginning (2 s, equal power); what is shorter is repeated
    as often as fits, crossfaded the same way. Raises :class:`BadInput` when it is silent or shorter than 5 s.
    """
    if pcm.size < SHORTEST_S * SAMPLE_RATE_HZ:
        raise BadInput(f"Hold music is at least {SHORTEST_S:g} seconds long.", reason="too-short")
    loop = _repeat(pcm)
    loudness = integrated_lufs(loop)
    if loudness == SILENT_LUFS:
        raise BadInput("The file is silent.", reason="silent")
    return _limit(loop * np.float32(gain_of_db(min(_MAX_GAIN_DB, HOLD_LUFS - loudness))))


def _repeat(pcm: Samples) -> Samples:
    spare = pcm.size - LOOP_SAMPLES
    if spare >= _SHORTEST_FADE_SAMPLES:
        times, fade = 1, min(_FADE_SAMPLES, spare)
    else:
        fade = min(_FADE_SAMPLES, pcm.size // 4)
        times = math.ceil(LOOP_SAMPLES / (pcm.size - fade))
    starts = [round(number * LOOP_SAMPLES / times) for number in range(times + 1)]
    fade_out, fade_in = equal_power(fade)
    loop = np.zeros(LOOP_SAMPLES, dtype=np.float32)
    for start, end in pairwise(starts):
        turn = pcm[: end - start + fade].copy()
        turn[:fade] *= fade_in
        turn[-fade:] *= fade_out
        # The tail of the last turn comes round to the loop's beginning.
        whole = min(turn.size, LOOP_SAMPLES - start)
        loop[start : start + whole] += turn[:whole]
        loop[: turn.size - whole] += turn[whole:]
    return loop


def _limit(loop: Samples) -> Samples:
    """Limits a loop as it sounds in its second turn, so that the gain is the same where it closes."""
    limiter = Limiter()
    blocks = [limiter.process(block) for block in np.concatenate((loop, loop)).reshape(-1, TICK_SAMPLES)]
    return np.roll(np.concatenate(blocks)[LOOP_SAMPLES:], -LOOKAHEAD_SAMPLES)


@cache
def silent_chunk() -> dict[str, list[bytes]]:
    """One chunk of silence in every rendition, from an encoder that has been silent before: for gaps."""
    silence = np.zeros(CHUNK_SAMPLES, dtype=np.float32)
    chunks = {}
    for rendition in RENDITIONS:
        encoder = ProgrammeEncoder(rendition)
        for _ in range(4):
            frames = encoder.encode(silence)
        chunks[rendition.name] = frames
    return chunks

"""The sound of a listener cut: pieces of a minute, each made by itself, so that making it again gives the same bytes.

A piece begins with a run-up (limiter, encoder and filter hear what came before) and is cut out behind it. One gain for
the whole cut follows from its loudness; what would be too loud then a limiter takes back, which looks at true peaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from stentor.audio.encoder import AAC_DELAY_SAMPLES, ProgrammeEncoder
from stentor.audio.limiter import CEILING, LOOKAHEAD_SAMPLES, Limiter
from stentor.audio.loudness import tick_energies
from stentor.audio.media import StreamDecoder
from stentor.audio.pcm import Samples, amplitude_dbfs, gain_of_db
from stentor.audio.weighting import KWeighting
from stentor.base import grid
from stentor.base.errors import Malformed
from stentor.base.rendition import BY_NAME
from stentor.wire.demux import Demuxer
from stentor.wire.edits import TICK_MS, Kept
from stentor.wire.mp4 import AAC_CONFIG

RENDITION: Final = BY_NAME["aac-64"]
TARGET_LUFS: Final = -16.0
"""As podcasts are (AES TD1008; Apple asks for -16 ± 1)."""
MOST_GAIN_DB: Final = 24.0
"""More would lift the room's noise to where a voice should be."""
CEILING_DBTP: Final = -1.5
"""The codec adds up to half a decibel: -1 dBTP is what is asked for."""
PIECE_CHUNKS: Final = 180
"""57.6 s, half a megabyte."""
PIECE_TICKS: Final = PIECE_CHUNKS * grid.TICKS_PER_CHUNK
RUN_UP_CHUNKS: Final = 6
"""1.92 s: the limiter is back at rest after half of that, the encoder knows its last frame only."""
RUN_UP_TICKS: Final = RUN_UP_CHUNKS * grid.TICKS_PER_CHUNK
WARM_UP_FRAMES: Final = 2
"""A frame of AAC overlaps with the one before."""
FADE_SAMPLES: Final = 480
"""10 ms down before a join and 10 ms up behind it: no click, and every sample keeps its place."""


class CutPiece(msgspec.Struct, frozen=True):
    """As it is stored: sizes of its frames (16 bits, big-endian), the energies of its ticks (float32, little-endian),
    the largest true peak, and the frames one after the other.
    """

    sizes: bytes
    energies: bytes
    peak: float
    frames: bytes


class SourceSpan(NamedTuple):
    """Ticks ``[first, last)`` of the recording, wanted from tick ``at`` of a piece on."""

    first: int
    last: int
    at: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CutPiece)


def encode(piece: CutPiece) -> bytes:
    return _encoder.encode(piece)


def decode(data: bytes) -> CutPiece:
    """Raises :class:`Malformed`."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"Not a piece of a cut: {error}") from error


def segment_samples(data: bytes, before: bytes, chunks: int) -> Samples:
    """The sound of a segment as a decoder gives it that has heard the one ``before`` (empty: none).

    Shape ``(chunks * 15360,)``; the first 2048 samples belong to what came before. Raises :class:`Malformed`.
    """
    decoder = StreamDecoder(RENDITION.codec.value, AAC_CONFIG)
    for frame in _frames(before)[-WARM_UP_FRAMES:]:
        decoder.decode(frame)
    size = chunks * grid.CHUNK_SAMPLES
    parts = [decoder.decode(frame) for frame in _frames(data)]
    sound = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
    return np.pad(sound[:size], (0, max(0, size - sound.size)))


def _frames(data: bytes) -> list[bytes]:
    return [frame for fragment in Demuxer().feed(data) for frame in fragment.frames]


def frames_of(piece: CutPiece) -> list[bytes]:
    """Its frames, one by one."""
    frames, at = [], 0
    for size in np.frombuffer(piece.sizes, dtype=">u2").tolist():
        frames.append(piece.frames[at : at + size])
        at += size
    return frames


def chunks_of(cut_ms: int) -> int:
    """Chunks that a cut is encoded in: what a decoder holds back is behind its end."""
    return -(-(cut_ms * grid.SAMPLE_RATE_HZ // 1000 + AAC_DELAY_SAMPLES) // grid.CHUNK_SAMPLES)


def pieces_of(cut_ms: int) -> int:
    """How many pieces it has."""
    return -(-chunks_of(cut_ms) // PIECE_CHUNKS)


def wanted(kept: Sequence[Kept], number: int) -> list[SourceSpan]:
    """What of the recording piece ``number`` is made of: run-up, piece, and a tick that the limiter looks ahead."""
    return spans(kept, max(0, number * PIECE_TICKS - RUN_UP_TICKS), (number + 1) * PIECE_TICKS + 1)


def spans(kept: Sequence[Kept], start: int, end: int) -> list[SourceSpan]:
    """What of the recording ticks ``[start, end)`` of the cut are made of; ``at`` counts from ``start``."""
    found = []
    for each in kept:
        at, length = each.at_ms // TICK_MS, (each.to_ms - each.from_ms) // TICK_MS
        first, last = max(start, at), min(end, at + length)
        if first < last:
            origin = each.from_ms // TICK_MS - at
            found.append(SourceSpan(first + origin, last + origin, first - start))
    return found


def piece(sound: Samples, kept: Sequence[Kept], number: int, gain_db: float, cut_ms: int) -> CutPiece:
    """Piece ``number`` of the cut, of the sound of what is :func:`wanted` for it (silence behind the end)."""
    before = min(RUN_UP_CHUNKS, number * PIECE_CHUNKS)
    chunks = min(PIECE_CHUNKS, chunks_of(cut_ms) - number * PIECE_CHUNKS)
    size = (before + chunks) * grid.CHUNK_SAMPLES
    whole = np.zeros(size + grid.TICK_SAMPLES, dtype=np.float32)
    whole[: min(sound.size, whole.size)] = sound[: whole.size]
    start = (number * PIECE_CHUNKS - before) * grid.CHUNK_SAMPLES
    _fade(whole, kept, start)
    whole *= np.float32(gain_of_db(gain_db))
    loud = true_peaks(whole) * np.float32(CEILING / gain_of_db(CEILING_DBTP))
    curve = Limiter().curve(loud)
    out = whole[:size] * curve[LOOKAHEAD_SAMPLES : LOOKAHEAD_SAMPLES + size]
    encoder = ProgrammeEncoder(RENDITION)
    encoded = [encoder.encode(block) for block in out.reshape(-1, grid.CHUNK_SAMPLES)]
    frames = [frame for chunk in encoded[before:] for frame in chunk]
    skipped = before * grid.TICKS_PER_CHUNK
    ticks = min(chunks * grid.TICKS_PER_CHUNK, cut_ms // TICK_MS - number * PIECE_TICKS)
    energies = tick_energies(KWeighting().filter(out[np.newaxis])[0])[skipped : skipped + max(0, ticks)]
    peak = float(np.max(true_peaks(out[before * grid.CHUNK_SAMPLES :]), initial=0.0))
    sizes = np.array([len(frame) for frame in frames], dtype=">u2").tobytes()
    return CutPiece(sizes, energies.astype("<f4").tobytes(), round(amplitude_dbfs(peak), 2), b"".join(frames))


def energies_of(data: bytes) -> NDArray[np.float32]:
    """Those of a piece, or of what was measured while recording."""
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def gain_to(target_lufs: float, loudness_lufs: float) -> float:
    """The gain in whole tenths of a decibel, within ±:data:`MOST_GAIN_DB`."""
    return round(min(max(target_lufs - loudness_lufs, -MOST_GAIN_DB), MOST_GAIN_DB), 1)


def true_peaks(samples: Samples) -> Samples:
    """For each sample the largest magnitude there and at three places between it and the next one.

    Interpolated by a windowed sinc of 16 taps (BS.1770-4, annex 2, has 12); nothing is computed where even the largest
    overshoot that is possible in speech stays low.
    """
    highest: Samples = np.abs(samples)
    if samples.size < _TAPS or float(highest.max(initial=0.0)) < gain_of_db(CEILING_DBTP) / 2:
        return highest
    for taps in _filters():
        between = np.convolve(samples, taps, mode="full")[_TAPS // 2 : _TAPS // 2 + samples.size]
        np.maximum(highest, np.abs(between), out=highest)
    return highest


_TAPS: Final = 16


@cache
def _filters() -> list[Samples]:
    at = np.arange(_TAPS) - _TAPS // 2
    filters = []
    for quarter in (0.25, 0.5, 0.75):
        distance = at + quarter
        window = np.cos(np.pi * distance / (_TAPS + 2)) ** 2
        taps = np.sinc(distance) * window
        filters.append((taps / taps.sum()).astype(np.float32))
    return filters


@cache
def _ramp() -> Samples:
    ramp: Samples = np.sin(np.linspace(0.0, np.pi / 2, FADE_SAMPLES, endpoint=False, dtype=np.float32)) ** 2
    return ramp


def _fade(sound: Samples, kept: Sequence[Kept], start: int) -> None:
    """Down and up at each join, in place; ``sound`` begins at sample ``start`` of the cut."""
    for each in kept:
        first = each.at_ms * grid.SAMPLE_RATE_HZ // 1000
        last = first + (each.to_ms - each.from_ms) * grid.SAMPLE_RATE_HZ // 1000
        if last < start or first > start + sound.size:
            continue
        _scale(sound, first - start, _ramp())
        _scale(sound, last - start - FADE_SAMPLES, _ramp()[::-1])


def _scale(sound: Samples, at: int, ramp: Samples) -> None:
    first, last = max(0, at), min(sound.size, at + ramp.size)
    if first < last:
        sound[first:last] *= ramp[first - at : last - at]

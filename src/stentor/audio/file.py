"""Sound files as people have them, to samples: what can be heard is kept, and what was left out is said.

Files of other people are read in a process of their own (``house.decoder``); this is what it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from io import BytesIO
from typing import Final

import av
import av.subtitles.stream  # PyAV loads it when a file has such a stream; a confined process could not any more
import msgspec
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from stentor.audio.container import LEAST_JUNK_BYTES, Link, links
from stentor.audio.downmix import Downmix
from stentor.audio.pcm import Samples
from stentor.base.errors import BadInput
from stentor.base.grid import SAMPLE_RATE_HZ

KINDS: Final = "WAV, FLAC, MP3, AAC, M4A, Ogg (Opus, Vorbis), WebM, AIFF or CAF"
SLOWEST_HZ, FASTEST_HZ, MOST_CHANNELS = 2_000, 768_000, 32
"""Beyond these it is no recording: a sample a second would become 48,000."""
MISSING_SHARE, MISSING_S = 0.03, 0.25
"""So much less than its head says makes a file one that was cut off; encoders' paddings are shorter."""
GAP_S: Final = 0.002
"""FLAC says its length to the sample; its shortest frames have 4 ms."""
MOST_ERRORS: Final = 20_000
"""Damaged pieces that are passed over in a row; of 50 MB of them the end is not waited for."""
TAGS: Final = (b"ID3", b"TAG", b"APETAGEX", b"LYRICS")
"""What is no sound, and nothing to miss, where files were joined."""
_DECODERS: Final = ",".join((
    "aac", "alac", "flac", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "opus", "libopus", "vorbis",
    "amrnb", "amrwb", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "pcm_alaw", "pcm_mulaw", "pcm_f32be", "pcm_f32le",
    "pcm_f64be", "pcm_f64le", "pcm_s8", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le", "pcm_s32be", "pcm_s32le",
    "pcm_u8",
))  # fmt: skip
_SAYS_LENGTH: Final = frozenset({"aiff", "flac", "matroska", "mov"})
"""Formats whose length is written in them; for others FFmpeg computes it from the bytes that are there."""


class LeftOut(StrEnum):
    """What of a file is not in the sound that was made of it."""

    DAMAGED = "damaged"
    CUT = "cut-short"
    TRACKS = "other-tracks"
    VIDEO = "video"
    REST = "rest"


class FileSound(msgspec.Struct, frozen=True):
    """float32 mono at 48 kHz, and what is missing in it, in the order of :class:`LeftOut`."""

    samples: Samples
    left_out: tuple[LeftOut, ...]


def read(data: bytes, longest_s: float, *, whole: bool = True) -> FileSound:
    """The sound of a file. What is longer than ``longest_s`` is refused, or cut there unless it is wanted ``whole``.

    Raises :class:`BadInput` with a ``reason`` for machines: ``not-sound``, ``no-track``, ``unknown-coding``,
    ``damaged``, ``too-long``. Blocks while it decodes (an hour of FLAC takes about 5 s): not on an event loop.
    """
    found = links(data)
    if not found:
        raise BadInput(f"This is no sound file that is read here; send {KINDS}.", reason="not-sound")
    reading = _Reading(round(longest_s * SAMPLE_RATE_HZ), whole=whole)
    for link in found:
        reading.take(link)
    return reading.sound()


class _Reading:
    """The samples so far of one file, and what was left out of it."""

    def __init__(self, most_samples: int, *, whole: bool) -> None:
        self._most, self._whole = most_samples, whole
        self._parts: list[Samples] = []
        self._length = 0
        self._left_out: set[LeftOut] = set()
        self._refusal: BadInput | None = None

    @property
    def _full(self) -> bool:
        return self._length > self._most

    def sound(self) -> FileSound:
        """What there is; raises :class:`BadInput` when that is nothing."""
        samples = np.concatenate(self._parts) if self._parts else np.zeros(0, dtype=np.float32)
        if samples.size == 0:
            raise self._refusal or BadInput(
                "Nothing in the file can be heard: it is empty, damaged or not complete.", reason="damaged"
            )
        if self._refusal is not None:
            self._left_out.add(LeftOut.DAMAGED)
        return FileSound(samples[: self._most], tuple(each for each in LeftOut if each in self._left_out))

    def take(self, link: Link) -> None:
        """Decodes a piece and adds its sound."""
        if self._full:
            return
        if link.damaged:
            self._left_out.add(LeftOut.DAMAGED)
        if link.cut:
            self._left_out.add(LeftOut.CUT)
        options = {"protocol_whitelist": "none", "format_whitelist": link.format, "codec_whitelist": _DECODERS}
        try:
            with av.open(BytesIO(link.data), "r", format=link.format, options=options, metadata_errors="replace") as it:
                self._decode(it, link)
        except (FFmpegError, OSError, ValueError):
            self._left_out.add(LeftOut.DAMAGED)

    def _decode(self, container: InputContainer, link: Link) -> None:
        stream = self._track(container)
        if stream is None:
            return
        before = self._length
        downmix: Downmix | None = None
        resampler: AudioResampler | None = None
        kind: tuple[object, ...] = ()
        for frame in self._frames(container, stream):
            if not SLOWEST_HZ <= frame.sample_rate <= FASTEST_HZ or not 0 < len(frame.layout.channels) <= MOST_CHANNELS:
                self._left_out.add(LeftOut.DAMAGED)
                continue
            now = (frame.format.name, frame.layout.name, len(frame.layout.channels), frame.sample_rate)
            if now != kind:  # also in mid-file: streams that were joined may differ in everything
                self._finish(resampler, downmix)
                kind = now
                resampler = AudioResampler(format="fltp", rate=SAMPLE_RATE_HZ)
                downmix = Downmix([channel.name for channel in frame.layout.channels])
            assert resampler is not None
            assert downmix is not None
            frame.pts = None  # what is missing is not filled up
            for out in resampler.resample(frame):
                self._length += downmix.add(out.to_ndarray())
            if self._full:
                break
        self._finish(resampler, downmix)
        if self._full:
            self._too_long()
        elif link.format in _SAYS_LENGTH:
            self._compare(container, stream, self._length - before)

    def _finish(self, resampler: AudioResampler | None, downmix: Downmix | None) -> None:
        """Adds what the resampler still holds."""
        if resampler is None or downmix is None:
            return
        for out in resampler.resample(None):
            self._length += downmix.add(out.to_ndarray())
        self._parts.append(downmix.finish())

    def _track(self, container: InputContainer) -> AudioStream | None:
        """The track to use: the first that a decoder is there for."""
        tracks = list(container.streams.audio)
        if not tracks:
            self._refusal = BadInput("The file has no sound in it.", reason="no-track")
            return None
        if any(not stream.disposition & stream.disposition.attached_pic for stream in container.streams.video):
            self._left_out.add(LeftOut.VIDEO)
        known = _DECODERS.split(",")
        usable = [track for track in tracks if track.codec_context is not None and track.codec_context.name in known]
        if not usable:
            self._refusal = BadInput(
                f"The sound in the file is coded in a way that is not read here; send {KINDS}.", reason="unknown-coding"
            )
            return None
        if len(tracks) > 1:
            self._left_out.add(LeftOut.TRACKS)
        return usable[0]

    def _frames(self, container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        """Every frame that can be decoded; what lies between them is passed over and noted."""
        stream.codec_context.thread_count = 1
        largest = 0
        if stream.codec_context.name == "flac":
            # a frame with a wrong checksum would be a bang; it is dropped without a word, as is what follows the last
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
            largest = int.from_bytes((stream.codec_context.extradata or b"")[7:10])
        errors = 0
        packets = container.demux(stream)
        while errors < MOST_ERRORS:
            try:
                packet: Packet[AudioStream] = next(packets)
            except StopIteration:
                return
            except FFmpegError:  # a generator that has raised is over: a new one reads on from here
                self._left_out.add(LeftOut.DAMAGED)
                errors += MOST_ERRORS // 10
                packets = container.demux(stream)
                continue
            try:
                frames = packet.decode()
            except FFmpegError:
                if not bytes(packet).startswith(TAGS):
                    self._left_out.add(LeftOut.DAMAGED)
                errors += 1
                continue
            if 0 < largest < packet.size - LEAST_JUNK_BYTES:
                self._left_out.add(LeftOut.DAMAGED)
            errors = 0 if frames else errors
            yield from frames

    def _compare(self, container: InputContainer, stream: AudioStream, samples: int) -> None:
        """Notes that the file says it is longer than what is in it."""
        says_s = container.duration / 1e6 if container.duration else 0.0
        if stream.duration and stream.time_base:
            says_s = float(stream.duration * stream.time_base)
        missing_s = says_s - samples / SAMPLE_RATE_HZ
        if missing_s > max(MISSING_S, MISSING_SHARE * says_s):
            self._left_out.add(LeftOut.CUT)
        elif missing_s > GAP_S and stream.codec_context.name == "flac":
            self._left_out.add(LeftOut.DAMAGED)

    def _too_long(self) -> None:
        if self._whole:
            seconds = self._most / SAMPLE_RATE_HZ
            length = f"{seconds / 60:g} minutes" if seconds > 90 else f"{seconds:g} seconds"
            raise BadInput(f"The file is longer than {length}.", reason="too-long")
        self._left_out.add(LeftOut.REST)

"""The streams of the audience, from bytes to runs of frames, whatever they are wrapped in. Pure."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from stentor.audio.opus import packet_samples
from stentor.base.errors import Malformed
from stentor.base.grid import AAC_FRAME_SAMPLES
from stentor.base.rendition import Codec
from stentor.wire import adts, ogg
from stentor.wire.demux import Demuxer

_OGG_HEADERS = (b"OpusHead", b"OpusTags")


class FrameRun(NamedTuple):
    """Frames that follow each other. ``position`` is the first one's place (samples at 48 kHz) in the stream's own
    time, None when the stream has none; ``sizes`` are the samples of each frame; ``pulse`` is JSON.
    """

    codec: Codec
    frames: list[bytes]
    sizes: list[int]
    position: int | None = None
    pulse: bytes | None = None

    @property
    def samples(self) -> int:
        return sum(self.sizes)


class FrameReader(Protocol):
    def feed(self, data: bytes) -> list[FrameRun]:
        """The runs that ``data`` completes; raises :class:`Malformed`, after which the stream is lost."""


class AdtsReader:
    """``live.aac``: the stream does not say where it is."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[FrameRun]:
        self._buffer += data
        frames = adts.split(self._buffer)
        return [_run(Codec.AAC, frames)] if frames else []


class OggReader:
    """``live.opus``: a page's granule position says where its last packet ends."""

    def __init__(self) -> None:
        self._demuxer = ogg.OggDemuxer()

    def feed(self, data: bytes) -> list[FrameRun]:
        runs = []
        for page in self._demuxer.feed(data):
            packets = [packet for packet in page.packets if not packet.startswith(_OGG_HEADERS)]
            if packets:
                run = _run(Codec.OPUS, packets)
                runs.append(run._replace(position=page.granule - run.samples))
        return runs


class Mp4Reader:
    """``live.mp4``, segments, parts and recordings; feed the init first."""

    def __init__(self) -> None:
        self._demuxer = Demuxer()

    def feed(self, data: bytes) -> list[FrameRun]:
        runs = []
        for fragment in self._demuxer.feed(data):
            if self._demuxer.codec is None:
                raise Malformed("A fragment before its init: nobody knows its codec.")
            run = _run(self._demuxer.codec, fragment.frames)
            runs.append(run._replace(position=fragment.decode_time, pulse=fragment.pulse))
        return runs


def _run(codec: Codec, frames: list[bytes]) -> FrameRun:
    aac = codec is Codec.AAC
    return FrameRun(codec, frames, [AAC_FRAME_SAMPLES if aac else packet_samples(frame) for frame in frames])

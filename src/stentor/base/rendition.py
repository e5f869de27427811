"""How the programme is encoded, and where its sound comes from: what sound, bytes and roles all speak of."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stentor.base import grid

MAX_FRAME_BYTES = 8191
"""ADTS has 13 bits for a frame's length, header included."""


class Codec(StrEnum):
    AAC = "aac"
    OPUS = "opus"


class Rendition(msgspec.Struct, frozen=True):
    """One encoding of the programme."""

    name: str
    codec: Codec
    bitrate_bps: int

    @property
    def frame_samples(self) -> int:
        return grid.AAC_FRAME_SAMPLES if self.codec is Codec.AAC else grid.OPUS_FRAME_SAMPLES

    @property
    def frames_per_chunk(self) -> int:
        return grid.CHUNK_SAMPLES // self.frame_samples


RENDITIONS: tuple[Rendition, ...] = (
    Rendition("aac-64", Codec.AAC, 64_000),
    Rendition("aac-32", Codec.AAC, 32_000),
    Rendition("opus-24", Codec.OPUS, 24_000),
)
"""The default renditions; the first is the one that plays everywhere."""
BY_NAME = {rendition.name: rendition for rendition in RENDITIONS}


class Source(StrEnum):
    """Where the sound of a chunk came from; kept in the recording's manifest, never hidden."""

    HOLD = "hold"
    STAGE = "stage"
    FILLER = "filler"
    """The space is live but the stage gave nothing for a second."""
    GAP = "gap"
    """Nobody published this chunk; whoever writes it down put the hold loop or silence in its place."""

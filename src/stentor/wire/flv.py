"""The bodies of RTMP's messages of sound and picture, which are those of FLV's tags ("Adobe Flash Video File Format
Specification", 10.1, E.4): AAC, H.264, and what is said of both at the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stentor.base.errors import Malformed
from stentor.wire.mp4 import AAC_CONFIG

AAC: Final = 0xAF
"""AAC; the rate, size and number of channels that follow are fixed for it, whatever is inside (E.4.2.1)."""
KEY, INTER = 0x17, 0x27
"""A picture that stands alone and one that does not, of H.264 (E.4.3.1)."""
CONFIG, DATA, OVER = 0, 1, 2
SPS, PPS, ACCESS_DELIMITER = 7, 8, 9
"""Kinds of NAL units (ISO/IEC 14496-10, table 7-1)."""


def aac_config() -> bytes:
    """Says once that frames of AAC-LC at 48 kHz follow, mono."""
    return bytes([AAC, CONFIG]) + AAC_CONFIG


def aac_frame(frame: bytes) -> bytes:
    """One raw frame of AAC."""
    return bytes([AAC, DATA]) + frame


def units(annex_b: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream (ISO/IEC 14496-10, annex B), without their start codes."""
    for part in annex_b.split(b"\0\0\1"):
        unit = part.rstrip(b"\0")  # a start code may have four bytes, and a unit ends with none that is zero
        if unit:
            yield unit


def h264_config(annex_b: bytes) -> bytes:
    """Says once how the picture is made (``AVCDecoderConfigurationRecord``, ISO/IEC 14496-15, 5.3.3.1).

    ``annex_b`` has an SPS and a PPS. Raises :class:`Malformed` when one is missing.
    """
    found = {unit[0] & 0x1F: unit for unit in units(annex_b)}
    if SPS not in found or PPS not in found:
        raise Malformed("A picture whose SPS and PPS are missing.")
    sps, pps = found[SPS], found[PPS]
    record = bytes([1, sps[1], sps[2], sps[3], 0xFF, 0xE1])  # lengths of 4 bytes; one SPS
    record += len(sps).to_bytes(2) + sps + bytes([1]) + len(pps).to_bytes(2) + pps
    return bytes([KEY, CONFIG, 0, 0, 0]) + record


def h264_picture(annex_b: bytes, *, key: bool) -> bytes:
    """One encoded picture, shown when it is decoded (there are no pictures between two others)."""
    body = b"".join(
        len(unit).to_bytes(4) + unit for unit in units(annex_b) if unit[0] & 0x1F not in (SPS, PPS, ACCESS_DELIMITER)
    )
    return bytes([KEY if key else INTER, DATA, 0, 0, 0]) + body

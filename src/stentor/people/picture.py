"""Pictures of people: PNG, JPEG or WebP in, a square JPEG out. Nothing of the file that came in goes out again.

The decoder is chosen by the first bytes and is given the file as it is, so that none of FFmpeg's other formats (which
may open further files) is ever reached; it refuses more than :data:`MOST_PIXELS` before it makes room for them.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from stentor.base.errors import BadInput

SIDE_PIXELS = 256
PORTRAIT_PIXELS = 96
"""Shown at 44 pixels or fewer: sharp on screens with two dots for each."""
TYPE = "image/jpeg"
MOST_BYTES = 8 * 1024 * 1024
"""A photo of a telephone has 2 to 5 MB."""
MOST_PIXELS = 50_000_000
QUALITY, PORTRAIT_QUALITY = 3, 5
"""FFmpeg's ``qscale`` for JPEG: 2 is best, 31 worst; a face has about 15 kB at 256 pixels and 3, 3 kB at 96 and 5."""


def square(data: bytes) -> bytes:
    """The middle of a picture as JPEG of 256 × 256 pixels; raises :class:`BadInput` for what is none."""
    refusal = BadInput("This is no picture that can be read; send PNG, JPEG or WebP.", code="bad-picture")
    codec = _codec(data)
    if codec is None:
        raise refusal
    try:
        frame = _decode(codec, data)
        image = _upright(frame)
    except (FFmpegError, ValueError) as error:
        raise refusal from error
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    middle = np.ascontiguousarray(image[top : top + side, left : left + side])
    return _encode(VideoFrame.from_ndarray(middle, format="rgb24"), SIDE_PIXELS, QUALITY)


def portrait(picture: bytes) -> bytes:
    """A picture that :func:`square` made, as JPEG of 96 × 96 pixels: for the audience, who are many."""
    return _encode(_decode("mjpeg", picture), PORTRAIT_PIXELS, PORTRAIT_QUALITY)


def _codec(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "mjpeg"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _decode(codec: str, data: bytes) -> VideoFrame:
    context = VideoCodecContext.create(codec, "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 1
    context.options = {"max_pixels": str(MOST_PIXELS)}
    frames = [*context.decode(av.Packet(data)), *context.decode(None)]
    if not frames:
        raise ValueError("no picture in it")
    return frames[0]


def _upright(frame: VideoFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture as rows of RGB, turned as its camera noted; what is transparent is shown on white."""
    image = frame.to_ndarray(format="rgba").astype(np.uint16)
    colour, alpha = image[..., :3], image[..., 3:]
    flat = ((colour * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    return np.rot90(flat, k=(frame.rotation // 90) % 4)


def _encode(frame: VideoFrame, side: int, quality: int) -> bytes:
    small = frame.reformat(width=side, height=side, format="yuvj420p", interpolation="AREA")
    context = VideoCodecContext.create("mjpeg", "w")
    assert isinstance(context, VideoCodecContext)
    context.width = context.height = side
    context.pix_fmt = "yuvj420p"
    context.time_base = Fraction(1, 1)
    small.pts = 0
    context.qmin = context.qmax = quality
    return b"".join(bytes(packet) for packet in (*context.encode(small), *context.encode(None)))

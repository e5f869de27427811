"""Pictures of people: PNG, JPEG, WebP or GIF in, a square JPEG out. Nothing of the file that came in goes out again.

The decoder is chosen by the first bytes and is given the file as it is, so that none of FFmpeg's other formats (which
may open further files) is ever reached. How large a picture is says its head: what has too many pixels is refused
before anything is decoded, and a large JPEG is decoded at a fraction of its size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
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
MOST_PIXELS = 25_000_000
"""Telephones make pictures of 12 megapixels, cameras of 24; decoded they take 4 bytes each, 8 at most."""
QUALITY, PORTRAIT_QUALITY = 3, 5
"""FFmpeg's ``qscale`` for JPEG: 2 is best, 31 worst; a face has about 15 kB at 256 pixels and 3, 3 kB at 96 and 5."""
MOST_HALVINGS = 3
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers SOF0 to SOF15 (ITU-T T.81, B.1.1.3)."""


def square(data: bytes) -> bytes:
    """The middle of a picture as JPEG of 256 × 256 pixels, of an animated one its first; raises :class:`BadInput`
    (``bad-picture``, ``picture-too-large``)."""
    refusal = BadInput(
        "This is no picture that can be read; send PNG, JPEG, WebP or GIF.", code="bad-picture", reason="no-picture"
    )
    codec = _codec(data)
    if codec is None:
        raise refusal
    try:
        width, height = _size(codec, data)
        if width * height > MOST_PIXELS:
            most = MOST_PIXELS // 1_000_000
            raise BadInput(
                f"The picture has {width} × {height} pixels; send one of {most} megapixels at most.",
                code="picture-too-large",
                reason="picture-too-large",
            )
        image = _upright(_decode(codec, data, min(width, height)))
    except (FFmpegError, ValueError, struct.error, IndexError) as error:
        raise refusal from error
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    middle = np.ascontiguousarray(image[top : top + side, left : left + side])
    return _encode(VideoFrame.from_ndarray(middle, format="rgb24"), SIDE_PIXELS, QUALITY)


def portrait(picture: bytes) -> bytes:
    """A picture that :func:`square` made, as JPEG of 96 × 96 pixels: for the audience, who are many."""
    return _encode(_decode("mjpeg", picture, SIDE_PIXELS), PORTRAIT_PIXELS, PORTRAIT_QUALITY)


def _codec(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "mjpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _size(codec: str, data: bytes) -> tuple[int, int]:
    """Width and height as the head says them; raises ValueError, struct.error or IndexError where it is broken."""
    match codec:
        case "png":
            width, height = struct.unpack_from(">II", data, 16)
        case "gif":
            width, height = struct.unpack_from("<HH", data, 6)
        case "mjpeg":
            width, height = _jpeg_size(data)
        case _:
            width, height = _webp_size(data)
    if not (width and height):
        raise ValueError("a picture without a size")
    return int(width), int(height)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at] == 0xFF:
        if data[at + 1] == 0xFF:  # fill bytes
            at += 1
            continue
        if data[at + 1] in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    raise ValueError("no frame header")


def _webp_size(data: bytes) -> tuple[int, int]:
    """The largest of what its chunks say: canvas, and each picture (RFC 9649, 2.5 to 2.7)."""
    sizes = [size for name, body in _chunks(data[12:]) if (size := _webp_chunk_size(name, body))]
    for name, body in _chunks(data[12:]):
        if name == b"ANMF":
            sizes += [size for inner, part in _chunks(body[16:]) if (size := _webp_chunk_size(inner, part))]
            break
    return max(sizes, key=lambda size: size[0] * size[1])


def _webp_chunk_size(name: bytes, body: bytes) -> tuple[int, int] | None:
    match name:
        case b"VP8X":
            return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", body, 6)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = struct.unpack_from("<I", body, 1)[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _still(data: bytes) -> bytes:
    """A WebP that FFmpeg reads: of an animated one the first picture."""
    frame = next((body for name, body in _chunks(data[12:]) if name == b"ANMF"), None)
    if frame is None:
        return data
    parts = [(name, body) for name, body in _chunks(frame[16:]) if name in (b"ALPH", b"VP8 ", b"VP8L")]
    if parts and parts[0][0] == b"ALPH":
        parts.insert(0, (b"VP8X", b"\x10\0\0\0" + frame[6:12]))  # 0x10: there is an alpha channel
    body = b"".join(name + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for name, part in parts)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _decode(codec: str, data: bytes, shorter: int) -> VideoFrame:
    """The first picture, whose shorter side has ``shorter`` pixels; of a large JPEG a half, a quarter or an eighth."""
    context = VideoCodecContext.create(codec, "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 1
    context.options = {"max_pixels": str(2 * MOST_PIXELS)}  # it counts what it makes room for, which is more
    if codec == "mjpeg":
        halvings = (shorter // SIDE_PIXELS).bit_length() - 1
        context.options = {**context.options, "lowres": str(min(MOST_HALVINGS, max(0, halvings)))}
    frames = [*context.decode(av.Packet(_still(data) if codec == "webp" else data)), *context.decode(None)]
    if not frames:
        raise ValueError("no picture in it")
    return frames[0]


def _upright(frame: VideoFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture as rows of RGB, no larger than it is shown, turned as its camera noted; what is transparent is shown
    on white."""
    scale = min(1.0, SIDE_PIXELS / min(frame.width, frame.height))
    width, height = (max(SIDE_PIXELS if scale < 1 else 1, round(side * scale)) for side in (frame.width, frame.height))
    rotation = frame.rotation
    image = frame.reformat(width=width, height=height, format="rgba", interpolation="AREA").to_ndarray()
    wide = image.astype(np.uint16)
    colour, alpha = wide[..., :3], wide[..., 3:]
    flat = ((colour * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
    return np.rot90(flat, k=(rotation // 90) % 4)


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

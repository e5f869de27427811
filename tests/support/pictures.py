"""Pictures as people upload them."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

Image = np.ndarray[Any, Any]
FORMATS = {"png": "rgba", "mjpeg": "yuvj420p", "libwebp": "yuv420p"}


def halves(width: int, height: int) -> Image:
    """Red on the left and blue on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = (255, 0, 0), (0, 0, 255)
    return image


def face(side: int = 256) -> Image:
    """Somebody drawn with a few circles before an evening sky."""
    y, x = np.mgrid[0:side, 0:side] / side
    image = np.stack([200 - 90 * y, 150 - 60 * y, 150 + 40 * y], axis=-1)
    for at_x, at_y, width, height, colour in (
        (0.5, 1.02, 0.42, 0.34, (60, 74, 110)),  # shoulders
        (0.5, 0.40, 0.27, 0.31, (66, 44, 36)),  # hair
        (0.5, 0.74, 0.10, 0.16, (214, 166, 138)),  # neck
        (0.5, 0.48, 0.20, 0.26, (232, 188, 160)),  # face
        (0.42, 0.46, 0.022, 0.03, (50, 40, 40)),  # eyes
        (0.58, 0.46, 0.022, 0.03, (50, 40, 40)),
        (0.5, 0.61, 0.075, 0.02, (176, 92, 88)),  # mouth
    ):
        image[((x - at_x) / width) ** 2 + ((y - at_y) / height) ** 2 < 1] = colour
    return image.astype(np.uint8)


def encoded(codec: str = "png", *, width: int = 64, height: int = 40, image: Image | None = None) -> bytes:
    """A picture as a file: :func:`halves`, or ``image`` (rows of RGB)."""
    image = halves(width, height) if image is None else image
    height, width = image.shape[:2]
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format=FORMATS[codec])
    frame.pts = 0
    context = VideoCodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, FORMATS[codec]
    context.time_base = Fraction(1, 1)
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def gif(pictures: int = 3) -> bytes:
    """An animated GIF whose first picture is :func:`halves`; the others are black."""
    out = io.BytesIO()
    with av.open(out, "w", format="gif") as file:
        stream = file.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 300, 200, "rgb8"
        for number in range(pictures):
            image = halves(300, 200) if number == 0 else np.zeros((200, 300, 3), np.uint8)
            file.mux(stream.encode(VideoFrame.from_ndarray(image, format="rgb24").reformat(format="rgb8")))
        file.mux(stream.encode(None))
    return out.getvalue()


def animated_webp(*, alpha: bool = False) -> bytes:
    """An animated WebP whose first picture is :func:`halves`; the other is black."""
    size = (299).to_bytes(3, "little") + (199).to_bytes(3, "little")
    frames = b""
    for image in (halves(300, 200), np.zeros((200, 300, 3), np.uint8)):
        still = encoded("libwebp", image=image)[12:]
        if alpha:
            still = _chunk(b"ALPH", b"\0" + b"\xff" * (300 * 200)) + still
        frames += _chunk(b"ANMF", bytes(6) + size + (100).to_bytes(3, "little") + b"\0" + still)
    body = b"WEBP" + _chunk(b"VP8X", bytes([0x12 if alpha else 2, 0, 0, 0]) + size) + _chunk(b"ANIM", bytes(6)) + frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def png() -> bytes:
    return encoded("png")


def decoded(jpeg: bytes) -> Image:
    """A JPEG as rows of RGB."""
    context = VideoCodecContext.create("mjpeg", "r")
    assert isinstance(context, VideoCodecContext)
    return [*context.decode(av.Packet(jpeg)), *context.decode(None)][0].to_ndarray(format="rgb24")

"""Pictures as people upload them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

FORMATS = {"png": "rgba", "mjpeg": "yuvj420p", "libwebp": "yuv420p"}


def encoded(codec: str = "png", *, width: int = 64, height: int = 40) -> bytes:
    """A picture that is red on the left and blue on the right."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = (255, 0, 0), (0, 0, 255)
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format=FORMATS[codec])
    frame.pts = 0
    context = VideoCodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, FORMATS[codec]
    context.time_base = Fraction(1, 1)
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def png() -> bytes:
    return encoded("png")


def decoded(jpeg: bytes) -> np.ndarray[Any, Any]:
    """A JPEG as rows of RGB."""
    context = VideoCodecContext.create("mjpeg", "r")
    assert isinstance(context, VideoCodecContext)
    return [*context.decode(av.Packet(jpeg)), *context.decode(None)][0].to_ndarray(format="rgb24")

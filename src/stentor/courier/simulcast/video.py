"""The picture as H.264: once for all who get it."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from stentor.courier.simulcast.scene import HEIGHT, WIDTH

RATE: Final = 10
"""Pictures a second, almost all of which say that nothing has changed; networks take less for a stream that hangs."""
KEY_EVERY: Final = 2 * RATE
"""Networks ask for a picture that stands alone every two seconds, or warn above four."""
KEY_PAUSE: Final = RATE
"""Pictures between two that stand alone, at least, however often somebody asks for one: all destinations get it."""
MOST_BPS: Final = 2_500_000


class EncodedPicture(NamedTuple):
    """One picture in annex B; ``key``: it stands alone, and has SPS and PPS before it."""

    data: bytes
    key: bool


class VideoEncoder:
    """One stream; a picture in, its bytes out. In the baseline profile, which browsers play that get it by WebRTC."""

    def __init__(self) -> None:
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context.framerate, context.time_base = Fraction(RATE), Fraction(1, RATE)
        context.gop_size, context.max_b_frames, context.thread_count = KEY_EVERY, 0, 1
        context.options = {
            "preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "crf": "23", "maxrate": str(MOST_BPS),
            "bufsize": str(2 * MOST_BPS), "x264-params": "scenecut=0:keyint=20:min-keyint=20:aud=0",
        }  # fmt: skip
        self._context = context
        self._number = self._key = 0
        self._wanted = False

    def want_key(self) -> None:
        """A receiver has lost a picture: one that stands alone comes soon, at most once in :data:`KEY_PAUSE`."""
        self._wanted = True

    def encode(self, planes: npt.NDArray[np.uint8]) -> EncodedPicture:
        """The next picture, of shape (1080, 1280): Y, U and V."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self._number, Fraction(1, RATE)
        if self._wanted and self._number - self._key >= KEY_PAUSE:
            frame.pict_type = PictureType.I
        packets = self._context.encode(frame)
        data = b"".join(bytes(packet) for packet in packets)
        key = any(packet.is_keyframe for packet in packets)
        if key:
            self._key, self._wanted = self._number, False
        self._number += 1
        return EncodedPicture(data, key)

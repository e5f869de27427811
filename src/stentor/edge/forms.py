"""The forms of the progressive stream: ADTS, Ogg Opus, fragmented MP4.

A chunk is packaged once a form, on the grid of the space. ADTS has no clock: all listeners get the same bytes. Ogg
and MP4 players take the first time stamp they see for time that has passed, so the bytes are *placed*: moved so that
a group of joiners begins at zero. That costs microseconds a group and chunk, and nothing a listener.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from stentor.base import grid
from stentor.base.rendition import Codec, Rendition
from stentor.edge.window import WindowChunk
from stentor.wire import adts, mp4, ogg

_OPENING_PAGES = 2


class Form(Protocol):
    """One way to package the programme."""

    @property
    def name(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def placed(self) -> bool:
        """Whether the bytes depend on where a group of joiners began."""

    def opening(self) -> bytes:
        """What every listener gets first."""

    def pack(self, kept: WindowChunk, *, last: bool) -> bytes:
        """One chunk at its time on the grid; ``last`` is the end of the space."""

    def place(self, packed: bytes, number: int, base: int) -> bytes:
        """A packaged chunk ``number`` for those who began with chunk ``base``."""


class Adts:
    """``live.aac``: plays in anything that plays internet radio."""

    content_type = "audio/aac"
    placed = False

    def __init__(self, rendition: Rendition) -> None:
        self.rendition = rendition
        self.name = f"adts/{rendition.name}"

    def opening(self) -> bytes:
        return b""

    def pack(self, kept: WindowChunk, *, last: bool) -> bytes:
        return adts.pack(kept.frames[self.rendition.name])

    def place(self, packed: bytes, number: int, base: int) -> bytes:
        return packed


class Ogg:
    """``live.opus``: half the bytes."""

    content_type = "audio/ogg; codecs=opus"
    placed = True

    def __init__(self, rendition: Rendition, space: str, title: str) -> None:
        self.rendition = rendition
        self.name = f"ogg/{rendition.name}"
        self._serial = zlib.crc32(space.encode())
        self._opening = ogg.headers(self._serial, mp4.OPUS_PRE_SKIP, title=title)

    def opening(self) -> bytes:
        return self._opening

    def pack(self, kept: WindowChunk, *, last: bool) -> bytes:
        frames = kept.frames[self.rendition.name]
        granule = grid.decode_time(kept.number + 1)
        return ogg.page(frames, serial=self._serial, sequence=kept.number, granule=granule, last=last)

    def place(self, packed: bytes, number: int, base: int) -> bytes:
        passed = number - base
        return ogg.rebase(packed, sequence=passed + _OPENING_PAGES, granule=grid.decode_time(passed + 1))


class Mp4:
    """``live.mp4``: carries the pulse in ``emsg`` boxes, in step with the sound."""

    placed = True

    def __init__(self, rendition: Rendition) -> None:
        self.rendition = rendition
        self.name = f"mp4/{rendition.name}"
        self.content_type = f'audio/mp4; codecs="{mp4.CODECS[rendition.name]}"'
        self._init = mp4.init(rendition)

    def opening(self) -> bytes:
        return self._init

    def pack(self, kept: WindowChunk, *, last: bool) -> bytes:
        start = grid.decode_time(kept.number)
        pulse = b""
        if kept.pulse:
            pulse = mp4.emsg(kept.pulse, decode_time=start, duration=grid.CHUNK_SAMPLES, id=kept.number)
        frames = kept.frames[self.rendition.name]
        return mp4.fragment(self.rendition, sequence=kept.number + 1, decode_time=start, frames=frames, emsg=pulse)

    def place(self, packed: bytes, number: int, base: int) -> bytes:
        return mp4.retime(packed, grid.decode_time(number - base))


def packed(form: Form, kept: WindowChunk, *, last: bool) -> bytes:
    """The bytes of a chunk in a form: made at first use, then kept with the chunk."""
    data = kept.packed.get(form.name)
    if data is None:
        data = kept.packed[form.name] = form.pack(kept, last=last)
    return data


def of(space: str, title: str, renditions: tuple[Rendition, ...]) -> dict[tuple[str, str], Form]:
    """Every form of a space by (ending, rendition name); the first of an ending is what a plain address gives."""
    forms: dict[tuple[str, str], Form] = {}
    for rendition in renditions:
        if rendition.codec is Codec.AAC:
            forms["aac", rendition.name] = Adts(rendition)
        else:
            forms["opus", rendition.name] = Ogg(rendition, space, title)
        forms["mp4", rendition.name] = Mp4(rendition)
    return forms

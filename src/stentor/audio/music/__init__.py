"""The hold music that comes with Stentor: one loop, rendered once by ``tools/lofi.py`` and shipped as FLAC."""

from __future__ import annotations

from importlib import resources
from typing import Final

from stentor.audio import hold
from stentor.audio.hold import HoldLoop
from stentor.audio.media import read_audio

TITLE: Final = "Waiting for the Lamp (the house band)"
FILE: Final = resources.files(__name__) / "waiting-for-the-lamp.flac"


def default_loop(label: str = TITLE) -> HoldLoop:
    """The default loop, the same bytes in every process. Takes about 2 s of CPU: not on an event loop."""
    return hold.build(read_audio(FILE.read_bytes()), label)

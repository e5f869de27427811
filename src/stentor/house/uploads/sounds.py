"""The soundboard's files: a host's sound file becomes samples that the stage can play as they are."""

from __future__ import annotations

import asyncio
import hashlib

import numpy as np

from stentor.audio.file import LeftOut
from stentor.audio.loudness import SPEECH_LUFS, integrated_lufs
from stentor.audio.pcm import Samples, gain_of_db, to_int16
from stentor.base import log
from stentor.base.errors import BadInput, Overloaded
from stentor.base.grid import SAMPLE_RATE_HZ
from stentor.house.uploads.readers import Readers
from stentor.spaces import commands as c
from stentor.spaces import sounds
from stentor.spaces.model import Space
from stentor.store.objects import Objects

MAX_FILE_BYTES = 12 * 1024 * 1024
"""A minute of WAV in stereo has 11.5 MB."""


class SoundMaker:
    """Makes sounds of files."""

    def __init__(self, objects: Objects, readers: Readers) -> None:
        self._objects, self._readers = objects, readers

    async def make(self, space: Space, name: str, data: bytes) -> tuple[c.AddSound, tuple[LeftOut, ...]]:
        """Stores what is in a file; returns the command that puts it on the board, and what is missing in it.

        The id is a hash of the file: the same file is the same sound. Raises :class:`BadInput` for what is not sound,
        silent or too long, :class:`Conflict` when the board is full.
        """
        sound = hashlib.sha256(data).hexdigest()[:16]
        if (there := sounds.find(space, sound)) is not None:
            return c.AddSound(there.id, there.name, there.length_ms), ()
        heard = await self._readers.sound(space.id, data, sounds.room(space) / 1000)
        pcm = to_int16(await asyncio.to_thread(_bounded, heard.samples))
        await self._objects.put(sounds.key(space.id, sound), pcm)
        return c.AddSound(sound, name, max(1, len(pcm) // 2 * 1000 // SAMPLE_RATE_HZ)), heard.left_out

    async def forget(self, space: str, sound: str) -> None:
        """Deletes one sound's samples."""
        await self._objects.delete(sounds.key(space, sound))


async def forget_all(objects: Objects, space: str) -> None:
    """Deletes the samples of a space that is over; what the object store refuses now stays, and is said."""
    try:
        for key, _ in await objects.list(sounds.key(space, "")):
            await objects.delete(key)
    except Overloaded as error:
        log.get("house").warning("sounds-left-behind", space=space, detail=error.detail)


def _bounded(samples: Samples) -> Samples:
    """As loud as speech on the stage at most; what is quieter stays as it was made. Raises :class:`BadInput`."""
    if not np.any(np.abs(samples) > 1e-4):
        raise BadInput("The file is silent.", reason="silent")
    over_db = integrated_lufs(samples) - SPEECH_LUFS
    gain = gain_of_db(-over_db) if over_db > 0 else 1.0
    bounded: Samples = np.clip(samples * np.float32(gain), -0.97, 0.97)
    return bounded

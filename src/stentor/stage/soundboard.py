"""The soundboard of one room: fetches its sounds ahead of time, and plays what the space says is playing.

The room's tick never waits for the object store: a sound that is not here yet is not heard until it is. What is played
is told by the space, with its time; so a stage that takes a room over goes on where the sound would be by now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np

from stentor.audio.pcm import Block
from stentor.audio.playback import Pcm, Playback
from stentor.base import log
from stentor.base.errors import StentorError
from stentor.base.grid import SAMPLE_RATE_HZ
from stentor.spaces import sounds
from stentor.spaces.model import Playing, Space
from stentor.spaces.sounds import LONGEST_MS, LOUDEST

FRESH_S = 2.0
"""A sound that was started so short a while ago is heard from its beginning; one that is older goes on further in."""
RETRY_S = 1.0
MOST_BYTES = LONGEST_MS * SAMPLE_RATE_HZ // 1000 * 2 + SAMPLE_RATE_HZ
"""A sound's samples; half a second more than the rules allow is no sound of ours."""

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets an object (int16, little-endian, mono, 48 kHz); raises :class:`StentorError`."""


class Soundboard:
    """All sounds of one room. ``run`` fetches until cancelled."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._space: Space | None = None
        self._changed = asyncio.Event()
        self._here: dict[str, Pcm] = {}
        self._wanted: Playing | None = None
        """What should be heard, until it is."""
        self._begun: Playing | None = None
        self._now: Playback | None = None
        self._fading: list[Playback] = []
        self._log = log.get("stage")

    def apply(self, space: Space) -> None:
        """Takes a new state of the space."""
        self._space = space
        self._changed.set()
        told = space.playing
        same = told is not None and self._begun is not None and told.at_ms == self._begun.at_ms
        if same and told is not None and self._now is not None:
            self._now.turn(told.volume / LOUDEST)
        elif not same:
            if self._now is not None:
                self._now.stop()
                self._fading.append(self._now)
            self._now, self._begun = None, None
        self._wanted = None if same else told

    @property
    def busy(self) -> bool:
        """Whether there is something to hear now."""
        wanted = self._wanted is not None and self._wanted.sound in self._here
        return wanted or self._now is not None or bool(self._fading)

    def take(self, now: float) -> Block | None:
        """The sound of a tick that begins at ``now`` (wall clock, seconds); None while nothing plays."""
        self._begin(now)
        heard = [*self._fading, *([self._now] if self._now else [])]
        block = sum((each.take() for each in heard[1:]), start=heard[0].take()) if heard else None
        self._fading = [each for each in self._fading if not each.over]
        if self._now is not None and self._now.over:
            self._now = None
        return block

    def _begin(self, now: float) -> None:
        """Starts what is wanted when its samples are here."""
        wanted = self._wanted
        pcm = self._here.get(wanted.sound) if wanted else None
        if wanted is None or pcm is None:
            return
        late_s = now - wanted.at_ms / 1000
        start = round(late_s * SAMPLE_RATE_HZ) if late_s > FRESH_S else 0
        self._wanted, self._begun = None, wanted
        self._now = Playback(pcm, start=start, gain=wanted.volume / LOUDEST)
        if self._now.over:
            self._now = None

    async def run(self) -> None:
        """Gets every sound of the space as soon as there is one, and forgets what was removed; until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            there = {sound.id for sound in self._space.sounds} if self._space else set()
            for gone in self._here.keys() - there:
                del self._here[gone]
            for sound in sorted(there - self._here.keys()):
                await self._get(sound)

    async def _get(self, sound: str) -> None:
        """One sound; what cannot be had now is tried again."""
        assert self._space is not None
        try:
            data = await self._fetch(sounds.key(self._space.id, sound))
        except StentorError as error:
            self._log.warning("sound-not-here", space=self._space.id, sound=sound, detail=error.detail)
            await asyncio.sleep(RETRY_S)
            self._changed.set()
            return
        if len(data) <= MOST_BYTES:
            self._here[sound] = np.frombuffer(data[: len(data) // 2 * 2], np.dtype("<i2"))

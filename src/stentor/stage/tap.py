"""What the captions hear of a room: each talking seat by itself, 0.32 s a message, and only when somebody wants it.

Nothing is sent that the audience does not hear: not the green room before the talk, not a muted seat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

from stentor.audio import pcm
from stentor.audio.narrow import Narrower
from stentor.audio.pcm import SILENCE, Block
from stentor.base import grid
from stentor.spaces.model import Space
from stentor.stage.sender import BusWriter
from stentor.wire import speech as wire
from stentor.wire.speech import Speech

FORGET_CHUNKS: Final = 100
"""A seat of which nothing came for half a minute has gone."""


class Voice:
    """One seat's chunk that is being filled, and the one before it in case talking begins in this one."""

    def __init__(self) -> None:
        self.chunk = -1
        self.blocks: list[Block] = []
        self.talking = 0
        self._narrower = Narrower()
        self._before: Speech | None = None
        self._talked = False

    def begin(self, chunk: int) -> None:
        self.chunk, self.blocks, self.talking = chunk, [SILENCE] * grid.TICKS_PER_CHUNK, 0

    def put(self, place: int, block: Block | None, talks: bool) -> None:
        if block is not None:
            self.blocks[place] = block
        self.talking |= talks << place

    def done(self) -> Iterator[Speech]:
        """What of it is sent: chunks with talk in them, one before and one behind; nothing of silence."""
        samples = pcm.to_int16(self._narrower.narrow(np.concatenate(self.blocks)))
        speech = Speech(self.chunk, self.talking, samples)
        if self.talking and self._before is not None and self._before.chunk == self.chunk - 1:
            yield self._before
        talks = self.talking != 0
        if talks or self._talked:
            yield speech
        self._before = None if talks or self._talked else speech
        self._talked = talks


class Tap:
    """A room's seats on their way to the captions; ``wanted`` says whether there are any."""

    def __init__(self, bus: BusWriter, *, wanted: Callable[[], bool]) -> None:
        self._bus = bus
        self._wanted = wanted
        self._voices: dict[str, Voice] = {}
        self._chunk = -1
        self._hears = False

    async def hear(
        self, space: Space, number: int, blocks: Mapping[str, Block | None], talking: frozenset[str]
    ) -> None:
        """Tick ``number`` of every seat; the mixer's ``talking`` has no muted seat in it."""
        chunk, place = divmod(number, grid.TICKS_PER_CHUNK)
        if chunk != self._chunk:
            await self._flush(space)
            self._chunk, self._hears = chunk, self._wanted()
        live = space.live_chunk
        if live is None or chunk < live - space.delay or not self._hears:
            self._voices.clear()
            return
        for seat, block in blocks.items():
            known = space.seats.get(seat)
            voice = self._voices.setdefault(seat, Voice())
            if voice.chunk != chunk:
                voice.begin(chunk)
            voice.put(place, None if known is not None and known.muted else block, seat in talking)

    async def _flush(self, space: Space) -> None:
        """The chunk is over: sends what there is of it."""
        for seat, voice in list(self._voices.items()):
            if voice.chunk == self._chunk:
                for speech in voice.done():
                    await self._bus.publish(wire.subject(space.id, seat), wire.encode(speech))
            elif self._chunk - voice.chunk > FORGET_CHUNKS:
                del self._voices[seat]

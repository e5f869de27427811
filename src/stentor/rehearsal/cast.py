"""Several recorded voices on one stage while a crowd listens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from stentor.base.errors import StentorError
from stentor.client.speak import PAUSE_S, VOICES, recorded_voice
from stentor.client.speaker import Speaker


class Cast:
    """``async with`` it: one speaker for each token, real WebRTC, the recorded voices in turn.

    Who does not get onto the stage is missing in ``connected`` and told in ``problems``; the others speak.
    """

    def __init__(self, whip_url: str, tokens: Sequence[str], *, ice_servers: Sequence[str] = ()) -> None:
        self.connected = 0
        self.problems: list[str] = []
        self._url, self._tokens, self._ice = whip_url, tokens, ice_servers
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Cast:
        for index, token in enumerate(self._tokens):
            voice = await asyncio.to_thread(recorded_voice, VOICES[index % len(VOICES)])
            speaker = Speaker(
                self._url, token, voice, name=f"voice {index + 1}", pause_s=PAUSE_S, ice_servers=self._ice
            )
            try:
                await self._stack.enter_async_context(speaker)
            except StentorError as error:
                self.problems.append(error.detail)
            else:
                self.connected += 1
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

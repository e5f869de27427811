"""``stentor speak``: says files, or one of the recorded voices, into a space's stage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np

from stentor.audio.media import read_audio
from stentor.audio.pcm import Samples
from stentor.base.errors import BadInput
from stentor.base.grid import SAMPLE_RATE_HZ
from stentor.base.units import space_id
from stentor.client.impairment import Impairment
from stentor.client.speaker import Speaker

VOICES: Final = ("reader", "cards")
"""The recorded voices that come with Stentor: a reader of Jane Austen (26 s) and somebody who reads cards (11 s)."""
PAUSE_S: Final = 0.6
TELL_EVERY_S: Final = 1.0
MAX_VOICE_S: Final = 3600.0
"""An hour of samples takes 690 MB; who wants to say more says it in turns."""


def recorded_voice(name: str) -> Samples:
    """A voice that comes with Stentor, float32 mono at 48 kHz; raises :class:`BadInput` for another name."""
    if name not in VOICES:
        raise BadInput(f"There is no voice {name!r}; there are {' and '.join(VOICES)}.")
    return read_audio((resources.files("stentor.client") / "voices" / f"{name}.flac").read_bytes())


def read_voice(files: Sequence[str | Path]) -> Samples:
    """The sound of all files, one after the other with a pause between; the reader when there are none.

    A name of :data:`VOICES` that is no file stands for that voice. Raises :class:`BadInput`. Blocks while it decodes.
    """
    if not files:
        return recorded_voice("reader")
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), dtype=np.float32)
    parts: list[Samples] = []
    for file in files:
        if str(file) in VOICES and not Path(file).exists():
            parts.append(recorded_voice(str(file)))
        elif Path(file).is_file():
            parts.append(read_audio(Path(file), MAX_VOICE_S))
        else:
            raise BadInput(f"There is no file {file}. Instead of one, {' or '.join(VOICES)} names a recorded voice.")
    length_s = sum(part.size for part in parts) / SAMPLE_RATE_HZ
    if length_s > MAX_VOICE_S:
        raise BadInput(f"The files are {length_s / 60:.0f} minutes long together; {MAX_VOICE_S / 60:.0f} is the limit.")
    return np.concatenate([piece for part in parts for piece in (part, pause)][:-1])


async def speak(
    house_url: str,
    space: str,
    files: Sequence[str | Path] = (),
    *,
    name: str,
    token: str,
    loop: bool = True,
    seconds: float | None = None,
    impairment: Impairment | None = None,
    ice_servers: Sequence[str] = (),
    on_state: Callable[[Speaker], None] | None = None,
) -> None:
    """Says ``files`` (see :func:`read_voice`) into the stage of ``space`` until cancelled, or for ``seconds``, or once.

    ``house_url`` is the house's address, ``token`` the invitation's, ``name`` only for this end's log (who sits on the
    seat is in the token). ``on_state`` gets the speaker once a second, for its ``state``, ``problem`` and counters.
    Raises :class:`StentorError` when the house cannot be reached or refuses for good.
    """
    whip_url = f"{house_url.rstrip('/')}/whip/{space_id(space)}"
    samples = await asyncio.to_thread(read_voice, files)
    speaker = Speaker(
        whip_url,
        token,
        samples,
        name=name,
        loop=loop,
        pause_s=PAUSE_S,
        impairment=impairment,
        ice_servers=ice_servers,
    )
    speaking = asyncio.create_task(speaker.run(), name=f"speaker {name}")
    deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds
    try:
        while not speaking.done():
            left_s = TELL_EVERY_S if deadline is None else deadline - asyncio.get_running_loop().time()
            if left_s <= 0:
                break
            await asyncio.wait({speaking}, timeout=min(TELL_EVERY_S, left_s))
            if on_state is not None:
                on_state(speaker)
        if speaking.done():
            speaking.result()
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)

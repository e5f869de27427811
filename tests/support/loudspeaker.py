"""A loudspeaker for browsers on a machine that has none: PulseAudio with a sink that leads nowhere, and an ear at it.

The microphone stands before it: it hears all that is played.

Firefox plays nothing at all without one (Chromium goes on in silence), and what arrives here is what a person hears.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from stentor.audio.pcm import Samples
from tests.support.wait import PATIENCE_S

PACKAGES: Final = ("pulseaudio", "pulseaudio-utils")
PROGRAMS: Final = ("pulseaudio", "parec")
SINK: Final = "ears"
_FLAGS: Final = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]


class Loudspeaker:
    """What is played at :attr:`environment`'s server is heard here."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "socket"
        self.environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder),
                            "PULSE_SERVER": f"unix:{self.socket}"}  # fmt: skip

    async def say(self, samples: Samples) -> None:
        """Plays these samples (48 kHz, mono) beside whatever else plays; returns when all is said."""
        playing = await asyncio.create_subprocess_exec(
            "pacat", f"--device={SINK}", "--rate=48000", "--channels=1", "--format=float32le",
            stdin=asyncio.subprocess.PIPE, env=self.environment,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE_S + len(samples) / 48_000):
            await playing.communicate(samples.astype("<f4").tobytes())

    async def heard(self, seconds: float) -> Samples:
        """What comes out of it from now on (48 kHz, mono)."""
        listening = await asyncio.create_subprocess_exec(
            "parec", f"--device={SINK}.monitor", "--rate=48000", "--channels=1", "--format=float32le",
            "--latency-msec=50", stdout=asyncio.subprocess.PIPE, env=self.environment,
        )  # fmt: skip
        try:
            assert listening.stdout
            async with asyncio.timeout(PATIENCE_S + seconds):
                data = await listening.stdout.readexactly(round(seconds * 48_000) * 4)
        finally:
            listening.terminate()
            await listening.communicate()
        return np.frombuffer(data, "<f4").astype(np.float32)


@asynccontextmanager
async def loudspeaker() -> AsyncIterator[Loudspeaker]:
    """A running one; a test that needs it fails without PulseAudio, and says what to do."""
    if not all(shutil.which(program) for program in PROGRAMS):
        pytest.fail("This test hears a browser by PulseAudio: python -m tests.support.firefox --install")
    with tempfile.TemporaryDirectory(prefix="ears-") as folder:  # a socket's path may have 107 bytes
        speaker = Loudspeaker(Path(folder))
        with (Path(folder) / "log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                "pulseaudio", *_FLAGS, f"--load=module-native-protocol-unix socket={speaker.socket} auth-anonymous=1",
                f"--load=module-null-sink sink_name={SINK} rate=48000 channels=1",
                f"--load=module-remap-source master={SINK}.monitor source_name=microphone",
                stdout=output, stderr=output, env=speaker.environment,
            )  # fmt: skip
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not speaker.socket.exists():
                    assert process.returncode is None, (Path(folder) / "log").read_text("utf-8")
                    await asyncio.sleep(0.05)
            yield speaker
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

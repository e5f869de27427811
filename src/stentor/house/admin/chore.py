"""Heavy work of administrators, as a command in a process of its own: it ends with this one, and gives way to all else.

Nothing of it runs in the loop that answers people, and the kernel gives it a processor and a disk when nobody else
wants them: a talk that is on never waits for it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from stentor import end_with_parent
from stentor.base.config import PREFIX, Settings

LAST: Final = 19
"""The niceness of what gives way to everything; a disk's scheduler goes by it, too (ioprio_set(2))."""
STOP_S: Final = 10.0
LINE_BYTES: Final = 1 << 20
MOST_SAID: Final = 2000


class Ended(NamedTuple):
    """How it ended: ``code`` 0 is well; ``said`` is the last line of its complaints."""

    code: int
    said: str


async def run(
    settings: Settings,
    *command: str,
    niceness: int = LAST,
    told: Callable[[bytes], None] = lambda line: None,
) -> Ended:
    """``stentor`` with this command, to its end; ``told`` gets each line that it prints.

    Cancelled, it asks the process to stop, and kills it when it has not after :data:`STOP_S`.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", end_with_parent.__file__, str(os.getpid()),
        sys.executable, "-P", "-m", "stentor", *command, "--data", str(settings.folder.resolve()),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=_environment(settings), limit=LINE_BYTES, start_new_session=True,
    )  # fmt: skip
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, process.pid, niceness)
    try:
        _, said = await asyncio.gather(_hear(process.stdout, told), _last(process.stderr))
        return Ended(await process.wait(), said)
    finally:
        await _end(process)


def _environment(settings: Settings) -> dict[str, str]:
    """This process's own, and what of the settings is not as usual: the rest is remembered by the data folder."""
    usual = Settings().environment()
    told = {name: value for name, value in settings.environment().items() if value != usual[name]}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) or name in told}
    return {**kept, **told, "PYTHONUNBUFFERED": "1"}


async def _hear(stream: asyncio.StreamReader | None, told: Callable[[bytes], None]) -> None:
    assert stream is not None
    async for line in stream:
        told(line)


async def _last(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    last = ""
    async for line in stream:
        last = line.decode(errors="replace").strip()[:MOST_SAID] or last
    return last.removeprefix("Error: ")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

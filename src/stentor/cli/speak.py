"""``stentor speak``: a recorded voice on the stage, over real WebRTC."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click
import numpy as np

from stentor.audio.media import read_audio
from stentor.base.config import Settings
from stentor.cli import options
from stentor.cli.house import House, address
from stentor.rehearsal.speaker import Speaker, SpeakerState

PAUSE_S = 0.6


@click.command()
@click.argument("space")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "name", default="Speaker", show_default=True, help="The name on the stage.")
@click.option("--token", help="An invitation's token; without it the admin token invites.")
@click.option("--once", is_flag=True, help="Say it once instead of over and over.")
@options.data
def speak(space: str, files: tuple[Path, ...], name: str, token: str | None, once: bool, data: str | None) -> None:
    """Speak recorded FILES on the stage of SPACE, until Ctrl-C."""
    settings = options.settings(data=data)
    gap = np.zeros(int(PAUSE_S * 48_000), dtype=np.float32)
    voice = np.concatenate([piece for file in files for piece in (read_audio(file), gap)])
    if token is None:
        token = _invite(settings, space, name)
    speaker = Speaker(f"{address(settings)}/whip/{space}", token, voice, name=name, loop=not once)
    asyncio.run(_speak(speaker))


def _invite(settings: Settings, space: str, name: str) -> str:
    """A token for the seat of that name: the one that is there and empty, or a new one."""
    with House(settings) as house:
        seats = house.get(f"/spaces/{space}")["seats"]
        empty = [seat["id"] for seat in seats if seat["name"] == name and seat["state"] != "connected"]
        wish = {"seat": empty[0]} if empty else {"name": name}
        return str(house.post(f"/spaces/{space}/invitations", wish)["token"])


async def _speak(speaker: Speaker) -> None:
    task = asyncio.create_task(_run(speaker), name="speak")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


async def _run(speaker: Speaker) -> None:
    telling = asyncio.create_task(_tell(speaker), name="tell")
    try:
        await speaker.run()
    finally:
        telling.cancel()


async def _tell(speaker: Speaker) -> None:
    """A line for each change."""
    told: SpeakerState | None = None
    while True:
        if speaker.state is not told:
            told = speaker.state
            click.echo(f"{speaker.name}: {told}" + (f" ({speaker.problem})" if speaker.problem else ""), err=True)
        await asyncio.sleep(0.2)

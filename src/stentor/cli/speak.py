"""``stentor speak``: a recorded voice on the stage, over real WebRTC."""

from __future__ import annotations

import asyncio

import click

from stentor.base.config import Settings
from stentor.cli import options
from stentor.cli.house import House
from stentor.client import speak as voices
from stentor.client.speaker import Speaker


@click.command()
@click.argument("space")
@click.argument("files", nargs=-1)
@click.option("--as", "name", default="Speaker", show_default=True, help="The name on the stage.")
@click.option("--token", help="An invitation's token; without it the admin token invites.")
@click.option("--once", is_flag=True, help="Say it once instead of over and over.")
@click.option("--for", "seconds", type=click.FloatRange(min=1), metavar="SECONDS", help="Leave after so long.")
@options.data
def speak(
    space: str,
    files: tuple[str, ...],
    name: str,
    token: str | None,
    once: bool,
    seconds: float | None,
    data: str | None,
) -> None:
    """Speak recorded FILES on the stage of SPACE, until Ctrl-C.

    A file is WAV, FLAC, MP3, AAC, M4A, Ogg, WebM, AIFF or CAF. The words reader and cards stand for the recorded voices
    that come with Stentor; without FILES the reader speaks.
    """
    settings = options.settings(data=data)
    task = voices.speak(
        settings.house_upstream,
        space,
        files,
        name=name,
        token=token or _invite(settings, space, name),
        loop=not once,
        seconds=seconds,
        ice_servers=[server.strip() for server in settings.ice_servers.split(",") if server.strip()],
        on_state=_Teller(),
    )
    asyncio.run(options.until_told(task))


def _invite(settings: Settings, space: str, name: str) -> str:
    """A token for the seat of that name: the one that is there and empty, or a new one."""
    with House(settings) as house:
        seats = house.get(f"/spaces/{space}")["seats"]
        empty = [seat["id"] for seat in seats if seat["name"] == name and seat["state"] != "connected"]
        wish = {"seat": empty[0]} if empty else {"name": name}
        return str(house.post(f"/spaces/{space}/invitations", wish)["token"])


class _Teller:
    """Prints a line for each change."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, speaker: Speaker) -> None:
        line = f"{speaker.name}: {speaker.state}" + (f" ({speaker.problem})" if speaker.problem else "")
        if line != self._told:
            self._told = line
            click.echo(line, err=True)

"""``stentor edition``: the listener cut of a recording, how far it is, and making it again."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from stentor.cli import options
from stentor.cli.house import House
from stentor.store.editions import EditionState
from stentor.wire.edits import CutReason

WORDS: dict[str, str] = {
    CutReason.LOBBY: "music before the talk",
    CutReason.WAITING: "music in the middle of it",
    CutReason.OUTAGE: "interruptions",
    CutReason.AFTER: "after the talk",
    CutReason.SILENCE: "long silences",
    CutReason.TRIMMED: "not shown",
    CutReason.REMOVED: "deleted on request",
}


@click.command()
@options.space
@click.option("--again", is_flag=True, help="Make it again.")
@options.data
@options.as_json
def edition(space_id: str, again: bool, data: str | None, as_json: bool) -> None:
    """Say how far the listener cut of a recording is, and what it left out; it is made by itself after the end."""
    with House(options.settings(data=data)) as house:
        path = f"/spaces/{space_id}/edition"
        found = house.post(path) if again else house.get(path)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for line in lines(found):
        click.echo(line)


def lines(found: dict[str, Any]) -> list[str]:
    """For people."""
    said = []
    match found["state"]:
        case EditionState.FAILED:
            said.append(f"It could not be made: {found['problem']} Try again with --again.")
        case EditionState.WAITING:
            said.append(f"It waits to be made. {found['problem']}".strip())
        case EditionState.MEASURING | EditionState.CUTTING | EditionState.MADE:
            said.append(f"It is being made: {found['state']}, {found['done']:.0%}.")
    cut = found["cut"]
    if cut is None:
        return said or ["There is no listener cut of this recording."]
    said.append(f"{_time(cut['cut_ms'])} of {_time(cut['length_ms'])}, {cut['size_bytes'] / 1e6:.1f} MB.")
    said += [f"  left out: {_time(ms)} {WORDS[why]}" for why, ms in cut["left_out_ms"].items()]
    loudness = cut["loudness"]
    if loudness is not None:
        said.append(f"  {loudness['before_lufs']:.1f} LUFS before, {loudness['after_lufs']:.1f} now.")
    said.append("  Its edit list is signed." if cut["signed"] else "  Its edit list is not signed yet.")
    return said


def _time(ms: int) -> str:
    seconds = round(ms / 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"

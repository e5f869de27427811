"""``stentor space announce``: whether and when posts announce a space."""

from __future__ import annotations

import click
import msgspec

from stentor.cli import options
from stentor.cli.house import House
from stentor.spaces.announcing import AGAIN


@click.command()
@options.space
@click.option("--on", is_flag=True, help="Announce it by posts.")
@click.option("--off", is_flag=True, help="Announce it by no post.")
@click.option(
    "--again", type=click.Choice(AGAIN), multiple=True, help="Another post then; may be given more than once."
)
@click.option("--once", is_flag=True, help="Only the first post, whose card follows the space.")
@options.data
@options.as_json
def announce(
    space_id: str, on: bool, off: bool, again: tuple[str, ...], once: bool, data: str | None, as_json: bool
) -> None:
    """Say whether and when posts of its host's announce SPACE; without options, how it is and which posts there are."""
    with House(options.settings(data=data)) as house:
        path = f"/spaces/{space_id}/announcing"
        now = house.get(path)
        if on or off or again or once:
            moments = [] if once else list(again) or now["again"]
            now = house.put(path, {"on": on or (now["on"] and not off), "words": now["words"], "again": moments})
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(now), indent=2))
        return
    again_at = f", and once more: {', '.join(now['again'])}" if now["again"] else ""
    click.echo(f"{space_id}: a post of its host's announces it{again_at}." if now["on"] else f"{space_id}: no posts.")
    for each in now["posts"]:
        click.echo(f"  {each['moment']}: post {each['post']}")


COMMANDS = (announce,)

"""``stentor site``: what the site is called and looks like, and its texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from stentor.base.errors import BadInput
from stentor.cli import options
from stentor.cli.house import House
from stentor.people.model import Creators, SignUp
from stentor.people.site import PAGES


@click.group()
def site() -> None:
    """Show or set the site's name, colour, logo, contact, texts and rules; all pages follow within seconds."""


@site.command()
@options.data
@options.as_json
def show(data: str | None, as_json: bool) -> None:
    """Show what is set; of texts, how long they are."""
    with House(options.settings(data=data)) as house:
        _tell(house.get("/site"), as_json=as_json)


def _text(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        f"--{name}", type=click.File("r", encoding="utf-8"), help=f"A file with the {name} as Markdown."
    )


@site.command("set")
@click.option("--name", help="What the site is called.")
@click.option("--accent", metavar="COLOUR", help='Of buttons and links, such as #046480; "" for the usual one.')
@click.option("--contact", help='An e-mail address or that of a page; "" for none.')
@click.option("--logo", metavar="FILE", help='A PNG, JPEG, WebP or GIF; "" for none.')
@_text("imprint")
@_text("privacy")
@_text("rules")
@click.option("--sign-up", type=click.Choice([each.value for each in SignUp]), help="Who may make an account.")
@click.option("--create-spaces", type=click.Choice([each.value for each in Creators]), help="Who may open spaces.")
@options.data
@options.as_json
def set_(logo: str | None, data: str | None, as_json: bool, **wishes: Any) -> None:
    """Set what is named, and leave the rest; an empty file takes a text away."""
    body = {name: wish.read() if name in PAGES else wish for name, wish in wishes.items() if wish is not None}
    if logo is None and not body:
        raise BadInput("Say what to set, such as --name; stentor site set --help lists all.")
    with House(options.settings(data=data)) as house:
        found = house.patch("/site", body) if body else None
        if logo is not None:
            found = house.send("/site/logo", _file(logo)) if logo else house.delete("/site/logo")
    _tell(found, as_json=as_json)


def _file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror}.") from error


def _tell(found: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    colour = found["accent"] and f"{found['accent']} (light pages {found['accent_day']}, dark {found['accent_night']})"
    lines = {"name": found["name"], "colour": colour, "contact": found["contact"], "logo": found["logo"] and "set"}
    lines |= {name: found[name] and f"{len(found[name])} characters, at /{name}" for name in PAGES}
    lines |= {"sign-up": found["sign_up"], "spaces": found["create_spaces"]}
    for name, said in lines.items():
        click.echo(f"{name:<8} {said or '–'}")

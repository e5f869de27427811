"""``stentor space visibility`` and ``tickets``: who may hear a space."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable
from typing import IO, Final

import click
import msgspec

from stentor.base.errors import BadInput
from stentor.cli import options
from stentor.cli.house import House
from stentor.spaces.visibility import Visibility

AT_ONCE = 200
"""Tickets that the house makes at one call."""
HEADINGS: Final = ("name", "names", "namen")
"""What a first line with headings begins with, as on the page of listeners (``guest-list.js``)."""
_QUOTED: Final = re.compile(r'(?:^|(?<=[,;\t\n]))[^\S\t\n]*"(?:[^"]|"")*"')
_CELL: Final = re.compile(r'\s*"((?:[^"]|"")*)"|([^,;\t]*)')
CHOICES = click.Choice([each.value for each in Visibility])
SAID = {
    Visibility.PUBLIC: "everybody may hear it, and it stands in the lists",
    Visibility.UNLISTED: "everybody with the link may hear it; it stands in no list",
    Visibility.MEMBERS: "only people with an account on this site can listen; to all others there is no such space",
    Visibility.PASSWORD: "only people with the password can listen; to all others there is no such space",
    Visibility.INVITED: "only people you have invited can listen; to all others there is no such space",
    Visibility.TICKETS: "only people with a ticket can listen, one at a time; to all others there is no such space",
}


def password_for(visibility: str | None) -> str | None:
    """Asks for a password where one is needed; it is never an option, for options stand in the list of processes."""
    if visibility != Visibility.PASSWORD:
        return None
    if sys.stdin.isatty():
        return str(click.prompt("Password for listeners (8 characters or more)", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\n")


@click.command()
@options.space
@click.argument("choice", type=CHOICES)
@options.data
@options.as_json
def visibility(space_id: str, choice: str, data: str | None, as_json: bool) -> None:
    """Choose who may hear SPACE, and know of it; a password is asked for, or read from standard input."""
    body: dict[str, str] = {"visibility": choice}
    if (password := password_for(choice)) is not None:
        body["password"] = password
    with House(options.settings(data=data)) as house:
        now = house.put(f"/spaces/{space_id}/visibility", body)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(now), indent=2))
        return
    click.echo(f"{space_id}: {SAID[Visibility(choice)]}.\nListeners come in here: {now['audience']['page']}")


def first_column(lines: Iterable[str]) -> list[str]:
    """What stands before the first comma, semicolon or tab of each line of a CSV file; a line of headings is left
    out. A cell in quotes may go on in the next line."""
    text = re.sub(r"\r\n?", "\n", "".join(lines))
    rows = _QUOTED.sub(lambda cell: re.sub(r"\s*\n\s*", " ", cell[0]), text).split("\n")
    found = [match for row in rows if (match := _CELL.match(row))]
    cells = [(each[2] if each[1] is None else each[1].replace('""', '"')).strip() for each in found]
    named = [each for each in cells if each]
    return named[1:] if len(named) > 1 and named[0].lower() in HEADINGS else named


@click.command()
@options.space
@click.argument("names", type=click.File("r", encoding="utf-8-sig"), metavar="FILE")
@options.data
def tickets(space_id: str, names: IO[str], data: str | None) -> None:
    """Make a ticket for each name in FILE (CSV, the first column of each line; - is standard input).

    Prints CSV with number, name, code and link. Codes are told this once.
    """
    wanted = first_column(names)
    if not wanted:
        raise BadInput("There is no name in that file.")
    out = csv.writer(sys.stdout)
    out.writerow(["number", "name", "code", "link"])
    with House(options.settings(data=data)) as house:
        for start in range(0, len(wanted), AT_ONCE):
            made = house.post(f"/spaces/{space_id}/tickets", {"names": wanted[start : start + AT_ONCE]})
            out.writerows([each["number"], each["name"], each["code"], each["link"]] for each in made["tickets"])


COMMANDS = (visibility, tickets)

"""``stentor account``: invite people to the site, and see who is there."""

from __future__ import annotations

import click
import msgspec
from rich.console import Console
from rich.table import Table

from stentor.cli import options
from stentor.cli.house import House
from stentor.people.model import SiteRole

_console = Console(soft_wrap=True, highlight=False)


@click.group()
def account() -> None:
    """Invite people to this site, and list their accounts."""


@account.command()
@click.option("--role", type=click.Choice([role.value for role in SiteRole]), default="member", show_default=True)
@options.data
@options.as_json
def invite(role: str, data: str | None, as_json: bool) -> None:
    """Print a link with which one person makes an account; it holds for a week."""
    with House(options.settings(data=data)) as house:
        made = house.post("/site/invitations", {"role": role})
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2))
        return
    _console.print(f"One {made['role']} can make an account here within a week:\n{made['link']}")


@account.command("list")
@options.data
@options.as_json
def list_(data: str | None, as_json: bool) -> None:
    """List all accounts, the oldest first."""
    with House(options.settings(data=data)) as house:
        found = house.get("/accounts")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    table = Table("handle", "name", "role", box=None, pad_edge=False)
    for row in found["accounts"]:
        table.add_row(row["handle"], row["name"], row["role"])
    _console.print(table if found["accounts"] else "There is no account yet: stentor account invite --role admin")

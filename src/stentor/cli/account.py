"""``stentor account``: invite people to the site, and see who is there."""

from __future__ import annotations

import click
import msgspec

from stentor.base.errors import Conflict
from stentor.cli import options, tables
from stentor.cli.house import House
from stentor.people.model import SiteRole
from stentor.people.scopes import LONGEST_DAYS, Scope

SCOPES = click.Choice([each.value for each in Scope])
FIRST_LINK_S = 3600
"""It stands in a terminal or in a log, so it dies soon; `stentor account link` makes another."""


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
    click.echo(f"One {made['role']} can make an account here within a week:\n{made['link']}")


@account.command()
@options.data
@options.as_json
def link(data: str | None, as_json: bool) -> None:
    """Print the link that makes the first administrator's account; it holds for an hour, and once."""
    with House(options.settings(data=data)) as house:
        made = first_link(house)
    if made is None:
        raise Conflict(
            "There is an administrator's account already; invite others: stentor account invite --role admin"
        )
    click.echo(msgspec.json.encode({"link": made}).decode() if as_json else made)


@account.command()
@click.argument("handle")
@click.option("--name", default="Program", show_default=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, type=SCOPES, help="What it may do; more than once.")
@click.option("--days", type=click.IntRange(1, LONGEST_DAYS), default=90, show_default=True, help="Then it ends.")
@click.option("--revoke", metavar="ID", help="Revoke this token instead of making one.")
@options.data
@options.as_json
def token(
    handle: str, name: str, scopes: tuple[str, ...], days: int, revoke: str | None, data: str | None, as_json: bool
) -> None:
    """Make a token with which a program acts as HANDLE; without --scope list the tokens there are."""
    with House(options.settings(data=data)) as house:
        where = f"/accounts/{handle}/tokens"
        if revoke:
            found = house.delete(f"{where}/{revoke}")
        elif scopes:
            found = house.post(where, {"name": name, "scopes": [*scopes], "days": days})
        else:
            found = house.get(where)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    elif "token" in found:
        click.echo(f"The token, which is shown only now:\n{found['token']}")
    elif not found["tokens"]:
        click.echo("There is no token.")
    else:
        shown = [
            (row["id"], row["name"], ", ".join(row["scopes"]), _when(row["ends_ms"]), _when(row["used_ms"]))
            for row in found["tokens"]
        ]
        tables.rows(("id", "name", "scopes", "ends", "last used"), shown, wraps="scopes")


def _when(ms: int | None) -> str:
    return tables.day(ms) if ms is not None else "never"


def first_link(house: House) -> str | None:
    """A new link for the first administrator, which ends the one before; None when there is one already."""
    if any(row["role"] == SiteRole.ADMIN for row in house.get("/accounts")["accounts"]):
        return None
    for each in house.get("/site/invitations")["invitations"]:
        if each["role"] == SiteRole.ADMIN and each["expires_ms"] - each["created_ms"] == FIRST_LINK_S * 1000:
            house.delete(f"/site/invitations/{each['id']}")
    made = house.post("/site/invitations", {"role": SiteRole.ADMIN.value, "expires_s": FIRST_LINK_S})
    return str(made["link"])


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
    if not found["accounts"]:
        click.echo("There is no account yet: stentor account link")
        return
    shown = [(row["handle"], row["name"], row["role"]) for row in found["accounts"]]
    tables.rows(("handle", "name", "role"), shown, wraps="name")

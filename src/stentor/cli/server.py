"""``stentor server``: what the site thinks of other servers of the fediverse."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec

from stentor.cli import options, tables
from stentor.cli.house import House

LISTED = 20
"""Rows of a list that are not taken which are said one by one."""


@click.group()
def server() -> None:
    """Limit or block other servers of the fediverse; see docs/howto/moderate.md."""


@server.command("list")
@click.option("--csv", "as_csv", is_flag=True, help="As a list to pass around, as Mastodon writes it.")
@options.data
@options.as_json
def list_(as_csv: bool, data: str | None, as_json: bool) -> None:
    """List what is set for other servers."""
    with House(options.settings(data=data)) as house:
        if as_csv:
            click.echo(house.get_text("/site/server-lists"), nl=False)
            return
        found = house.get("/site/servers")
    if as_json:
        _echo(found)
        return
    rows = [
        (
            each["policy"]["domain"],
            _said(each["policy"]),
            str(each["people"]),
            str(each["follows"]),
            each["policy"]["comment"],
        )
        for each in found["servers"]
    ]
    if not rows:
        click.echo("Nothing is set for any server: stentor server block example.org")
        return
    tables.rows(("server", "what", "people", "follows", "why"), rows, wraps="why")


@server.command()
@click.argument("domain")
@click.option("--comment", default="", help="Why; lists that you pass around have it, too.")
@options.data
def block(domain: str, comment: str, data: str | None) -> None:
    """Have nothing to do with a server: nothing comes from there, and nothing goes there.

    Follows rest, and are back when you lift the block within 30 days; then its people are forgotten.
    """
    _put(data, domain, {"severity": "block", "comment": comment})


@server.command()
@click.argument("domain")
@click.option("--no-media", is_flag=True, help="Take no pictures from there, either.")
@click.option("--no-reports", is_flag=True, help="Do not read what it reports.")
@click.option("--comment", default="", help="Why; lists that you pass around have it, too.")
@options.data
def limit(domain: str, no_media: bool, no_reports: bool, comment: str, data: str | None) -> None:
    """Keep the people of a server out of lists: they are strangers to all who do not follow them."""
    _put(data, domain, {"severity": "limit", "no_media": no_media, "no_reports": no_reports, "comment": comment})


@server.command("no-media")
@click.argument("domain")
@click.option("--comment", default="", help="Why; lists that you pass around have it, too.")
@options.data
def no_media(domain: str, comment: str, data: str | None) -> None:
    """Take no pictures from a server, and delete those that are here."""
    _put(data, domain, {"no_media": True, "comment": comment})


@server.command()
@click.argument("domain")
@options.data
def lift(domain: str, data: str | None) -> None:
    """Take back what is set for a server."""
    with House(options.settings(data=data)) as house:
        house.delete(f"/site/servers/{quote(domain, safe='')}")
    click.echo(f"{domain} is as any other server again.")


@server.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Take the list over; without it you only see what it would do.")
@options.data
@options.as_json
def import_(file: Path, yes: bool, data: str | None, as_json: bool) -> None:
    """Show what a list that is passed around (CSV) would do, and take it over with --yes.

    What is set already becomes stricter by it, and never milder.
    """
    body = {"text": file.read_text("utf-8", "replace")}
    with House(options.settings(data=data)) as house:
        found = house.post("/site/server-lists" if yes else "/site/server-lists/preview", body)
    if as_json:
        _echo(found)
        return
    changing = [each for each in found["rows"] if each["changes"]]
    rows = [
        (
            each["policy"]["domain"],
            _said(each["now"]) if each["now"] else "nothing",
            _said(each["policy"]),
            str(each["follows"]),
        )
        for each in changing
    ]
    if rows:
        tables.rows(("server", "is", "becomes" if not yes else "became", "follows"), rows, wraps="server")
    for each in found["skipped"][:LISTED]:
        click.echo(f"Line {each['line']} is left out ({each['trouble']}): {each['text']}")
    left, same = len(found["skipped"]), len(found["rows"]) - len(changing)
    if yes:
        click.echo(f"{len(changing)} changed, {left} lines are left out.")
        return
    click.echo(f"{len(changing)} would change, {same} are as strict already, {left} lines are left out.")
    if changing:
        click.echo(f"Take it over: stentor server import {file} --yes")


def _put(data: str | None, domain: str, body: dict[str, Any]) -> None:
    with House(options.settings(data=data)) as house:
        found = house.put(f"/site/servers/{quote(domain, safe='')}", body)
    click.echo(
        f"{found['policy']['domain']}: {_said(found['policy'])}. People known here: {found['people']}, "
        f"follows: {found['follows']}."
    )


def _said(policy: dict[str, Any]) -> str:
    found = {"none": [], "limit": ["limited"], "block": ["blocked"]}[policy["severity"]]
    found += ["no pictures"] if policy["no_media"] else []
    found += ["no reports"] if policy["no_reports"] else []
    return ", ".join(found)


def _echo(found: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())

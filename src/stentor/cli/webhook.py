"""``stentor webhook``: addresses to which the site, or a space, sends what happens."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from stentor.base.errors import BadInput
from stentor.cli import options, tables
from stentor.cli.house import House
from stentor.spaces.hooks import TYPES

_SPACE = click.option("--space", metavar="ID", help="Of this space; without it, of the whole site.")


@click.group()
def webhook() -> None:
    """Have what happens sent to an address of yours, signed; see docs/reference/webhooks.md."""


@webhook.command("list")
@_SPACE
@options.data
@options.as_json
def list_(space: str | None, data: str | None, as_json: bool) -> None:
    """List webhooks, with what is wrong with them."""
    with House(options.settings(data=data)) as house:
        found = house.get(f"{_where(space)}/webhooks")
    if as_json:
        _echo(found)
        return
    rows = [
        (str(each["number"]), each["name"], each["url"], ", ".join(each["events"]) or "all", _state(each))
        for each in found["webhooks"]
    ]
    if not rows:
        click.echo("There is no webhook: stentor webhook add URL")
        return
    tables.rows(("number", "name", "address", "events", "state"), rows, wraps="events")


@webhook.command()
@click.argument("url")
@click.option("--name", default="Webhook", show_default=True, help="What it is called in lists.")
@click.option("--event", "events", multiple=True, metavar="TYPE", help="Only this one; may be given more than once.")
@click.option("--private", is_flag=True, help="It may know of private spaces, too.")
@_SPACE
@options.data
@options.as_json
def add(
    url: str, name: str, events: tuple[str, ...], private: bool, space: str | None, data: str | None, as_json: bool
) -> None:
    """Send what happens to URL; prints the secret, which is shown this once."""
    body = {"url": url, "name": name, "events": list(events), "private": private}
    with House(options.settings(data=data)) as house:
        made = house.post(f"{_where(space)}/webhooks", body)
    if as_json:
        _echo(made)
        return
    click.echo(f"Webhook {made['webhook']['number']} is made. Its secret, which is shown only now:\n{made['secret']}")


@webhook.command()
@click.argument("number", type=int)
@click.option("--on/--off", "enabled", default=None, help="Turn it on again, or off.")
@click.option("--url", help="Another address.")
@click.option("--event", "events", multiple=True, metavar="TYPE", help="Only these events; “all” for all.")
@options.data
@options.as_json
def change(
    number: int, enabled: bool | None, url: str | None, events: tuple[str, ...], data: str | None, as_json: bool
) -> None:
    """Change a webhook."""
    body: dict[str, Any] = {"enabled": enabled, "url": url}
    if events:
        body["events"] = [] if events == ("all",) else list(events)
    body = {name: value for name, value in body.items() if value is not None}
    if not body:
        raise BadInput("Say what to change: --on, --off, --url or --event.")
    with House(options.settings(data=data)) as house:
        found = house.patch(f"/webhooks/{number}", body)
    if as_json:
        _echo(found)
    else:
        click.echo(f"Webhook {number}: {_state(found)}.")


@webhook.command()
@click.argument("number", type=int)
@options.data
@options.as_json
def secret(number: int, data: str | None, as_json: bool) -> None:
    """Make a new secret; for 24 hours the old one signs, too."""
    with House(options.settings(data=data)) as house:
        made = house.post(f"/webhooks/{number}/secret")
    if as_json:
        _echo(made)
    else:
        click.echo(made["secret"])


@webhook.command()
@click.argument("number", type=int)
@options.data
def test(number: int, data: str | None) -> None:
    """Send a test message; `stentor webhook log` tells what came of it."""
    with House(options.settings(data=data)) as house:
        house.post(f"/webhooks/{number}/test")
    click.echo(f"A test message is on its way. Look: stentor webhook log {number}")


@webhook.command()
@click.argument("number", type=int)
@options.data
@options.as_json
def log(number: int, data: str | None, as_json: bool) -> None:
    """List what was sent to a webhook, the newest first."""
    with House(options.settings(data=data)) as house:
        found = house.get(f"/webhooks/{number}/deliveries")
    if as_json:
        _echo(found)
        return
    rows = [
        (each["id"], each["type"], each["state"], str(each["attempts"]), str(each["status"] or "-"),
         f"{each['duration_ms']} ms", each["trouble"])
        for each in found["deliveries"]
    ]  # fmt: skip
    if not rows:
        click.echo("Nothing was sent yet.")
        return
    tables.rows(("id", "event", "state", "attempts", "answer", "took", "trouble"), rows, wraps="event")


@webhook.command()
@click.argument("number", type=int)
@click.argument("delivery")
@options.data
def resend(number: int, delivery: str, data: str | None) -> None:
    """Send once more what was sent; DELIVERY is an id in the log."""
    with House(options.settings(data=data)) as house:
        house.post(f"/webhooks/{number}/deliveries/{delivery}")
    click.echo("It is on its way.")


@webhook.command()
@click.argument("number", type=int)
@options.data
def delete(number: int, data: str | None) -> None:
    """Delete a webhook."""
    with House(options.settings(data=data)) as house:
        house.delete(f"/webhooks/{number}")
    click.echo(f"Webhook {number} is deleted.")


@webhook.command()
def events() -> None:
    """List all events that there are."""
    click.echo("\n".join(TYPES))


def _where(space: str | None) -> str:
    return f"/spaces/{space}" if space else "/site"


def _state(hook: dict[str, Any]) -> str:
    why = {"gone": "turned off: it answered 410", "failing": "turned off: it took nothing for five days"}
    if not hook["enabled"]:
        return why.get(hook["trouble"], "off")
    return "on, but takes nothing" if hook["failing_ms"] else "on"


def _echo(found: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))

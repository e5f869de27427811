"""What a shell may propose where a space is meant."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem

from stentor.base import config
from stentor.base.errors import StentorError

SHORT_S = 1.0
"""Whoever has pressed Tab waits."""


def spaces(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The spaces whose ids begin so, with their titles; none while the house does not answer."""
    from stentor.cli.house import House  # noqa: PLC0415 (an HTTP client: only who presses Tab needs it)

    try:
        settings = config.load(os.environ, data=context.params.get("data"))
        with House(settings, timeout_s=SHORT_S) as house:
            found = house.get("/spaces")["spaces"]
    except StentorError:
        return []
    return [CompletionItem(row["id"], help=row["title"]) for row in found if row["id"].startswith(begun)]

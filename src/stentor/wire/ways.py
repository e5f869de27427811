"""The ways by which people come to a space: links that are sent say which (``?by=mail``), and nothing of who goes."""

from __future__ import annotations

from typing import Final

FEDIVERSE: Final = "fediverse"
"""By a post of ours, wherever in the fediverse it is read."""
CALENDAR: Final = "calendar"
REMINDERS: Final = ("fedi", "mail", "push", "site")
"""Those of ``spaces.reminders.Way``."""
OUTLETS: Final = (
    "bluesky", "discord", "hookshot", "mastodon", "matrix", "share", "slack", "telegram", "webhook", "x",
)  # fmt: skip
"""Those of ``outlets.kinds``, and what hosts post by hand."""
NEWSLETTER: Final = "newsletter"
"""By a mail of a person's newsletter."""
WAYS: Final = (*REMINDERS, CALENDAR, FEDIVERSE, NEWSLETTER, *OUTLETS)
"""All that are counted; what else stands in an address is nobody's."""


def link(page: str, way: str) -> str:
    """The address of a space's page, for who is told of it by that way."""
    return f"{page}?by={way}"

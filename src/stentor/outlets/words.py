"""What a post says: the host's own words or ours, the title and the link, as long as the outlet lets it be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stentor.base.texts import Catalogue
from stentor.base.times import written
from stentor.outlets.kinds import READABLE
from stentor.social.text import characters
from stentor.spaces.about import cover_address
from stentor.spaces.announcing import SpaceMoment
from stentor.spaces.model import ON_AIR, Space, State
from stentor.wire import ways

CATALOGUE: Final = Catalogue("stentor.outlets")
LONGEST_WORDS: Final = 1000
"""Of a host's own words."""
MOMENTS: Final = (
    SpaceMoment.PLANNED, SpaceMoment.DOORS, SpaceMoment.LIVE, SpaceMoment.REPLAY, SpaceMoment.CANCELLED,
)  # fmt: skip
"""Those at which an outlet may have a post. Each has one at most."""
CALLS: Final = frozenset({SpaceMoment.DOORS, SpaceMoment.LIVE, SpaceMoment.REPLAY})
"""After these people come."""
ONCE: Final = frozenset({"x"})
"""Kinds at which there is one post of a talk: each costs money."""


def link_of(space: Space, site: str, way: str, moment: SpaceMoment | None = None) -> str:
    """The address that stands in a post. Where posts are looked for it says the moment, too: by that each is known,
    whatever its words, and nobody else reads it."""
    link = ways.link(f"{site}/s/{space.id}", way)
    return f"{link}&at={moment}" if moment is not None and way in READABLE else link


def picture_of(space: Space, site: str) -> str:
    """Where the picture is that goes with a post by hand: the cover, or the card of the site. Any version of a static
    file is today's."""
    return cover_address(space.about, f"{site}/s/{space.id}") or f"{site}/static/today/card.png"


def compose(
    space: Space, moment: SpaceMoment, words: str, link: str, longest: int, weigh: Callable[[str], int] = len
) -> str:
    """The text with its link at the end; words that are too long lose their end, the link never does. ``weigh`` says
    how long the network takes a text to be.

    In own words ``{title}`` and ``{when}`` stand for what is so then."""
    language = space.language if space.language in ("en", "de") else "en"
    when = written(space.scheduled_ms, language) if space.scheduled_ms else ""
    own = words.replace("{title}", space.title).replace("{when}", when).strip()
    said = own or CATALOGUE.text(language, f"outlet.{moment}", title=space.title, when=when).strip()
    room = longest - weigh(f"\n\n{link}")
    return f"{said if weigh(said) <= room else _cut(said, room, weigh)}\n\n{link}"


def _cut(said: str, room: int, weigh: Callable[[str], int]) -> str:
    """The beginning, with a sign that there was more; never half a character, such as a family of which a father is
    left (tweet-old-post #1095)."""
    kept, room = "", room - weigh("…")
    for each in characters(said):
        room -= weigh(each)
        if room < 0:
            break
        kept += each
    return f"{kept.rstrip()}…"


def still_so(moment: SpaceMoment, space: Space) -> bool:
    """Whether what is posted of a moment is so, as the space is now."""
    if space.private or space.removed is not None:
        return False
    match moment:
        case SpaceMoment.PLANNED:
            return space.state is State.SCHEDULED
        case SpaceMoment.DOORS | SpaceMoment.LIVE:
            return space.state in ON_AIR
        case SpaceMoment.REPLAY:
            return space.state is State.REPLAY and space.recorded
        case SpaceMoment.CANCELLED:
            return space.state is State.CANCELLED
        case SpaceMoment.ENDED:
            return False

"""How a space is announced by posts: what its host has chosen, and which of its moments get a post of their own. Pure.

The first post is made when a space is there for everybody and has a time, or else when its doors open. It carries the
space's card, which follows the space by itself: so one post is enough, unless a host wants another one at some moment.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from stentor.spaces import checks


class SpaceMoment(StrEnum):
    """Something of a space that may be posted once."""

    PLANNED = "planned"
    DOORS = "doors"
    LIVE = "live"
    ENDED = "ended"
    REPLAY = "replay"
    CANCELLED = "cancelled"


FIRST: Final = "first"
"""Under this name the first post of a space is kept, whichever moment it was made at."""
FIRST_AT: Final = frozenset({SpaceMoment.PLANNED, SpaceMoment.DOORS, SpaceMoment.LIVE})
"""When it is over nobody needs to be told first."""


Again = Literal["doors", "live", "ended", "replay", "cancelled"]
AGAIN: Final[tuple[Again, ...]] = get_args(Again)
"""Moments at which there may be a post besides the first."""


class AnnouncingChoice(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whether and how posts announce a space; what is left out is as for a new one."""

    on: bool = True
    """Whether it is announced by a post at all."""
    words: Annotated[str, Meta(max_length=checks.DESCRIPTION_CHARACTERS, extra_json_schema=checks.LINES)] = ""
    """Of whoever posts, above the card; empty for the card alone."""
    again: Annotated[tuple[Again, ...], Meta(max_length=5, extra_json_schema={"uniqueItems": True})] = ()
    """Moments with another post; without any the card of the first one follows the space."""


class Announcing(AnnouncingChoice, frozen=True, forbid_unknown_fields=False):
    """What was chosen."""

    by: str = ""
    """The account of whoever has chosen that, who posts; empty: the host's."""

    @classmethod
    def of(cls, choice: AnnouncingChoice, by: str = "") -> Announcing:
        """As it is kept: each moment once, in order. Raises :class:`BadInput`."""
        again = tuple(name for name in AGAIN if name in choice.again)
        return cls(on=choice.on, words=checks.announcement(choice.words), again=again, by=by)


def due(chosen: Announcing, moment: SpaceMoment | None, made: Collection[str]) -> tuple[str, ...]:
    """Under which names a post is to be made now: none where ``moment`` has none, or has had one.

    ``made`` are the names under which there were posts. One post may be both the first and that of its moment.
    """
    if not chosen.on or moment is None:
        return ()
    own = moment.value in chosen.again and moment.value not in made
    first = FIRST not in made and moment in FIRST_AT
    if not (own or first):
        return ()
    return tuple(name for name, wanted in ((FIRST, FIRST not in made), (moment.value, own)) if wanted)

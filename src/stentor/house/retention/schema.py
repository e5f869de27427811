"""What the API says of how long things are kept and how much room they take."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import Time
from stentor.spaces.model import Keep
from stentor.spaces.retention import MOST_DAYS, DataCategory

Days = Annotated[int, Meta(ge=0, le=MOST_DAYS)]


class KeepChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how many days after the end things are kept; 0 for as long as the site keeps them."""

    recording: Days = 0
    comments: Days = 0
    sounds: Days = 0
    events: Days = 0


class DueView(msgspec.Struct, frozen=True):
    """Something whose time is over."""

    space: str
    title: str
    part: DataCategory
    since_ms: Time
    count: int
    """Comments, events or files."""
    size_bytes: int
    """Of the files; 0 for what is in the database."""


class RetentionView(msgspec.Struct, frozen=True):
    """What would go at the next walk."""

    site: Keep
    """Days after the end of a space; 0 is for ever. A host may choose less for their own space."""
    due: list[DueView]
    more: bool
    """There is more than is listed."""


class RoomView(msgspec.Struct, frozen=True):
    """Bytes of recordings; what grows now is estimated."""

    used_bytes: int
    most_bytes: int | None
    """No new space can be made or opened beyond it; null for no limit."""


class StorageView(msgspec.Struct, frozen=True):
    """How much room recordings take."""

    site: RoomView | None
    """For whoever runs the site."""
    own: RoomView | None
    """Of the spaces that whoever asks made; null without an account, and for administrators, for whom none counts."""

"""What the API takes to remove something. Milliseconds count from the recording's beginning."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE

LONGEST_MS = 10_000_000_000
Milliseconds = Annotated[int, Meta(ge=0, le=LONGEST_MS)]
Reason = Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=ONE_LINE)]


class NewRemoval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be deleted for good: all of a recording, or the part from ``from_ms`` to ``to_ms``."""

    reason: Reason
    """It stays in the record, with who asked."""
    from_ms: Milliseconds = 0
    to_ms: Milliseconds | None = None
    """The end when left out."""


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a space is deleted; it stays in the record, with who asked."""

    reason: Reason


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the replay shows of the recording; without both, all of it."""

    from_ms: Milliseconds = 0
    to_ms: Milliseconds | None = None


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the space stands in lists."""

    listed: bool

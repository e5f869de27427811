"""What the REST API takes and gives about captions; times are ms, from the opening of the doors or since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.house.spaces.schema import ONE_LINE, Time
from stentor.wire.cue import MAX_TEXT, Cue


class NewWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was really said."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, extra_json_schema=ONE_LINE)]


class CorrectedCue(msgspec.Struct, frozen=True):
    """A cue as it stands now."""

    start_ms: int
    end_ms: int
    seat: str
    name: str
    text: str
    language: str
    corrected_ms: Time | None
    """When it was corrected last; null when these are the words that were recognised."""
    was: str | None
    """What was recognised."""


def cue(found: Cue) -> CorrectedCue:
    correction = found.corrected
    return CorrectedCue(
        found.start_ms,
        found.end_ms,
        found.seat,
        found.name,
        found.text,
        found.language,
        correction.at_ms if correction else None,
        correction.was if correction else None,
    )

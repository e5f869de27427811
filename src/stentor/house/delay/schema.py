"""What the API takes and gives about the broadcast delay."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from stentor.spaces.delay import LONGEST_S, SHORTEST_S

_CHOICES = {"anyOf": [{"const": 0}, {"minimum": SHORTEST_S}]}


class DelayChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By how many seconds the audience hears the stage later, 5 to 40; 0 for at once."""

    seconds: Annotated[int, Meta(ge=0, le=LONGEST_S, extra_json_schema=_CHOICES)]


class DumpChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of what nobody has heard yet is thrown away: the last ``seconds``; all of it when left out."""

    seconds: Annotated[float, Meta(gt=0, le=LONGEST_S)] | None = None

"""What happens with a broadcast delay (``spaces.delay``)."""

from __future__ import annotations

import msgspec

from stentor.spaces.event_base import EventBase


class Dump(msgspec.Struct, frozen=True):
    """Chunks ``first`` to ``end - 1`` of the programme, which the audience never hears."""

    first: int
    end: int
    at_ms: int


class DelayChosen(EventBase, frozen=True):
    """The audience will hear the stage so many seconds later; 0 is at once."""

    delay_s: int


class SoundDumped(EventBase, frozen=True):
    """What the stage gave for these chunks of the programme was thrown away before anybody heard it."""

    first: int
    end: int
    """The chunk behind the last."""
    who: str
    """Of an account or a seat its id; else the rank of whoever pressed the key."""


DelayEvent = DelayChosen | SoundDumped

"""What the API tells of editions."""

from __future__ import annotations

import msgspec

from stentor.store.editions import EditionState
from stentor.wire.edits import CutReason, Loudness


class CutView(msgspec.Struct, frozen=True):
    """The listener cut there is. Milliseconds."""

    length_ms: int
    """Of the recording that it is made of."""
    cut_ms: int
    left_out_ms: dict[CutReason, int]
    """How much of the recording is not in it, by reason."""
    joins: int
    """How many parts of the recording it is made of."""
    size_bytes: int
    loudness: Loudness | None
    signed: bool
    made_ms: int
    """Wall clock."""
    processor_s: float
    """What making it took."""


class EditionView(msgspec.Struct, frozen=True):
    """How far the listener cut of a space is. Without ``cut`` there is none; ``state`` is that of an order."""

    space: str
    state: EditionState | None
    done: float
    """Of this step, 0 to 1."""
    problem: str
    """What went wrong last; it is tried again, unless the state is ``failed``."""
    cut: CutView | None

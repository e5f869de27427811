"""Cues for tests: what Ada and Bob say in the space of :mod:`tests.support.edge`."""

from __future__ import annotations

from stentor.base.units import SeatId
from stentor.store.objects import Objects
from stentor.wire import cue as wire
from stentor.wire.cue import Cue, Transcript
from tests.support.edge import DOORS_OPEN_MS, SPACE


def said(start_s: float, text: str, seat: str = "ada", *, length_s: float = 2.0, delay_s: float = 1.0) -> Cue:
    """Recognised ``delay_s`` after its end."""
    start_ms, end_ms = round(start_s * 1000), round((start_s + length_s) * 1000)
    made_ms = DOORS_OPEN_MS + end_ms + round(delay_s * 1000)
    return Cue(SPACE, DOORS_OPEN_MS, start_ms, end_ms, SeatId(seat), seat.title(), text, "en", made_ms)


async def keep(objects: Objects, *cues: Cue) -> None:
    """As the transcript of the space's recording."""
    transcript = wire.encode_transcript(Transcript(1, DOORS_OPEN_MS, "a test", list(cues)))
    await objects.put(wire.object_key(SPACE), transcript)

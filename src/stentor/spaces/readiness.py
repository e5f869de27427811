"""What speaks against opening the doors or going live now. It is said and never stops anybody: the host decides."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from stentor.base.texts import UNSAID
from stentor.spaces.lights import GREEN, Color, Lights, ProcessSeen, Reason, disk, lights
from stentor.spaces.model import Space, State

NEEDED = {
    "stage": Reason.NO_STAGE,
    "programme": Reason.NO_PROGRAMME,
    "archive": Reason.NO_ARCHIVE,
    "edge": Reason.NO_EDGE,
}
"""The processes that a space needs, and what is missing without each."""
GOOD = {Color.GREEN, Color.OFF}
ABOUT = {"stage": "stage", "programme": "stage", "archive": "recording", "edge": "audience"}
"""The light that shows each."""

EARLY_MS = 24 * 3600 * 1000
"""So long before its time nobody opens a space on purpose."""


class Hindrance(msgspec.Struct, frozen=True):
    """One thing that is not as it should be: which light is about it (or ``doors``, ``language``), how bad, and why."""

    about: str
    color: Color
    reason: Reason


def hindrances(space: Space, processes: Collection[ProcessSeen], now: float) -> dict[str, list[Hindrance]]:
    """What speaks against ``doors`` and ``live``; ``processes`` are the heartbeats of the last 3 s."""
    if space.state is State.SCHEDULED:
        missing = [*_early(space, now), *_missing(processes), *_unsaid(space)]
        missing = [each for each in missing if space.records or each.about != "recording"]
        return {"doors": missing, "live": [*_closed(space), *missing, *_empty(space, processes)]}
    if space.state is State.DOORS_OPEN:
        return {
            "doors": [],
            "live": [*_not_green(lights(space, processes, now)), *_empty(space, processes), *_unsaid(space)],
        }
    return {"doors": [], "live": []}


def _early(space: Space, now: float) -> list[Hindrance]:
    early = space.scheduled_ms is not None and space.scheduled_ms - now * 1000 > EARLY_MS
    return [Hindrance("doors", Color.YELLOW, Reason.DAYS_EARLY)] if early else []


def _closed(space: Space) -> list[Hindrance]:
    """Where a time was announced, people would come early; nobody waits for what was not."""
    return [] if space.scheduled_ms is None else [Hindrance("doors", Color.YELLOW, Reason.DOORS_CLOSED)]


def _missing(processes: Collection[ProcessSeen]) -> list[Hindrance]:
    running = {process.role for process in processes}
    found = [Hindrance(ABOUT[role], Color.RED, reason) for role, reason in NEEDED.items() if role not in running]
    room = disk(processes)
    return found if room == GREEN else [*found, Hindrance("recording", room.color, room.reason)]


def _unsaid(space: Space) -> list[Hindrance]:
    """Captions and search go by the language, and a program of an older release may make a space without one."""
    return [Hindrance("language", Color.YELLOW, Reason.NO_LANGUAGE)] if space.language == UNSAID else []


def _not_green(shown: Lights) -> list[Hindrance]:
    each = {"stage": shown.stage, "recording": shown.recording, "audience": shown.audience}
    return [Hindrance(name, light.color, light.reason) for name, light in each.items() if light.color not in GOOD]


def _empty(space: Space, processes: Collection[ProcessSeen]) -> list[Hindrance]:
    """Nobody whom the audience would hear. The stage is asked, which knows sooner than the space."""
    stages = [
        process.spaces[space.id] for process in processes if process.role == "stage" and space.id in process.spaces
    ]
    if any(seat.state == "connected" for stage in stages for seat in stage.seats):
        return []
    return [Hindrance("stage", Color.YELLOW, Reason.NOBODY_THERE)]

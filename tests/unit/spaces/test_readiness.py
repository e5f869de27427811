"""What speaks against opening the doors or going live."""

from __future__ import annotations

import msgspec

from stentor.bus.status import SeatStatus, SpaceStatus, Status
from stentor.spaces.lights import Color, Reason
from stentor.spaces.model import Space, State
from stentor.spaces.readiness import Hindrance, hindrances
from tests.support.spaces import NOW, space_in

SCHEDULED = space_in(State.SCHEDULED)
ANNOUNCED = msgspec.structs.replace(SCHEDULED, scheduled_ms=round(NOW * 1000) + 60_000)
OPEN = space_in(State.DOORS_OPEN)
THEN = OPEN.doors_open_s + 1
ROLES = ("stage", "programme", "archive", "edge")
CLOSED = Hindrance("doors", Color.YELLOW, Reason.DOORS_CLOSED)
EMPTY = Hindrance("stage", Color.YELLOW, Reason.NOBODY_THERE)


def processes(space: Space | None, *roles: str, seats: int = 1) -> list[Status]:
    """One process of each role; on the air with ``space``, with so many people on its stage."""
    there = [SeatStatus(f"seat-{number}", "Ann", "host") for number in range(seats)]
    seen: dict[str, SpaceStatus] = {space.id: SpaceStatus(seats=there)} if space else {}
    return [Status(role=role, instance=role, at_ms=0, pid=1, spaces=seen) for role in roles]


def test_before_the_doors_what_is_missing_is_said() -> None:
    """Doors need every process; going live at once says also that nobody could come early."""
    assert hindrances(ANNOUNCED, processes(ANNOUNCED, *ROLES), THEN) == {"doors": [], "live": [CLOSED]}
    missing = [Hindrance("recording", Color.RED, Reason.NO_ARCHIVE), Hindrance("audience", Color.RED, Reason.NO_EDGE)]
    found = hindrances(ANNOUNCED, processes(None, "stage", "programme"), THEN)
    assert found == {"doors": missing, "live": [CLOSED, *missing, EMPTY]}


def test_going_live_at_once_asks_nothing_where_no_time_was_announced() -> None:
    """Nobody waits for it; an empty stage is still said."""
    assert hindrances(SCHEDULED, processes(SCHEDULED, *ROLES), THEN) == {"doors": [], "live": []}
    assert hindrances(SCHEDULED, processes(None, *ROLES), THEN)["live"] == [EMPTY]


def test_doors_that_open_days_early_ask_first() -> None:
    """From a day on; on the evening itself nobody is asked."""
    planned_ms = ANNOUNCED.scheduled_ms or 0
    space, there = ANNOUNCED, processes(ANNOUNCED, *ROLES)
    early = Hindrance("doors", Color.YELLOW, Reason.DAYS_EARLY)
    days_before, hours_before = planned_ms / 1000 - 25 * 3600, planned_ms / 1000 - 23 * 3600
    assert hindrances(space, there, days_before) == {"doors": [early], "live": [CLOSED, early]}
    assert hindrances(space, there, hours_before)["doors"] == []


def test_with_green_lights_and_somebody_there_nothing_is_asked() -> None:
    """The rule of the button: it asks nothing when all is well."""
    assert hindrances(OPEN, processes(OPEN, *ROLES), THEN)["live"] == []


def test_every_light_that_is_not_green_is_named() -> None:
    """With its reason; and so is an empty stage."""
    without_edge = processes(OPEN, "stage", "programme", "archive")
    assert hindrances(OPEN, without_edge, THEN)["live"] == [Hindrance("audience", Color.YELLOW, Reason.JUST_OPENED)]
    empty = processes(OPEN, *ROLES, seats=0)
    assert hindrances(OPEN, empty, THEN)["live"] == [Hindrance("stage", Color.YELLOW, Reason.NOBODY_THERE)]


def test_a_language_that_nobody_has_said_is_asked_for() -> None:
    """A program of an older release may make a space without; hosts read so before the doors and before the talk."""
    unsaid = Hindrance("language", Color.YELLOW, Reason.NO_LANGUAGE)
    scheduled, opened = (msgspec.structs.replace(space, language="und") for space in (SCHEDULED, OPEN))
    assert hindrances(scheduled, processes(scheduled, *ROLES), THEN) == {"doors": [unsaid], "live": [unsaid]}
    assert hindrances(opened, processes(opened, *ROLES), THEN)["live"] == [unsaid]


def test_afterwards_nothing_is_in_the_way() -> None:
    """Of what has happened already."""
    for state in (State.LIVE, State.ENDED):
        assert hindrances(space_in(state), [], THEN) == {"doors": [], "live": []}


def test_a_full_disk_is_said_before_the_doors() -> None:
    """A talk may need more room than there is."""
    full = Status(role="archive", instance="archive", at_ms=0, pid=1, numbers={"disk_hours_left": 1.0})
    found = hindrances(SCHEDULED, [*processes(None, *ROLES), full], THEN)["doors"]
    assert found == [Hindrance("recording", Color.RED, Reason.DISK_ENDS)]

"""What the house knows of a stage."""

from __future__ import annotations

from stentor.bus.stages import MOST, Stages
from stentor.bus.status import SeatStatus, SpaceStatus, Status
from stentor.spaces.phase import OnStage


def heartbeat(*seats: SeatStatus, space: str = "friday", role: str = "stage") -> Status:
    return Status(role=role, instance="1", at_ms=0, pid=1, spaces={space: SpaceStatus(seats=list(seats))})


def seat(*, talking: bool = False, lost: bool = False) -> SeatStatus:
    return SeatStatus(id="a", name="Ada", role="host", talking=talking, state="lost" if lost else "connected")


def test_a_stage_that_falls_silent_empties_and_fills() -> None:
    """Ten seconds without a voice, two and a half without anybody; who is back is there at once."""
    now = [100.0]
    stages = Stages(lambda: now[0])
    told = [
        (0, heartbeat(seat(talking=True)), OnStage.SOME),
        (9, heartbeat(seat()), OnStage.SOME),
        (1, heartbeat(seat()), OnStage.SILENT),
        (1, heartbeat(seat(lost=True)), OnStage.SILENT),
        (2, heartbeat(seat(lost=True)), OnStage.NOBODY),
        (1, heartbeat(seat(talking=True)), OnStage.SOME),
    ]
    for later, status, expected in told:
        now[0] += later
        stages.hear(status)
        assert stages.stage("friday", now[0]) is expected
    assert stages.stage("friday", now[0] + 3) is OnStage.NOBODY  # the stage itself is gone


def test_only_stages_count_and_not_for_ever() -> None:
    """What an edge tells is another matter; of more spaces than any site has the oldest are forgotten."""
    stages = Stages(lambda: 100.0)
    stages.hear(heartbeat(role="edge"))
    assert stages.stage("friday", 200.0) is OnStage.SOME
    for number in range(MOST + 1):
        stages.hear(heartbeat(space=f"s{number}"))
    assert [stages.stage(space, 200.0) for space in ("s0", "s1")] == [OnStage.SOME, OnStage.NOBODY]

"""A space that its hosts do not record: over as soon as it has ended, and said so everywhere."""

from __future__ import annotations

import msgspec

from stentor.edge import door, overflow
from stentor.house.duty.watcher import Sight, Watch
from stentor.spaces import commands as c
from stentor.spaces import setting
from stentor.spaces.lights import Color, Reason, lights
from stentor.spaces.model import Space, State
from stentor.spaces.phase import OnStage, Phase, facts, phase
from tests.support.spaces import do, with_guests

LIVE = do(do(do(with_guests(State.SCHEDULED), setting.SetRecording(False)), c.OpenDoors()), c.GoLive())
OVER = do(LIVE, c.End())


def test_nobody_waits_for_its_recording() -> None:
    """No archive says that it is complete; its evening is complete all the same."""
    now = (OVER.ended_ms or 0) / 1000 + 60
    sight = Sight(stage=False, seats={}, muted={}, complete=False)
    assert c.OpenReplay() in Watch(now).look(OVER, sight, now)
    recorded = msgspec.structs.replace(OVER, records=True)
    assert c.OpenReplay() not in Watch(now).look(recorded, sight, now)


def test_it_says_that_it_was_not_recorded() -> None:
    """Not that something was deleted, and not that a replay comes."""
    done = do(OVER, c.OpenReplay())
    for space in (OVER, done):
        assert phase(facts(space, OnStage.SOME, (space.ended_ms or 0) + 1)) is Phase.UNRECORDED
        assert door.shown_state(space) == "unrecorded"
        assert not {"replay", "download", "captions"} & set(_streams(space))
    assert lights(LIVE, [], (LIVE.live_ms or 0) / 1000 + 60).recording.color is not Color.GREEN
    assert lights(done, [], (done.ended_ms or 0) / 1000 + 60).recording.reason is Reason.UNRECORDED


def test_nobody_follows_it_some_minutes_behind() -> None:
    """Those would hear stored segments, and there are none."""
    late_ms = (LIVE.doors_open_ms or 0) + 3_600_000
    assert not overflow.ready(LIVE, late_ms)
    assert overflow.ready(msgspec.structs.replace(LIVE, records=True), late_ms)


def _streams(space: Space) -> dict[str, str]:
    return door._streams(space, base="", captions=True)

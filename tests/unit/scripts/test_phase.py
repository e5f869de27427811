"""The listener's page and the server judge alike what is true of a space."""

from __future__ import annotations

import json
import random
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stentor.base import grid
from stentor.base.rendition import Source
from stentor.crowd.orders import Orders
from stentor.edge import door
from stentor.spaces import commands as c
from stentor.spaces import phase
from stentor.spaces.model import Space, State
from stentor.spaces.phase import OnStage, Reader, StageSeen
from tests.support.npm import node
from tests.support.spaces import NOW, WAYS, do, space_in

KNOWN = phase.everything()
NOW_MS = round(NOW * 1000)


def spaces() -> list[Space]:
    """One in each state, with and without a time; and without its recording where it had one."""
    found = [space_in(state, *plan) for state, plan in product(WAYS, ((), (c.Reschedule(NOW_MS + 60_000),)))]
    over = [space for space in found if space.state is State.REPLAY]
    return found + [do(space, c.RemoveRecording(reason="asked")) for space in over]


TIMES = [
    (space, NOW_MS + 60_000 + ms)
    for space in spaces()
    for limit in (0, phase.OVERDUE_MS, phase.MISSED_MS, phase.RECORDING_LATE_MS, 10 * phase.MISSED_MS)
    for ms in (limit - 60_000, limit - 1, limit, limit + 60_000)
]


def looks() -> list[list[dict[str, Any]]]:
    """What is told of some stages, in an order that goes back at times."""
    chance = random.Random(7)  # the same looks each time
    told: list[list[dict[str, Any]]] = []
    for _ in range(60):
        chunk, pulses = 0, []
        for _ in range(40):
            chunk += chance.choice((-3, 1, 1, 3, 3, 9))
            talks = chance.random() < 0.2
            seats = [{"name": "Ada", "talking": talks}] if chance.random() < 0.7 else []
            pulses.append({"chunk": max(0, chunk), "seats": seats, "source": chance.choice(list(Source))})
        told.append(pulses)
    return told


LOOKS = looks()


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """What the script says of all of it."""
    told = {
        "table": phase.document(),
        "known": msgspec.to_builtins(KNOWN),
        "doors": [
            {"door": json.loads(door.door(space, Orders(space.id), address="", now=at_ms / 1000)), "now": at_ms}
            for space, at_ms in TIMES
        ],
        "looks": LOOKS,
    }
    script = Path(__file__).with_name("judge.js")
    done = subprocess.run(
        [node(), script], input=json.dumps(told), capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_combination_is_judged_alike(judged: dict[str, Any]) -> None:
    """All facts, and for who was there and who was not."""
    assert judged["phases"] == [phase.phase(facts) for facts in KNOWN]
    readers = (Reader.LISTENER, Reader.LATECOMER)
    words = [[list(msgspec.structs.astuple(phase.words(facts, who))) for who in readers] for facts in KNOWN]
    assert judged["words"] == words


def test_every_door_is_judged_alike(judged: dict[str, Any]) -> None:
    """``door.json`` says all that is to be known, on both sides of every limit."""
    expected = [phase.phase(phase.facts(space, OnStage.SOME, at_ms)) for space, at_ms in TIMES]
    assert judged["doors"] == expected
    assert len(set(expected)) > 10


def test_every_stage_is_judged_alike(judged: dict[str, Any]) -> None:
    """What pulses tell of a stage, whatever they tell."""
    expected = []
    for pulses in LOOKS:
        seen, stages = StageSeen(), []
        for pulse in pulses:
            there = bool(pulse["seats"])
            seen = seen.see(
                pulse["chunk"] * grid.CHUNK_MS,
                there=there,
                heard=pulse["source"] in (Source.STAGE, Source.HOLD),
                speaks=any(seat["talking"] for seat in pulse["seats"]),
            )
            stages.append(seen.stage)
        expected.append(stages)
    assert judged["looks"] == expected
    assert {stage for stages in expected for stage in stages} == set(OnStage)

"""What other people send is read or refused, whatever it is, and in a time that grows no faster than it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, Target

FOUND = Path(__file__).parent / "found"
SMALL, LARGE = 16_000, 64_000
STEEPEST = 10.0
"""Four times as much may take four times as long; 16 times is quadratic. Between them is room for a busy machine."""


@pytest.mark.parametrize("name", TARGETS)
def test_known_inputs(name: str) -> None:
    """Seeds, their beginnings, and whatever was once found."""
    target = TARGETS[name]
    found = [file.read_bytes() for file in sorted((FOUND / name).glob("*"))]
    for data in [*target.seeds, *found]:
        target.run(data)
    for data in target.seeds:
        for end in range(0, min(len(data), 400), 3):
            target.run(data[:end])


def spent_s(target: Target, data: bytes) -> float:
    """Processor time of one run, the least of some: others use the machine too."""
    times = []
    for _ in range(5):
        began = time.process_time()
        target.run(data)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("name", TARGETS)
def test_time_grows_with_the_input(name: str) -> None:
    """Nobody stops a process with a long message: four times as long takes nowhere near 16 times the time."""
    target = TARGETS[name]
    small, large = spent_s(target, target.large(SMALL)), spent_s(target, target.large(LARGE))
    assert large < 0.002 or large < STEEPEST * small, f"{small * 1000:.2f} ms, then {large * 1000:.2f} ms"

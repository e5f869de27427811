"""What a process says that it takes."""

from __future__ import annotations

import time

import pytest

from stentor.base import vitals
from stentor.base.vitals import Vitals, memory_bytes


def test_a_process_says_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory, the processor's time since the look before, and how often a supervisor has started it."""
    monkeypatch.setenv(vitals.STARTS, "3")
    told = Vitals()
    began = time.process_time()
    while time.process_time() - began < 0.05:
        pass
    numbers = told.numbers()
    assert numbers[vitals.MEMORY] > 10e6
    assert 0.1 < numbers[vitals.PROCESSOR] <= 8
    assert numbers[vitals.STARTED] == 3
    assert memory_bytes() > 10e6


def test_who_is_started_by_hand_has_no_number_of_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody counted them, so nothing is said of it; also where the variable has something else in it."""
    monkeypatch.delenv(vitals.STARTS, raising=False)
    assert vitals.STARTED not in Vitals().numbers()
    monkeypatch.setenv(vitals.STARTS, "often")
    assert vitals.STARTED not in Vitals().numbers()

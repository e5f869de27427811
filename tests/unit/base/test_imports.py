"""What a module need not take along."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys

import pytest

from stentor.base.imports import without


def test_what_is_spared_is_there_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within, it is as if it were not installed; afterwards whoever needs it gets it, whatever has happened."""
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with pytest.raises(ImportError), without("this"):
        importlib.import_module("this")
    assert "this" not in sys.modules
    assert importlib.util.find_spec("this")


def test_what_is_loaded_stays() -> None:
    """Nobody's module is taken away."""
    with without("json"):
        assert importlib.import_module("json") is json
    assert sys.modules["json"] is json

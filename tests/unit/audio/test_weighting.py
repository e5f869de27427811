"""The K filter of BS.1770-4."""

from __future__ import annotations

import sys
from subprocess import run

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import sosfilt

from stentor.audio.weighting import KWeighting

COEFFICIENTS = [
    [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
    [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
]
"""ITU-R BS.1770-4, annex 1, tables 1 and 2."""


@settings(max_examples=40, deadline=None)
@given(pieces=st.lists(st.integers(0, 2100), min_size=1, max_size=5), channels=st.integers(1, 4))
def test_it_is_the_standards_filter_however_the_signal_is_cut(pieces: list[int], channels: int) -> None:
    """Whatever comes piece by piece is filtered as the recommendation's two sections filter the whole."""
    signal = np.random.default_rng(sum(pieces)).standard_normal((channels, sum(pieces))).astype(np.float32)
    weighting, parts = KWeighting(channels), np.cumsum(pieces)[:-1]
    filtered = np.concatenate([weighting.filter(part) for part in np.split(signal, parts, axis=1)], axis=1)
    if signal.size:
        assert np.allclose(filtered, sosfilt(COEFFICIENTS, signal, axis=-1), rtol=0, atol=1e-9)


@pytest.mark.parametrize("role", ["stage", "programme", "edge", "archive", "house"])
def test_no_role_loads_what_it_does_not_need(role: str) -> None:
    """scipy takes a second, drivers and migrations of databases half of one, what draws on terminals a quarter; and a
    process that died must be back sooner.
    """
    spared = {"scipy", "rich", "pygments", "alembic", "psycopg", "sqlalchemy.dialects.postgresql"}
    program = f"import sys, stentor.cli.role, stentor.{role}.role; sys.exit(not {spared}.isdisjoint(sys.modules))"
    assert run([sys.executable, "-c", program], check=False).returncode == 0

"""When a job is tried again, and when it is given up. Pure; ``chance`` is between 0 and 1."""

from __future__ import annotations

from typing import Final

WAITS_S: Final = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""After the first failure, the second, and so on: three days in all, as other senders of webhooks have it. Where
thousands are told the same, it begins with a minute: the dead among them shall not come back between the living."""
JITTER: Final = 0.2
"""Each wait is longer or shorter by up to this share: what failed together does not come back together."""
GIVE_UP_S: Final = 4 * 86_400.0
"""From the order on: so long may a host be left alone."""


def again_s(failures: int, chance: float) -> float | None:
    """How long to wait after so many failures (from 1); None: it is given up."""
    if failures > len(WAITS_S):
        return None
    return WAITS_S[failures - 1] * (1 + JITTER * (2 * chance - 1))


def too_old(made_ms: int, now_ms: int) -> bool:
    """Whether a job is given up without another attempt."""
    return now_ms - made_ms > GIVE_UP_S * 1000

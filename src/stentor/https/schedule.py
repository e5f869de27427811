"""When to ask for a certificate: pure arithmetic. Times are seconds since 1970 (UTC)."""

from __future__ import annotations

from typing import Final

from stentor.base.domain import Asked
from stentor.base.tls import Certificate

LEFT: Final = 1 / 3
"""Of its lifetime: when so much is left a certificate is renewed, those of 6 days and those of 90 alike."""
SPREAD: Final = 1 / 30
"""Of its lifetime: so much earlier at most, that not all sites that began together come together."""
FIRST_S: Final = 120.0
"""After a failure; each further one doubles it. An authority counts failures in an hour (Let's Encrypt: 5)."""
LONGEST_S: Final = 3600.0
AFTER_RESTART_S: Final = FIRST_S
"""Whoever has mended something starts Stentor again, and is not kept waiting; what restarts for ever is."""
CLOCK_S: Final = 3600.0
"""So far may our clock be from the authority's: further, and what it gives seems out of date, or not valid yet."""


def due_s(found: Certificate, jitter: float) -> float:
    """When a certificate is to be renewed; ``jitter`` is 0 to 1."""
    life = found.ends_s - found.begins_s
    return found.begins_s if found.self_signed else found.ends_s - life * (LEFT + SPREAD * jitter)


def next_s(found: Certificate, asked: Asked, jitter: float, *, restarted: bool) -> float:
    """When the authority is to be asked next, after what became of asking before."""
    due = due_s(found, jitter)
    if not asked.failures:
        return max(due, asked.not_before_s)
    wait = min(FIRST_S * 2.0 ** min(asked.failures - 1, 30), LONGEST_S) * (0.75 + jitter / 2)
    again = asked.tried_s + (min(wait, AFTER_RESTART_S) if restarted else wait)
    return max(due, again, asked.not_before_s)


def failed(asked: Asked, problem: str, retry_after_s: float, now: float) -> Asked:
    """After a failure."""
    return Asked(asked.failures + 1, now, now + retry_after_s if retry_after_s else 0.0, problem)


def clock_trouble(theirs: float, ours: float) -> str:
    """What is wrong with our clock beside the authority's, in a sentence; empty when nothing is."""
    away = ours - theirs
    if abs(away) <= CLOCK_S:
        return ""
    span = f"{abs(away) / 3600:,.0f} hours {'ahead of' if away > 0 else 'behind'}"
    return f"This machine's clock is {span} the certificate authority's: set it (timedatectl set-ntp true)."

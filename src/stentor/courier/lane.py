"""One host's jobs: how many at once, and when nothing is sent to it at all. Pure; ``now`` is monotonic, in seconds.

A host that fails is left alone, for longer each time, and then asked with one job (a *circuit breaker*). Its jobs wait
meanwhile, nobody else's do, and waiting is no attempt. A host that says when it wants to be asked again is obeyed.
"""

from __future__ import annotations

from typing import Final

AT_ONCE: Final = 4
"""Connections to one host: what a small server bears."""
WAITING: Final = 16
"""Of one host's jobs in the hands of a courier; the others stay in the queue."""
FAILURES: Final = 5
"""In a row; then the host is left alone."""
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 3600.0


class HostLane:
    """What a courier remembers of a host."""

    def __init__(self) -> None:
        self.held = 0
        """Jobs of this host in the hands of the courier."""
        self.failures = 0
        self._pause_s = 0.0
        self._open_at = 0.0
        self._probing = False

    def wait_s(self, now: float) -> float:
        """How long nothing is sent to the host from now on; 0 when a job may be taken."""
        if now < self._open_at:
            return self._open_at - now
        if self._pause_s and self._probing:
            return self._pause_s
        return 0.0

    @property
    def full(self) -> bool:
        return self.held >= AT_ONCE + WAITING

    @property
    def idle(self) -> bool:
        """Nothing needs to be remembered."""
        return not self.held and not self.failures and not self._open_at

    def begin(self) -> None:
        """A job is sent now. After a pause it is the one that shows whether the host is well."""
        self._probing = bool(self._pause_s)

    def answered(self) -> None:
        """The host is well."""
        self.failures, self._pause_s, self._open_at, self._probing = 0, 0.0, 0.0, False

    def failed(self, now: float) -> None:
        """The host did not answer, or said that it is not well."""
        self.failures += 1
        self._probing = False
        if self.failures >= FAILURES:
            self._pause_s = min(self._pause_s * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
            self._open_at = max(self._open_at, now + self._pause_s)

    def asked_to_wait(self, now: float, for_s: float) -> None:
        """The host says when it wants to be asked again (Retry-After)."""
        self._open_at = max(self._open_at, now + for_s)

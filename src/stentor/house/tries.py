"""The limit on everything that could be guessed or done too often with credentials."""

from __future__ import annotations

from stentor.base.clock import Clock
from stentor.base.errors import Overloaded
from stentor.house.guesses import Guesses


class Tries:
    """A bucket a key, such as an address or a handle. A try is spent before it is looked at, so that many at once count
    as many, and given back when it was right.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guesses = Guesses()

    def spend(self, *keys: str) -> None:
        """Raises :class:`Overloaded` (429) when one of the keys has no try left; else each has one less."""
        now = self._clock()
        wait_s = max(self._guesses.wait_s(key, now) for key in keys)
        if wait_s > 0:
            raise Overloaded(
                "There were too many tries; wait a little.", retry_after_s=wait_s, status=429, code="too-many-tries"
            )
        for key in keys:
            self._guesses.note(key, now)

    def refund(self, *keys: str) -> None:
        """Gives the try back."""
        for key in keys:
            self._guesses.right(key, self._clock())

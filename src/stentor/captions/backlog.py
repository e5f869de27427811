"""Utterances that wait for the recogniser: joined when it is behind, left out when it is hopelessly so."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, NamedTuple, TypeVar

from stentor.audio.utterance import Utterance, joined
from stentor.base import grid

JOIN_TICKS: Final = 50
"""A pause of a second at most stands between two utterances that are recognised as one: a call costs more than its
seconds."""
LONGEST_S: Final = 12.0
OLDEST_S: Final = 20.0
"""Words that come later than this help nobody who listens live."""

Whose = TypeVar("Whose", bound=Hashable)


class PendingUtterance(NamedTuple, Generic[Whose]):
    """``since`` is when it was said, monotonic seconds."""

    whose: Whose
    utterance: Utterance
    since: float


class UtteranceBacklog(Generic[Whose]):
    """The oldest first. What waits is bounded by :data:`OLDEST_S` of each speaker's talk."""

    def __init__(self) -> None:
        self._waiting: list[PendingUtterance[Whose]] = []
        self.skipped_s = 0.0
        """Seconds of talk that were left out, in all."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, whose: Whose, utterance: Utterance, now: float) -> None:
        """Waits; joined to the one of the same speaker that waits already when little lies between them."""
        for at, other in enumerate(self._waiting):
            if other.whose == whose and _fit(other.utterance, utterance):
                self._waiting[at] = PendingUtterance(whose, joined(other.utterance, utterance), other.since)
                return
        self._waiting.append(PendingUtterance(whose, utterance, now))

    def take(self, now: float) -> PendingUtterance[Whose] | None:
        """The oldest that is not too old; None when nothing waits."""
        while self._waiting:
            first = self._waiting.pop(0)
            if now - first.since <= OLDEST_S:
                return first
            self.skipped_s += first.utterance.seconds
        return None


def _fit(first: Utterance, second: Utterance) -> bool:
    gap = second.start - first.end
    return 0 <= gap <= JOIN_TICKS and (second.end - first.start) * grid.TICK_S <= LONGEST_S
